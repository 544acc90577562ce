"""Ways to write one module or one payload to a file."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from loaders.loader_models import save_exported, save_onnx, save_torchscript

__all__ = [
    "save_cuda",
    "save_dynamo",
    "save_exported",
    "save_legacy",
    "save_onnx",
    "save_onnx_external",
    "save_safetensors",
    "save_scripted",
    "save_torchscript",
    "save_zip",
]


def save_zip(payload: object, path: Path) -> Path:
    """Write the format of torch 1.6 and later."""
    torch.save(payload, path)
    return path


def save_legacy(payload: object, path: Path) -> Path:
    """Write the format before torch 1.6: pickles one after the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(payload, path, _use_new_zipfile_serialization=False)
    return path


def save_cuda(payload: object, path: Path, *, legacy: bool = False) -> Path:
    """Write a file whose tensors say that they lay on a GPU."""
    with mock.patch.object(torch.serialization, "location_tag", return_value="cuda:0"):
        return save_legacy(payload, path) if legacy else save_zip(payload, path)


def save_safetensors(state: Mapping[str, Tensor], path: Path) -> Path:
    """Write the format that cannot carry code."""
    from safetensors.torch import save_file

    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path


def save_scripted(module: nn.Module, path: Path, *, freeze: bool = False) -> Path:
    """Write TorchScript from the source of a module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(module)
        scripted = torch.jit.freeze(scripted) if freeze else scripted
        torch.jit.save(scripted, str(path))
    return path


def save_program(module: nn.Module, example: tuple[Any, ...], path: Path, shapes: Any) -> Path:
    """Write a ``.pt2`` with the given dynamic shapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(module, example, dynamic_shapes=shapes)
        torch.export.save(program, str(path))
    return path


def save_onnx_external(module: nn.Module, example: tuple[Tensor, ...], path: Path) -> Path:
    """Write an ONNX graph whose weights lie in a second file beside it."""
    import onnx

    save_onnx(module, example, path)
    model = onnx.load(str(path))
    path.unlink()
    onnx.save_model(
        model,
        str(path),
        save_as_external_data=True,
        location=f"{path.name}.data",
        size_threshold=0,
    )
    return path


def save_dynamo(module: nn.Module, example: tuple[Tensor, ...], path: Path) -> Path:
    """Write ONNX with the newer exporter, weights in a second file."""
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            example,
            str(path),
            dynamo=True,
            external_data=True,
            verbose=False,
            dynamic_shapes=tuple({0: batch} for _ in example),
        )
    return path
