"""A trace on a terminal: one line a checkpoint, whatever the width, and nothing that steers it."""

from __future__ import annotations

import dataclasses
import io

import pytest
from example_trace import FAILED, STEPS, a_checkpoint, build_trace, stored
from rich.console import Console

from gancheck.remedies import ADVICE, told
from gancheck.reporters.terminal.ink import Ink
from gancheck.reporters.traces.lines import fitted, sparkline
from gancheck.reporters.traces.terminal import Live, print_trace
from gancheck.reporters.traces.turning import thinned
from gancheck.types import Checkpoint, Mode, Trace

LONG = tuple(range(10, 4010, 10))


class Paper(io.StringIO):
    """Text in an encoding that a console can ask for."""

    encoding = "utf-8"


class Plain(Paper):
    """The same without block characters."""

    encoding = "ascii"


def printed(trace: Trace, *, width: int = 100, verbose: bool = False, on: type = Paper) -> str:
    """Print a trace without colour."""
    page = on()
    print_trace(trace, Console(file=page, width=width, no_color=True), verbose=verbose)
    return str(page.getvalue())


def row_of(text: str, step: int) -> str:
    """Return the line of a checkpoint."""
    return next(line for line in text.splitlines() if f" {step:,}  " in line[:24])


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Return a trace as its JSON gives it back."""
    return stored(build_trace())


def test_what_to_try_stands_at_the_end(trace: Trace) -> None:
    """The first remedies of the first condition, and the command that explains it."""
    first = trace.conditions[0]
    said = " ".join(printed(trace, width=200).split())
    assert told(ADVICE[first]).remedies[0].remedy.name.replace("`", "") in said
    assert said.endswith(f"gancheck explain {first.value}")

    bare = printed(dataclasses.replace(trace, conditions=()))
    assert "gancheck explain" not in bare


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_checkpoint_has_one_line_at_every_width(trace: Trace, width: int) -> None:
    """From narrow to wide no line is too long, and each checkpoint stands on exactly one."""
    lines = printed(trace, width=width).splitlines()

    assert max(len(line) for line in lines) <= width
    for step in STEPS:
        assert len([line for line in lines if f" {step}  " in line[:24]]) == 1


def test_a_line_tells_what_was_measured(trace: Trace) -> None:
    """Verdict, diversity with its interval, the leading mode, identity of latents, conditions."""
    line = row_of(printed(trace, width=120), 250)

    for part in ("x COLLAPSED", "0.20", "[0.17, 0.22]", "place 3", "62%", "0.85", "missing-modes"):
        assert part in line


def test_turns_and_the_best_are_marked_where_they_are(trace: Trace) -> None:
    """Onset, recovery and the best stand in their lines, and again in words with intervals."""
    text = printed(trace, width=120)

    assert "onset" in row_of(text, 200)
    assert "recovery" in row_of(text, 550)
    assert "best diversity" in row_of(text, 100)
    assert "at step 200 (95%: 151 to 200): diversity 0.90 -> 0.20" in text
    assert "use step 100; 2 others cannot be told from it" in text


def test_a_checkpoint_that_failed_is_a_row_with_its_reason(trace: Trace) -> None:
    """The reason stands where the numbers would."""
    assert "the file ends early" in row_of(printed(trace, width=80), FAILED)


def test_visits_come_in_their_order(trace: Trace) -> None:
    """Places follow each other as they were visited, with shares and steps."""
    said = " ".join(printed(trace, width=80).split())

    assert (
        "place 3 (62%) steps 200-250 -> place 5 (62%) steps 300-400 -> "
        "place 1 (62%) steps 450-500" in said
    )


def test_live_lines_are_those_of_the_report(trace: Trace) -> None:
    """What is printed as checkpoints are done looks as it does in the end."""
    page = Paper()
    live = Live(Console(file=page, width=120, no_color=True), STEPS)
    for one in trace.checkpoints:
        live.add(one)
    lines = page.getvalue().splitlines()
    whole = printed(trace, width=120).splitlines()

    assert len(lines) == 2 + len(STEPS)
    assert lines[0] in whole
    assert row_of(page.getvalue(), 50) in whole
    assert row_of(page.getvalue(), FAILED) in whole


def test_a_long_trace_is_thinned_and_says_so() -> None:
    """Of hundreds of lines the ends, the turns and the failures stay; verbose shows all."""
    trace = build_trace(steps=LONG, points=1, side=2)
    short, whole = printed(trace), printed(trace, verbose=True)

    assert len(short.splitlines()) < 80
    assert "checkpoints are left out" in short
    for step in (10, 100, 190, 200, 210, FAILED, 550, 4000):
        assert row_of(short, step)
    assert len(whole.splitlines()) > 400
    assert "left out" not in whole


def test_thinning_keeps_what_was_asked_for() -> None:
    """Both ends and kept steps with their neighbours stay, in order and once."""
    every = [Checkpoint("", step) for step in range(100)]
    steps = [one.step for one in thinned(every, [50], 10)]

    assert steps == sorted(set(steps))
    assert {0, 49, 50, 51, 99} <= set(steps)
    assert len(steps) <= 14


def test_names_do_not_steer_the_terminal(trace: Trace) -> None:
    """Escape sequences and brackets in labels, paths and reasons are plain text."""
    evil = "\x1b[2J[red]\u202e<script>\n"
    shown = a_checkpoint(250)
    modes = tuple(dataclasses.replace(mode, label=evil) for mode in shown.modes)
    hostile = dataclasses.replace(
        trace,
        checkpoints=(
            dataclasses.replace(shown, modes=modes, path=evil),
            Checkpoint(evil, 300, error=evil),
        ),
        visits=tuple(dataclasses.replace(visit, label=evil) for visit in trace.visits),
        best=tuple(dataclasses.replace(best, path=evil) for best in trace.best),
        summary=(evil,),
        warnings=(evil,),
        settings={"reference": evil, "outputs": {evil: evil}},
    )
    text = printed(hostile, width=120, verbose=True)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text


def test_plain_terminals_get_plain_characters(trace: Trace) -> None:
    """Where there are no block characters, bars, rules and sparkline are ASCII."""
    text = printed(trace, on=Plain)

    assert text.isascii()
    assert "#" in row_of(text, 50)


def test_colour_only_on_a_terminal(trace: Trace) -> None:
    """A file gets no escape sequence, a terminal does."""
    file, screen = Paper(), Paper()
    print_trace(trace, Console(file=file, width=100))
    print_trace(trace, Console(file=screen, width=100, force_terminal=True))

    assert "\x1b" not in file.getvalue()
    assert "\x1b[" in screen.getvalue()


def test_a_trace_without_reference_or_scores_still_prints() -> None:
    """No modes, no diversity, no turns: the lines say what there is."""
    bare = tuple(Checkpoint(f"{step}.pt", step) for step in (1, 2))
    trace = dataclasses.replace(
        build_trace(), checkpoints=bare, visits=(), turns=(), best=(), settings={}, timings={}
    )

    assert "no reference" in printed(trace)
    assert printed(dataclasses.replace(trace, checkpoints=()))


def test_the_sparkline_keeps_dips() -> None:
    """Where one sign stands for many checkpoints, it shows the lowest."""
    values: list[float | None] = [1.0] * 100
    values[55] = 0.0

    assert sparkline(values, Ink(80, True), 10) == "█████▁████"
    assert sparkline([None, 0.5], Ink(80, False), 10) == " ="


@pytest.mark.parametrize(
    ("width", "expected"),
    [(40, "onset, missing-modes"), (12, "onset +1"), (5, "+2")],
)
def test_notes_count_what_does_not_fit(width: int, expected: str) -> None:
    """As many words as fit, then how many more there are."""
    assert fitted(["onset", "missing-modes"], width) == expected


def test_the_mode_that_leads_is_the_one_with_most_samples() -> None:
    """Of modes with unknown shares none leads."""
    unknown = Mode(0, "unknown", 0.5, float("nan"), 0, 0, "ok")
    one = dataclasses.replace(a_checkpoint(250), modes=(unknown,))
    page = Paper()
    Live(Console(file=page, width=100, no_color=True)).add(one)

    assert "unknown" not in page.getvalue()
