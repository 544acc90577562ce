"""Networks that are no generators, such as classifiers: read from files by the same rules.

Programs are audited first, and those whose audit fails are not run at all; weights are read without
running anything that came with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.archive import read_archive
from gancheck.loaders.exported import open_program as open_exported
from gancheck.loaders.exported_audit import audit_exported
from gancheck.loaders.exported_audit import trimmed as trimmed_exported
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.network import Network
from gancheck.loaders.onnx_graph import open_graph
from gancheck.loaders.sniff import sniff
from gancheck.loaders.torchscript import open_program as open_torchscript
from gancheck.loaders.torchscript_audit import audit_torchscript
from gancheck.loaders.torchscript_audit import trimmed as trimmed_torchscript

if TYPE_CHECKING:
    from gancheck.types import IntArray


@dataclass(frozen=True)
class Role:
    """What a network is to a run, for messages.

    Attributes:
        name: What it is, such as ``discriminator``.
        needed: What helps where a file is no network that can be read.
        arch: Flag that names the code of weights, such as ``--discriminator-arch``; empty where
            weights are not taken.
    """

    name: str
    needed: str
    arch: str = ""


def open_audited(
    path: Path,
    options: LoadOptions,
    role: Role,
    weights: Callable[[Path, LoadOptions], Network] | None = None,
) -> Network:
    """Read a network from TorchScript, .pt2 or ONNX, or from weights where they can be read.

    Args:
        path: The file.
        options: Its classes and device, and the code of weights.
        role: What it is to the run.
        weights: Reads files of weights; None refuses them.

    Raises:
        LoadError: It is damaged, or no network that can be read.
        RefusedError: It is a program that is more than tensor maths.
    """
    kind = sniff(path).kind
    read = weights if kind in _WEIGHTS else _PROGRAMS.get(kind)
    if read is None:
        raise LoadError(
            f"{path} was given as {role.name} and is no network that can be read", role.needed
        )
    with _said_of_it(path, role):
        return read(path, options)


def batches(n: int, size: int) -> Iterator[tuple[IntArray, int]]:
    """Yield row numbers of equally large batches, and how many of the rows are new.

    The last batch is filled up from the beginning, so that a network which looks at the whole
    batch always sees as many rows.
    """
    for start in range(0, n, size):
        yield np.arange(start, start + size) % n, min(size, n - start)


def _read_torchscript(path: Path, options: LoadOptions) -> Network:
    archive = trimmed_torchscript(read_archive(path))
    _require_passed(audit_torchscript(archive), path, "TorchScript")
    return open_torchscript(archive, options)[0]


def _read_exported(path: Path, options: LoadOptions) -> Network:
    archive = trimmed_exported(read_archive(path))
    _require_passed(audit_exported(archive), path, "torch.export")
    return open_exported(archive, options)[0]


def _read_onnx(path: Path, options: LoadOptions) -> Network:
    return open_graph(path, options)[0]


_PROGRAMS: dict[str, Callable[[Path, LoadOptions], Network]] = {
    "torchscript": _read_torchscript,
    "exported": _read_exported,
    "onnx": _read_onnx,
}
_WEIGHTS = ("torch-zip", "torch-legacy", "safetensors")


def _require_passed(complaint: str, path: Path, what: str) -> None:
    if complaint:
        raise RefusedError(
            f"{path} is a {what} program that {complaint}",
            "Export it with torch.onnx.export or torch.export.save; `--trust` is for the generator "
            "alone.",
        )


@contextmanager
def _said_of_it(path: Path, role: Role) -> Iterator[None]:
    """Say of what is raised which network it is about."""
    try:
        yield
    except LoadError as error:
        words = error.message
        if str(path) not in words:
            words = f"{path}: {words}"
        hint = error.hint
        if hint is not None and role.arch:
            hint = hint.replace("`--arch`", f"`{role.arch}`")
        raise type(error)(f"cannot read the {role.name}: {words}", hint) from error
