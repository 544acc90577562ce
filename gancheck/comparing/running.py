"""One comparison, from two subjects to a verdict on the second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.comparing import stored
from gancheck.comparing.deciding import decide, power
from gancheck.comparing.modes import ModeCounts
from gancheck.comparing.nouns import Comparison, ModeChange, Pairing, Side
from gancheck.comparing.scores import score_changes
from gancheck.comparing.showing import Gallery
from gancheck.comparing.sides import Drawn, draw, judged, pairing
from gancheck.devices import full_float32
from gancheck.errors import NotAvailable, UsageError
from gancheck.loaders.in_memory import guarded, located
from gancheck.measures.balance import counted
from gancheck.measures.clusters import cluster
from gancheck.measures.spectrum import Spectrum, differential_spectrum
from gancheck.pipeline import diagnose, settings_of, versions
from gancheck.preparation import Origin, Start
from gancheck.reference import PreparedReference
from gancheck.settings import Clock, Listener, Settings, Silence
from gancheck.types import JSON, Diagnosis, Exhibit, SampleSet

if TYPE_CHECKING:
    from gancheck.loaders.in_memory import Model, Samples


def compare(
    a: Model | Diagnosis,
    b: Model | Diagnosis,
    reference: Samples | PreparedReference | None = None,
    settings: Settings | None = None,
    *,
    listener: Listener | None = None,
) -> Comparison:
    """Say what B lost and gained against A, and whether it is better or worse.

    Models and sets of samples are held against the same reference, in the same view, with the same
    number of samples; models whose latents are alike are drawn from the same ones. Stored reports
    are compared where they were made in the same way.

    Args:
        a: What is compared with: a model or samples, as for `gancheck.diagnose`, or a diagnosis.
        b: What is judged, likewise.
        reference: Reference data, as for `gancheck.diagnose`. Without it, differences are found,
            but none is better.
        settings: What the runs depend on; unused where both are diagnoses.
        listener: Hears how the run is getting on.

    Returns:
        The comparison; `Comparison.to_dict` is the same as JSON.

    Raises:
        GancheckError: The comparison is not possible; the message says why and what helps.

    Example:
        Half of the ring, as in `gancheck.diagnose`, against three quarters of it:

        >>> def later(latents):
        ...     return on_a_ring((6 * latents[:, 0].sigmoid()).floor(), latents[:, 1:])
        >>> comparison = gancheck.compare(generator, later, reference, settings)
        >>> comparison.ruling.value
        'better'
        >>> sorted(mode.label for mode in comparison.shifted("gained"))
        ['4', '5']
    """
    settings = settings or Settings()
    if not isinstance(a, Diagnosis) and not isinstance(b, Diagnosis):
        return _compare_models((a, b), reference, settings, listener or Silence())
    if isinstance(a, Diagnosis) and isinstance(b, Diagnosis) and reference is not None:
        raise UsageError(
            "a reference was given with two stored reports, of which nothing is run",
            "Leave out the reference.",
        )
    first = _as_diagnosis(a, b, reference, settings, listener)
    second = _as_diagnosis(b, a, reference, settings, listener)
    return compare_reports(first, second)


def compare_reports(a: Diagnosis, b: Diagnosis, names: tuple[str, str] | None = None) -> Comparison:
    """Compare two diagnoses that were made in the same way.

    Args:
        a: What is compared with.
        b: What is judged.
        names: Of their reports; those of their subjects by default.

    Raises:
        UsageError: They were not made in the same way.
    """
    stored.require_comparable(a, b)
    names = names or (a.subject.path, b.subject.path)
    shared, said = stored.pairing(a, b), [*stored.warnings(a, b)]
    a, b = stored.comparable_sides(a, b)
    sides = stored.side("A", names[0], a), stored.side("B", names[1], b)
    modes = stored.mode_changes(a, b)
    if modes is None:
        said.append("The modes of A and B are not the same, and are not compared.")
    settings = {name: a.settings.get(name) for name in _REPORTED}
    return _decided(sides, shared, modes or (), _Beside(settings, tuple(said)))


_REPORTED = (
    *("samples", "compared", "seed", "embedder", "embedder_sha256", "strict_embedder"),
    *("reference", "reference_sha256", "reference_n"),
)


def _as_diagnosis(
    given: Model | Diagnosis,
    other: Model | Diagnosis,
    reference: Samples | PreparedReference | None,
    settings: Settings,
    listener: Listener | None,
) -> Diagnosis:
    """Return a diagnosis as it is, and diagnose anything else as the other one was."""
    if isinstance(given, Diagnosis):
        return given
    if isinstance(other, Diagnosis):
        stored.require_settings(other, settings)
    return diagnose(given, reference, settings, listener=listener)


def _compare_models(
    subjects: tuple[Model, Model],
    reference: Samples | PreparedReference | None,
    settings: Settings,
    listener: Listener,
) -> Comparison:
    clock = Clock(listener)
    models = located(subjects[0]), located(subjects[1])
    origin = None if reference is None else _origin(reference)
    with ExitStack() as stack:
        for model in models:
            stack.enter_context(guarded(model, settings.seed))
        stack.enter_context(full_float32())
        drawn = draw(models, origin, settings, clock)
        first, second = (
            judged(letter, inputs.subject, study, clock)
            for letter, inputs, study in zip("AB", drawn.inputs, drawn.studies, strict=True)
        )
        with clock.stage("compare"):
            return _found(drawn, (first, second), settings, clock)


def _origin(reference: Samples | PreparedReference) -> Origin:
    return reference if isinstance(reference, PreparedReference) else located(reference)


def _found(drawn: Drawn, sides: tuple[Side, Side], settings: Settings, clock: Clock) -> Comparison:
    samples = drawn.inputs[0].samples, drawn.inputs[1].samples
    seen = tuple(study.view.samples.values for study in drawn.studies)
    shared = pairing(*samples, reference=drawn.inputs[0].reference is not None)
    spectrum = differential_spectrum(seen[0], seen[1], paired=shared.latents, seed=settings.seed)
    counts = _counts(drawn, shared)
    modes = () if counts is None else counts.changes()
    gallery = Gallery(*samples, (seen[0], seen[1]), shared.latents)
    shown: list[Exhibit] = [*gallery.of_points()]
    if counts is not None:
        shown += gallery.of_modes(modes, counts)
    if spectrum is not None:
        shown += gallery.of_spectrum(spectrum)
    start = Start(drawn.studies[0], drawn.reason, drawn.warnings)
    beside = _Beside(
        settings=settings_of(settings, drawn.inputs[0], start),
        warnings=(*drawn.warnings, *_repeated(samples)),
        spectrum=spectrum,
        exhibits=tuple(shown),
        timings=clock.timings,
    )
    return _decided(sides, shared, modes, beside)


def _repeated(samples: tuple[SampleSet, SampleSet]) -> Iterator[str]:
    """Say so where both sides are one and the same."""
    if np.array_equal(samples[0].values, samples[1].values):
        yield "Every sample of B is the same as that of A."


def _counts(drawn: Drawn, shared: Pairing) -> ModeCounts | None:
    """Give every sample of both sides its mode; None where there is too little to find modes in."""
    study = drawn.studies[0]
    seen = [one.view.samples.values for one in drawn.studies]
    try:
        if shared.reference:
            known = study.modes
            base = known.assign(study.view.reference)
            hits = counted(base, len(known.names))
            shares = hits / max(1, hits.sum())
            a, b = (known.assign(side) for side in seen)
            return ModeCounts(a, b, known.names, shares, shared.latents)
        pool = np.stack(seen, axis=1).reshape(-1, seen[0].shape[1])
        found = cluster(pool, int(study.rng("modes").integers(2**31)))
    except NotAvailable:
        return None
    names = tuple(f"cluster {number}" for number in range(int(found.max()) + 1))
    return ModeCounts(found[::2], found[1::2], names, None, shared.latents)


class _Beside(NamedTuple):
    """What stands in a comparison beside both sides and their modes.

    Attributes:
        settings: What it depended on.
        warnings: What the user should know.
        spectrum: In which directions both differ.
        exhibits: Pictures.
        timings: Seconds of its stages.
    """

    settings: Mapping[str, JSON]
    warnings: tuple[str, ...]
    spectrum: Spectrum | None = None
    exhibits: tuple[Exhibit, ...] = ()
    timings: Mapping[str, float] = MappingProxyType({})


def _decided(
    sides: tuple[Side, Side], shared: Pairing, modes: tuple[ModeChange, ...], beside: _Beside
) -> Comparison:
    scores = score_changes(sides[0].scores, sides[1].scores)
    reference = beside.settings.get("reference") is not None
    spectrum_p = None if beside.spectrum is None else beside.spectrum.p_value
    decision = decide(scores, modes, spectrum_p, reference=reference)
    return Comparison(
        ruling=decision.ruling,
        reasons=decision.reasons,
        a=sides[0],
        b=sides[1],
        pairing=shared,
        scores=scores,
        looks=decision.looks,
        power=power(scores, len(decision.looks)),
        modes=modes,
        modes_of="" if not modes else "reference" if reference else "pool",
        spectrum=beside.spectrum,
        exhibits=beside.exhibits,
        settings=beside.settings,
        versions=versions(),
        timings=dict(beside.timings),
        warnings=beside.warnings,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
