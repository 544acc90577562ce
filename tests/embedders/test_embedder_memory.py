"""Views for which memory runs out look at fewer samples at once, and see the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from gancheck.embedders import lite0
from gancheck.embedders.canvas import shown
from gancheck.embedders.efficientnet import Lite0View
from gancheck.embedders.fitted import FittedView
from gancheck.embedders.module import FileView, Intake
from gancheck.embedders.network import initial
from gancheck.embedders.pixels import Projected
from gancheck.types import Embedding

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

MOST = 5
SHAPE = (1, 12, 12)
ERRORS = (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), MemoryError())


def images(n: int = 40) -> AnyArray:
    """Draw grey images."""
    return np.random.default_rng(0).integers(0, 256, (n, *SHAPE)).astype(np.uint8)


def means(fed: Any) -> FloatArray:
    """See the mean of each row of pixels."""
    return np.asarray(np.asarray(fed).mean(axis=(1, 3)), dtype=np.float32)


def wide(fed: Any) -> FloatArray:
    """See as many features as EfficientNet does."""
    return np.resize(np.asarray(fed).reshape(-1, 3 * 96 * 96)[:, : lite0.DIMS], (len(fed), 1280))


def views() -> dict[str, Embedding]:
    """Make a view of each kind."""
    axes = np.eye(144, 4, dtype=np.float32)
    weights = initial(SHAPE, 8, torch.Generator().manual_seed(0))
    return {
        "pixels": Projected(SHAPE, (12, 12), np.zeros(144, np.float32), axes),
        "fitted": FittedView(SHAPE, weights),
        "efficientnet": Lite0View(96, "weights", wide),
        "file": FileView("torch:net.pt", "weights", Intake(), means),
    }


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", ["pixels", "fitted", "efficientnet", "file"])
def test_a_view_with_little_memory_sees_the_same(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With memory for five images at once features are what they were, to 1e-5."""
    view = views()[name]
    wanted = view(images())
    kind: Any = type(view)
    see, sizes = kind._batch, []

    def scarce(self: object, values: AnyArray) -> FloatArray:
        sizes.append(len(values))
        if len(values) > MOST:
            raise error
        found: FloatArray = see(self, values)
        return found

    monkeypatch.setattr(kind, "_batch", scarce)
    found = view(images())
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert max(sizes) > MOST
    assert sum(size for size in sizes if size <= MOST) == 40


def test_memory_is_told_from_other_failures_of_a_network() -> None:
    """What a network of the user's says of memory is not taken for a shape that it refuses."""

    def scarce(fed: FloatArray) -> FloatArray:
        if len(fed) > MOST:
            raise RuntimeError("CUDA out of memory.")
        return means(fed)

    view = FileView("torch:net.pt", "weights", Intake(), scarce)
    np.testing.assert_array_equal(view(images()), replace(view, network=means)(images()))


def test_a_network_that_takes_one_batch_size_is_not_given_another() -> None:
    """There the error is raised, as it is."""

    def never(fed: FloatArray) -> FloatArray:
        raise MemoryError("for 8")

    view = FileView("onnx:net.onnx", "weights", Intake(batch=8), never)
    with pytest.raises(MemoryError, match="for 8"):
        view(images())


def test_halving_ends_at_one_sample_and_other_errors_end_it_at_once() -> None:
    """What does not fit for one row fits for none; a shape error is no matter of size."""
    sizes: list[int] = []

    def never(error: Exception) -> Any:
        def view(values: AnyArray) -> FloatArray:
            sizes.append(len(values))
            raise error

        return view

    with pytest.raises(MemoryError):
        list(shown(images(9), 8, never(MemoryError())))
    with pytest.raises(ValueError, match="shape"):
        list(shown(images(9), 8, never(ValueError("shape"))))
    assert sizes == [8, 4, 2, 1, 8]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_fitted_view_sees_the_same_on_a_gpu() -> None:
    """Resizing, network and transfers agree with the CPU to 1e-5."""
    weights = initial(SHAPE, 8, torch.Generator().manual_seed(0))
    there = {key: weight.to("cuda") for key, weight in weights.items()}
    found = FittedView(SHAPE, there)(images())
    np.testing.assert_allclose(found, FittedView(SHAPE, weights)(images()), atol=1e-5)
