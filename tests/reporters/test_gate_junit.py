"""JUnit XML: valid by the usual schema, and red where the gate is."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from gate_results import ALL, dropped, failed, hostile, inconclusive, passed
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from gancheck.gate import GateResult, State, evaluate, rules
from gancheck.reporters.gates import GATE_REPORTERS
from gate.reports import report, score

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def render(result: GateResult) -> str:
    """Return the XML."""
    return GATE_REPORTERS.get("junit").render(result)


def cases(result: GateResult) -> dict[str, TestCase]:
    """Return the test cases as a parser for test reports reads them."""
    return {case.name: case for suite in JUnitXml.fromstring(render(result).encode())
            for case in suite}  # fmt: skip


def properties(result: GateResult) -> dict[str, str]:
    """Return the properties of the suite."""
    found = ET.fromstring(render(result)).iterfind("testsuite/properties/property")
    return {str(one.get("name")): str(one.get("value")) for one in found}


def results(case: TestCase) -> list[type]:
    """Return the kinds of results of a case; none means that it passed."""
    return [type(one) for one in case.result]


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_is_valid_by_the_usual_schema(name: str) -> None:
    """Elements, attributes and the format of times are those that Jenkins expects."""
    SCHEMA.validate(render(ALL[name]()))


def test_a_failing_gate_is_red() -> None:
    """What failed is a failure and what could not be measured an error, as a parser sees them."""
    found = cases(failed())

    assert results(found["min diversity"]) == [Failure]
    assert results(found["forbid missing-modes"]) == [Failure]
    assert results(found["max jensen_shannon"]) == [Error]
    assert results(found["max cut_mass"]) == [Skipped]
    assert results(found["min fidelity"]) == []
    (failure,) = found["min diversity"].result
    assert failure.message.startswith("diversity 0.46, at most 0.48 (one-sided 95%), below the")
    (error,) = found["max jensen_shannon"].result
    assert "needs --discriminator" in error.message


def test_warnings_pass_and_say_so() -> None:
    """A limit at level warn, and an open one, are never red; their output tells what happened."""
    found = cases(failed())

    for name, state in (("max memorization", "failed"), ("min coverage", "inconclusive")):
        assert results(found[name]) == []
        assert str(found[name].system_out).startswith(f"{state}: ")


@pytest.mark.parametrize(
    ("on_inconclusive", "kinds"), [("fail", [Failure]), ("warn", []), ("pass", [])]
)
def test_what_is_open_is_red_only_where_it_fails(on_inconclusive: str, kinds: list[type]) -> None:
    """The same rule as for the exit code."""
    result = inconclusive(on_inconclusive)

    assert results(cases(result)["min diversity"]) == kinds
    assert result.passed is not bool(kinds)


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_counts_are_true(name: str) -> None:
    """A suite counts its own cases, and something is red exactly if the gate did not pass."""
    result = ALL[name]()
    (suite,) = JUnitXml.fromstring(render(result).encode())
    kinds = [kind for case in suite for kind in results(case)]

    assert suite.tests == len(result.outcomes)
    assert suite.failures == kinds.count(Failure)
    assert suite.errors == kinds.count(Error)
    assert suite.skipped == kinds.count(Skipped)
    assert suite.errors == sum(one.state is State.UNAVAILABLE for one in result.outcomes)
    assert bool(suite.failures + suite.errors) is not result.passed


def test_the_suite_knows_when_and_with_what() -> None:
    """Time, date and the numbers of each check come from the report, not from now."""
    (suite,) = JUnitXml.fromstring(render(failed()).encode())
    known = properties(failed())

    assert (suite.timestamp, suite.time) == ("2026-03-14T15:09:26", 2.5)
    assert known["min diversity: value"] == "0.46"
    assert known["min diversity: limit"] == "0.8"
    assert known["min diversity: high"] == "0.479738"
    assert known["min coverage: state"] == "inconclusive"
    assert known["samples"] == "10000"
    assert properties(dropped())["baseline"] == "ci/baseline.json"


def test_two_limits_on_one_name_are_two_cases() -> None:
    """Names of cases are unique, and do not change with the limit."""
    both = rules(min={"diversity": 0.8}, max={"diversity": 0.99})
    found = cases(evaluate(report([score(0.9)]), both))

    assert sorted(found) == ["max diversity", "min diversity"]


def test_what_xml_forbids_is_replaced() -> None:
    """Control characters and halves of characters become signs; markup stays text."""
    text = render(hostile())
    root = ET.fromstring(text)

    assert "\ufffd" in (root[0].get("name") or "") or "?" in (root[0].get("name") or "")
    assert {one.tag for one in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "error",
        "system-out",
    }  # fmt: skip
    assert "timestamp" not in root[0].attrib


def test_a_passing_gate_is_green() -> None:
    """Nothing but outputs."""
    assert all(not results(case) for case in cases(passed()).values())
