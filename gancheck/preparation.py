"""From files to a study: load, draw, split, embed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck.embedders import AUTO, Choice, Material, choose, create, strict
from gancheck.errors import ShapeError
from gancheck.loaders import LoadOptions, load, load_samples
from gancheck.memory import require
from gancheck.ordering import shuffled
from gancheck.samplers.batches import Sampler
from gancheck.settings import Clock, Settings
from gancheck.study import Reference, Study, View
from gancheck.types import Embedding, Features, Generator, SampleSet, Subject

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

INDEPENDENT_SHARE, INDEPENDENT_MOST = 1 / 3, 5000
_FEW = 1000
_POOL = 5000
_TOLERANCE_ROWS = 500
_INVISIBLE_NOISE = 0.02 * 255  # standard deviation that nobody sees, on the 0..255 scale
_EXACT = 1e-4  # vectors count as equal below this share of the usual distance between them
_FEATURE_DIMENSIONS = 2 * 1280


@dataclass(frozen=True)
class Inputs:
    """What a run starts from, read and drawn.

    Attributes:
        subject: The thing that is diagnosed.
        samples: Its samples.
        sampler: How to draw more; None for a set of samples.
        reference: The reference, split; None without one.
        warnings: What the user should know about the inputs.
    """

    subject: Subject
    samples: SampleSet
    sampler: Sampler | None
    reference: Reference | None
    warnings: tuple[str, ...]


def gather(model: Path, reference: Path | None, settings: Settings, clock: Clock) -> Inputs:
    """Read model and reference, and draw the samples.

    Raises:
        LoadError: A file cannot be read as what it has to be.
        GeneratorError: The generator's output cannot be judged.
        ShapeError: Samples and reference do not fit together.
        UsageError: The run would not fit into ``max_memory``.
    """
    with clock.stage("load model"):
        options = dataclasses.replace(settings.load, seed=settings.seed, limit=settings.samples)
        loaded = load(model, options)
    shape = loaded.shape if isinstance(loaded, SampleSet) else loaded.spec.output_shape
    parts = None
    if reference is not None:
        with clock.stage("load reference"):
            parts = _split(_read_reference(reference, settings), reference, settings)
    held = settings.samples + (len(parts.scored) + len(parts.independent) if parts else 0)
    pixel = 1 if len(shape) == 3 else 4
    require(settings.max_memory, held, pixel * int(np.prod(shape)), _FEATURE_DIMENSIONS)
    if isinstance(loaded, SampleSet):
        samples, sampler = shuffled(loaded, settings.seed), None
    else:
        sampler = Sampler(loaded, settings.device, settings.batch_size, clock.listener.progress)
        with clock.stage("sample"):
            samples = sampler.draw(settings.samples, settings.seed, shares=_shares(loaded, parts))
        sampler = dataclasses.replace(sampler, progress=lambda done, total: None)
    samples, parts = _match_channels(samples, parts)
    _require_same_shape(samples, parts)
    return Inputs(
        _subject(loaded, model), samples, sampler, parts, tuple(_warnings(samples, parts))
    )


def build_study(inputs: Inputs, settings: Settings, clock: Clock) -> tuple[Study, str]:
    """Embed samples and reference in the main and the strict view.

    Returns:
        The study, and the reason for the choice of the main view.
    """
    kind, shape = inputs.samples.kind, inputs.samples.shape
    total = None if inputs.reference is None else inputs.reference.total
    chosen = Choice(settings.embedder, "asked for with --embedder")
    if settings.embedder == AUTO:
        chosen = choose(kind, shape, total)
    main = _view(chosen.text, inputs, settings, clock)
    strict_text = strict(kind, shape).text
    other = main if strict_text == chosen.text else _view(strict_text, inputs, settings, clock)
    study = Study(
        samples=inputs.samples,
        view=main,
        strict_view=other,
        seed=settings.seed,
        device=settings.device,
        sampler=inputs.sampler,
        reference_parts=inputs.reference,
    )
    return study, chosen.reason


def _read_reference(path: Path, settings: Settings) -> SampleSet:
    most = settings.samples + INDEPENDENT_MOST
    return load_samples(
        path, LoadOptions(seed=settings.seed, limit=most, resize=settings.load.resize)
    )


def _split(reference: SampleSet, path: Path, settings: Settings) -> Reference:
    """Set an independent third aside, in an order that does not depend on the file's."""
    mixed = shuffled(reference, settings.seed)
    aside = min(INDEPENDENT_MOST, int(len(mixed) * INDEPENDENT_SHARE))
    rows = np.arange(len(mixed))
    return Reference(
        scored=mixed.take(rows[aside:]),
        independent=mixed.take(rows[:aside]),
        path=str(path),
        sha256=reference.sha256,
        total=len(reference),
    )


def _shares(generator: Generator, parts: Reference | None) -> FloatArray | None:
    """Return the reference's label shares when its labels are the generator's classes."""
    classes = generator.spec.classes
    if classes is None or parts is None or parts.scored.labels is None:
        return None
    labels = np.concatenate([parts.scored.labels, parts.independent.labels])
    if labels.min() < 0 or labels.max() >= classes:
        return None
    return np.bincount(labels, minlength=classes) / len(labels)


def _match_channels(
    samples: SampleSet, parts: Reference | None
) -> tuple[SampleSet, Reference | None]:
    """Repeat the channel of a grey side when the other side has colours."""
    if parts is None or samples.kind != "image" or parts.scored.kind != "image":
        return samples, parts
    ours, theirs = samples.shape[0], parts.scored.shape[0]
    if ours == 1 and theirs == 3:
        samples = _coloured(samples)
    elif ours == 3 and theirs == 1:
        parts = dataclasses.replace(
            parts, scored=_coloured(parts.scored), independent=_coloured(parts.independent)
        )
    return samples, parts


def _coloured(samples: SampleSet) -> SampleSet:
    note = "one grey channel was repeated to three, to match the other side"
    return dataclasses.replace(
        samples, values=np.repeat(samples.values, 3, axis=1), notes=(*samples.notes, note)
    )


def _require_same_shape(samples: SampleSet, parts: Reference | None) -> None:
    if parts is None or parts.scored.shape == samples.shape:
        return
    both_images = samples.kind == parts.scored.kind == "image"
    raise ShapeError(
        f"the reference has {_described(parts.scored)}, the samples are {_described(samples)}",
        "--resize {1},{2} crops and resizes the reference to the samples' size.".format(
            *samples.shape
        )
        if both_images
        else "--reference must hold data of the kind and size that the generator makes.",
    )


def _described(samples: SampleSet) -> str:
    if samples.kind == "vector":
        return f"vectors of length {samples.shape[0]}"
    channels, height, width = samples.shape
    colour = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    return f"{colour} images of {width} x {height} pixels (width x height)"


def _warnings(samples: SampleSet, parts: Reference | None) -> list[str]:
    found = []
    if len(samples) < _FEW:
        found.append(f"Only {len(samples):,} samples: intervals are wide (--samples).")
    if parts is not None and len(parts.scored) < _FEW:
        found.append(
            f"Only {len(parts.scored):,} reference samples are left to compare with, after a "
            "third was set aside to fit on: intervals are wide."
        )
    return found


def _subject(loaded: Generator | SampleSet, path: Path) -> Subject:
    if isinstance(loaded, SampleSet):
        return Subject(
            path=str(path),
            format=loaded.format,
            sha256=loaded.sha256,
            latent_shape=None,
            latent_law=None,
            classes=None,
            output_kind=loaded.kind,
            output_shape=loaded.shape,
            notes=loaded.notes,
        )
    spec = loaded.spec
    return Subject(
        path=str(path),
        format=spec.format,
        sha256=spec.sha256,
        latent_shape=spec.latent_shape,
        latent_law=spec.latent_law,
        classes=spec.classes,
        output_kind=spec.output_kind,
        output_shape=spec.output_shape,
        notes=spec.notes,
    )


def _view(text: str, inputs: Inputs, settings: Settings, clock: Clock) -> View:
    """Fit one embedder where it needs it, and show it everything."""
    parts = inputs.reference
    material = Material(
        samples=inputs.samples,
        pool=_pool(inputs.samples, parts),
        independent=None if parts is None else parts.independent,
        seed=settings.seed,
        device=settings.device,
        progress=clock.listener.progress,
    )
    with clock.stage(f"prepare view {text}"):
        embedding = create(text).prepare(material)
    with clock.stage(f"embed {text}"):
        scored = None if parts is None else _features(embedding, parts.scored)
        independent = None if parts is None else _features(embedding, parts.independent)
        samples = _features(embedding, inputs.samples)
        base = inputs.samples if parts is None else parts.independent
        tolerance = _tolerance(embedding, base, settings.seed)
    return View(embedding, samples, scored, independent, tolerance, settings.device)


def _features(embedding: Embedding, samples: SampleSet) -> Features:
    return Features(embedding(samples.values), embedding.name, embedding.sha256)


def _pool(samples: SampleSet, parts: Reference | None) -> AnyArray:
    """Mix equal numbers of both sides, so that what is learned cannot favour one."""
    if parts is None:
        return samples.values[:_POOL]
    n = min(_POOL, len(samples), len(parts.scored))
    return np.concatenate([parts.scored.values[:n], samples.values[:n]])


def _tolerance(embedding: Embedding, base: SampleSet, seed: int) -> float:
    """Return the distance below which two samples are the same to a view.

    Images: how far apart it sees two copies of one image under noise too weak to be seen (95%
    quantile). Vectors: a ten-thousandth of the median distance between random samples.
    """
    rows = base.values[:_TOLERANCE_ROWS]
    rng = np.random.default_rng([seed, 5])
    if base.kind == "vector":
        features = embedding(rows)
        other = features[rng.permutation(len(features))]
        return _EXACT * float(np.median(np.linalg.norm(features - other, axis=1)))
    one, two = (embedding(_noisy(rows, rng)) for _ in range(2))
    return float(np.quantile(np.linalg.norm(one - two, axis=1), 0.95))


def _noisy(images: AnyArray, rng: np.random.Generator) -> FloatArray:
    noise = rng.standard_normal(images.shape, dtype=np.float32) * np.float32(_INVISIBLE_NOISE)
    return np.asarray(np.clip(images.astype(np.float32) + noise, 0, 255))
