"""Running a generator over many latents in large batches, on whatever device there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
        self, n: int, seed: int, *, law: str | None = None, shares: FloatArray | None = None
    ) -> SampleSet:
        """Draw samples 0..n-1 of a seed.

        Args:
            n: How many samples.
            seed: Seed of latents and labels.
            law: Latent law; the one in the generator's spec by default.
            shares: (classes,) share of each label for conditional generators; even by default.

        Raises:
            GeneratorError: An output is not finite, or has another shape than the spec says.
        """
        spec = self.generator.spec
        latents = draw_latents(law or spec.latent_law, spec.latent_shape, n, seed)
        labels = None if spec.classes is None else draw_labels(spec.classes, n, seed, shares)
        return SampleSet(
            values=self._run(latents, labels),
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
            to_pixels(raw, rounds) if rounds else raw for _, raw in self._batches(latents, labels)
        ]
        return np.concatenate(chunks)

    def _run(self, latents: FloatArray, labels: IntArray | None) -> AnyArray:
        spec = self.generator.spec
        kind = np.uint8 if spec.output_range else np.float32
        values = np.empty((len(latents), *spec.output_shape), dtype=kind)
        for rows, raw in self._batches(latents, labels):
            values[rows] = to_uint8(raw, spec.output_range) if spec.output_range else raw
            self.progress(rows.stop, len(latents))
        return values

    def _batches(
        self, latents: FloatArray, labels: IntArray | None
    ) -> Iterator[tuple[slice, FloatArray]]:
        """Yield row ranges with their raw outputs, in smaller steps when memory runs out."""
        size = self.batch_size or _batch_size(self.generator, self.device)
        start = 0
        while start < len(latents):
            rows = slice(start, min(start + size, len(latents)))
            try:
                raw = self._call(latents[rows], None if labels is None else labels[rows])
            except (RuntimeError, MemoryError) as error:
                if size == 1 or not is_out_of_memory(error):
                    raise
                size = max(1, size // 2)
                continue
            _check(raw, rows, self.generator.spec.output_shape)
            yield rows, raw
            start = rows.stop

    def _call(self, latents: FloatArray, labels: IntArray | None) -> FloatArray:
        import torch

        with torch.inference_mode():
            z = torch.as_tensor(latents, device=self.device)
            y = None if labels is None else torch.as_tensor(labels, device=self.device)
            out: torch.Tensor = self.generator(z, y)
            return np.asarray(out.float().cpu().numpy())


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
