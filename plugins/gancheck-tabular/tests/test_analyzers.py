"""Each analyzer speaks on its own disease, and is silent on rows of the same law."""

from __future__ import annotations

import gancheck
import numpy as np
import pytest
from gancheck.api import ANALYZERS, Condition, Diagnosis, Severity, ShapeError, Verdict

import gancheck_tabular
import public_table
from conftest import SETTINGS, finding, mixed

NAMES = ("table_categories", "table_columns", "table_pairs", "table_rows")
HEADINGS = (
    "What it measures:",
    "Why it matters:",
    "When it misleads:",
    "What to do:",
    "References:",
)


@pytest.fixture(scope="module")
def healthy() -> Diagnosis:
    """Other rows of the same law."""
    return gancheck_tabular.diagnose(mixed(900, 1), mixed(1500, 0), settings=SETTINGS)


def test_rows_of_the_same_law_are_healthy(healthy: Diagnosis) -> None:
    """Nothing is flagged, with missing values, a heap at zero and a rare word; both views are."""
    assert healthy.verdict is Verdict.HEALTHY, healthy.summary
    ours = [one for one in healthy.findings if one.analyzer in NAMES]
    assert {one.analyzer for one in ours} == set(NAMES)
    assert max(one.severity for one in ours) <= Severity.NOTE
    assert str(healthy.settings["embedder"]).startswith("tabular")
    assert str(healthy.settings["strict_embedder"]).startswith("tabular")


def test_equal_seeds_give_equal_findings(healthy: Diagnosis) -> None:
    """A second run in which the rows come in another order says the same, word for word."""
    turned = mixed(900, 1).sample(frac=1, random_state=0), mixed(1500, 0)
    again = gancheck_tabular.diagnose(*turned, settings=SETTINGS)
    ours, theirs = (
        [(one.id, one.severity, one.title, one.detail) for one in each.findings]
        for each in (healthy, again)
    )
    assert ours == theirs


def test_a_lost_word_is_named(sick: Diagnosis) -> None:
    """A word of 3% that is gone is proven by counts, and shown in a table and in bars."""
    lost = finding(sick, "table_categories.lost")
    assert lost.severity is Severity.WARN
    assert lost.condition is Condition.MISSING_MODES
    assert "colour = mauve" in lost.title
    assert lost.value == 1
    assert {one.kind for one in lost.exhibits} == {"table", "bars"}


def test_a_made_up_word_is_named(sick: Diagnosis) -> None:
    """A word in 7% of the rows that the reference has never seen is off the reference."""
    new = finding(sick, "table_categories.made_up")
    assert new.severity is Severity.WARN
    assert "'horse'" in new.title
    assert new.value == pytest.approx(60 / 900)


def test_the_worst_column_is_named(sick: Diagnosis) -> None:
    """Prices that are all 30 higher are off by more than half, far above what real rows read."""
    worst = finding(sick, "table_columns.worst")
    assert worst.severity is Severity.WARN
    assert "'price'" in worst.title
    assert worst.value is not None
    assert worst.value > 0.5
    score = sick.scores["column_distance"]
    assert score.low <= score.value <= score.high
    assert score.ceiling is not None
    assert score.value > score.ceiling


def test_a_lost_association_is_named(sick: Diagnosis) -> None:
    """Weights that know nothing of sizes are the worst of the pairs."""
    pairs = finding(sick, "table_pairs.worst")
    assert pairs.severity >= Severity.NOTE
    assert "'size' and 'weight'" in pairs.title
    assert {one.kind for one in pairs.exhibits} == {"table", "heatmap", "scatter"}


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_rows_copied_from_training_are_found(share: float) -> None:
    """One row in twenty is found and shown, with no false alarm where there is none."""
    real, held_out = public_table.parted(public_table.persons(), 1500, 1000)
    count = int(share * len(held_out))
    held_out.iloc[:count] = real.sample(count, random_state=1).to_numpy()
    found = gancheck_tabular.diagnose(held_out, real, settings=SETTINGS)
    copies = finding(found, "table_rows.copies")
    assert (copies.severity is Severity.WARN) == (share > 0)
    assert bool(copies.exhibits) == (share > 0)
    if share:
        assert Condition.MEMORIZATION in found.conditions
        assert copies.interval is not None
        assert copies.interval.low > 0


def test_a_category_that_is_unseen_by_chance_is_not_lost() -> None:
    """Two rows in a thousand prove nothing, and it is said up to which share that holds."""
    reference = mixed(1000, 0)
    reference.loc[:1, "colour"] = "umber"
    found = gancheck_tabular.diagnose(mixed(600, 1), reference, settings=SETTINGS)
    lost = finding(found, "table_categories.lost")
    assert lost.severity is Severity.OK
    assert "colour = umber" in lost.detail
    assert "0.50% is possible" in lost.detail


def test_a_label_makes_modes_by_category() -> None:
    """The words of a column that is named are the modes, and a lost one is among the missing."""
    rows = mixed(900, 1)
    rows = rows[rows.colour != "green"]
    found = gancheck_tabular.diagnose(rows, mixed(1500, 0), label="colour", settings=SETTINGS)
    assert {mode.label for mode in found.modes} == {"red", "green", "blue", "mauve"}
    assert next(mode.status for mode in found.modes if mode.label == "green") == "missing"
    assert found.verdict is Verdict.COLLAPSED


def test_without_a_label_modes_are_clusters() -> None:
    """A kind of rows that is gone is a cluster that is missing; honest rows miss none."""
    rows = mixed(900, 1)
    lost, honest = (
        gancheck_tabular.diagnose(given, mixed(1500, 0), settings=SETTINGS)
        for given in (rows[rows.colour != "green"], rows)
    )
    assert lost.verdict is Verdict.COLLAPSED, lost.summary
    assert "missing" in [mode.status for mode in lost.modes]
    assert {mode.status for mode in honest.modes} <= {"ok", "under", "over"}


def test_other_columns_are_refused_by_name() -> None:
    """Tables that do not fit together are one error that says which column is where."""
    rows = mixed(300, 1).rename(columns={"price": "cost"})
    with pytest.raises(ShapeError, match="only the reference has 'price'") as caught:
        gancheck_tabular.diagnose(rows, mixed(300, 0), settings=SETTINGS)
    assert "only the samples have 'cost'" in caught.value.message


def test_everything_else_is_skipped_with_the_reason() -> None:
    """Plain vectors are no table: each of our analyzers says so."""
    rng = np.random.default_rng(0)
    one, other = (rng.normal(0, 1, (300, 3)).astype(np.float32) for _ in range(2))
    found = gancheck.diagnose(one, other, SETTINGS)
    reasons = {one.analyzer: one.reason for one in found.skipped}
    assert all("tables" in reasons[name] for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_is_the_documentation(name: str) -> None:
    """`gancheck explain` shows it, so it has all the headings."""
    assert ANALYZERS.origin(name).distribution == "gancheck-tabular"
    doc = ANALYZERS.get(name).__doc__ or ""
    assert all(heading in doc for heading in HEADINGS)
