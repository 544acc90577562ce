"""Workflow commands: few, the worst first, and none that a report smuggles in."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from gate_results import ALL, HOSTILE, failed, hostile, inconclusive, passed

from gancheck.gate import GateResult, evaluate, rules
from gancheck.reporters.gates import GATE_REPORTERS
from gancheck.types import Verdict
from gate.reports import report, score

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def commands(result: GateResult) -> list[tuple[str, str, str]]:
    """Return kind, title and message of each command, and check that the last line is none."""
    *lines, last = GATE_REPORTERS.get("github").render(result).splitlines()
    found = [COMMAND.fullmatch(line) for line in lines]
    assert all(found)
    assert last.startswith("gancheck gate ")
    return [(one[1], one[2], one[3]) for one in found if one]


def test_errors_come_before_warnings() -> None:
    """What fails the build is an error, what does not a warning; what passed is silent."""
    found = commands(failed())

    assert [kind for kind, _, _ in found] == ["error"] * 3 + ["warning"] * 2
    assert found[0][1] == "gancheck%3A jensen_shannon <= 0.10"
    assert "one-sided 95%25" in found[1][2]
    assert "%0A" in found[0][2]


def test_a_gate_that_passed_leaves_one_notice() -> None:
    """One line for all of it."""
    ((kind, _, message),) = commands(passed())

    assert kind == "notice"
    assert message.startswith("gate passed: diversity 0.95")


@pytest.mark.parametrize(
    ("on_inconclusive", "kinds"),
    [("fail", ["error"]), ("warn", ["warning", "notice"]), ("pass", ["notice"])],
)
def test_what_is_open_is_as_loud_as_asked(on_inconclusive: str, kinds: list[str]) -> None:
    """An open limit is an error only where it fails the build."""
    assert [kind for kind, _, _ in commands(inconclusive(on_inconclusive))] == kinds


def test_there_are_never_more_than_ten() -> None:
    """The rest is counted in the last line."""
    scores = [score(0.5, 0.001, f"score-{at}") for at in range(30)]
    least = {one.name: 0.8 for one in scores}
    warned = rules(min=least, levels=dict.fromkeys(least, "warn"))
    for asked, shown in ((rules(min=least), 10), (warned, 9)):
        text = GATE_REPORTERS.get("github").render(evaluate(report(scores), asked))

        assert text.count("::error ") + text.count("::warning ") == shown
        assert len(text.splitlines()) == 11
        assert f"{30 - shown} more without an annotation" in text.splitlines()[-1]


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_line_but_the_last_is_one_of_ours(name: str) -> None:
    """Whatever names and titles hold, no other command appears, in either form."""
    text = GATE_REPORTERS.get("github").render(ALL[name]())

    commands(ALL[name]())
    assert "##[" not in text
    assert "\r" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "path", ["::error::x", "  ::stop-commands::t", "a\n::error::x", "a,b:c%0A::add-mask::x"]
)
def test_a_file_name_cannot_give_a_command(path: str) -> None:
    """A subject is part of a line that begins with words of ours."""
    made = report([score(0.5)], verdict=Verdict.HEALTHY)
    made = replace(made, subject=replace(made.subject, path=path))
    for asked in (rules(min={"diversity": 0.8}), rules()):
        lines = GATE_REPORTERS.get("github").render(evaluate(made, asked)).splitlines()

        assert len(lines) == 2
        assert COMMAND.fullmatch(lines[0])
        assert not lines[1].lstrip().startswith("::")


def test_properties_cannot_be_closed_early() -> None:
    """Colons and commas in a title are escaped, percent signs everywhere."""
    for _, title, message in commands(hostile()):
        assert not set(title) & set(":,\n")
        assert re.sub("%(25|0A|0D|3A|2C)", "", title + message).count("%") == 0
    assert HOSTILE.count("::") > 2
