"""From reference data to a prepared reference: read, split, fit the views, embed, test them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck import __version__
from gancheck.embedders import (
    AUTO,
    ENOUGH_INDEPENDENT,
    Choice,
    Material,
    choose,
    prepared_for,
    strict,
)
from gancheck.errors import ShapeError
from gancheck.loaders import LoadOptions, load_samples
from gancheck.measures.trust import MOST, NOISE, self_test
from gancheck.ordering import shuffled
from gancheck.reference import Part, PreparedReference, Reference, ReferenceView, require_class
from gancheck.settings import Clock, Settings
from gancheck.study import embedded
from gancheck.thumbnails import LOSSLESS_SIDE, thumbnails
from gancheck.types import Embedding, SampleSet

if TYPE_CHECKING:
    from gancheck.loaders.in_memory import InMemory
    from gancheck.types import AnyArray, FloatArray

SCORED_MOST, INDEPENDENT_MOST = 10_000, 5_000
_INDEPENDENT_SHARE = 1 / 3
_LEAST = 3
_POOL = 5000
_TOLERANCE_ROWS = 500
_STREAM = 5
_TESTED_STRICT = 2000  # its test is told in passing, and may take a slow network
_WHITE = 255.0
_MARGIN = 1.5
_EXACT = 1e-4  # vectors count as equal below this share of the usual distance between them


def read_reference(
    path: Path | InMemory, settings: Settings, *, scored_most: int, channels: int | None = None
) -> Reference:
    """Read reference data and set an independent part aside.

    The split depends on the content and the seed, not on the order in which samples are stored.

    Args:
        path: Folder of images, file of samples, or samples in memory.
        settings: Seed and size of images.
        scored_most: Samples to compare with, at most; 5,000 more are read to fit on.
        channels: Repeat grey images to three channels where this is 3.

    Raises:
        LoadError: It cannot be read, or is a generator.
        ShapeError: It holds fewer than three samples.
        UsageError: One class is judged, and none of the samples has its label.
    """
    most = scored_most + INDEPENDENT_MOST
    options = LoadOptions(seed=settings.seed, limit=most, resize=settings.load.resize)
    found = load_samples(path, options)
    if len(found) < _LEAST:
        raise ShapeError(f"{path} holds {len(found)} samples; a reference needs {_LEAST} at least")
    if settings.only_class is not None:
        found = _of_class(found, settings.only_class, str(path))
    if channels == 3 and found.kind == "image" and found.shape[0] == 1:
        found = coloured(found)
    mixed = shuffled(found, settings.seed)
    share = max(int(len(mixed) * _INDEPENDENT_SHARE), len(mixed) - scored_most)
    aside = min(INDEPENDENT_MOST, share)
    rows = np.arange(len(mixed))
    return Reference(
        scored=Part.of(mixed.take(rows[aside:])),
        independent=Part.of(mixed.take(rows[:aside])),
        path=str(path),
        sha256=found.sha256,
        total=len(found),
        notes=found.notes,
    )


def _of_class(found: SampleSet, label: int, path: str) -> SampleSet:
    """Keep the samples of one class; all of them where there are no labels."""
    require_class(path, found.labels, label)
    return found if found.labels is None else found.take(np.flatnonzero(found.labels == label))


def coloured(samples: SampleSet) -> SampleSet:
    """Repeat the channel of grey images to three."""
    note = "one grey channel was repeated to three, to match the other side"
    return dataclasses.replace(
        samples, values=np.repeat(samples.values, 3, axis=1), notes=(*samples.notes, note)
    )


def choice_of(embedder: str, reference: Reference) -> Choice:
    """Resolve ``--embedder`` for a reference."""
    if embedder == AUTO:
        suited = _suited(reference)
        return choose(reference.kind, reference.shape, reference.total, suited=suited)
    return Choice(embedder, "asked for with --embedder")


def _suited(reference: Reference) -> str:
    """Return the embedder that the samples name as theirs; empty where they name none."""
    return "" if reference.scored.samples is None else reference.scored.samples.view


def is_portable(reference: Reference) -> bool:
    """Tell whether the views can be fitted on the independent part alone."""
    return len(reference.independent) >= ENOUGH_INDEPENDENT


def prepare(
    reference: Reference, settings: Settings, clock: Clock, samples: SampleSet | None = None
) -> PreparedReference:
    """Fit the main and the strict view and show them both parts of the reference.

    Args:
        reference: Both parts, with their samples.
        settings: Embedder, seed and device.
        clock: Hears of every stage.
        samples: The samples that are judged; looked at only where the independent part is too
            small to fit a view on, without telling them from the reference.

    Raises:
        ShapeError: The reference is too small, and there are no samples to make up for it.
        UsageError: There is no such embedder.
        LoadError: The embedder's file cannot be read.
    """
    portable = is_portable(reference)
    pool = None
    if not portable and samples is not None:
        n = min(_POOL, len(samples), len(reference.scored))
        pool = np.concatenate([reference.scored.values[:n], samples.values[:n]])
    chosen = choice_of(settings.embedder, reference)
    strict_text = strict(reference.kind, reference.shape, _suited(reference)).text
    main = _view(chosen.text, reference, pool, settings, clock)
    other = main
    if strict_text != chosen.text:
        other = _view(strict_text, reference, pool, settings, clock, tested=_TESTED_STRICT)
    with clock.stage("thumbnails"):
        shown = _with_thumbnails(reference)
    return PreparedReference(
        shown, main, other, chosen.reason, settings.seed, __version__, portable or pool is None
    )


def _with_thumbnails(reference: Reference) -> Reference:
    """Add small pictures; of the part that is never shown only where they are whole images."""
    if reference.kind == "vector":
        return reference
    scored, apart = reference.scored, reference.independent
    scored = dataclasses.replace(scored, thumbnails=thumbnails(scored.values))
    if max(apart.shape[1:]) <= LOSSLESS_SIDE:
        apart = dataclasses.replace(apart, thumbnails=thumbnails(apart.values))
    return dataclasses.replace(reference, scored=scored, independent=apart)


def _view(
    text: str,
    reference: Reference,
    pool: AnyArray | None,
    settings: Settings,
    clock: Clock,
    *,
    tested: int = 2 * MOST,
) -> ReferenceView:
    """Fit one embedder where it needs it, show it the reference, and test it."""
    scored, independent = reference.scored.given(), reference.independent.given()
    material = Material(
        samples=independent,
        pool=pool,
        independent=independent,
        seed=settings.seed,
        device=settings.device,
        progress=clock.listener.progress,
    )
    with clock.stage(f"prepare view {text}"):
        embedding = prepared_for(text, material)
    with clock.stage(f"embed {text}"):
        seen, apart = embedded(embedding, scored), embedded(embedding, independent)
        width = tolerance(embedding, independent, settings.seed)
    with clock.stage(f"test view {text}"):
        trust = self_test(
            embedding,
            scored.take(np.arange(min(tested, len(scored)))),
            seen.values[:tested],
            tolerance=width,
            seed=settings.seed,
            device=settings.device,
        )
    return ReferenceView(text, embedding, seen, apart, width, trust)


def tolerance(embedding: Embedding, base: SampleSet, seed: int) -> float:
    """Return the distance below which two samples are the same to a view.

    Images: one and a half times as far as it sees two copies of one image under noise too weak to
    be seen (99% quantile), for some images move more than others. Vectors: a ten-thousandth of the
    median distance between random samples.
    """
    rows = base.values[:_TOLERANCE_ROWS]
    rng = np.random.default_rng([seed, _STREAM])
    if base.kind == "vector":
        features = embedding(rows)
        other = features[rng.permutation(len(features))]
        return _EXACT * float(np.median(np.linalg.norm(features - other, axis=1)))
    one, two = (embedding(_noisy(rows, rng)) for _ in range(2))
    return _MARGIN * float(np.quantile(np.linalg.norm(one - two, axis=1), 0.99))


def _noisy(images: AnyArray, rng: np.random.Generator) -> FloatArray:
    noise = rng.standard_normal(images.shape, dtype=np.float32) * np.float32(NOISE * _WHITE)
    return np.asarray(np.clip(images.astype(np.float32) + noise, 0, _WHITE))
