"""Files that would do harm if they were believed. The harm is an empty file called ``marker``.

An attack writes a file into a folder. ``naive`` is how a trusting program reads it; where there is
one, a test runs it and sees the marker appear, so that what is refused is known to be real.
"""

from __future__ import annotations

import functools
import importlib
import io
import json
import pickle
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from corpus import formats
from corpus.networks import LATENT, Conditional, dcgan, small

EXAMPLE = (torch.zeros(4, LATENT, 1, 1),)
_PROTOCOL = 2
_ARRAY_HEADER = b"\x93NUMPY\x01\x00"


@dataclass(frozen=True)
class Attack:
    """One harmful file.

    Attributes:
        write: Writes it into a folder; the marker it is about is ``folder / "marker"``.
        naive: Reads it as a trusting program would; None where there is nothing to see.
    """

    write: Callable[[Path], Path]
    naive: Callable[[Path], object] | None = None


def marker_of(folder: Path) -> Path:
    """Return the file that an attack in that folder would create."""
    return folder / "marker"


class Call:
    """Pickles as a call of a named function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.parts = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.parts


def named(place: str) -> Callable[..., Any]:
    """Return the function of that name."""
    module, _, name = place.rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _source(folder: Path) -> str:
    return f"open({str(marker_of(folder))!r}, 'w').close()"


def _script(folder: Path) -> str:
    path = folder / "script.py"
    path.write_text(_source(folder))
    return str(path)


def _inner(folder: Path) -> bytes:
    buffer = io.BytesIO()
    torch.save(Call(named("builtins.exec"), _source(folder)), buffer)
    return buffer.getvalue()


CALLS: dict[str, Callable[[Path], Call]] = {
    "os.system": lambda at: Call(named("os.system"), f"touch {marker_of(at)}"),
    "os.mkdir": lambda at: Call(named("os.mkdir"), str(marker_of(at))),
    "eval": lambda at: Call(named("builtins.eval"), _source(at)),
    "exec": lambda at: Call(named("builtins.exec"), _source(at)),
    "subprocess": lambda at: Call(named("subprocess.call"), ["touch", str(marker_of(at))]),
    "runpy": lambda at: Call(named("runpy.run_path"), _script(at)),
    "open": lambda at: Call(named("io.open"), str(marker_of(at)), "w"),
    "profile": lambda at: Call(named("cProfile.run"), _source(at), str(at / "profile")),
    "torch.storage": lambda at: Call(named("torch.storage._load_from_bytes"), _inner(at)),
    "torch.jit": lambda at: Call(
        named("torch.jit.unsupported_tensor_ops.execWrapper"), _source(at), {}, {}
    ),
    "rebuild": lambda at: Call(
        named("torch._tensor._rebuild_from_type_v2"),
        named("builtins.exec"),
        *(torch.Tensor, (_source(at),), {}),
    ),
    "reduce": lambda at: Call(named("functools.reduce"), named("builtins.exec"), [_source(at), {}]),
    "map": lambda at: Call(
        named("builtins.list"), Call(named("builtins.map"), named("builtins.exec"), [_source(at)])
    ),
}


def unsafely(path: Path) -> object:
    """Read a torch file the way that its documentation warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, weights_only=False)


def unpickle(path: Path) -> object:
    """Read a pickle."""
    return pickle.loads(path.read_bytes())


def run_script(path: Path) -> object:
    """Load a TorchScript program and call it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    return module(torch.zeros(4, LATENT))


def run_program(path: Path) -> object:
    """Load a ``.pt2`` program and call it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.export.load(str(path)).module()
    return module(torch.zeros(4, LATENT), torch.zeros(4, dtype=torch.long))


def entries_of(path: Path) -> dict[str, bytes]:
    """Return the content of an archive by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_archive(
    path: Path, entries: list[tuple[str, bytes]], deflated: tuple[str, ...] = ()
) -> Path:
    """Write an archive with these entries, in order, also where a name comes twice."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in entries:
            wanted = zipfile.ZIP_DEFLATED if name in deflated else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=wanted)
    return path


def _beside_weights(call: Call) -> dict[str, object]:
    return {"state_dict": dict(dcgan().state_dict()), "extra": call}


def _pickled(make: Callable[[Path], Call], save: Callable[[object, Path], Path]) -> Attack:
    return Attack(lambda at: save(_beside_weights(make(at)), at / "model.pt"), unsafely)


def _as_key(at: Path) -> Path:
    """Hide a call in the state of an OrderedDict, which torch sets before it looks at values."""
    call = CALLS["eval"](at)
    return formats.save_zip({"state_dict": [call, dict(dcgan().state_dict())]}, at / "model.pt")


def _raw(at: Path, protocol: int) -> Path:
    path = at / "stylegan.pkl"
    path.write_bytes(pickle.dumps({"G_ema": CALLS["exec"](at)}, protocol=protocol))
    return path


def _doubled(at: Path, *, evil_first: bool) -> Path:
    """Write two entries ``data.pkl``: torch reads the first one, zipfile the last one."""
    good = entries_of(formats.save_zip(dict(dcgan().state_dict()), at / "model.pt"))
    evil = entries_of(formats.save_zip(CALLS["exec"](at), at / "evil.pt"))["evil/data.pkl"]
    name = "model/data.pkl"
    pair = [(name, evil), (name, good[name])]
    rest = [(other, content) for other, content in good.items() if other != name]
    return write_archive(at / "model.pt", [*(pair if evil_first else pair[::-1]), *rest])


def _compressed(at: Path) -> Path:
    entries = entries_of(formats.save_zip(dict(dcgan().state_dict()), at / "model.pt"))
    return write_archive(at / "model.pt", list(entries.items()), ("model/data/0",))


def _bomb(at: Path) -> Path:
    state = {"main.0.weight": torch.zeros(1 << 24)}
    entries = entries_of(formats.save_zip(state, at / "model.pt"))
    return write_archive(at / "model.pt", list(entries.items()), tuple(entries))


def _program_bomb(at: Path) -> Path:
    """Let the source of a TorchScript program, which may be deflated, blow up."""
    entries = entries_of(formats.save_scripted(small(Conditional), at / "model.pt"))
    source = next(name for name in entries if name.endswith(".py"))
    entries[source] += b"#" * (64 << 20)
    return write_archive(at / "model.pt", list(entries.items()), (source,))


def _giant(at: Path, save: Callable[[object, Path], Path]) -> Path:
    """Claim 10^12 numbers that are all the same one."""
    giant = torch.zeros(1).expand(1_000_000, 1_000_000)
    return save({"main.0.weight": giant, "main.0.bias": torch.zeros(2)}, at / "model.pt")


def _safetensors(at: Path, header: object, body: bytes, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = at / "g.safetensors"
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + body)
    return path


def _tensor(start: int, stop: int, shape: list[int]) -> dict[str, object]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, stop]}


class Setting(nn.Module):
    """Writes a file when it is loaded, through the state that TorchScript restores."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        """Keep the path."""
        return (self.path, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        """Write to the path."""
        self.path = state[0]
        self.training = state[1]
        torch.save(torch.zeros(1), state[0])

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z * 2


class Saving(nn.Module):
    """Writes a file when it is called."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        torch.save(z, self.path)
        return z * 2


class Mapped(nn.Module):
    """Maps a file into memory when it is called, and so creates it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        read = torch.from_file(self.path, shared=True, size=4)
        return z + read.sum() * 0


def _scripted(kind: Callable[[str], nn.Module]) -> Attack:
    def write(at: Path) -> Path:
        path = formats.save_scripted(kind(str(marker_of(at))), at / "model.pt")
        marker_of(at).unlink(missing_ok=True)
        return path

    return Attack(write, run_script)


def _program(at: Path) -> tuple[Path, dict[str, bytes]]:
    example = (torch.zeros(4, LATENT), torch.zeros(4, dtype=torch.long))
    path = formats.save_exported(small(Conditional), example, at / "model.pt2")
    return path, entries_of(path)


def _changed_graph(at: Path, change: Callable[[dict[str, Any], str], object]) -> Path:
    path, entries = _program(at)
    name = "model/models/model.json"
    graph = json.loads(entries[name])
    change(graph, _source(at))
    entries[name] = json.dumps(graph).encode()
    return write_archive(path, list(entries.items()))


def _evil_size(graph: dict[str, Any], source: str) -> None:
    values = graph["graph_module"]["graph"]["tensor_values"]
    values["z"]["sizes"][0]["as_expr"]["expr_str"] = f"exec({source!r}) or Symbol('s68')"


def _evil_guard(graph: dict[str, Any], source: str) -> None:
    # The text is put between double quotes, so it may hold none itself.
    graph["guards_code"] = [source.replace(".close()", " is not None")]


def _evil_target(graph: dict[str, Any], source: str) -> None:
    graph["graph_module"]["graph"]["nodes"][0]["target"] = "os.system"


def _evil_samples(at: Path) -> Path:
    path, entries = _program(at)
    entries["model/data/sample_inputs/model.pt"] = _inner(at)
    return write_archive(path, list(entries.items()))


def _evil_weight(at: Path) -> Path:
    path, entries = _program(at)
    name = "model/data/weights/model_weights_config.json"
    config = json.loads(entries[name])
    chosen = next(iter(config["config"].values()))
    chosen["use_pickle"] = True
    entries[name] = json.dumps(config).encode()
    entries["model/data/weights/" + chosen["path_name"]] = _inner(at)
    return write_archive(path, list(entries.items()))


def _native(at: Path) -> Path:
    path, entries = _program(at)
    return write_archive(
        path, [*entries.items(), ("model/data/aotinductor/model/model.so", b"\x7fELF")]
    )


def _graph(at: Path, location: str, domain: str = "") -> Path:
    """Write an ONNX graph with one weight at a location outside of it."""
    import onnx
    from onnx import TensorProto, helper

    weight = helper.make_tensor("w", TensorProto.FLOAT, [LATENT, 2], [0.5] * (2 * LATENT))
    if location:
        weight.ClearField("float_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=location)
    kind = "Evil" if domain else "MatMul"
    node = helper.make_node(kind, ["z", "w"], ["out"], domain=domain)
    shapes = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
        for name, width in (("z", LATENT), ("out", 2))
    ]
    graph = helper.make_graph([node], "g", [shapes[0]], [shapes[1]], [weight])
    opsets = [helper.make_opsetid("", 17)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    path = at / "inside" / "model.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    )
    assert isinstance(onnx.load(str(path), load_external_data=False), onnx.ModelProto)
    return path


def _secret(at: Path) -> Path:
    secret = at / "secret"
    secret.write_bytes(np.ones(2 * LATENT, dtype=np.float32).tobytes())
    return secret


def _outside(at: Path, how: str) -> Path:
    secret = _secret(at)
    (at / "inside").mkdir()
    link = at / "inside" / "link"
    if how == "symlink":
        link.symlink_to(secret)
    elif how == "hardlink":
        link.hardlink_to(secret)
    locations = {"parent": "../secret", "absolute": str(secret), "missing": "nowhere"}
    return _graph(at, locations.get(how, "link"))


def _array_of_objects(at: Path, *, archived: bool) -> Path:
    evil = np.array([CALLS["exec"](at)], dtype=object)
    path = at / ("samples.npz" if archived else "samples.npy")
    if archived:
        np.savez(path, samples=evil)
    else:
        np.save(path, evil, allow_pickle=True)
    return path


def _array_bomb(at: Path) -> Path:
    """Claim an array of 2^50 numbers."""
    path = at / "samples.npy"
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1125899906842624, 1), }"
    header = header.ljust(117) + b"\n"
    path.write_bytes(_ARRAY_HEADER + struct.pack("<H", len(header)) + header)
    return path


def _deflated_arrays(at: Path) -> Path:
    """Write 64 MB of zeros in 64 kB, and claim far more."""
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776, 1, 1, 1), }"
    header = header.ljust(117) + b"\n"
    content = _ARRAY_HEADER + struct.pack("<H", len(header)) + header + bytes(64 << 20)
    return write_archive(at / "samples.npz", [("samples.npy", content)], ("samples.npy",))


def _old_tar(at: Path) -> Path:
    path = at / "model.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ("storages", "tensors", "pickle", "sys_info"):
            content = pickle.dumps(CALLS["exec"](at), protocol=_PROTOCOL)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def _bytes(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(at: Path) -> Path:
        (at / name).write_bytes(content)
        return at / name

    return write


def _text_pickle(at: Path) -> Path:
    path = at / "model.pkl"
    path.write_bytes(pickle.dumps(CALLS["exec"](at), protocol=0))
    return path


def _load_arrays(path: Path) -> object:
    loaded = np.load(path, allow_pickle=True)
    return loaded["samples"] if isinstance(loaded, np.lib.npyio.NpzFile) else loaded


_overlap = {"a": _tensor(0, 16, [4]), "b": _tensor(8, 24, [4])}
_beyond = {"a": _tensor(0, 1 << 40, [1 << 38])}
_short = {"a": _tensor(0, 8, [1000])}
_swapped = {"a": _tensor(16, 0, [4])}

PICKLES: dict[str, Attack] = {
    **{f"zip: {name}": _pickled(make, formats.save_zip) for name, make in CALLS.items()},
    **{f"legacy: {name}": _pickled(make, formats.save_legacy) for name, make in CALLS.items()},
    "zip: first in a list": Attack(_as_key, unsafely),
    "raw pickle, protocol 2": Attack(functools.partial(_raw, protocol=2), unpickle),
    "raw pickle, protocol 4": Attack(functools.partial(_raw, protocol=4), unpickle),
    "raw pickle, protocol 0": Attack(_text_pickle, unpickle),
    "two data.pkl, evil first": Attack(functools.partial(_doubled, evil_first=True), unsafely),
    "two data.pkl, evil last": Attack(functools.partial(_doubled, evil_first=False)),
}

PROGRAMS: dict[str, Attack] = {
    "torchscript: __setstate__": _scripted(Setting),
    "torchscript: torch.save": _scripted(Saving),
    "torchscript: torch.from_file": _scripted(Mapped),
    "pt2: sizes": Attack(lambda at: _changed_graph(at, _evil_size), run_program),
    "pt2: guards": Attack(lambda at: _changed_graph(at, _evil_guard), run_program),
    "pt2: target": Attack(lambda at: _changed_graph(at, _evil_target)),
    "pt2: sample inputs": Attack(_evil_samples, run_program),
    "pt2: pickled weight": Attack(_evil_weight, run_program),
    "pt2: native code": Attack(_native),
}

SHAPES: dict[str, Attack] = {
    "compressed tensor": Attack(_compressed),
    "bomb": Attack(_bomb),
    "bomb in a program's source": Attack(_program_bomb),
    "stride-0 giant, zip": Attack(lambda at: _giant(at, formats.save_zip)),
    "stride-0 giant, legacy": Attack(lambda at: _giant(at, formats.save_legacy)),
    "safetensors: huge header": Attack(
        lambda at: _safetensors(at, b"{" + b" " * (11 << 20) + b"}", b"")
    ),
    "safetensors: header beyond the file": Attack(
        lambda at: _safetensors(at, {"a": _tensor(0, 16, [4])}, bytes(16), 1 << 31)
    ),
    "safetensors: overlap": Attack(lambda at: _safetensors(at, _overlap, bytes(24))),
    "safetensors: out of range": Attack(lambda at: _safetensors(at, _beyond, bytes(24))),
    "safetensors: too short": Attack(lambda at: _safetensors(at, _short, bytes(8))),
    "safetensors: swapped": Attack(lambda at: _safetensors(at, _swapped, bytes(16))),
    "safetensors: deep header": Attack(lambda at: _safetensors(at, b'{"a":' + b"[" * 100_000, b"")),
    "onnx: ../": Attack(lambda at: _outside(at, "parent")),
    "onnx: absolute": Attack(lambda at: _outside(at, "absolute")),
    "onnx: symlink": Attack(lambda at: _outside(at, "symlink")),
    "onnx: hard link": Attack(lambda at: _outside(at, "hardlink")),
    "onnx: missing": Attack(lambda at: _outside(at, "missing")),
    "onnx: custom domain": Attack(lambda at: _graph(at, "", "evil.ops")),
    "npz of objects": Attack(functools.partial(_array_of_objects, archived=True), _load_arrays),
    "npy of objects": Attack(functools.partial(_array_of_objects, archived=False), _load_arrays),
    "npy of 4 PiB": Attack(_array_bomb),
    "npz of zeros": Attack(_deflated_arrays),
    "hdf5": Attack(_bytes("g.h5", b"\x89HDF\r\n\x1a\n" + bytes(64))),
    "tar of torch 0.1": Attack(_old_tar),
    "torchscript for phones": Attack(_bytes("g.ptl", bytes(4) + b"PTMF" + bytes(64))),
}

ATTACKS = {**PICKLES, **PROGRAMS, **SHAPES}


def prove(attack: Attack, path: Path, folder: Path) -> bool:
    """Read an attack as a trusting program would, and tell whether it worked; clean up after it."""
    assert attack.naive is not None
    marker = marker_of(folder)
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attack.naive(path)
    worked = marker.exists()
    if marker.is_dir():
        marker.rmdir()
    marker.unlink(missing_ok=True)
    return worked
