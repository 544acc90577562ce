"""Read files of tensors without running anything that came with them."""

from __future__ import annotations

import pickle
import re
import warnings
from pathlib import Path
from typing import Any

from gancheck.errors import LoadError, RefusedError

_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_REASON = re.compile(r"WeightsUnpickler error: ([^\n]+)")
_REFUSALS = (
    "Unsupported",
    "Trying to",
    "Can only",
)  # how torch begins when it will not, not cannot


def read_tensors(path: Path, kind: str) -> Any:
    """Return what a torch or safetensors file holds, with every tensor on the CPU.

    Raises:
        RefusedError: It holds objects other than tensors, numbers, strings and containers.
        LoadError: It is damaged.
    """
    return _read_safetensors(path) if kind == "safetensors" else _read_torch(path)


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(str(path), device="cpu")
    except (SafetensorError, OSError, ValueError) as error:
        raise LoadError(f"{path} is a damaged safetensors file: {error}") from error


def _read_torch(path: Path) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refusal(path, str(error)) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(
            f"{path} is a truncated or damaged torch file: {reason}", "Copy or download it again."
        ) from error


def _refusal(path: Path, reason: str) -> LoadError:
    names = _foreign_names(path) or _GLOBAL.findall(reason)
    if not names:
        found = _REASON.search(reason)
        why = found.group(1) if found else "its pickle is broken"
        if why.startswith(_REFUSALS):
            return RefusedError(f"{path} holds more than tensors: {why}")
        return LoadError(f"{path} is a truncated or damaged torch file: {why}")
    listed = ", ".join(names[:4])
    if any("torch.nn.modules" in name for name in names):
        return RefusedError(
            f"{path} is a whole pickled module, and unpickling one runs code ({listed})",
            "Save its weights, torch.save(generator.state_dict(), ...), and name the class with "
            "`--arch module:Class`; or export it with torch.export.save or torch.onnx.export.",
        )
    return RefusedError(
        f"{path} holds Python objects besides tensors ({listed}), and unpickling them runs code",
        "Save the generator's weights alone: torch.save(generator.state_dict(), ...).",
    )


def _foreign_names(path: Path) -> list[str]:
    """List the classes a torch zip file refers to; only reads the pickle's instructions."""
    import torch

    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except (RuntimeError, ValueError, OSError, pickle.UnpicklingError, IndexError, KeyError):
        return []
