"""Running networks that belong to the caller, and leaving everything as it was found.

A module is run as a copy. What cannot be copied, and the modules that a function calls, are run
themselves, in eval mode, and put back afterwards.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.interface import LoadOptions

_DEEPEST = 3  # functions inside functions that are looked into
_MOST = 10_000  # values looked at


@contextmanager
def left_as_found(subject: object, seed: int) -> Iterator[None]:
    """Seed all random numbers of the process for a run, and put them and the modules back.

    Args:
        subject: A module, a function, or anything else, which has no modules.
        seed: Seed of python's, numpy's and torch's own random numbers meanwhile.
    """
    states = [_State.of(module) for module in modules_behind(subject)]
    with _seeded(seed):
        try:
            yield
        finally:
            for state in states:
                state.restore()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    import torch

    # Devices that nobody has used yet are left alone: asking for their state would start them.
    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = list(range(torch.cuda.device_count())) if used else []
    python, legacy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=devices):
        try:
            random.seed(seed)
            np.random.seed(seed % 2**32)
            torch.default_generator.manual_seed(seed)
            if devices:
                torch.cuda.manual_seed_all(seed)
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)


@dataclass(frozen=True)
class _State:
    """What a run may change of one module and those inside it."""

    training: tuple[tuple[torch.nn.Module, bool], ...]
    trainable: tuple[tuple[torch.Tensor, bool], ...]
    buffers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    places: tuple[tuple[dict[str, torch.Tensor | None], dict[str, torch.Tensor | None]], ...]

    @classmethod
    def of(cls, module: torch.nn.Module) -> _State:
        """Write it down."""
        inner = tuple(module.modules())
        tables = [each._buffers for each in inner if isinstance(each._buffers, dict)]
        return cls(
            tuple((each, each.training) for each in inner),
            tuple((weight, weight.requires_grad) for weight in module.parameters()),
            tuple((buffer, buffer.detach().clone()) for buffer in module.buffers()),
            tuple((table, dict(table)) for table in tables),
        )

    def restore(self) -> None:
        """Put it back."""
        import torch

        for module, training in self.training:
            module.training = training
        for weight, trainable in self.trainable:
            weight.requires_grad_(trainable)
        for table, known in self.places:
            table.clear()
            table.update(known)
        with torch.no_grad():
            for buffer, value in self.buffers:
                if not torch.equal(buffer, value):
                    buffer.copy_(value)


def copied(module: torch.nn.Module) -> torch.nn.Module | None:
    """Return a copy with weights of its own; None where a module cannot be copied."""
    import torch

    # Spectral and weight normalisation keep a weight that was computed, which refuses to be
    # copied; the copy computes its own.
    computed = {
        id(value): value.detach().clone()
        for each in module.modules()
        for value in vars(each).values()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    }
    try:
        with torch.no_grad():  # programs of TorchScript would remember where copies came from
            return copy.deepcopy(module, computed)
    except Exception:  # modules hold locks, streams, processes, and classes of their own
        return None


def unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """Return what compilation or data parallelism was wrapped around."""
    from torch import nn

    while True:
        inner = getattr(module, "_orig_mod", None)
        if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = module.module
        if not isinstance(inner, nn.Module):
            return module
        module = inner


def shielded(function: Callable[..., object]) -> Callable[..., object]:
    """Return a function that leaves no tensor in its modules which training could not use.

    Tensors made in inference mode are useless to autograd for ever; modules that keep one, such as
    a grid of positions, would fail in the next step of the training.
    """
    import torch

    def run(*inputs: object) -> object:
        grad = torch.is_grad_enabled()
        with torch.inference_mode(False), torch.set_grad_enabled(grad):
            return function(*(_plain(value) for value in inputs))

    return run


def _plain(value: object) -> object:
    import torch

    return value.clone() if isinstance(value, torch.Tensor) and value.is_inference() else value


def modules_behind(subject: object) -> tuple[torch.nn.Module, ...]:
    """Return the modules that a function refers to: by closure, global name, owner or argument."""
    from torch import nn

    found: dict[int, nn.Module] = {}
    waiting, seen = [(subject, 0)], 0
    known: set[int] = set()
    while waiting and seen < _MOST:
        value, depth = waiting.pop(0)
        seen += 1
        if id(value) in known:
            continue
        known.add(id(value))
        if isinstance(value, nn.Module):
            found[id(value)] = value
        elif depth < _DEEPEST:
            waiting += [(part, depth + 1) for part in _parts(value)]
    return tuple(found.values())


def _parts(value: object) -> Iterator[Any]:
    """Yield what a function or an object refers to."""
    if isinstance(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, (list, tuple)):
        yield from value
    elif not isinstance(value, ModuleType):
        yield _attribute(value, "__self__")
        yield from _of_code(value)
        with contextlib.suppress(TypeError):  # built-in objects have no attributes
            yield from vars(value).values()


def _of_code(function: object) -> Iterator[Any]:
    """Yield what code names: in its closure, among its globals, and in the modules among those."""
    function = _attribute(function, "__func__") or function
    for cell in _attribute(function, "__closure__") or ():
        with contextlib.suppress(ValueError):  # a name that is not bound yet
            yield cell.cell_contents
    code, names = _attribute(function, "__code__"), _attribute(function, "__globals__") or {}
    if code is None:
        return
    called = [names[name] for name in code.co_names if name in names]
    yield from called
    for module in called:
        if isinstance(module, ModuleType):
            yield from (vars(module)[name] for name in code.co_names if name in vars(module))


def _attribute(value: object, name: str) -> Any:
    """Return an attribute, None where there is none: some objects raise anything when asked."""
    try:
        return getattr(value, name, None)
    except Exception:  # such as the namespaces of torch
        return None


def device_of(modules: tuple[torch.nn.Module, ...], options: LoadOptions) -> str:
    """Return where modules lie, which is where they are run; else the device of the options."""
    for module in modules:
        for tensor in (*module.parameters(), *module.buffers()):
            return str(tensor.device)
    return options.device
