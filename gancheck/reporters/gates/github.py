"""The result of a gate as GitHub's workflow commands: annotations beside the build.

A runner reads them from the log. Whatever came from a report or a file name must not be able to
make one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.gate import Alarm
from gancheck.gate.words import one_line
from gancheck.reporters.gates import GATE_REPORTERS, facts

if TYPE_CHECKING:
    from gancheck.gate import GateResult, Outcome

MOST = 10
"""Annotations in all; GitHub shows no more of a kind and step."""

_LONGEST = 1000
_COMMANDS = {Alarm.ERROR: "error", Alarm.WARNING: "warning"}


@dataclass(frozen=True)
class GithubGate:
    """Annotations for what failed, is open or could not run; one notice for a gate that passed."""

    name: str = "github"
    suffix: str = ".log"

    def render(self, result: GateResult) -> str:
        """Return the commands, the worst first, and a plain last line."""
        loud = [one for one in result.outcomes if result.alarm(one)]
        notices = [_notice(result)] if result.passed else []
        shown = loud[: MOST - len(notices)]
        lines = [_annotation(result, outcome) for outcome in shown] + notices
        return "\n".join([*lines, _last(result, len(loud) - len(shown))]) + "\n"


def _annotation(result: GateResult, outcome: Outcome) -> str:
    parts = (outcome.reason, outcome.hint, f"Measured: {', '.join(facts.measured(result))}.")
    message = "\n".join(one_line(part, _LONGEST) for part in parts if part)
    title = f"gancheck: {one_line(outcome.limit.text, 100)}"
    return _command(_COMMANDS[result.alarm(outcome)], title, message)


def _notice(result: GateResult) -> str:
    return _command("notice", "gancheck", one_line(result.sentence, _LONGEST))


def _last(result: GateResult, left_out: int) -> str:
    """Sum up in a line that is no command, whatever the subject is called."""
    subject = one_line(result.subject, 200)
    more = f"; {left_out:,} more without an annotation" if left_out else ""
    return facts.harmless(f"gancheck gate {result.word}: {facts.tally(result)}{more} ({subject})")


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Escape the message of a command: everything after its second pair of colons."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace("##[", "# #[")


def _property(text: str) -> str:
    """Escape a property of a command, which colons and commas end."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


GATE_REPORTERS.register("github")(GithubGate())
