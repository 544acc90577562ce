"""A gate for test suites: one call that fails where a generator is not diverse enough.

::

    from gancheck.testing import assert_diverse

    def test_the_generator_draws_every_digit():
        assert_diverse(load_generator(), "digits.gcref", forbid=["missing-modes"])

Nothing here needs a test runner, and judging a stored report needs neither torch nor the model.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gancheck.errors import ExitCode, GancheckError
from gancheck.gate import State, evaluate, rules
from gancheck.stored import read
from gancheck.types import Diagnosis, Severity

if TYPE_CHECKING:
    from gancheck.gate import GateResult, Rules
    from gancheck.loaders.in_memory import Model, Samples
    from gancheck.reference import PreparedReference
    from gancheck.settings import Settings

    Subject: TypeAlias = Model | Diagnosis

__all__ = ["GateFailed", "GateWarning", "assert_diverse", "gate_rules", "require_passed"]

_BRACE, _LOOKED_AT = b"{", 64
_SHOWN = 8


class GateFailed(AssertionError):  # noqa: N818 - it reads as what it is
    """A gate that failed.

    Attributes:
        result: What became of each limit.
        diagnosis: What was found.
    """

    def __init__(self, result: GateResult, diagnosis: Diagnosis) -> None:
        super().__init__(told(result, diagnosis))
        self.result = result
        self.diagnosis = diagnosis

    def __reduce__(self) -> tuple[type[GateFailed], tuple[GateResult, Diagnosis]]:
        """Survive the way from one process to another, as test runners send exceptions."""
        return type(self), (self.result, self.diagnosis)


class GateWarning(UserWarning):
    """A gate that neither failed nor passed for certain."""


def assert_diverse(
    subject: Subject,
    reference: Samples | PreparedReference | None = None,
    *,
    at_least: float | None = 0.8,
    min: Mapping[str, float] | None = None,
    max: Mapping[str, float] | None = None,
    forbid: Iterable[str] = (),
    baseline: str | Path | Diagnosis | None = None,
    max_drop: float | Mapping[str, float] | None = None,
    on_inconclusive: str = "warn",
    settings: Settings | None = None,
) -> GateResult:
    """Fail unless a generator, or its report, keeps its limits.

    It fails where a whole one-sided 95% interval is beyond a limit. Where a limit lies inside the
    interval it warns, or fails with ``on_inconclusive="fail"``.

    Args:
        subject: A module, a function from latents to samples, a file of a generator or of samples,
            a ``report.json``, or a diagnosis.
        reference: Real samples, as for `gancheck.diagnose`; a report has been compared already.
        at_least: Least diversity; None asks for none.
        min: The least that other scores, or numbers of findings, may be.
        max: The most that they may be.
        forbid: Conditions that must not be found, such as ``missing-modes``.
        baseline: An earlier report.
        max_drop: How much diversity, or scores by their names, may lose against the baseline.
        on_inconclusive: ``warn``, ``fail`` or ``pass``.
        settings: What the run depends on; no map is drawn by default.

    Returns:
        What became of each limit.

    Raises:
        GateFailed: A limit is broken; an ``AssertionError`` that says how.
        GancheckError: Something that a limit needs could not be measured, or the run failed.
    """
    __tracebackhide__ = True
    asked = gate_rules(
        at_least,
        min=min,
        max=max,
        forbid=forbid,
        max_drop=max_drop,
        on_inconclusive=on_inconclusive,
    )
    earlier = read(baseline) if isinstance(baseline, (str, Path)) else baseline
    name = str(baseline) if isinstance(baseline, (str, Path)) else None
    known, result = _judged(subject, reference, settings, asked, (earlier, name))
    return require_passed(result, known)


def gate_rules(
    at_least: float | None,
    *,
    min: Mapping[str, float] | None,
    max: Mapping[str, float] | None,
    forbid: Iterable[str],
    max_drop: float | Mapping[str, float] | None,
    on_inconclusive: str,
) -> Rules:
    """Return rules whose limit on the diversity has an argument of its own.

    Raises:
        UsageError: A word or a number is not one that can be asked for.
    """
    least = {} if at_least is None else {"diversity": at_least}
    return rules(
        min={**least, **(min or {})},
        max=max or {},
        forbid=[forbid] if isinstance(forbid, str) else list(forbid),
        max_drop=max_drop,
        on_inconclusive=on_inconclusive,
    )


def require_passed(result: GateResult, diagnosis: Diagnosis) -> GateResult:
    """Return a result that passed, with a warning where it is not certain.

    Raises:
        GateFailed: It failed.
        GancheckError: Something could not be measured, which never passes.
    """
    __tracebackhide__ = True
    if result.exit_code is ExitCode.COULD_NOT_RUN:
        absent = [one for one in result.outcomes if one.state is State.UNAVAILABLE]
        said = "; ".join(f"{one.limit.text}: {one.reason}" for one in absent)
        hints = list(dict.fromkeys(one.hint for one in absent if one.hint))
        raise GancheckError(f"not everything could be judged: {said}", " ".join(hints) or None)
    if not result.passed:
        raise GateFailed(result, diagnosis)
    doubts = [one for one in result.outcomes if result.alarm(one)]
    if doubts:
        said = "\n".join(". ".join(filter(None, (one.reason, one.hint))) for one in doubts)
        warnings.warn(f"{result.subject}: {said}", GateWarning, stacklevel=3)
    return result


def told(result: GateResult, diagnosis: Diagnosis) -> str:
    """Return the gate's report and the sentences of the diagnosis, for people to read."""
    from gancheck.reporters.gates import GATE_REPORTERS
    from gancheck.reporters.wording import SEVERITIES

    worst = [one for one in diagnosis.findings if one.severity >= Severity.WARN][:_SHOWN]
    found = [f"{SEVERITIES[one.severity].word} {one.id}: {one.title}" for one in worst]
    report = GATE_REPORTERS.get("text").render(result).rstrip()
    return "\n".join([report, "", *(f"  {line}" for line in (*diagnosis.summary, *found))])


def _judged(
    subject: Subject,
    reference: Samples | PreparedReference | None,
    settings: Settings | None,
    asked: Rules,
    baseline: tuple[Diagnosis | None, str | None],
) -> tuple[Diagnosis, GateResult]:
    """Read a report, or diagnose a model, and hold it against rules."""
    earlier, name = baseline
    if isinstance(subject, (str, Path)) and _is_report(Path(subject)):
        subject = read(subject)
    if isinstance(subject, Diagnosis):
        return subject, evaluate(subject, asked, earlier, baseline_name=name)
    from gancheck.gating import run_gate
    from gancheck.settings import Settings

    chosen = settings or Settings(map="none")
    return run_gate(subject, reference, chosen, asked, baseline=earlier, baseline_name=name)


def _is_report(path: Path) -> bool:
    """Tell a JSON object by its beginning; no file of weights begins so without zeros."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT).removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(_BRACE) and b"\0" not in start
