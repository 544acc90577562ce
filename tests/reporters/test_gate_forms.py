"""What holds for every form of a gate's result."""

from __future__ import annotations

import json

import pytest
from gate_results import ALL, failed

from gancheck.errors import UsageError
from gancheck.reporters.gates import GATE_REPORTERS, GateReporter

FORMS = ["github", "json", "junit", "markdown", "text"]


def test_the_forms_are_discovered_under_their_own_names() -> None:
    """Importing nothing but the registry is enough to find each form, with a suffix of its own."""
    assert {name: one.name for name, one in GATE_REPORTERS} == dict(zip(FORMS, FORMS, strict=True))
    assert len({one.suffix for _, one in GATE_REPORTERS}) == len(FORMS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted(ALL))
def test_rendering_is_pure(form: str, name: str) -> None:
    """Equal results give equal texts, which end in one line break and can be encoded."""
    reporter = GATE_REPORTERS.get(form)
    text = reporter.render(ALL[name]())

    assert isinstance(reporter, GateReporter)
    assert text == reporter.render(ALL[name]())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert text.encode("utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_number_and_the_limit(form: str) -> None:
    """What decided is in each of them."""
    text = GATE_REPORTERS.get(form).render(failed())

    assert "diversity" in text
    assert "0.48" in text
    assert "0.8" in text


def test_near_misses_are_named() -> None:
    """A misspelt form is answered with the one that was meant."""
    with pytest.raises(UsageError) as caught:
        GATE_REPORTERS.get("junti")
    assert "junit" in (caught.value.hint or "")


@pytest.mark.parametrize("name", sorted(ALL))
def test_json_reads_back(name: str) -> None:
    """The text is the result's own JSON, strict, with the schema in front."""
    result = ALL[name]()
    found = json.loads(GATE_REPORTERS.get("json").render(result), parse_constant=pytest.fail)

    assert list(found) == ["schema", "gate"]
    assert found["gate"]["passed"] is result.passed
    assert len(found["gate"]["checks"]) == len(result.outcomes)
    assert found == json.loads(json.dumps(result.to_dict()))
