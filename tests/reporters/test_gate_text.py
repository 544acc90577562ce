"""The text of a gate: the sentence first, rows that fit, and no more than is needed."""

from __future__ import annotations

import io

import pytest
from gate_results import ALL, dropped, failed, hostile, inconclusive, passed
from rich.console import Console

from gancheck.gate import GateResult, evaluate, rules
from gancheck.reporters.gates import GATE_REPORTERS, print_gate
from gate.reports import report, score, without_tails


def printed(result: GateResult, width: int = 100, *, color: bool = False) -> str:
    """Return what a console of some width shows."""
    page = io.StringIO()
    console = Console(
        file=page, width=width, force_terminal=color, color_system="truecolor" if color else None
    )
    print_gate(result, console)
    return page.getvalue()


def test_the_first_line_is_the_result() -> None:
    """With the number that decides, how sure it is, and the limit."""
    result = evaluate(report([score(0.46, 0.012)]), rules(min={"diversity": 0.8}))

    assert printed(result).splitlines()[0].rstrip() == (
        "gate FAILED: diversity 0.46, at most 0.48 (one-sided 95%), below the limit 0.80"
    )


def test_every_check_has_a_row() -> None:
    """Mark, name, value, interval, limit and ceiling, the worst first."""
    lines = printed(failed()).splitlines()
    rows = [line.split() for line in lines if line[:2] in (" x", " !", " v", " -")]

    assert [row[1:3] for row in rows] == [
        ["N/A", "jensen_shannon"],
        ["FAIL", "diversity"],
        ["FAIL", "missing-modes"],
        ["WARN", "memorization"],
        ["OPEN", "coverage"],
        ["ok", "fidelity"],
        ["off", "cut_mass"],
    ]
    assert rows[1][3:] == ["0.46", "[0.44,", "0.48]", ">=", "0.80", "0.97"]
    assert "one-sided 95%" in printed(failed())
    assert "4: 9.7% of the reference" in printed(failed())


def test_what_helps_is_said() -> None:
    """An open limit comes with the number of samples and the flag that draws them."""
    assert "--samples" in printed(inconclusive())
    assert "would decide" in printed(inconclusive())


def test_a_single_limit_that_is_kept_takes_two_lines() -> None:
    """Nobody reads more of a gate that passed."""
    result = evaluate(report([score(0.95)]), rules(min={"diversity": 0.8}))

    assert len(printed(result).splitlines()) == 2
    assert len(printed(passed()).splitlines()) == 7


def test_bounds_of_different_confidence_are_told_apart() -> None:
    """Each interval says how sure it is where they are not all alike."""
    made = report([score(0.95), without_tails(0.9, 0.88, 0.92, "fidelity")])
    text = printed(evaluate(made, rules(min={"diversity": 0.8, "fidelity": 0.7})), 120)

    assert "[0.93, 0.97] one-sided 95%" in text
    assert "[0.88, 0.92] one-sided 97.5%" in text


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", sorted(ALL))
def test_no_line_is_wider_than_the_console(name: str, width: int) -> None:
    """Lines wrap inside the width, and never beyond 120 columns."""
    assert max(len(line) for line in printed(ALL[name](), width).splitlines()) <= min(width, 120)


@pytest.mark.parametrize("name", sorted(ALL))
def test_text_reads_without_colour(name: str) -> None:
    """What a terminal shows in colour says the same without, and names steer nothing."""
    plain = printed(ALL[name](), 100)

    assert "\x1b" not in plain
    assert "\u202e" not in plain
    rendered = GATE_REPORTERS.get("text").render(ALL[name]())
    assert [line.rstrip() for line in plain.splitlines()] == rendered.splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_a_name_cannot_give_a_command_to_the_runner(width: int) -> None:
    """The log of a build is read for commands: wherever a line breaks, none begins there."""
    text = printed(hostile(), width)

    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert "##[" not in text


def test_failures_are_red_and_passes_green() -> None:
    """Colour, where there is any, agrees with the words."""
    assert "\x1b[1;31m" in printed(dropped(), color=True)
    assert "\x1b[1;31m" not in printed(passed(), color=True)
    assert "\x1b[32m" in printed(passed(), color=True)
