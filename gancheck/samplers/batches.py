"""Running a generator over many latents in large batches, on whatever device there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gancheck.crew import current
from gancheck.devices import fetched, is_out_of_memory, kernel, placed
from gancheck.errors import GeneratorError
from gancheck.images import to_pixels, to_uint8
from gancheck.samplers.prior import draw_labels, draw_latents
from gancheck.types import Generator, SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_CPU_BYTES, _GPU_BYTES = 4_000_000, 64_000_000  # outputs per batch that keep each device busy
_CPU_ROWS, _GPU_ROWS = (16, 256), (64, 4096)
_FEW = 64  # samples, below which a crew is not asked


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


def _nothing(rows: slice) -> int:
    """Find no rows."""
    return 0


class Opener(Protocol):
    """Opens a generator again, in another process; it can be pickled."""

    def __call__(self, device: str) -> Generator:
        """Return the generator, ready to run on a torch device."""


class Kept(Protocol):
    """Samples that an earlier run drew, and a place for more; see `gancheck.workdir`."""

    def find(self, rows: slice, n: int) -> AnyArray | None:
        """Return samples from the first of the rows on, None where they have to be drawn."""

    def keep(self, rows: slice, values: AnyArray) -> None:
        """Keep the samples of some rows."""


@dataclass(frozen=True)
class Sampler:
    """A generator and the way to run it.

    Attributes:
        generator: What is run.
        device: Torch device of latents and outputs.
        batch_size: Rows per call; None chooses by output size and device, never by a stopwatch,
            so that equal runs stay equal. It is halved whenever memory runs out.
        progress: Called with (done, total) after each batch.
        opener: Opens the generator again, so that other ranks of a crew can draw a share; None
            where only this process has it.
    """

    generator: Generator
    device: str = "cpu"
    batch_size: int | None = None
    progress: Callable[[int, int], None] = field(default=_silent, compare=False)
    opener: Opener | None = field(default=None, compare=False)

    def draw(
        self,
        n: int,
        seed: int,
        *,
        law: str | None = None,
        shares: FloatArray | None = None,
        kept: Kept | None = None,
    ) -> SampleSet:
        """Draw samples 0..n-1 of a seed.

        Args:
            n: How many samples.
            seed: Seed of latents and labels.
            law: Latent law; the one in the generator's spec by default.
            shares: (classes,) share of each label for conditional generators; even by default.
            kept: Where samples of this law and these shares are kept, those that are drawn added.

        Raises:
            GeneratorError: An output is not finite, or has another shape than the spec says, or
                there is not enough memory for a single one.
        """
        spec = self.generator.spec
        latents = draw_latents(law or spec.latent_law, spec.latent_shape, n, seed)
        labels = None if spec.classes is None else draw_labels(spec.classes, n, seed, shares)
        return SampleSet(
            values=self._run(latents, labels, kept),
            origin=spec.origin,
            format="generator",
            latents=latents,
            labels=labels,
            label_names=() if labels is None else spec.label_names,
            seed=seed,
        )

    def outputs(self, latents: FloatArray, labels: IntArray | None = None) -> FloatArray:
        """Map latents to unrounded outputs: images on the 0..255 scale, vectors as they are."""
        pieces = self._pieces(latents, labels, _nothing, rounded=False)
        return np.concatenate([values for _, values in pieces])

    def _run(self, latents: FloatArray, labels: IntArray | None, kept: Kept | None) -> AnyArray:
        spec, n = self.generator.spec, len(latents)
        kind = np.uint8 if spec.output_range else np.float32
        values = np.empty((n, *spec.output_shape), dtype=kind)

        def found(rows: slice) -> int:
            earlier = None if kept is None else kept.find(rows, n)
            if earlier is None:
                return 0
            stop = rows.start + len(earlier)
            values[rows.start : stop] = earlier
            self.progress(stop, n)
            return len(earlier)

        for rows, drawn in self._pieces(latents, labels, found, rounded=True):
            values[rows] = drawn
            if kept is not None:
                kept.keep(rows, values[rows])
            self.progress(rows.stop, n)
        return values

    def _pieces(
        self,
        latents: FloatArray,
        labels: IntArray | None,
        found: Callable[[slice], int],
        *,
        rounded: bool,
    ) -> Iterator[tuple[slice, AnyArray]]:
        """Yield row ranges with their outputs, drawn by all ranks of a crew where that pays."""
        size = self.batch_size or _batch_size(self.generator, self.device)
        if self.opener is not None and current().size > 1 and len(latents) >= max(2 * size, _FEW):
            from gancheck.samplers.sharing import shared_pieces

            return shared_pieces(self, size, latents, labels, found, rounded=rounded)
        return self.pieces(size, latents, labels, found, rounded=rounded)

    def pieces(
        self,
        size: int,
        latents: FloatArray,
        labels: IntArray | None,
        found: Callable[[slice], int] = _nothing,
        *,
        rounded: bool,
        first: int = 0,
    ) -> Iterator[tuple[slice, AnyArray]]:
        """Yield row ranges with their outputs, drawn here, in smaller steps when memory runs out.

        Args:
            size: Rows per call.
            latents: (n, *latent_shape).
            labels: (n,), None for generators that take none.
            found: Tells how many rows from the start of a range on are there already, and are left
                out.
            rounded: Whether images are uint8, or float32 on the 0..255 scale; vectors stay.
            first: Number of the first sample, for messages.
        """
        start = 0
        while start < len(latents):
            rows = slice(start, min(start + size, len(latents)))
            if there := found(rows):
                start += there
                continue
            try:
                raw = self._call(latents[rows], None if labels is None else labels[rows])
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if rows.stop - start == 1:
                    raise self._too_large() from error
                size = (rows.stop - start) // 2
                continue
            _check(raw, slice(first + start, first + rows.stop), self.generator.spec.output_shape)
            yield rows, self._finished(raw, rounded)
            start = rows.stop

    def _finished(self, raw: FloatArray, rounded: bool) -> AnyArray:
        ends = self.generator.spec.output_range
        if ends is None:
            return raw
        return to_uint8(raw, ends) if rounded else to_pixels(raw, ends)

    def _too_large(self) -> GeneratorError:
        shape = self.generator.spec.output_shape
        return GeneratorError(
            f"there is not enough memory ({self.device}) to draw a single sample of shape {shape}",
            "--device names another device; the machine may be busy with something else.",
        )

    def _call(self, latents: FloatArray, labels: IntArray | None) -> FloatArray:
        import torch

        with kernel("generator"), torch.inference_mode():
            z = placed(latents, self.device)
            y = None if labels is None else placed(labels, self.device)
            return fetched(self.generator(z, y).float())


def _batch_size(generator: Generator, device: str) -> int:
    bytes_each = 4 * max(1, int(np.prod(generator.spec.output_shape)))
    on_gpu = device.startswith("cuda")
    budget, (least, most) = (_GPU_BYTES, _GPU_ROWS) if on_gpu else (_CPU_BYTES, _CPU_ROWS)
    fitting = 2 ** int(np.log2(max(1, budget // bytes_each)))
    return int(min(most, max(least, fitting)))


def _check(raw: FloatArray, rows: slice, shape: tuple[int, ...]) -> None:
    if raw.shape[1:] != shape:
        raise GeneratorError(f"the generator returned shape {raw.shape[1:]}, expected {shape}")
    broken = ~np.isfinite(raw).reshape(len(raw), -1).all(axis=1)
    if broken.any():
        first = rows.start + int(np.argmax(broken))
        raise GeneratorError(
            f"the generator returned NaN or infinite values: {int(broken.sum())} of the samples "
            f"{rows.start}..{rows.stop - 1}, first in sample {first}",
            "Check the weights and, for half-precision models, try the float32 export.",
        )
