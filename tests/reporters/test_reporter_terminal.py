"""The terminal report."""

from __future__ import annotations

import dataclasses
import io

import pytest
from example_diagnosis import collapsed, healthy, inconclusive
from rich.cells import cell_len
from rich.console import Console

from gancheck.remedies import ADVICE, told
from gancheck.reporters.terminal import Terminal, print_report
from gancheck.types import Condition, Diagnosis, Mode, Score


def printed(
    diagnosis: Diagnosis, width: int = 80, *, verbose: bool = False, color: bool = False
) -> str:
    """Print a report into a string."""
    page = io.StringIO()
    console = Console(file=page, width=width, force_terminal=color, no_color=not color, _environ={})
    print_report(diagnosis, console, verbose=verbose)
    return page.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize(
    "diagnosis", [collapsed(), healthy(), inconclusive()], ids=lambda d: d.verdict
)
def test_no_line_is_longer_than_the_terminal(
    diagnosis: Diagnosis, width: int, verbose: bool
) -> None:
    """Tables, bars and sentences all stay inside the width."""
    lines = printed(diagnosis, width, verbose=verbose).splitlines()
    assert max(cell_len(line) for line in lines) <= width


def test_verdict_stands_beside_its_score_limit_and_ceiling() -> None:
    """The answer and what it rests on share one line."""
    line = next(line for line in printed(collapsed()).splitlines() if "COLLAPSED" in line)
    for fact in ("x COLLAPSED", "diversity 0.39", "[0.37, 0.41]", "limit 0.80", "ceiling 0.97"):
        assert fact in line


def test_header_says_what_was_compared_and_how() -> None:
    """The first lines name the tool, both sides, sizes, view, seed and time."""
    head = "\n".join(printed(collapsed(), 120).splitlines()[:2])
    for fact in (
        "gancheck 0.1.0", "runs/mnist_dcgan/G.pt", "against", "runs/mnist-train", "z = 64 normal",
        "10,000 samples", "60,000 reference", "efficientnet-lite0", "seed 0", "41.8 s on cpu",
    ):  # fmt: skip
        assert fact in head


@pytest.mark.parametrize("width", [80, 120])
def test_failed_checks_come_first(width: int) -> None:
    """Marks read FAIL, WARN, NOTE, ok, skip from top to bottom, whatever the order found."""
    marks = {" x FAIL ": 0, " ! WARN ": 1, " . NOTE ": 2, " v ok ": 3, " - skip ": 4}
    lines = printed(collapsed(), width).splitlines()
    ranks = [rank for line in lines for mark, rank in marks.items() if line.startswith(mark)]
    assert ranks == [0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 4]


def test_meaning_moves_to_a_second_line_where_room_is_short() -> None:
    """At 120 columns a check and its meaning share a line, at 80 they do not."""
    meaning = "41% of the reference images"
    wide = next(line for line in printed(collapsed(), 120).splitlines() if meaning in line)
    narrow = next(line for line in printed(collapsed(), 80).splitlines() if meaning in line)
    assert "coverage.coverage" in wide
    assert narrow.strip() == "41% of the reference images have a sample near them."


def test_limits_and_intervals_stand_beside_values() -> None:
    """A value is never shown without what it was held against."""
    line = next(line for line in printed(collapsed()).splitlines() if "cuts.cut_mass" in line)
    for fact in ("0.12", "[0.11, 0.13]", "<= 0.10"):
        assert fact in line


def test_healthy_run_folds_what_passed() -> None:
    """A healthy generator gets a verdict, its scores and one line for all checks."""
    folded, whole = printed(healthy()), printed(healthy(), verbose=True)
    assert "v HEALTHY" in folded
    assert "3 checks passed" in folded
    assert "coverage.density" not in folded
    assert "distinct_samples" in folded
    assert "coverage.density" in whole
    assert "checks passed" not in whole


def test_verbose_shows_details_and_timings() -> None:
    """Causes, remedies and the share of each step appear only when asked for."""
    assert "Usual causes:" not in printed(collapsed())
    whole = printed(collapsed(), 120, verbose=True)
    assert "Usual causes:" in whole
    assert "Try:" in whole
    assert "embed 21.7 s (52%)" in whole


def test_missing_modes_head_the_chart() -> None:
    """Modes are listed by damage: missing ones, then the worst shares."""
    lines = printed(collapsed()).splitlines()
    rows = [
        line.split()[0] for line in lines if line.rstrip().endswith(("MISSING", "over", "under"))
    ]
    assert rows == ["8", "4", "1", "2", "5"]


def test_chart_of_many_modes_is_cut_at_twelve() -> None:
    """A thousand modes do not push the verdict off the screen; what is left out is counted."""
    missing = [Mode(i, f"mode {i}", 0.01, 0.0, 0.0, 0.1, "missing") for i in range(3)]
    fine = [Mode(i, f"mode {i}", 0.01, 0.01, 0.0, 0.1, "ok") for i in range(3, 40)]
    text = printed(dataclasses.replace(collapsed(), modes=(*fine, *missing)))
    assert text.count("MISSING") == 3
    assert sum(line.startswith(" mode ") for line in text.splitlines()) == 12 + 1
    assert "28 more modes: 28 ok" in text


def test_skipped_analyzers_give_their_reason() -> None:
    """A check that did not run is listed, never silently absent."""
    assert "no discriminator was given (--discriminator)" in printed(collapsed())
    assert "it needs a reference (--reference)" in printed(inconclusive())


def test_next_steps_name_files_and_commands() -> None:
    """The report ends with where to look, what to try first, and what explains it."""
    lines = printed(collapsed(), 160).strip().splitlines()
    end = lines[[line.startswith(" Report ") for line in lines].index(True) :]
    first = told(ADVICE[Condition.MISSING_MODES]).remedies[0].remedy.name
    assert "mnist_dcgan.gancheck.html" in end[0]
    assert "mnist_dcgan.gancheck.json" in end[1]
    assert end[2].startswith(f" Try     {first}; ")
    assert end[-1] == " Next    gancheck explain missing-modes"
    assert "--reference" in printed(inconclusive()).strip().splitlines()[-1]


def test_a_finding_without_a_condition_is_explained_by_its_analyzer() -> None:
    """Where no remedy is known, the next step is to read what the analyzer measures."""
    worst = max(collapsed().findings, key=lambda finding: finding.severity)
    finding = dataclasses.replace(worst, condition=None, analyzer="coverage")
    end = printed(dataclasses.replace(collapsed(), findings=(finding,))).strip().splitlines()
    assert end[-1] == " Next    gancheck explain coverage"
    assert not [line for line in end if line.startswith(" Try ")]


def test_markup_and_control_characters_in_names_are_only_text() -> None:
    """Brackets survive, and an escape sequence in a file name cannot reach the terminal."""
    subject = dataclasses.replace(collapsed().subject, path="[bold red]G[/].pt\x1b]0;owned\x07")
    mode = Mode(0, "[link=file:///]x\x1b[2J", 0.5, 0.0, 0.0, 0.1, "missing")
    hostile = dataclasses.replace(
        collapsed(), subject=subject, modes=(mode,), summary=("[/] [blink]",)
    )
    text = printed(hostile, 120)
    assert "[bold red]G[/].pt?]0;owned?" in text
    assert "[link=file:///]x" in text
    assert "[/] [blink]" in text
    assert "\x1b" not in text


def test_colour_adds_nothing_but_colour() -> None:
    """The words and bars are the same with and without styles."""
    from rich.text import Text

    colored = Text.from_ansi(printed(collapsed(), color=True)).plain.strip().splitlines()
    plain = printed(collapsed()).strip().splitlines()
    assert [line.rstrip() for line in colored] == [line.rstrip() for line in plain]


def test_dumb_terminals_get_plain_characters() -> None:
    """Where block characters may be missing, bars and rules are ASCII."""
    page = io.StringIO()
    console = Console(file=page, width=80, force_terminal=True, _environ={"TERM": "dumb"})
    print_report(collapsed(), console)
    assert page.getvalue().isascii()
    assert "#######" in page.getvalue()


def test_numbers_that_do_not_exist_are_said_to() -> None:
    """A score that is not a number is printed as such."""
    odd = Score("diversity", float("nan"), float("nan"), float("nan"))
    assert "diversity n/a" in printed(dataclasses.replace(collapsed(), scores={"diversity": odd}))


def test_bare_settings_are_enough() -> None:
    """A diagnosis without any setting, version or timing still prints."""
    bare = dataclasses.replace(collapsed(), settings={}, versions={}, timings={}, scores={})
    assert "no diversity score" in printed(bare)


def test_text_form_is_complete_and_plain() -> None:
    """The form for files folds nothing and carries no styles or trailing blanks."""
    text = Terminal().render(healthy())
    assert "coverage.density" in text
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
