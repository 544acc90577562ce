"""Samples that are rows of a table say so: their columns travel with them, and so does a view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from gancheck.embedders import choose, strict
from gancheck.errors import ShapeError
from gancheck.pipeline import diagnose
from gancheck.settings import Settings
from gancheck.types import SampleSet
from gancheck.types.subjects import require_same_columns


@dataclass(frozen=True)
class Named:
    """A column as a loader of tables would bring it."""

    name: str
    kind: str = "number"


def rows(*columns: Named, n: int = 300, seed: int = 0) -> SampleSet:
    """Return rows of a table with the given columns."""
    values = np.random.default_rng(seed).normal(0, 1, (n, 2)).astype(np.float32)
    return SampleSet(values, "here", "table", columns=columns, view="vectors")


def test_columns_and_view_survive_a_choice_of_rows() -> None:
    """Some of the rows are still rows of the same table."""
    table = rows(Named("a"), Named("b"))
    assert table.take(np.array([3, 1])).columns == table.columns
    assert table.take(np.array([3, 1])).view == "vectors"


def test_equal_columns_are_let_through() -> None:
    """Names and kinds count; and samples that are no table are nobody's business here."""
    table = rows(Named("a"), Named("b"))
    require_same_columns(table, rows(Named("a"), Named("b")))
    require_same_columns(table, rows())


def test_differences_are_named() -> None:
    """One message says which columns are on one side only, and which are of another kind."""
    ours = rows(Named("a", "category"), Named("b"))
    theirs = rows(Named("a"), Named("c"))
    with pytest.raises(ShapeError) as caught:
        require_same_columns(ours, theirs)
    said = caught.value.message
    assert "only the reference has 'c'" in said
    assert "only the samples have 'b'" in said
    assert "'a' is a category in the samples and a number in the reference" in said


def test_a_run_refuses_tables_that_do_not_fit() -> None:
    """Vectors of one length are not compared when they are rows of different tables."""
    with pytest.raises(ShapeError, match="different columns"):
        diagnose(rows(Named("a"), Named("b")), rows(Named("a"), Named("c")), Settings(cache=False))


def test_the_view_that_samples_name_is_chosen() -> None:
    """Both for variety and for fidelity, whatever their shape, and the reason says so."""
    for choice in (
        choose("vector", (5,), 900, suited="tabular"),
        strict("vector", (5,), "tabular"),
    ):
        assert choice.text == "tabular"
        assert "'tabular'" in choice.reason
    assert choose("image", (1, 28, 28), 50_000, suited="tabular").text == "tabular"
    assert choose("vector", (5,), 900).text == "vectors"


def test_the_view_is_chosen_without_a_reference() -> None:
    """A set of rows alone is seen through the view that it names."""
    found = diagnose(rows(Named("a"), Named("b")), settings=Settings(map="none", cache=False))
    assert "'vectors' is the view" in str(found.settings["embedder_reason"])
