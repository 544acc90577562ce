"""Running a generator over many latents in large batches, on whatever device there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gancheck.errors import GeneratorError
from gancheck.images import to_pixels, to_uint8
from gancheck.samplers.prior import draw_labels, draw_latents
from gancheck.types import Generator, SampleSet

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray, IntArray

_CPU_BYTES, _GPU_BYTES = 4_000_000, 64_000_000  # outputs per batch that keep each device busy
_CPU_ROWS, _GPU_ROWS = (16, 256), (64, 4096)
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "failed to allocate memory")


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


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
    """

    generator: Generator
    device: str = "cpu"
    batch_size: int | None = None
    progress: Callable[[int, int], None] = field(default=_silent, compare=False)

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
            seed=seed,
            notes=(),
        )

    def outputs(self, latents: FloatArray, labels: IntArray | None = None) -> FloatArray:
        """Map latents to unrounded outputs: images on the 0..255 scale, vectors as they are."""
        rounds = self.generator.spec.output_range
        chunks = [
            to_pixels(raw, rounds) if rounds else raw
            for _, raw in self._batches(latents, labels, _nothing)
        ]
        return np.concatenate(chunks)

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

        for rows, raw in self._batches(latents, labels, found):
            values[rows] = to_uint8(raw, spec.output_range) if spec.output_range else raw
            if kept is not None:
                kept.keep(rows, values[rows])
            self.progress(rows.stop, n)
        return values

    def _batches(
        self, latents: FloatArray, labels: IntArray | None, found: Callable[[slice], int]
    ) -> Iterator[tuple[slice, FloatArray]]:
        """Yield row ranges with their raw outputs, in smaller steps when memory runs out.

        Rows that ``found`` tells to be there already are left out.
        """
        size = self.batch_size or _batch_size(self.generator, self.device)
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
            _check(raw, rows, self.generator.spec.output_shape)
            yield rows, raw
            start = rows.stop

    def _too_large(self) -> GeneratorError:
        shape = self.generator.spec.output_shape
        return GeneratorError(
            f"there is not enough memory ({self.device}) to draw a single sample of shape {shape}",
            "--device names another device; the machine may be busy with something else.",
        )

    def _call(self, latents: FloatArray, labels: IntArray | None) -> FloatArray:
        import torch

        with torch.inference_mode():
            z = torch.as_tensor(latents, device=self.device)
            y = None if labels is None else torch.as_tensor(labels, device=self.device)
            out: torch.Tensor = self.generator(z, y)
            return np.asarray(out.float().cpu().numpy())


def _nothing(rows: slice) -> int:
    """Find no rows."""
    return 0


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception means that a batch was too large for the machine."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _MEMORY_WORDS)


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
