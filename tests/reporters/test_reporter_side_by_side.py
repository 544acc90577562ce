"""Several diagnoses beside each other: what is compared, what is not, and how it reads."""

from __future__ import annotations

import dataclasses
import io
import re
from typing import Any

import pytest
from example_diagnosis import collapsed, healthy, inconclusive
from rich.console import Console

from gancheck.errors import UsageError
from gancheck.reporters.html.side_by_side import render
from gancheck.reporters.side_by_side import Comparison, build
from gancheck.reporters.side_by_side.comparison import Outcome, ScoreCell, difference, signed
from gancheck.reporters.side_by_side.terminal import print_comparison
from gancheck.types import Condition, Diagnosis, Score, Severity


def known(diagnosis: Diagnosis, **changed: Any) -> Diagnosis:
    """Return a diagnosis whose reference and view have hashes, with other settings changed."""
    hashes = {"reference_sha256": "aa", "embedder_sha256": "bb", "compared": 10_000}
    return dataclasses.replace(diagnosis, settings={**diagnosis.settings, **hashes, **changed})


def pair(**changed: Any) -> Comparison:
    """Put the collapsed run beside the healthy one, whose settings may differ."""
    return build([("a.json", known(collapsed())), ("b.json", known(healthy(), **changed))])


def cell(comparison: Comparison, name: str) -> ScoreCell:
    """Return a score of the second run."""
    return next(row.cells[1] for row in comparison.scores if row.name == name)


def printed(comparison: Comparison, width: int = 80) -> str:
    """Return what a terminal shows."""
    page = io.StringIO()
    print_comparison(comparison, Console(file=page, width=width, force_terminal=False))
    return page.getvalue()


def text_of(page: str) -> str:
    """Return the words of a page in one line."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.60, 0.70, Outcome.HIGHER),
        (0.10, 0.20, Outcome.LOWER),
        (0.45, 0.70, Outcome.OPEN),
        (0.50, 0.70, Outcome.OPEN),
    ],
)
def test_only_intervals_apart_show_a_difference(low: float, high: float, outcome: Outcome) -> None:
    """Touching intervals leave it open; the difference itself is that of the values."""
    found = difference(Score("x", 0.4, 0.3, 0.5), Score("x", 0.55, low, high))

    assert found.outcome is outcome
    assert found.value == pytest.approx(0.15)


def test_no_number_has_no_difference() -> None:
    """What could not be measured is not subtracted from anything."""
    nan = float("nan")

    assert difference(Score("x", nan, nan, nan), Score("x", 0.5, 0.4, 0.6)).value is None
    assert difference(Score("x", 0.5, 0.4, 0.6), Score("x", 0.5, 0.4, 0.6)).outcome is Outcome.EQUAL


def test_differences_are_written_as_exactly_as_their_numbers() -> None:
    """Signs are written, decimals follow the numbers, and what is not zero never reads as zero."""
    assert signed(0.603, (0.011, 0.614)) == "+0.603"
    assert signed(-3.146, (3.16, 0.014)) == "-3.146"
    assert signed(1_330_000.0, (666_000.0, 1_996_000.0)) == "+1.33M"
    assert signed(-0.0000004, (0.5, 0.5)) == "-4e-07"
    assert signed(0.0, (0.5, 0.5)) == "0"


def test_like_runs_are_compared() -> None:
    """With one reference, view and n, scores are subtracted and modes lined up."""
    comparison = pair()
    found = cell(comparison, "diversity").difference

    assert found is not None
    assert found.outcome is Outcome.HIGHER
    assert found.shown == "+0.56"
    assert comparison.modes[0].label == "1"
    assert comparison.modes[0].spread == pytest.approx(0.4704 - 0.1104)
    assert [row.spread for row in comparison.modes] == sorted(
        (row.spread for row in comparison.modes), reverse=True
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reference_sha256": "zz"}, "reference"),
        ({"reference_sha256": None}, "reference (hash unknown)"),
        ({"reference": None}, "reference"),
        ({"embedder_sha256": "zz"}, "embedder"),
        ({"compared": 5_000}, "n"),
    ],
)
def test_unlike_runs_are_not_compared_and_the_field_is_named(
    changed: dict[str, Any], field: str
) -> None:
    """Numbers that do not mean the same are shown, and not subtracted."""
    found = cell(pair(**changed), "diversity")

    assert found.score is not None
    assert found.difference is not None
    assert found.difference.value is None
    assert found.difference.says == f"not compared: {field}"


def test_scores_of_another_k_or_view_are_not_compared() -> None:
    """A score may differ in how it was measured although the runs agree otherwise."""
    for change, field in ({"k": 7}, "k"), ({"view": "pixels"}, "embedder"):
        score = dataclasses.replace(healthy().scores["diversity"], **change)
        other = dataclasses.replace(known(healthy()), scores={"diversity": score})
        found = cell(build([("a", known(collapsed())), ("b", other)]), "diversity").difference

        assert found is not None
        assert found.says == f"not compared: {field}"


def test_a_score_that_only_one_run_has_is_said_to_be_missing() -> None:
    """The run that lacks it is named."""
    comparison = build([("a", known(inconclusive())), ("b", known(collapsed()))])
    other = build([("a", known(collapsed())), ("b", known(inconclusive()))])

    assert cell(comparison, "diversity").difference == (None, "not measured in A", "", None)
    assert cell(other, "diversity").difference == (None, "not measured here", "", None)


def test_modes_of_another_reference_are_not_lined_up() -> None:
    """Modes are clusters of one reference; with another they have nothing in common."""
    assert pair(reference_sha256="zz").modes_apart == "reference differs"
    fewer = dataclasses.replace(known(healthy()), modes=healthy().modes[:9])
    assert build([("a", known(collapsed())), ("b", fewer)]).modes_apart
    assert build([("a", inconclusive()), ("b", inconclusive())]).modes_apart == ""


def test_conditions_are_gained_and_lost_since_the_first_run() -> None:
    """Each condition says in which runs it was found and what became of it."""
    back = known(dataclasses.replace(collapsed(), conditions=(Condition.MEMORIZATION,)))
    comparison = build(
        [("a", known(collapsed())), ("b", known(collapsed())), ("c", known(healthy())), ("d", back)]
    )
    changes = {row.condition: [row.change(at) for at in (1, 2, 3)] for row in comparison.conditions}

    assert changes[Condition.LATENT_CUTS] == ["still", "lost", "lost"]
    assert changes[Condition.MEMORIZATION] == ["", "", "gained"]


def test_checks_that_come_out_alike_are_left_out() -> None:
    """Only checks whose severity differs are listed, the worst first, missing ones included."""
    rows = {row.id: row.severities for row in pair().checks}

    assert rows["modes.missing"] == (Severity.FAIL, None)
    assert "memorization.rate" not in rows
    assert pair().checks[0].severities[0] is Severity.FAIL


def test_what_the_runs_do_not_share_is_listed() -> None:
    """Fields that differ are named with their values; those that numbers depend on are marked."""
    fields = {field.name: field for field in pair(reference_sha256="zz", seed=7).differing}

    assert fields["reference"].decides
    assert fields["reference"].texts == ("runs/mnist-train (aa)", "runs/mnist-train (zz)")
    assert not fields["seed"].decides
    assert fields["seed"].texts == ("0", "7")
    assert "embedder" not in fields


def test_the_terminal_table_reads_alone() -> None:
    """Verdicts, differences, conditions, modes and the meaning of an interval are in the text."""
    text = printed(pair(seed=7))
    flat = " ".join(text.split())

    assert max(len(line) for line in text.splitlines()) <= 80
    assert "A x COLLAPSED diversity 0.39" in flat
    assert "B v HEALTHY diversity 0.95" in flat
    assert "+0.56 higher" in flat
    assert "seed differs" in flat
    assert "missing-modes: A (lost in B)" in flat
    assert "not paired" in flat
    assert "significant" not in flat


def test_the_page_shows_every_part() -> None:
    """Verdicts, differences in words, modes, checks and the random samples of each run."""
    page = render(pair())
    text = text_of(page)

    for part in (
        "COLLAPSED", "HEALTHY", "+0.56 higher: the intervals do not overlap", "not paired",
        "lost", "A: samples", "B: samples", "Checks that do not come out alike",
    ):  # fmt: skip
        assert part in text
    assert page.count("<img") >= 3 * 48
    assert "<script" not in page
    assert "significant" not in text


def test_the_page_names_what_keeps_runs_apart() -> None:
    """Without a common reference there are no differences, and it is said why."""
    text = text_of(render(pair(reference_sha256="zz")))

    assert "not compared: reference" in text
    assert "cannot be compared: reference differs" in text
    assert "do not overlap" not in text.replace("95% intervals that do not overlap", "")


def test_hostile_names_show_as_text() -> None:
    """Markup, quotes and control characters of a report neither run nor steer a terminal."""
    evil = "<script>alert(1)</script>\"'\u2028\x1b[31m\u202egnp"
    subject = dataclasses.replace(collapsed().subject, path=evil)
    modes = tuple(dataclasses.replace(mode, label=evil) for mode in collapsed().modes)
    odd = dataclasses.replace(known(collapsed()), subject=subject, modes=modes, warnings=(evil,))
    comparison = build([(evil, odd), (evil, dataclasses.replace(odd, created=evil))])
    page, text = render(comparison), printed(comparison)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("count", [0, 1, 7])
def test_too_few_and_too_many_runs_are_refused(count: int) -> None:
    """Side by side takes two to six runs."""
    with pytest.raises(UsageError, match=f"{count} reports"):
        build([("x", inconclusive())] * count)
