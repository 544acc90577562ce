"""Checkpoints whose pickles do more than hold weights; all they would do is write a marker file."""

from __future__ import annotations

import functools
import importlib
import operator
import os
import pickle
import runpy
import shutil
import subprocess
import sys
import webbrowser
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

Call = tuple[Any, tuple[Any, ...]]


class Gadget:
    """An object that is unpickled by a call."""

    def __init__(self, call: Call) -> None:
        self.call = call

    def __reduce__(self) -> Call:
        return self.call


def touch(marker: Path) -> str:
    """Return source code that creates the marker."""
    return f"open({str(marker)!r}, 'w').close()"


def _script(marker: Path) -> str:
    script = marker.with_suffix(".py")
    script.write_text(touch(marker), encoding="utf-8")
    return str(script)


def _copied(marker: Path) -> Call:
    return shutil.copyfile, (_script(marker), str(marker))


def _pickled(marker: Path) -> Call:
    return pickle.loads, (pickle.dumps(Gadget((eval, (touch(marker),)))),)


def _saved(marker: Path) -> str:
    inner = marker.with_suffix(".inner")
    torch.save(Gadget((eval, (touch(marker),))), inner)
    return str(inner)


def _numpy_saved(marker: Path) -> Call:
    return np.savetxt, (str(marker), [1.0])


def _partial(marker: Path) -> Call:
    return functools.partial(os.system, f"touch {marker}"), ()


def _map(marker: Path) -> Call:
    return list, (Gadget((map, (eval, [touch(marker)]))),)


def _typed(marker: Path) -> Call:
    made = torch._tensor._rebuild_from_type_v2
    return made, (np.savetxt, torch.Tensor, (str(marker), [1.0]), {})


ATTACKS: dict[str, Callable[[Path], Call]] = {
    "builtins.eval": lambda marker: (eval, (touch(marker),)),
    "builtins.exec": lambda marker: (exec, (touch(marker),)),
    "builtins.compile": lambda marker: (compile, (touch(marker), "x", "exec")),
    "io.open": lambda marker: (open, (str(marker), "w")),
    "builtins.__import__": lambda marker: (__import__, (marker.stem,)),
    f"{os.system.__module__}.system": lambda marker: (os.system, (f"touch {marker}",)),
    "subprocess.Popen": lambda marker: (subprocess.Popen, (["touch", str(marker)],)),
    "subprocess.check_output": lambda at: (subprocess.check_output, (["touch", str(at)],)),
    "looks up touch": lambda marker: (Path.touch, (marker,)),
    "runpy.run_path": lambda marker: (runpy.run_path, (_script(marker),)),
    "importlib.import_module": lambda marker: (importlib.import_module, (marker.stem,)),
    "pickle.loads": _pickled,
    "shutil.copyfile": _copied,
    "webbrowser.open": lambda marker: (webbrowser.open, (str(marker),)),
    "operator.methodcaller": lambda at: (operator.methodcaller("touch"), (at,)),
    "sys.exit": lambda marker: (sys.exit, (str(marker),)),
    "torch.serialization.load": lambda at: (torch.load, (_saved(at), None, None)),
    "torch.hub.load": lambda marker: (torch.hub.load, (str(marker.parent), "x", "y")),
    "torch.jit._serialization.load": lambda at: (torch.jit.load, (str(at),)),
    "torch.storage._load_from_bytes": lambda at: (torch.storage._load_from_bytes, (b"",)),
    "numpy.savetxt": _numpy_saved,
    "posix.system": _partial,
    "builtins.map": _map,
    "numpy.savetxt for a tensor": _typed,
}


def save(payload: object, path: Path, *, legacy: bool = False) -> Path:
    """Write a payload in one of torch's two formats."""
    torch.save(payload, path, _use_new_zipfile_serialization=not legacy)
    return path


def save_raw(pickled: bytes, path: Path, storages: dict[str, bytes] | None = None) -> Path:
    """Write torch's zip format around any pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
        for key, content in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", content)
        archive.writestr("archive/version", "3\n")
    return path


def save_raw_legacy(pickled: bytes, path: Path, storages: dict[str, bytes] | None = None) -> Path:
    """Write torch's oldest format but one around any pickle; four bytes make a number."""
    from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION

    stream = BytesIO()
    system = {"protocol_version": PROTOCOL_VERSION, "little_endian": True, "type_sizes": {}}
    for item in (MAGIC_NUMBER, PROTOCOL_VERSION, system):
        pickle.dump(item, stream, protocol=2)
    stream.write(pickled)
    pickle.dump(list(storages or {}), stream, protocol=2)
    for content in (storages or {}).values():
        stream.write((len(content) // 4).to_bytes(8, "little") + content)
    path.write_bytes(stream.getvalue())
    return path
