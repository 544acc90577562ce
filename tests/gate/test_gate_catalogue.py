"""The list of what can be asked for is what the analyzers yield."""

from __future__ import annotations

import inspect
import math
from importlib import import_module

import pytest

from analyzers.studies import drawn_study, gaussian_map, with_judge
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable, UsageError
from gancheck.gate import FINDINGS, SCORES, evaluate, rules
from gancheck.gate.catalogue import FORBIDDEN, SEEKERS, WORDS, require_known
from gancheck.types import Condition, Evidence, Finding, Score, Severity, Verdict
from gate.reports import finding, report, score


@pytest.fixture(scope="module")
def evidence() -> dict[str, list[Evidence]]:
    """What each analyzer says of a small sound generator."""
    study = with_judge(drawn_study(gaussian_map(6), 300))
    found: dict[str, list[Evidence]] = {}
    for name, make in ANALYZERS:
        found[name] = []
        try:
            for one in make().analyze(study):
                found[name].append(one)
        except NotAvailable:
            continue
    return found


def test_every_number_that_is_yielded_is_known(evidence: dict[str, list[Evidence]]) -> None:
    """Each score and each finding with a number is listed under its analyzer, in its range."""
    scores = 0
    for analyzer, found in evidence.items():
        for one in found:
            if isinstance(one, Score):
                known = SCORES[one.name]
                scores += 1
            elif isinstance(one, Finding) and one.value is not None:
                known = FINDINGS[one.id]
            else:
                continue
            assert known.analyzer == analyzer
            assert math.isnan(one.value or 0.0) or known.least <= (one.value or 0.0) <= known.most
    assert scores > 20


@pytest.mark.parametrize("name", sorted({**SCORES, **FINDINGS}))
def test_nothing_is_listed_that_nobody_yields(
    name: str, evidence: dict[str, list[Evidence]]
) -> None:
    """Each name is yielded here, or stands in the code of whoever yields it in other runs."""
    known = {**SCORES, **FINDINGS}[name]
    found = evidence[known.analyzer]
    yielded = {one.name if isinstance(one, Score) else getattr(one, "id", "") for one in found}
    what = name.partition(".")[2] if name in FINDINGS else name
    texts = [inspect.getsource(import_module(module)) for module in _homes(known.analyzer)]

    assert name in yielded or any(f'"{one}"' in text for text in texts for one in (name, what))


def _homes(analyzer: str) -> list[str]:
    """Return where an analyzer names its numbers; audits and views do so elsewhere."""
    elsewhere = {
        "audit": ["gancheck.loaders.concerns", "gancheck.loaders.latents"],
        "view": ["gancheck.measures.trust"],
    }
    return elsewhere.get(analyzer, [type(ANALYZERS.get(analyzer)()).__module__])


def test_every_condition_that_is_looked_for_has_seekers() -> None:
    """All conditions but those that nothing in this version finds can be shown to be absent."""
    assert set(Condition) - set(SEEKERS) == {Condition.MODE_HOPPING}
    for seekers in SEEKERS.values():
        assert set(seekers) <= set(FINDINGS)


def test_every_verdict_but_healthy_can_be_forbidden() -> None:
    """A ban on a verdict covers itself and what is worse."""
    assert set(FORBIDDEN) == set(Verdict) - {Verdict.HEALTHY}
    assert all(banned in worse for banned, worse in FORBIDDEN.items())
    assert len(set(WORDS)) == len(WORDS)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"min": {"divresity": 0.8}}, "'diversity'"),
        ({"max": {"modes.mising": 0}}, "'modes.missing'"),
        ({"max_drop": {"fidelty": 0.1}}, "'fidelity'"),
        ({"max_drop": {"modes.balance": 0.1}}, "Known"),
        ({"max": {"missing-modes": 0}}, "--forbid missing-modes"),
        ({"min": {"divresity": 0.8}, "levels": {"divresity": "off"}}, "'diversity'"),
    ],
)
def test_unknown_names_are_refused_with_what_was_meant(asked: dict[str, object], hint: str) -> None:
    """A typing error is no check that passes, not even where it is switched off."""
    made = rules(**asked)  # type: ignore[arg-type]

    with pytest.raises(UsageError) as caught:
        require_known(made)
    assert hint in (caught.value.hint or "")
    with pytest.raises(UsageError):
        evaluate(report([score(0.9)]), made, report([score(0.9)]) if "max_drop" in asked else None)


def test_names_of_plugins_are_taken_from_the_report() -> None:
    """What a report holds can be asked for, whoever measured it."""
    found = report([score(0.9, name="sharpness")], [finding("sharp.edges", 3.0)])

    made = rules(min={"sharpness": 0.8}, max={"sharp.edges": 5})

    assert evaluate(found, made).passed
    with pytest.raises(UsageError, match="sharpness"):
        evaluate(report([score(0.9)]), made)


def test_a_finding_that_never_has_a_number_cannot_be_bounded() -> None:
    """What a report only says in words is refused, not taken for zero."""
    found = report(findings=[finding("distance.summary", None, severity=Severity.OK)])

    with pytest.raises(UsageError, match=r"distance\.summary"):
        evaluate(found, rules(max={"distance.summary": 1}))
