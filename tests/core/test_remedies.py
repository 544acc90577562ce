"""What is known of each condition."""

from __future__ import annotations

import re

import pytest

from gancheck.policy import COLLAPSE
from gancheck.remedies import ADVICE, PRACTICE, Remedy
from gancheck.remedies.collapse import COLLAPSE as COLLAPSES
from gancheck.types import Condition


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_has_causes_and_remedies(condition: Condition) -> None:
    """Whatever a report can name, it can also say why and what to try."""
    advice = ADVICE[condition]

    assert advice.meaning.endswith(".")
    assert len(advice.causes) >= 2
    assert len(advice.remedies) >= 2
    assert not [cause for cause in advice.causes if cause.endswith(".")]


@pytest.mark.parametrize("remedy", sorted({r for a in ADVICE.values() for r in a.remedies}))
def test_every_remedy_names_its_source(remedy: Remedy) -> None:
    """A remedy comes with authors and years, or is called practice."""
    sources = remedy.source.split("; ")

    assert remedy.text.endswith(".")
    assert remedy.source == PRACTICE or all(
        re.search(r"[A-Z]\w+.* (19|20)\d\d$", source) for source in sources
    )


def test_the_same_conditions_count_as_collapse_everywhere() -> None:
    """The advice sorts conditions as the verdict does."""
    assert set(COLLAPSES) == COLLAPSE
