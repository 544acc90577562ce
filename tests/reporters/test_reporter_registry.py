"""The registry of reporters."""

from __future__ import annotations

import subprocess
import sys

import pytest
from example_diagnosis import collapsed, healthy, inconclusive

from gancheck.errors import UsageError
from gancheck.reporters import REPORTERS, Reporter
from gancheck.types import Diagnosis


def test_all_forms_are_discovered_under_their_own_names() -> None:
    """Importing nothing but the registry is enough to find each form."""
    assert {name: reporter.name for name, reporter in REPORTERS} == {
        "html": "html",
        "json": "json",
        "terminal": "terminal",
    }


def test_suffixes_tell_the_forms_apart() -> None:
    """A file name alone decides which form is meant."""
    assert [reporter.suffix for _, reporter in REPORTERS] == [".html", ".json", ".txt"]


@pytest.mark.parametrize("name", ["html", "json", "terminal"])
@pytest.mark.parametrize(
    "diagnosis", [collapsed(), healthy(), inconclusive()], ids=lambda d: d.verdict
)
def test_rendering_is_pure(name: str, diagnosis: Diagnosis) -> None:
    """Each form satisfies the protocol, and renders one diagnosis to the same text each time."""
    reporter = REPORTERS.get(name)
    assert isinstance(reporter, Reporter)
    assert reporter.render(diagnosis) == reporter.render(diagnosis)


def test_near_misses_are_named() -> None:
    """A misspelt form is answered with the one that was meant."""
    with pytest.raises(UsageError, match="html"):
        REPORTERS.get("htm")


def test_knowing_the_forms_costs_nothing() -> None:
    """Listing the reporters loads neither arrays, nor templates, nor styles."""
    code = (
        "import sys; from gancheck.reporters import REPORTERS; REPORTERS.names();"
        "print(sorted({'numpy', 'torch', 'jinja2', 'rich', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
