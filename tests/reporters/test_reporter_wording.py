"""Numbers, names and order as people read them."""

from __future__ import annotations

import dataclasses
import math

import pytest
from example_diagnosis import collapsed

from gancheck.reporters import facts, wording
from gancheck.types import Interval, Mode, Score, Severity


@pytest.mark.parametrize(
    ("value", "interval", "text"),
    [
        (None, None, ""),
        (2.0, None, "2"),
        (12345.0, None, "12,345"),
        (0.412, (0.402, 0.422), "0.41"),
        (0.061, (0.056, 0.066), "0.061"),
        (0.0021, (0.0012, 0.0030), "0.0021"),
        (0.4704, (0.46, 0.48), "0.47"),
        (12.34, (11.0, 13.0), "12.3"),
        (1234.5, (1200.0, 1300.0), "1,234"),
        (1e-7, None, "1e-07"),
        (0.0, (0.0, 0.002), "0.000"),
        (3.0, (2.0, 4.0), "3"),
        (float("nan"), None, "n/a"),
        (float("inf"), (0.0, float("inf")), "inf"),
        (649286.0, (516821.0, 827559.0), "649k"),
        (2168138.0, None, "2.17M"),
    ],
)
def test_numbers_keep_the_digits_they_deserve(
    value: float | None, interval: tuple[float, float] | None, text: str
) -> None:
    """Counts stay whole, small shares keep two digits, wide intervals drop what they blur."""
    assert wording.number(value, Interval(*interval) if interval else None) == text


def test_scores_are_never_written_as_counts() -> None:
    """A perfect score reads 1.00, with interval and ceiling alike."""
    words = wording.score_numbers(Score("coverage", 1.0, 0.99, 1.0, ceiling=1.0))
    assert words == ("1.00", "[0.99, 1.00]", "1.00")


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.0%"), (0.0001, "<0.1%"), (0.0996, "10.0%"), (1.0, "100.0%")]
)
def test_small_shares_do_not_read_as_none(share: float, text: str) -> None:
    """Rarely drawn and never drawn are different words."""
    assert wording.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "40 ms"), (6.2, "6.2 s"), (41.84, "41.8 s"), (60.0, "1 min 0 s"), (7325, "2 h 2 min")],
)
def test_durations_read_as_said(seconds: float, text: str) -> None:
    """The unit follows the length."""
    assert wording.duration(seconds) == text


def test_details_split_at_their_leads() -> None:
    """Causes and remedies are found at the start of a sentence, wherever it stands."""
    detail = "Seen twice.\n\nUsual causes: a, b. Try: c; then\nretry: d.\n\nMore."
    assert wording.passages(detail) == [
        ("", "Seen twice."),
        ("Usual causes", "a, b."),
        ("Try", "c; then retry: d."),
        ("", "More."),
    ]
    assert wording.passages("") == []


def test_worst_findings_come_first_and_equals_keep_their_order() -> None:
    """Sorting is stable."""
    ranked = wording.worst_first(collapsed().findings)
    assert [finding.severity for finding in ranked] == sorted(
        (finding.severity for finding in collapsed().findings), reverse=True
    )
    failed = [finding.id for finding in ranked if finding.severity is Severity.FAIL]
    assert failed == ["coverage.coverage", "modes.missing", "modes.max_share"]


def test_a_missing_mode_outranks_a_larger_excess() -> None:
    """What is never drawn comes before what is drawn too often."""
    missing = Mode(0, "rare", 0.02, 0.0, 0, 0.01, "missing")
    over = Mode(1, "common", 0.1, 0.9, 0.8, 1.0, "over")
    assert wording.most_damaged_first([over, missing]) == [missing, over]


def test_facts_read_from_settings_and_fall_back() -> None:
    """The view comes from the settings, else from the scores; one that is used twice is one."""
    both = {"embedder": "a", "strict_embedder": "b"}
    same = {"embedder": "a", "strict_embedder": "a"}
    assert facts.view(dataclasses.replace(collapsed(), settings=both)) == "a + b"
    assert facts.view(dataclasses.replace(collapsed(), settings=same)) == "a"
    assert facts.view(dataclasses.replace(collapsed(), settings={})) == "efficientnet-lite0"
    assert facts.limit(collapsed(), "diversity") == 0.8
    assert facts.limit(collapsed(), "density") is None


def test_a_measured_total_is_the_whole() -> None:
    """Shares of time refer to the wall clock where it was measured."""
    timings = {"sample": 1.0, "embed": 2.0, "total": 4.0}
    assert facts.whole_time(timings) == 4.0
    assert facts.timed_parts(timings) == [("sample", 1.0, 0.25), ("embed", 2.0, 0.5)]


def test_only_what_is_unseen_is_rewritten() -> None:
    """Line breaks, letters of every script and joined emoji stay as they are."""
    text = "a\nb\tc \u05d0\u0628 \U0001f468\u200d\U0001f469 \u00e9"
    assert wording.visible(text) == text
    assert wording.visible("a\r\nb\rc") == "a\nb\u240dc"


def test_scores_are_called_as_people_call_them() -> None:
    """Abbreviations and names keep their capitals; other keys only lose their underscores."""
    assert wording.score_title("rke_ratio") == "RKE ratio"
    assert wording.score_title("distinct_samples") == "distinct samples"


def test_an_open_interval_is_written_out() -> None:
    """An interval without an end says so, and does not decide the decimals."""
    assert wording.number(0.5, Interval(0.4, math.inf)) == "0.50"
    assert wording.between(Interval(0.4, math.inf)) == "[0.40, inf]"
