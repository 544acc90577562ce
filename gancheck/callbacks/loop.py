"""A gate for a plain training loop."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from gancheck.errors import GeneratorError, UsageError
from gancheck.stored import read
from gancheck.testing import GateWarning, gate_rules, require_passed

if TYPE_CHECKING:
    from gancheck.gate import GateResult
    from gancheck.loaders.in_memory import Samples
    from gancheck.reference import PreparedReference
    from gancheck.settings import Settings
    from gancheck.types import Diagnosis

    Log: TypeAlias = Callable[[Mapping[str, float], int], object]
    GeneratorLike: TypeAlias = Callable[..., object]

PREFIX = "gancheck/"


class DiversityGate:
    """Measures a generator while it is trained, and fails the training if it ends up collapsed.

    ::

        with DiversityGate("digits.gcref", at_least=0.8, every=5000, log=writer) as gate:
            for step in range(steps):
                ...
                gate.step(generator, step)

    The reference is read and prepared at the first measurement, and used again by the next ones.
    The generator, and all random numbers, are left as they were found, so that a training with the
    gate takes the same course as one without.

    Args:
        reference: Real samples, as for `gancheck.diagnose`.
        at_least: Least diversity at the end; None asks for none.
        min: The least that other scores, or numbers of findings, may be.
        max: The most that they may be.
        forbid: Conditions that must not be found, such as ``missing-modes``.
        baseline: An earlier report, or its path.
        max_drop: How much diversity, or scores by their names, may lose against the baseline.
        on_inconclusive: ``warn``, ``fail`` or ``pass``.
        settings: What each measurement depends on, such as its number of samples; no map is drawn.
        every: Steps from one measurement to the next; None measures at the end only.
        log: Called with scores by their names, such as ``gancheck/diversity``, and the step.

    Attributes:
        rules: What is asked for at the end.
        result: What became of it; None before the end.
        diagnosis: What was found last; None before the first measurement.

    Raises:
        UsageError: A name, a word or a number is not one that can be asked for.
    """

    def __init__(
        self,
        reference: Samples | PreparedReference | None,
        *,
        at_least: float | None = 0.8,
        min: Mapping[str, float] | None = None,
        max: Mapping[str, float] | None = None,
        forbid: Iterable[str] = (),
        baseline: str | Path | Diagnosis | None = None,
        max_drop: float | Mapping[str, float] | None = None,
        on_inconclusive: str = "warn",
        settings: Settings | None = None,
        every: int | None = None,
        log: Log | None = None,
    ) -> None:
        from gancheck.gating import require_sense
        from gancheck.settings import Settings

        if every is not None and every < 1:
            raise UsageError(f"every={every} steps", "Give a whole number of steps, or None.")
        self.rules = gate_rules(
            at_least,
            min=min,
            max=max,
            forbid=forbid,
            max_drop=max_drop,
            on_inconclusive=on_inconclusive,
        )
        on_disk = isinstance(baseline, (str, Path))
        self.baseline = read(baseline) if isinstance(baseline, (str, Path)) else baseline
        self.baseline_name = str(baseline) if on_disk else None
        require_sense(self.rules, self.baseline)
        self.settings = dataclasses.replace(settings or Settings(), map="none")
        self.every = every
        self.result: GateResult | None = None
        self.diagnosis: Diagnosis | None = None
        self._log = log
        self._reference = reference
        self._held = reference is None
        self._last: tuple[GeneratorLike, int] | None = None
        self._measured = 0

    @property
    def bounded(self) -> frozenset[str]:
        """Scores that there are limits on; the ends of their intervals are logged too."""
        return frozenset(limit.name for limit in self.rules.limits)

    def is_due(self, step: int) -> bool:
        """Tell whether to measure: another multiple of ``every`` was reached, or passed."""
        return self.every is not None and step // self.every > self._measured

    def step(self, generator: GeneratorLike, step: int) -> Mapping[str, float] | None:
        """Measure the generator if the step is one to measure at.

        A generator whose outputs are not finite is warned of; the training goes on.

        Returns:
            Its scores, which were handed to ``log`` as well; None where nothing was measured.
        """
        self._last = (generator, step)
        if self.every is None or not self.is_due(step):
            return None
        self._measured = step // self.every
        return self.measure(generator, step)

    def measure(self, generator: GeneratorLike, step: int) -> Mapping[str, float] | None:
        """Measure the generator now."""
        from gancheck.pipeline import diagnose

        try:
            self.diagnosis = diagnose(generator, self._reference_for(generator), self.settings)
        except GeneratorError as error:
            warnings.warn(f"step {step}: {error}", GateWarning, stacklevel=2)
            return None
        return self._logged(self.diagnosis, step)

    def finish(self, generator: GeneratorLike | None = None, step: int | None = None) -> GateResult:
        """Hold the trained generator against the limits.

        Args:
            generator: What to judge; the one of the last step by default.
            step: Under which its scores are logged; the last one by default.

        Raises:
            GateFailed: A limit is broken.
            GancheckError: Something that a limit needs could not be measured.
        """
        __tracebackhide__ = True
        known, at = self._last or (None, 0)
        judged = generator if generator is not None else known
        if judged is None:
            raise UsageError(
                "there is no generator to judge",
                "Call step(generator, step), or finish(generator).",
            )
        from gancheck.gating import run_gate

        reference = self._reference_for(judged)
        self.diagnosis, self.result = run_gate(
            judged,
            reference,
            self.settings,
            self.rules,
            baseline=self.baseline,
            baseline_name=self.baseline_name,
        )
        self._logged(self.diagnosis, at if step is None else step)
        return require_passed(self.result, self.diagnosis)

    def __enter__(self) -> DiversityGate:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Judge the generator of the last step, unless the loop broke or `finish` was called."""
        __tracebackhide__ = True
        if kind is None and self.result is None:
            self.finish()

    def _reference_for(self, generator: GeneratorLike) -> Samples | PreparedReference | None:
        """Return the reference, prepared at the first call."""
        from gancheck.gating import hold_reference

        if not self._held and self._reference is not None and self.settings.holdout is None:
            self._reference = hold_reference(generator, self._reference, self.settings)
            self._held = True
        return self._reference

    def _logged(self, diagnosis: Diagnosis, step: int) -> Mapping[str, float]:
        scores = scores_of(diagnosis, self.bounded)
        if self._log is not None:
            self._log(scores, step)
        return scores


def scores_of(diagnosis: Diagnosis, bounded: Iterable[str] = ()) -> Mapping[str, float]:
    """Return scores by the names they are logged under, with the ends of some intervals.

    Args:
        diagnosis: What was found.
        bounded: Scores whose 95% intervals are wanted too, as ``_low`` and ``_high``.
    """
    found: dict[str, float] = {}
    for name, score in diagnosis.scores.items():
        found[name] = score.value
        if name in bounded:
            found |= {f"{name}_low": score.low, f"{name}_high": score.high}
    return {PREFIX + name: value for name, value in found.items() if math.isfinite(value)}
