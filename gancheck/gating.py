"""A gate on a model: diagnose it, hold the diagnosis against rules, look again if undecided."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck import plugins
from gancheck.analyzers import ANALYZERS
from gancheck.devices import full_float32
from gancheck.errors import UsageError
from gancheck.gate import Level, State, evaluate, is_decided, require_known
from gancheck.loaders import load
from gancheck.loaders.in_memory import guarded, located
from gancheck.pipeline import diagnose
from gancheck.preparation import prepare_once, read_prepared, read_raw
from gancheck.prepare import is_portable
from gancheck.reference import PreparedReference
from gancheck.settings import Clock, Silence

if TYPE_CHECKING:
    from gancheck.gate import GateResult, Rules
    from gancheck.loaders.in_memory import Model, Samples
    from gancheck.settings import Listener, Settings
    from gancheck.types import Diagnosis

MOST_LOOKS = 5
_CONFIDENCE = {1: 0.95, 2: 0.975}
_STRICTEST = 0.99
_SETTLED = "The limits are decided."
_MOST = "No more samples may be drawn (--max-samples)."


@dataclass(frozen=True)
class Adaptive:
    """Leave to draw more samples while a limit is undecided.

    Attributes:
        most: Samples to draw at most.
    """

    most: int


def run_gate(
    model: Model,
    reference: Samples | PreparedReference | None,
    settings: Settings,
    rules: Rules,
    *,
    baseline: Diagnosis | None = None,
    baseline_name: str | None = None,
    adaptive: Adaptive | None = None,
    listener: Listener | None = None,
) -> tuple[Diagnosis, GateResult]:
    """Diagnose a model and hold what was found against rules.

    Args:
        model: What to diagnose, as for `gancheck.diagnose`.
        reference: What to compare it with, likewise.
        settings: What the run depends on; the first look of several draws that many samples.
        rules: What is asked for.
        baseline: An earlier diagnosis, for limits on drops.
        baseline_name: What to call it.
        adaptive: Whether to draw more samples while undecided: at most five looks, all decided at
            a confidence that keeps chance failures of all of them together at 5%.
        listener: Hears how the run is getting on.

    Returns:
        The diagnosis of the last look and what became of the rules.

    Raises:
        UsageError: A rule names what is not known, or needs a baseline that is not there.
        GancheckError: The run is not possible.
    """
    require_sense(rules, baseline, adaptive)
    sizes = (settings.samples,) if adaptive is None else look_sizes(settings.samples, adaptive.most)
    if len(sizes) == 1:
        found = diagnose(model, reference, settings, listener=listener)
        return found, evaluate(found, rules, baseline, baseline_name=baseline_name)
    least = confidence_of(len(sizes))
    rules = dataclasses.replace(rules, confidence=max(rules.confidence, least))
    if reference is not None and settings.holdout is None:
        most = dataclasses.replace(settings, samples=sizes[-1])
        reference = hold_reference(model, reference, most, listener)
    for number, size in enumerate(sizes, 1):
        if listener is not None:
            listener.stage(f"look {number} of {len(sizes)}: {size:,} samples")
        looking = dataclasses.replace(settings, samples=size)
        found = diagnose(model, reference, looking, listener=listener)
        result = evaluate(found, rules)
        why = _SETTLED if is_decided(result) else _used_up(found, result, size)
        if why or number == len(sizes):
            break
    return found, _told(result, sizes, sizes[:number], why or _MOST)


def look_sizes(first: int, most: int) -> tuple[int, ...]:
    """Return the samples of each look: doubled each time, or by a larger factor for five looks."""
    if most <= first:
        return (first,)
    looks = min(MOST_LOOKS, 1 + math.ceil(math.log2(most / first)))
    factor = (most / first) ** (1 / (looks - 1))
    grown = [first * max(factor, 2.0) ** look for look in range(looks - 1)]
    return (*(math.ceil(size) for size in grown if size < most), most)


def confidence_of(looks: int) -> float:
    """Return the one-sided confidence of each of several looks, 5% of error over all (Bonferroni).

    Reports hold bounds at 95%, 97.5% and 99%; the next stricter one is taken.
    """
    return _CONFIDENCE.get(looks, _STRICTEST)


def hold_reference(
    model: Model,
    reference: Samples | PreparedReference,
    settings: Settings,
    listener: Listener | None = None,
) -> Samples | PreparedReference:
    """Read and prepare a reference once, for several runs on models whose samples have one shape.

    A reference too small to fit a view on without the samples that are judged is returned as it
    is: each run then looks at it anew.

    Raises:
        GancheckError: The model or the reference cannot be read.
    """
    if isinstance(reference, PreparedReference):
        return reference
    origin, subject = located(reference), located(model)
    prepared = read_prepared(origin, settings)
    if prepared is not None:
        return prepared
    with guarded(subject, settings.seed), full_float32():
        options = dataclasses.replace(settings.load, seed=settings.seed, limit=settings.samples)
        loaded = load(subject, options)
        shape = loaded.spec.output_shape if hasattr(loaded, "spec") else loaded.shape
        known = read_raw(origin, shape, settings)
        if not is_portable(known):
            return reference
        return prepare_once(known, None, settings, Clock(listener or Silence()))[0]


def require_sense(
    rules: Rules, baseline: Diagnosis | None, adaptive: Adaptive | None = None
) -> None:
    """Refuse before the run what could only be refused after it."""
    drops = [limit for limit in rules.limits if limit.kind == "max-drop"]
    if adaptive is not None and (drops or baseline is not None):
        raise UsageError(
            "a baseline fixes the number of samples, and --adaptive changes it",
            "Leave out --adaptive, or the baseline.",
        )
    if baseline is not None and not drops:
        raise UsageError(
            "there is a baseline, and nothing is held against it",
            "Say how much may be lost: --max-drop 0.03.",
        )
    checked = [limit for limit in drops if limit.level is not Level.OFF]
    if baseline is None and checked:
        raise UsageError(
            f"{checked[0].text}: there is no baseline to compare with",
            "Give an earlier report: --baseline REPORT.json (gancheck baseline MODEL writes one).",
        )
    if not _foreign_analyzers():  # their scores are known after a run only
        require_known(rules)


def _foreign_analyzers() -> bool:
    if not plugins.PLUGINS.chosen():
        return False
    return any(not ANALYZERS.is_built_in(name) for name in ANALYZERS.names())


def _used_up(found: Diagnosis, result: GateResult, asked: int) -> str | None:
    """Say why more samples would change nothing; None where they might."""
    drawn, compared = found.settings["samples"], found.settings["compared"]
    if drawn < asked:
        return f"The set of samples is used up at {drawn:,}: more would have to be drawn."
    if compared is None or compared >= drawn:
        return None
    undecided = [one for one in result.outcomes if one.state is State.INCONCLUSIVE]
    if any(one.n is not None and one.n > compared for one in undecided):
        return None  # these rest on the samples alone
    return (
        f"The reference is used up: both sides are compared at {compared:,}, however many samples "
        "are drawn. More reference data would decide."
    )


def _told(
    result: GateResult, planned: tuple[int, ...], taken: tuple[int, ...], why: str
) -> GateResult:
    """Note how often was looked, and why no further."""
    sizes = ", ".join(f"{size:,}" for size in taken)
    looks = "look" if len(planned) == 1 else "looks"
    return result.noted(
        f"{len(taken)} of at most {len(planned)} {looks}, at {sizes} samples. {why}"
    )
