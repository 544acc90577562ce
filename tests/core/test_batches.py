"""The sampler gives the same samples whatever the batch size, and refuses broken outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from gancheck.devices import is_out_of_memory
from gancheck.errors import GeneratorError
from gancheck.loaders.isolated import _TooLargeError
from gancheck.samplers.batches import Sampler
from gancheck.types import GeneratorSpec

if TYPE_CHECKING:
    from torch import Tensor

SPEC = GeneratorSpec((3,), "normal", None, "vector", (2,), None, True, "g.pt", "test", "")


@dataclasses.dataclass
class Plain:
    """A function as a generator; it remembers how many rows each call had."""

    run: Callable[[Tensor, Tensor | None], Tensor]
    spec: GeneratorSpec = SPEC
    calls: list[int] = dataclasses.field(default_factory=list)

    def __call__(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Run it."""
        self.calls.append(len(latents))
        return self.run(latents, labels)


def first_two(latents: Tensor, labels: Tensor | None) -> Tensor:
    """Return two of three latent coordinates."""
    return latents[:, :2]


@pytest.mark.parametrize("batch_size", [1, 7, 64, 1000, None])
def test_samples_do_not_depend_on_the_batch_size(batch_size: int | None) -> None:
    """Sample i is the same in calls of 1, 7, 64 or all rows."""
    drawn = Sampler(Plain(first_two), batch_size=batch_size).draw(100, seed=3)
    assert drawn.latents is not None
    np.testing.assert_array_equal(drawn.values, drawn.latents[:, :2])
    wanted = Sampler(Plain(first_two), batch_size=13).draw(100, seed=3)
    np.testing.assert_array_equal(drawn.values, wanted.values)
    assert (drawn.seed, drawn.origin, drawn.format) == (3, "g.pt", "generator")


def test_more_samples_begin_with_the_same_ones() -> None:
    """Asking for 1,500 samples gives the 40 of a smaller run first."""
    many, few = (Sampler(Plain(first_two)).draw(n, seed=0) for n in (1500, 40))
    np.testing.assert_array_equal(many.values[:40], few.values)


@pytest.mark.parametrize("words", ["CUDA out of memory.", "Allocator: can't allocate memory"])
def test_batches_are_halved_until_they_fit(words: str) -> None:
    """A generator that fails above 7 rows yields the same samples as one that does not."""

    def small(latents: Tensor, labels: Tensor | None) -> Tensor:
        if len(latents) > 7:
            raise RuntimeError(words)
        return latents[:, :2]

    generator = Plain(small)
    drawn = Sampler(generator, batch_size=50).draw(100, seed=1)
    np.testing.assert_array_equal(drawn.values, Sampler(Plain(first_two)).draw(100, 1).values)
    assert generator.calls[:4] == [50, 25, 12, 6]
    assert max(generator.calls[4:]) == 6


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        _TooLargeError("the child needs more memory than 8.0 GiB"),
    ],
)
def test_every_form_of_too_little_memory_is_recognised(error: Exception) -> None:
    """Torch, numpy and a child process each say it in their own way."""

    def small(latents: Tensor, labels: Tensor | None) -> Tensor:
        if len(latents) > 7:
            raise error
        return latents[:, :2]

    drawn = Sampler(Plain(small), batch_size=64).draw(100, seed=1)
    np.testing.assert_array_equal(drawn.values, Sampler(Plain(first_two)).draw(100, 1).values)


def test_memory_that_does_not_suffice_for_one_row_is_an_error() -> None:
    """Halving ends at one row; then a message says so."""

    def never(latents: Tensor, labels: Tensor | None) -> Tensor:
        raise MemoryError

    generator = Plain(never)
    with pytest.raises(GeneratorError, match="not enough memory"):
        Sampler(generator, batch_size=4).draw(10, seed=0)
    assert generator.calls == [4, 2, 1]


def test_other_errors_are_not_retried() -> None:
    """A shape error inside the model is raised on the first call."""

    def broken(latents: Tensor, labels: Tensor | None) -> Tensor:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    generator = Plain(broken)
    with pytest.raises(RuntimeError, match="mat1"):
        Sampler(generator, batch_size=4).draw(10, seed=0)
    assert generator.calls == [4]
    assert not is_out_of_memory(RuntimeError("memory layout"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_broken_values_are_named_with_the_first_sample(value: float) -> None:
    """The message counts them and names the first, and the hint says what to check."""

    def broken(latents: Tensor, labels: Tensor | None) -> Tensor:
        out = latents[:, :2].clone()
        out[[3, 6], 1] = value
        return out

    with pytest.raises(GeneratorError, match="NaN or infinite values: 2 of") as caught:
        Sampler(Plain(broken), batch_size=10).draw(10, seed=0)
    assert "samples 0..9, first in sample 3" in caught.value.message
    assert "float32" in str(caught.value.hint)


def test_another_shape_than_promised_is_an_error() -> None:
    """Both shapes are named."""
    with pytest.raises(GeneratorError, match=r"returned shape \(3,\), expected \(2,\)"):
        Sampler(Plain(lambda z, y: z)).draw(10, seed=0)


def test_images_are_rounded_when_drawn_and_not_when_measured() -> None:
    """Drawn images are uint8; outputs for measuring keep fractions, on the 0..255 scale."""
    spec = dataclasses.replace(
        SPEC, output_kind="image", output_shape=(1, 1, 1), output_range=(0.0, 1.0)
    )
    generator = Plain(lambda z, y: torch.sigmoid(z[:, :1, None, None]), spec)
    drawn = Sampler(generator).draw(50, seed=0)
    assert drawn.values.dtype == np.uint8
    assert drawn.latents is not None
    exact = Sampler(generator).outputs(drawn.latents)
    wanted = 255 / (1 + np.exp(-drawn.latents[:, 0].astype(np.float64)))
    np.testing.assert_allclose(exact[:, 0, 0, 0], wanted, rtol=1e-5)
    np.testing.assert_array_equal(drawn.values[:, 0, 0, 0], np.rint(exact[:, 0, 0, 0]))
    assert (exact % 1 != 0).any()


def test_labels_reach_the_generator_with_their_shares() -> None:
    """A conditional generator is called with labels drawn by the shares that were given."""
    spec = dataclasses.replace(SPEC, classes=3, output_shape=(1,))

    def label(latents: Tensor, labels: Tensor | None) -> Tensor:
        assert labels is not None
        return labels[:, None].float()

    drawn = Sampler(Plain(label, spec)).draw(2000, seed=0, shares=np.array([0.0, 0.25, 0.75]))
    assert drawn.labels is not None
    np.testing.assert_array_equal(drawn.values[:, 0], drawn.labels)
    np.testing.assert_allclose(np.bincount(drawn.labels) / 2000, [0, 0.25, 0.75], atol=0.04)


def test_progress_is_told_after_each_batch() -> None:
    """The last report is (total, total)."""
    told: list[tuple[int, int]] = []
    sampler = Sampler(
        Plain(first_two), batch_size=4, progress=lambda done, total: told.append((done, total))
    )
    sampler.draw(10, seed=0)
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_another_law_than_the_models_can_be_asked_for() -> None:
    """With ``law`` the latents follow it, not the spec."""
    drawn = Sampler(Plain(first_two)).draw(100, seed=0, law="uniform")
    assert np.abs(drawn.values).max() <= 1
