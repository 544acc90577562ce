"""Kernels run in full float32 on every device, and tell how long they took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from gancheck import devices
from gancheck.devices import fetched, full_float32, is_out_of_memory, kernel, kernel_seconds, placed
from gancheck.embedders.canvas import shown
from gancheck.neighbors import Scan, Tile
from gancheck.samplers.batches import Sampler
from gancheck.settings import Clock, Silence
from gancheck.types import GeneratorSpec

if TYPE_CHECKING:
    from gancheck.types import AnyArray

SPEC = GeneratorSpec((3,), "normal", None, "vector", (3,), None, True, "g.pt", "test", "")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def precisions() -> list[str]:
    """Return what torch is set to, operator by operator."""
    return [part.fp32_precision for part in devices._parts()]


@pytest.fixture
def rounding() -> Iterator[list[str]]:
    """Set torch to round wherever it can, as trainings do."""
    before, allowed = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    yield precisions()
    torch.set_float32_matmul_precision(before)
    torch.backends.cudnn.allow_tf32 = allowed


class Seen:
    """Notes what torch was set to; a generator, a view and a watcher of tiles."""

    spec = SPEC

    def __init__(self) -> None:
        self.precisions: list[str] = []

    def __call__(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Draw the latents themselves."""
        self.precisions += precisions()
        return latents

    def view(self, values: AnyArray) -> AnyArray:
        """See the values themselves."""
        self.precisions += precisions()
        return values

    def see(self, tile: Tile) -> None:
        """Look at a tile."""
        self.precisions += precisions()


def test_full_precision_inside_and_as_before_outside(rounding: list[str]) -> None:
    """TF32 is off for products and convolutions, also for who asks by the older flags."""
    assert "tf32" in rounding
    with full_float32():
        assert set(precisions()) == {"ieee"}
        assert torch.get_float32_matmul_precision() == "highest"
        assert not torch.backends.cudnn.allow_tf32
        with full_float32():
            assert set(precisions()) == {"ieee"}
        assert set(precisions()) == {"ieee"}
    assert precisions() == rounding
    assert torch.get_float32_matmul_precision() == "high"
    assert torch.backends.cudnn.allow_tf32


def test_an_error_inside_leaves_everything_as_before(rounding: list[str]) -> None:
    """Flags come back on the way of an exception."""
    with pytest.raises(ValueError, match="inside"), full_float32():
        raise ValueError("inside")
    assert precisions() == rounding


def test_old_and_new_flags_mixed_are_left_as_they_are() -> None:
    """Torch refuses to tell what mixed flags mean; they survive all the same."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    mixed = precisions()
    with full_float32():
        assert set(precisions()) == {"ieee"}
    assert precisions() == mixed
    torch.set_float32_matmul_precision(before)


def test_sampler_embedders_and_distances_run_in_full_precision(rounding: list[str]) -> None:
    """What verdicts depend on is computed with every flag off."""
    seen, points = Seen(), np.eye(40, 3, dtype=np.float32)
    Sampler(seen).draw(10, seed=0)
    assert list(shown(points, 16, seen.view))
    Scan(points, points).show([seen])
    assert len(seen.precisions) >= 3 * len(rounding)
    assert set(seen.precisions) == {"ieee"}
    assert precisions() == rounding


def test_kernels_add_up_and_nothing_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel inside another is part of that one; a clock tells those of its own run."""
    now = iter(range(100))
    monkeypatch.setattr(devices, "_METER", devices._Meter({"embedder": 5.0}))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(now)))
    clock = Clock(Silence())
    with clock.stage("one"), kernel("distances"), kernel("embedder"):
        pass
    with kernel("distances"):
        pass
    assert kernel_seconds() == {"embedder": 5.0, "distances": 3.0}
    found = clock.timings
    assert list(found) == ["one", "kernel distances", "total"]
    assert found["kernel distances"] == 3.0
    assert found["total"] >= found["one"] > 0


def test_arrays_travel_without_a_change() -> None:
    """There and back again; on the CPU nothing is even copied."""
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    there = placed(values, "cpu")
    there[0, 0] = 7
    assert values[0, 0] == 7
    np.testing.assert_array_equal(fetched(there), values)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("Failed to allocate memory for requested buffer of size 1"), True),
        (RuntimeError("memory layout"), False),
    ],
)
def test_each_runtime_says_in_its_own_words_that_memory_ran_out(
    error: Exception, expected: bool
) -> None:
    """Torch on GPU and CPU, numpy and onnxruntime; other errors are none of it."""
    assert is_out_of_memory(error) is expected


@needs_gpu
def test_a_gpu_multiplies_in_full_precision(rounding: list[str]) -> None:
    """The product is that of the CPU, which TF32 would miss by a thousandth."""
    rng = np.random.default_rng(0)
    left, right = (rng.standard_normal((256, 256), dtype=np.float32) for _ in range(2))
    with full_float32():
        found = fetched(placed(left, "cuda") @ placed(right, "cuda"))
    np.testing.assert_allclose(found, left @ right, atol=1e-4)
