"""One run, from files to a diagnosis."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.analyzers.coverage import Coverage
from gancheck.analyzing import analyze
from gancheck.atlas import pictures
from gancheck.crew import current
from gancheck.devices import full_float32
from gancheck.errors import UsageError
from gancheck.loaders.in_memory import InMemory, guarded, located
from gancheck.plugins import PLUGINS
from gancheck.policy import worst_first
from gancheck.preparation import Inputs, Origin, Start, build_study, gather
from gancheck.reference import PreparedReference
from gancheck.settings import Clock, Listener, Settings, Silence
from gancheck.study import Study
from gancheck.types import JSON, Diagnosis

if TYPE_CHECKING:
    from gancheck.loaders.in_memory import Model, Samples

_PACKAGES = ("gancheck", "torch", "numpy", "scipy", "scikit-learn", "umap-learn", "onnxruntime")


def diagnose(
    model: Model,
    reference: Samples | PreparedReference | None = None,
    settings: Settings | None = None,
    *,
    listener: Listener | None = None,
    on_verdict: Callable[[Diagnosis], None] | None = None,
) -> Diagnosis:
    """Diagnose a trained generator, or a set of its samples.

    Modules and functions are run in eval mode, on the device where they are, and left as they were
    found, like the random numbers of torch, numpy and python.

    Args:
        model: Generator file, folder of images or file of samples; a ``torch.nn.Module``, or a
            function from latents (n, *latent_shape), and labels where the settings tell classes,
            to a tensor or an array; or samples.
        reference: Reference data: a folder of images, a file of samples or a prepared reference;
            samples, or a pair of samples and labels. Without it, missing modes cannot be judged.
        settings: What the run depends on besides its files.
        listener: Hears how the run is getting on.
        on_verdict: Called with the diagnosis as soon as it stands, before its map is drawn.

    Returns:
        The diagnosis; `Diagnosis.to_dict` is the report as JSON.

    Raises:
        GancheckError: The run is not possible; the message says why and what helps.

    Example:
        A function that draws half of a ring of eight, held against the whole ring:

        >>> import gancheck, torch
        >>> def on_a_ring(places, noise):
        ...     angles = torch.pi / 4 * places
        ...     return torch.stack((angles.cos(), angles.sin()), dim=1) + 0.05 * noise
        >>> source = torch.Generator().manual_seed(0)
        >>> places = torch.arange(1000) % 8
        >>> points = on_a_ring(places, torch.randn(1000, 2, generator=source))
        >>> reference = (points, places)  # samples and their labels
        >>> def generator(latents):
        ...     return on_a_ring((4 * latents[:, 0].sigmoid()).floor(), latents[:, 1:])
        >>> settings = gancheck.Settings(
        ...     samples=500, map="none", load=gancheck.LoadOptions(latent_dim=3)
        ... )
        >>> diagnosis = gancheck.diagnose(generator, reference, settings)
        >>> diagnosis.verdict.value
        'collapsed'
        >>> diagnosis.conditions[0].value
        'missing-modes'
        >>> round(diagnosis.scores["diversity"].value, 1)
        0.5
    """
    settings = settings or Settings()
    clock = Clock(listener or Silence())
    subject, known = located(model), _origin(reference, settings.holdout)
    with guarded(subject, settings.seed), full_float32():
        return _diagnose(subject, known, settings, clock, on_verdict)


def _origin(reference: object, holdout: Path | None) -> Origin | None:
    """Tell where the reference comes from; held-out data asks for one on disk."""
    origin: Origin | None = None
    if isinstance(reference, PreparedReference):
        origin = reference
    elif reference is not None:
        origin = located(reference)
    if holdout is not None and origin is not None and not isinstance(origin, Path):
        raise UsageError(
            f"held-out data {holdout} was given with a reference that is in memory",
            "Give the path of the data that the model was trained on.",
        )
    return origin


def _diagnose(
    model: Path | InMemory,
    reference: Origin | None,
    settings: Settings,
    clock: Clock,
    on_verdict: Callable[[Diagnosis], None] | None,
) -> Diagnosis:
    inputs = gather(model, reference, settings, clock)
    start = build_study(inputs, settings, clock)
    finish_pictures = pictures(start.study, settings.map)
    collected = analyze(start.study, clock)
    verdict, conditions, summary = collected.judged()
    diagnosis = Diagnosis(
        subject=inputs.subject,
        verdict=verdict,
        summary=summary,
        conditions=conditions,
        scores={score.name: score for score in collected.scores},
        modes=tuple(collected.modes),
        cuts=tuple(collected.cuts),
        findings=tuple(worst_first(collected.findings)),
        exhibits=(),
        skipped=tuple(collected.skipped),
        settings=settings_of(settings, inputs, start),
        versions=versions(),
        timings=dict(clock.timings),
        warnings=start.warnings,
        copies=tuple(collected.copies),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    if on_verdict is not None:
        on_verdict(diagnosis)
    with clock.stage("map"):
        shown = tuple(finish_pictures())
    return dataclasses.replace(diagnosis, exhibits=shown, timings=dict(clock.timings))


def settings_of(settings: Settings, inputs: Inputs, start: Start) -> Mapping[str, JSON]:
    """Return what the report says that a run depended on."""
    parts, study = inputs.reference, start.study
    return {
        "samples": len(inputs.samples),
        "samples_aside": 0 if inputs.aside is None else len(inputs.aside),
        "seed": settings.seed,
        **_labels(settings),
        "device": settings.device,
        "batch_size": settings.batch_size,
        **({"ranks": current().size} if current().size > 1 else {}),
        "embedder": study.view.name,
        "embedder_sha256": study.view.embedding.sha256,
        "embedder_reason": start.reason,
        "strict_embedder": study.strict_view.name,
        "strict_embedder_sha256": study.strict_view.embedding.sha256,
        "reference": None if parts is None else parts.path,
        "reference_sha256": None if parts is None else parts.sha256,
        "reference_n": None if parts is None else parts.total,
        "reference_scored": None if parts is None else len(parts.scored),
        "reference_independent": None if parts is None else len(parts.independent),
        **_holdout(settings, inputs, study),
        "discriminator": None if inputs.critic is None else inputs.critic.path,
        "discriminator_sha256": None if inputs.critic is None else inputs.critic.sha256,
        **_modes(settings, inputs),
        "compared": None if parts is None else min(len(inputs.samples), len(parts.scored)),
        "limits": {"diversity": Coverage.warn_below, "fidelity": Coverage.fidelity_warn_below},
    }


def _labels(settings: Settings) -> Mapping[str, JSON]:
    """Tell how labels were drawn, where that was said."""
    said = {"class": settings.only_class, "labels": settings.labels}
    return {name: value for name, value in said.items() if value not in (None, "auto")}


def _modes(settings: Settings, inputs: Inputs) -> Mapping[str, JSON]:
    """Tell which modes were known, where any were given."""
    if inputs.modes is None:
        return {}
    said = {"modes_sd": settings.modes_sd, "modes_range": settings.modes_range}
    known = {"modes": inputs.modes.path, "modes_sha256": inputs.modes.sha256}
    return known | {name: value for name, value in said.items() if value is not None}


def _holdout(settings: Settings, inputs: Inputs, study: Study) -> Mapping[str, JSON]:
    """Tell what the training and the held-out set were, and what was left out of them."""
    sources, sides = inputs.sources, study.training_parts
    return {
        "holdout": None if sources is None else str(settings.holdout),
        "holdout_sha256": None if sources is None else sources.held_out.sha256,
        "holdout_n": None if sides is None else sides.totals[1],
        "holdout_used": None if sides is None else len(sides.held_out),
        "holdout_duplicates": None if sides is None else sides.held_out_duplicates,
        "training_sha256": None if sources is None else sources.training_sha256,
        "training_n": None if sides is None else sides.totals[0],
        "training_used": None if sides is None else len(sides.training),
        "training_duplicates": None if sides is None else sides.duplicates,
        "training_twins": None if sides is None else sides.twins,
    }


def versions() -> dict[str, str]:
    """Return the versions of gancheck, plugins, Python and the libraries that shape the numbers."""
    found = {name: version(name) for name in _PACKAGES}
    plugins = {origin.distribution: origin.version for origin, _ in PLUGINS.chosen()}
    return {**found, **plugins, "python": platform.python_version()}
