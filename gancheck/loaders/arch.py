"""Build a generator from the user's own code and fill it with weights."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gancheck.errors import LoadError

if TYPE_CHECKING:
    import torch

_FORM = (
    "`--arch` takes module:Class or file.py:function, such as `--arch models.py:make_generator`."
)
_SHOWN = 3


def build(arch: str, arch_args: Mapping[str, Any]) -> torch.nn.Module:
    """Import what the user named and call it.

    Raises:
        LoadError: It cannot be found or called, raises, or returns no module.
    """
    from torch import nn

    maker = _find(arch)
    try:
        module = maker(**arch_args)
    except Exception as error:  # the architecture is the user's code
        given = ", ".join(f"{name}={value!r}" for name, value in arch_args.items())
        raise LoadError(
            f"--arch {arch} raised {type(error).__name__} when called with ({given}): {error}",
            "Give its arguments with `--arch-args`.",
        ) from error
    if not isinstance(module, nn.Module):
        raise LoadError(f"--arch {arch} returned {type(module).__name__}, not a torch.nn.Module")
    return module


def fill(module: torch.nn.Module, state: Mapping[str, torch.Tensor], what: str) -> None:
    """Load weights into a module, all names and shapes equal.

    Raises:
        LoadError: They are not; the message lists the first differences of each kind.
    """
    own = module.state_dict()
    missing = [name for name in own if name not in state]
    extra = [name for name in state if name not in own]
    bent = [
        f"{name} {tuple(state[name].shape)} in the file, {tuple(own[name].shape)} in the module"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    if not (missing or extra or bent):
        module.load_state_dict(state, strict=True)
        return
    parts = [
        ("only in the module", missing),
        ("only in the file", extra),
        ("of other shapes", bent),
    ]
    found = "; ".join(f"{len(some)} {title}: {_first(some)}" for title, some in parts if some)
    raise LoadError(
        f"the weights do not fit {what}: {found}",
        "Check `--arch`, its `--arch-args`, and `--key`.",
    )


def _first(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _find(arch: str) -> Callable[..., Any]:
    place, colon, name = arch.rpartition(":")
    if not colon or not place or not name:
        raise LoadError(f"--arch {arch} names no callable", _FORM)
    module = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        public = [item for item in vars(module) if not item.startswith("_")]
        raise LoadError(f"{place} has no {name!r}", f"It has: {', '.join(public[:12])}.")
    if not callable(found):
        raise LoadError(f"--arch {arch} is a {type(found).__name__}, which cannot be called", _FORM)
    maker: Callable[..., Any] = found
    return maker


def _import_module(name: str) -> ModuleType:
    try:
        with _importing_from(Path.cwd()):
            return importlib.import_module(name)
    except Exception as error:  # the architecture is the user's code
        raise LoadError(
            f"module {name!r} of --arch cannot be imported: {type(error).__name__}: {error}", _FORM
        ) from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise LoadError(f"the file {path} of --arch does not exist", _FORM)
    name = f"gancheck_arch_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadError(f"the file {path} of --arch cannot be imported", _FORM)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickling look their own module up by name.
    sys.modules[name] = module
    try:
        with _importing_from(path.resolve().parent):
            spec.loader.exec_module(module)
    except Exception as error:  # the architecture is the user's code
        raise LoadError(
            f"the file {path} of --arch failed when imported: {type(error).__name__}: {error}"
        ) from error
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let the user's code import its neighbours, as it can when it is run as a script."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)
