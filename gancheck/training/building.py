"""From two inputs to two clean sides: read in pieces, embed, keep, leave repeats and twins out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from gancheck.cache import key_of
from gancheck.memory import block_bytes
from gancheck.reference import row_hashes
from gancheck.training.kept import Kept, names_of, table_of
from gancheck.training.sides import Origin, Side, Training
from gancheck.training.sources import HELD_OUT, TRAINING, Sources, naming
from gancheck.training.tables import Chunk, Table, find, first_seen, write
from gancheck.training.twins import find_twins

if TYPE_CHECKING:
    from gancheck.loaders.streaming import SampleStream
    from gancheck.settings import Clock, Settings
    from gancheck.study import View
    from gancheck.types import Embedding


def build(
    sources: Sources, view: View, settings: Settings, clock: Clock, *, taken: int = 0
) -> Training:
    """Show all of both sides to a view, and clean them.

    Args:
        sources: Training and held-out data.
        view: The main view of the study.
        settings: Seed, memory and whether features are kept.
        clock: Hears of every stage.
        taken: Bytes that the run takes, with the smallest blocks of features at once.

    Raises:
        LoadError: Some samples cannot be read.
        ShapeError: Images differ in size or colour.
        OutputError: There is no room on the disk for the features.
    """
    with clock.stage("embed training set"):
        trained = _training(sources, view.embedding, settings, clock)
    with clock.stage("embed held-out set"), naming(HELD_OUT):
        held = _table(sources.held_out, sources.held_out.sha256, view.embedding, settings, clock)
    size = block_bytes(settings.max_memory, taken)
    with clock.stage("compare training and held-out set"):
        rows = max(1, size // (4 * trained.features.shape[1]))
        twins = find_twins(
            *(trained, held, view.tolerance, rows),
            device=view.device,
            progress=clock.listener.progress,
        )
    return Training(
        training=_side(trained.without(twins.training), *_origin(sources)),
        held_out=_side(held.without(twins.held_out), sources.held_out.ids, sources.held_out),
        duplicates=trained.total - len(trained),
        held_out_duplicates=held.total - len(held),
        twins=twins.pairs,
        notes=_notes(sources),
        totals=(trained.total, held.total),
        tolerance=view.tolerance,
        seed=settings.seed,
        device=view.device,
        block_bytes=size,
        progress=clock.listener.progress,
    )


def _training(sources: Sources, embedding: Embedding, settings: Settings, clock: Clock) -> Table:
    if sources.training is None:
        if sources.prepared is None:
            raise ValueError("neither training data nor a prepared reference")
        return table_of(sources.prepared)
    with naming(TRAINING):
        return _table(sources.training, sources.training_sha256, embedding, settings, clock)


def _table(
    stream: SampleStream, sha256: str, embedding: Embedding, settings: Settings, clock: Clock
) -> Table:
    """Find the features of an input, or make and keep them."""
    key = None
    if settings.cache:
        key = key_of(
            {
                "input": sha256,
                "view": embedding.sha256,
                "shape": list(stream.shape),
                "resize": settings.load.resize,
                "notes": list(stream.notes),  # which tell the values of black and white
                "device": settings.device.partition(":")[0],
            }
        )
        found = find(key)
        if found is not None:
            return found
    return write(_chunks(stream, embedding, clock.listener.progress), len(stream), key)


def _chunks(
    stream: SampleStream, embedding: Embedding, progress: Callable[[int, int], None]
) -> Iterator[Chunk]:
    """Embed an input piece by piece, leaving out samples that were seen before."""
    seen: set[bytes] = set()
    at = 0
    for values in stream.pieces():
        hashes = row_hashes(values)
        fresh = first_seen(hashes, seen)
        if len(fresh):
            features = np.asarray(embedding(values[fresh]), dtype=np.float32)
            yield Chunk(features, fresh + at, hashes[fresh])
        at += len(values)
        progress(at, len(stream))


def _origin(sources: Sources) -> tuple[tuple[str, ...], Origin]:
    """Return the names of all training samples of the input, and where to read them again."""
    if sources.training is not None:
        return sources.training.ids, sources.training
    if sources.prepared is None:
        raise ValueError("neither training data nor a prepared reference")
    return names_of(sources.prepared), Kept(sources.prepared)


def _side(table: Table, ids: tuple[str, ...], origin: Origin) -> Side:
    return Side(table.features, table.hashes, ids, table.rows, origin)


def _notes(sources: Sources) -> tuple[str, ...]:
    held = (f"Held-out set: {note}" for note in sources.held_out.notes)
    if sources.training is not None:
        return (*(f"Training set: {note}" for note in sources.training.notes), *held)
    return (
        "The training set is what the prepared reference holds of it: copies of other training "
        "samples are not found. Give the data itself with --reference to search all of it.",
        *held,
    )
