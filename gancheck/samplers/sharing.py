"""Drawing by all ranks of a crew: each has the generator, and is sent latents.

Runs of whole batches go to each rank, so that batches, and with them the numbers, are those of one
process. A few batches at a time, so that progress is seen and drawn samples are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.crew import current, spans
from gancheck.crew.devices import here
from gancheck.errors import LoadError
from gancheck.samplers.batches import Opener, Sampler
from gancheck.types import Generator, GeneratorSpec

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_AT_ONCE = 4  # batches of each rank until it is heard of again
_SAME = ("sha256", "latent_shape", "classes", "output_shape", "output_range", "call")


@dataclass(frozen=True)
class _Order:
    """What every rank has to know.

    Attributes:
        opener: Opens the generator.
        spec: What rank 0 knows of it.
        device: Device of rank 0.
        size: Rows per call.
        rounded: See `Sampler.pieces`.
    """

    opener: Opener
    spec: GeneratorSpec
    device: str
    size: int
    rounded: bool


@dataclass(frozen=True)
class _Share:
    """What one rank draws: latents, labels, and the number of the first sample."""

    rank: int
    latents: FloatArray
    labels: IntArray | None
    first: int


def shared_pieces(
    sampler: Sampler,
    size: int,
    latents: FloatArray,
    labels: IntArray | None,
    found: Callable[[slice], int],
    *,
    rounded: bool,
) -> Iterator[tuple[slice, AnyArray]]:
    """Yield what `Sampler.pieces` does, drawn by all ranks."""
    if sampler.opener is None:
        raise ValueError("other ranks cannot open this generator")
    order = _Order(sampler.opener, sampler.generator.spec, sampler.device, size, rounded)
    _keep_open(order, sampler.generator)
    ranks = current().size
    for rows in _missing(len(latents), size, size * _AT_ONCE * ranks, found):
        runs = [
            slice(rows.start + run.start, rows.start + run.stop)
            for run in spans(rows.stop - rows.start, ranks, size)
        ]
        shares = [
            _Share(rank, latents[run], None if labels is None else labels[run], run.start)
            for rank, run in enumerate(runs)
        ]
        drawn = current().run(draw_share, order, shares)
        for run, pieces in zip(runs, drawn, strict=True):
            for piece, values in pieces:
                yield slice(run.start + piece.start, run.start + piece.stop), values


def draw_share(order: _Order, share: _Share) -> list[tuple[slice, AnyArray]]:
    """Draw the share of one rank.

    Raises:
        LoadError: The generator is another one there.
    """
    device = here(order.device)
    generator = _opened.get(_key(order))
    if generator is None:
        generator = order.opener(device)
        _require_same(generator.spec, order.spec, share.rank)
        _keep_open(order, generator)
    sampler = Sampler(generator, device)
    pieces = sampler.pieces(
        order.size, share.latents, share.labels, rounded=order.rounded, first=share.first
    )
    return list(pieces)


_opened: dict[str, Generator] = {}  # the last one only: a run has no more


def _keep_open(order: _Order, generator: Generator) -> None:
    _opened.clear()
    _opened[_key(order)] = generator


def _key(order: _Order) -> str:
    return f"{order.opener!r} {order.spec.sha256}"


def _require_same(found: GeneratorSpec, expected: GeneratorSpec, rank: int) -> None:
    for name in _SAME:
        here_is, there_is = getattr(found, name), getattr(expected, name)
        if here_is != there_is:
            raise LoadError(
                f"rank {rank} read another generator than rank 0 from {expected.origin}: "
                f"{name} is {here_is}, not {there_is}",
                "All ranks need the same files, such as on shared storage, and the same packages.",
            )


def _missing(n: int, size: int, most: int, found: Callable[[slice], int]) -> Iterator[slice]:
    """Yield runs of batches that are not there yet, as long as a round may be."""
    start, begin = 0, 0
    while start < n:
        batch = slice(start, min(start + size, n))
        there = found(batch)
        if there and begin < start:
            yield slice(begin, start)
        start = start + there if there else batch.stop
        if there:
            begin = start
        elif start - begin >= most or start == n:
            yield slice(begin, start)
            begin = start
