"""Running on whatever device there is: full float32, quick transfers, less at once if need be.

What costs time in a run is its kernels: calls of the generator, calls of the embedder, and
distances. All of them run inside `kernel`, which also adds up how long they take.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import torch

KernelName: TypeAlias = Literal["generator", "embedder", "distances"]

_MEMORY_WORDS = ("out of memory", "can't allocate memory", "failed to allocate memory")
_FULL = "ieee"
_OPERATORS = (
    ("cuda", "matmul"),
    ("cudnn", "conv"),
    ("cudnn", "rnn"),
    ("mkldnn", "matmul"),
    ("mkldnn", "conv"),
    ("mkldnn", "rnn"),
)


@dataclass
class _Meter:
    """Adds up seconds by kernel; what runs inside another kernel counts as that one."""

    seconds: dict[str, float] = field(default_factory=dict)
    busy: bool = False


_METER = _Meter()


@contextmanager
def kernel(name: KernelName) -> Iterator[None]:
    """Run what costs time, in full float32 (see `full_float32`), and add up how long it takes."""
    outermost, start = not _METER.busy, time.perf_counter()
    _METER.busy = True
    try:
        with full_float32():
            yield
    finally:
        if outermost:
            _METER.busy = False
            passed = time.perf_counter() - start
            _METER.seconds[name] = _METER.seconds.get(name, 0.0) + passed


def kernel_seconds() -> dict[str, float]:
    """Return how long each kernel took in this process so far."""
    return dict(_METER.seconds)


@contextmanager
def full_float32() -> Iterator[None]:
    """Keep products and convolutions from rounding to TF32 or bfloat16 inside.

    Verdicts must not depend on the device: TF32 keeps 10 bits of a mantissa of 23, and cuDNN uses
    it unless told otherwise. What was set before is set again afterwards.
    """
    import torch

    if _is_full():
        yield
        return
    with ExitStack() as undo:
        with suppress(RuntimeError):  # where old and new flags were mixed, the old have no value
            undo.callback(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision())
        with suppress(RuntimeError):
            undo.callback(_allow_tf32, torch.backends.cudnn.allow_tf32)
        known = [(part, part.fp32_precision) for part in _parts()]
        torch.set_float32_matmul_precision("highest")
        _allow_tf32(False)
        for part, _ in known:
            part.fp32_precision = _FULL
        try:
            yield
        finally:
            undo.close()  # the old flags first: they overwrite the new ones
            for part, before in known:
                part.fp32_precision = before


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception means that a batch was too large for the machine."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _MEMORY_WORDS)


def let_go(device: str) -> None:
    """Give memory that is cached, and used by nobody, back to a GPU."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()


def placed(values: np.ndarray[Any, Any], device: str) -> torch.Tensor:
    """Return an array as a tensor on a device; to a GPU through pinned memory, without waiting.

    On the CPU the tensor shares the array's memory.
    """
    import torch

    tensor = torch.as_tensor(values)
    if not device.startswith("cuda"):
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def fetched(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a tensor as an array; from a GPU through pinned memory."""
    import torch

    if not tensor.is_cuda:
        return np.asarray(tensor.detach().cpu().numpy())
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    host.copy_(tensor.detach(), non_blocking=True)
    torch.cuda.current_stream(tensor.device).synchronize()
    return np.asarray(host.numpy())


@cache
def _parts() -> list[Any]:
    """Return what torch sets the precision of, as far as this version knows it."""
    import torch

    owners = ((getattr(torch.backends, name, None), operator) for name, operator in _OPERATORS)
    found = (getattr(owner, operator, None) for owner, operator in owners)
    return [part for part in found if hasattr(part, "fp32_precision")]


def _is_full() -> bool:
    return all(part.fp32_precision == _FULL for part in _parts())


def _allow_tf32(allowed: bool) -> None:
    import torch

    torch.backends.cudnn.allow_tf32 = allowed
