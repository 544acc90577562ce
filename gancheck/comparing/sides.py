"""Two subjects brought to one reference, one view and one number of samples."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.analyzing import analyze
from gancheck.comparing.nouns import Pairing, Side
from gancheck.embedders import AUTO, Choice, Material, choose, prepared_for, strict
from gancheck.errors import ShapeError
from gancheck.loaders import InMemory
from gancheck.preparation import Inputs, Origin, build_study, gather, prepare_once
from gancheck.prepare import is_portable, tolerance
from gancheck.settings import Clock, Settings
from gancheck.study import Study, View, embedded
from gancheck.types import SampleSet, Subject

if TYPE_CHECKING:
    from gancheck.types import Embedding

_POOL = 2500  # samples of each side that a view is fitted on where nothing else is there


class Drawn(NamedTuple):
    """Both subjects with their samples, and the same through their common views.

    Attributes:
        inputs: What A and B start from, cut to one number of samples.
        studies: What their analyzers see.
        reason: The sentence that justifies the main view.
        warnings: What the user should know of both.
    """

    inputs: tuple[Inputs, Inputs]
    studies: tuple[Study, Study]
    reason: str
    warnings: tuple[str, ...]


def draw(
    models: tuple[Path | InMemory, Path | InMemory],
    reference: Origin | None,
    settings: Settings,
    clock: Clock,
) -> Drawn:
    """Read both subjects, draw their samples, and show both to views that know neither apart.

    Raises:
        GancheckError: One of them cannot be read or drawn, or does not fit the other.
    """
    first = gather(models[0], reference, settings, clock)
    if first.reference is not None and first.prepared is None and is_portable(first.reference):
        held, said = prepare_once(first.reference, None, settings, clock)
        first = _with(dataclasses.replace(first, prepared=held), said)
    second = gather(models[1], first.prepared or reference, settings, clock)
    _require_alike(first, second)
    first, second = _cut(first, second)
    if first.reference is None:
        return _without_reference(first, second, settings, clock)
    prepared = first.prepared
    if prepared is None:  # too small to fit a view on: the pool of both sides helps out
        pool = _alternating(first.samples, second.samples)
        prepared, said = prepare_once(first.reference, pool, settings, clock)
        first = _with(first, said)
    starts = [
        build_study(
            dataclasses.replace(one, prepared=prepared, reference=prepared.reference),
            settings,
            clock,
        )
        for one in (first, second)
    ]
    warnings = dict.fromkeys((*first.warnings, *second.warnings))
    return Drawn(
        (first, second), (starts[0].study, starts[1].study), starts[0].reason, tuple(warnings)
    )


def pairing(a: SampleSet, b: SampleSet, *, reference: bool) -> Pairing:
    """Tell whether sample i of both was drawn from the same latent, and why not."""
    reason = ""
    if a.latents is None or b.latents is None:
        sets = [letter for letter, one in (("A", a), ("B", b)) if one.latents is None]
        verb = "is a set of samples" if len(sets) == 1 else "are sets of samples"
        reason = f"{' and '.join(sets)} {verb}: which latents they were drawn from is not known"
    elif a.latents.shape[1:] != b.latents.shape[1:]:
        here, there = ("x".join(map(str, one.shape[1:])) for one in (a.latents, b.latents))
        reason = f"the latents of A have the shape {here}, those of B {there}"
    elif not np.array_equal(a.latents, b.latents):
        reason = "the latents of A and B follow different laws"
    elif not _same_labels(a, b):
        reason = "the labels of A and B are not the same"
    return Pairing(not reason, reference, reason)


def judged(letter: str, subject: Subject, study: Study, clock: Clock) -> Side:
    """Run every analyzer on one side, and judge it by itself."""
    found = analyze(study, clock)
    verdict, conditions, _ = found.judged()
    scores = {score.name: score for score in found.scores}
    return Side(letter, subject.path, subject, verdict, conditions, scores)


def _without_reference(first: Inputs, second: Inputs, settings: Settings, clock: Clock) -> Drawn:
    """Fit both views on samples of both sides in equal numbers, apart from those that are judged.

    Where nothing was set apart, they are fitted on the judged samples, not knowing whose they are.
    """
    aside = _joined(first.aside, second.aside)
    pool = _alternating(first.samples, second.samples)
    material = Material(
        samples=pool,
        pool=pool.values if aside is None else None,
        independent=aside,
        seed=settings.seed,
        device=settings.device,
        progress=clock.listener.progress,
    )
    kind, shape = pool.kind, pool.shape
    chosen = Choice(settings.embedder, "asked for with --embedder")
    if settings.embedder == AUTO:
        n = None if aside is None else len(aside)
        source = "there is no reference; {} images of both sides, set apart,"
        chosen = choose(kind, shape, n, source=source)
    views = {}
    for text in dict.fromkeys((chosen.text, strict(kind, shape).text)):
        with clock.stage(f"prepare view {text}"):
            embedding = prepared_for(text, material)
            width = tolerance(embedding, pool if aside is None else aside, settings.seed)
        with clock.stage(f"embed {text}"):
            views[text] = [_view(embedding, one, width, settings) for one in (first, second)]
    main, other = views[chosen.text], views[strict(kind, shape).text]
    studies = [
        Study(one.samples, main[at], other[at], settings.seed, settings.device, one.sampler)
        for at, one in enumerate((first, second))
    ]
    warnings = dict.fromkeys((*first.warnings, *second.warnings))
    return Drawn((first, second), (studies[0], studies[1]), chosen.reason, tuple(warnings))


def _view(embedding: Embedding, inputs: Inputs, width: float, settings: Settings) -> View:
    features = embedded(embedding, inputs.samples)
    return View(embedding, features, None, None, width, settings.device)


def _with(inputs: Inputs, warnings: tuple[str, ...]) -> Inputs:
    return dataclasses.replace(inputs, warnings=(*inputs.warnings, *warnings))


def _require_alike(first: Inputs, second: Inputs) -> None:
    here, there = first.samples.shape, second.samples.shape
    if here != there:
        shown = [" x ".join(map(str, shape)) for shape in (here, there)]
        raise ShapeError(
            f"samples of A have the shape {shown[0]}, those of B {shown[1]}: they cannot be "
            "compared",
            "--resize HEIGHT,WIDTH brings images that are read from disk to one size.",
        )


def _cut(first: Inputs, second: Inputs) -> tuple[Inputs, Inputs]:
    """Leave both sides the same number of samples."""
    n = min(len(first.samples), len(second.samples))
    both = []
    for letter, one in (("A", first), ("B", second)):
        if len(one.samples) > n:
            said = f"{n:,} of the {len(one.samples):,} samples of {letter} are used: as many as "
            said += "the other side has."
            one = dataclasses.replace(
                one, samples=one.samples.take(np.arange(n)), warnings=(*one.warnings, said)
            )
        both.append(one)
    return both[0], both[1]


def _joined(a: SampleSet | None, b: SampleSet | None) -> SampleSet | None:
    if a is None or b is None:
        return None
    n = min(len(a), len(b))
    return SampleSet(np.concatenate([a.values[:n], b.values[:n]]), "A and B", "arrays")


def _alternating(a: SampleSet, b: SampleSet) -> SampleSet:
    """Mix both sides row by row, so that whatever begins at the top has as many of each."""
    n = min(len(a), len(b), _POOL)
    mixed = np.stack([a.values[:n], b.values[:n]], axis=1).reshape(-1, *a.shape)
    return SampleSet(mixed, "A and B", "arrays")


def _same_labels(a: SampleSet, b: SampleSet) -> bool:
    if a.labels is None or b.labels is None:
        return a.labels is b.labels
    return np.array_equal(a.labels, b.labels)
