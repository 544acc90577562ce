"""The result of a gate as JUnit XML: one test case a check, and what fails is red.

Held against the schema of Jenkins' xUnit plugin, in which only suites have properties: those of a
check carry its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gancheck.gate import Alarm, State
from gancheck.gate.words import one_line
from gancheck.reporters.gates import GATE_REPORTERS, facts

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from gancheck.gate import GateResult, Outcome

_LONGEST = 4000
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEAST_NAME = "gancheck gate"


@dataclass(frozen=True)
class JunitGate:
    """Failed checks are failures, what could not be measured errors, switched-off checks skipped.

    Warnings pass, with the reason as output of their test case.
    """

    name: str = "junit"
    suffix: str = ".xml"

    def render(self, result: GateResult) -> str:
        """Return the suite; equal reports and rules give equal texts."""
        cases = [_case(result, outcome) for outcome in result.outcomes]
        counts = {
            "tests": len(cases),
            "failures": _count(cases, "failure"),
            "errors": _count(cases, "error"),
        }
        numbers = {name: str(count) for name, count in counts.items()}
        time = f"{min(max(result.seconds, 0.0), 1e9):.3f}"
        root = ET.Element("testsuites", {"name": _LEAST_NAME, "time": time, **numbers})
        suite = ET.SubElement(
            root,
            "testsuite",
            {
                "name": _text(f"{_LEAST_NAME}: {one_line(result.subject)}"),
                **numbers,
                "skipped": str(_count(cases, "skipped")),
                "time": time,
                **_timestamp(result.created),
            },
        )
        properties = ET.SubElement(suite, "properties")
        for name, value in _properties(result):
            ET.SubElement(properties, "property", {"name": _text(name), "value": _text(value)})
        suite.extend(cases)
        said = "\n".join([result.sentence, *result.notes])
        ET.SubElement(suite, "system-out").text = _text(said)
        ET.indent(root, " ")
        body = ET.tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _case(result: GateResult, outcome: Outcome) -> Element:
    """Write a check as a test case: red exactly where it ends the build."""
    case = ET.Element("testcase", {"name": _text(outcome.limit.key), "classname": "gancheck.gate"})
    reason = _text(outcome.reason)
    detail = _text("\n".join(filter(None, (outcome.reason, outcome.hint))))
    red = result.alarm(outcome) is Alarm.ERROR
    if outcome.state is State.UNAVAILABLE:
        _child(case, "error", detail, type="unavailable", message=reason)
    elif red:
        _child(case, "failure", detail, type=outcome.state.value, message=reason)
    elif outcome.state is State.OFF:
        _child(case, "skipped", None, message=reason)
    else:
        ET.SubElement(case, "system-out").text = _text(f"{outcome.state.value}: ") + detail
    return case


def _child(case: Element, name: str, text: str | None, **attributes: str) -> None:
    ET.SubElement(case, name, attributes).text = text


def _count(cases: list[Element], name: str) -> int:
    return sum(case.find(name) is not None for case in cases)


def _properties(result: GateResult) -> Iterator[tuple[str, str]]:
    """Yield what was measured of each check, and of the gate as a whole."""
    yield "result", result.word
    yield "verdict", result.verdict.value
    yield "subject", result.subject
    yield "on_inconclusive", result.rules.on_inconclusive.value
    yield "gancheck", facts.version(result)
    if result.baseline is not None:
        yield "baseline", result.baseline
    for name in ("samples", "compared", "seed", "embedder", "reference", "command"):
        if result.settings.get(name) is not None:
            yield name, str(result.settings[name])
    for outcome in result.outcomes:
        yield from _numbers(outcome)


def _numbers(outcome: Outcome) -> Iterator[tuple[str, str]]:
    key, interval = outcome.limit.key, outcome.interval
    yield f"{key}: state", outcome.state.value
    yield f"{key}: level", outcome.limit.level.value
    numbers = {
        "limit": outcome.limit.value,
        "value": outcome.value,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "confidence": outcome.confidence,
        "ceiling": outcome.ceiling,
        "baseline": outcome.baseline,
        "n": outcome.n,
        "needed": outcome.needed,
    }
    for name, number in numbers.items():
        if number is not None:
            yield f"{key}: {name}", f"{number:.10g}"


def _timestamp(created: str) -> dict[str, str]:
    """Return when the report was made, in UTC and without a zone, as JUnit has it."""
    try:
        moment = datetime.fromisoformat(created)
        utc = moment.astimezone(timezone.utc) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return {}
    return {"timestamp": utc.strftime("%Y-%m-%dT%H:%M:%S")}


def _text(text: str) -> str:
    """Return text that XML can hold, cut where it is long."""
    whole = _NOT_XML.sub("\ufffd", text[: _LONGEST + 1])
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}..."


GATE_REPORTERS.register("junit")(JunitGate())
