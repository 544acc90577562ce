"""Tensors come out of files as they went in, and no file claims more than it holds."""

from __future__ import annotations

import json
import pickle
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders import load
from gancheck.loaders.tensorfile import read_tensors
from loaders.pickle_attacks import save, save_raw, save_raw_legacy

FORMATS = {"torch-zip": False, "torch-legacy": True}
DTYPES = [
    *(torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32),
    *(torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64, torch.complex128),
]


def tensor_pickle(key: str, count: int, size: str, stride: str, offset: int = 0) -> bytes:
    """Write the pickle of one tensor of floats by hand, in the zip format's form."""
    storage = f"(S'storage'\nctorch\nFloatStorage\nS'{key}'\nS'cpu'\nI{count}\ntQ"
    shape = f"I{offset}\n({size}t({stride}tI00\nccollections\nOrderedDict\n)R"
    rebuilt = f"ctorch._utils\n_rebuild_tensor_v2\n({storage}{shape}tR"
    return f"}}S'w.0'\n{rebuilt}s.".encode()


def ints(*numbers: int) -> str:
    """Return the instructions that push numbers."""
    return "".join(f"I{number}\n" for number in numbers)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_of_every_type(dtype: torch.dtype, kind: str, tmp_path: Path) -> None:
    """Tensors of each type come back bit by bit, with their shapes."""
    tensor = (torch.arange(-6, 6).reshape(3, 4) % 3).to(dtype)
    path = save(
        {"w": tensor, "none": torch.empty(0, 2, dtype=dtype)}, tmp_path / "a", legacy=FORMATS[kind]
    )
    found = read_tensors(path, kind)
    assert found["w"].dtype == dtype
    assert torch.equal(found["w"], tensor)
    assert found["none"].shape == (0, 2)


@pytest.mark.parametrize("kind", FORMATS)
def test_views_of_one_storage(kind: str, tmp_path: Path) -> None:
    """Transposed, sliced and shared tensors are views of the same values, as they were."""
    base = torch.arange(24.0)
    payload = {
        "base": base,
        "turned": base.view(4, 6).t(),
        "part": base[5:9],
        "steps": base[1::2],
        "one": nn.Parameter(base[3].clone()),
        "wide": torch.tensor([1.0, 2.0])[:, None].expand(2, 50),
    }
    found = read_tensors(save(payload, tmp_path / "a", legacy=FORMATS[kind]), kind)
    for name, tensor in payload.items():
        assert torch.equal(found[name], tensor.detach())
        assert found[name].stride() == tensor.stride()
    found["base"][5] = -1.0
    assert float(found["part"][0]) == -1.0


@pytest.mark.parametrize("kind", FORMATS)
def test_unsigned_types_without_a_storage_of_their_own(kind: str, tmp_path: Path) -> None:
    """Types that torch added late are stored as bytes and viewed as what they are."""
    tensor = torch.tensor([1, 60000], dtype=torch.uint16)
    found = read_tensors(
        save({"w": tensor, "x": tensor[1:]}, tmp_path / "a", legacy=FORMATS[kind]), kind
    )
    assert found["w"].dtype == torch.uint16
    assert found["w"].tolist() == [1, 60000]
    assert found["x"].tolist() == [60000]


@pytest.mark.parametrize("kind", FORMATS)
def test_cuda_tags_do_not_matter(kind: str, tmp_path: Path) -> None:
    """Tensors that lay on a GPU are read on the CPU."""
    with mock.patch.object(torch.serialization, "location_tag", return_value="cuda:3"):
        path = save({"w": torch.ones(3)}, tmp_path / "a", legacy=FORMATS[kind])
    found = read_tensors(path, kind)
    assert b"cuda:3" in path.read_bytes()
    assert str(found["w"].device) == "cpu"


def test_subclasses_of_tensor_are_tensors(tmp_path: Path) -> None:
    """Parameters with attributes and buffers lose their class and keep their values."""
    parameter = nn.Parameter(torch.ones(2))
    parameter.is_norm = True  # type: ignore[attr-defined]
    path = save({"w": parameter, "b": nn.Buffer(torch.zeros(2))}, tmp_path / "a")
    found = read_tensors(path, "torch-zip")
    assert type(found["w"]) is type(found["b"]) is torch.Tensor
    assert torch.equal(found["w"], torch.ones(2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.int16, torch.complex64, torch.uint8])
def test_the_other_byte_order(dtype: torch.dtype, tmp_path: Path) -> None:
    """Values written on a machine of the other byte order are turned around."""
    numbers = torch.arange(4).to(dtype)
    raw = numbers.numpy().astype(numbers.numpy().dtype.newbyteorder(">")).tobytes()
    path = save({"w": numbers}, tmp_path / "model.pt")
    entries = _entries(path)
    entries["model/byteorder"] = b"big"
    entries["model/data/0"] = raw
    _write(path, entries)
    assert torch.equal(read_tensors(path, "torch-zip")["w"], numbers)


def _entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write(path: Path, entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


@contextmanager
def little_memory() -> Iterator[None]:
    """Make torch fail where it would allocate more than a few values."""
    real = torch.frombuffer

    def guarded(buffer: Any, **options: Any) -> Tensor:
        assert len(buffer) < 1 << 20
        return real(buffer, **options)

    with mock.patch.object(torch, "frombuffer", guarded):
        yield


GIANTS = {
    "stride 0": (4, ints(10**6, 10**6), ints(0, 0)),
    "many rows": (4, ints(10**12, 4), ints(0, 1)),
    "a million": (64, ints(10**6), ints(0)),
}


@pytest.mark.parametrize("name", GIANTS)
def test_giants_are_refused_before_they_are_made(name: str, tmp_path: Path) -> None:
    """A tensor that claims a multiple of what is stored is refused by its claim."""
    count, size, stride = GIANTS[name]
    pickled = tensor_pickle("0", count, size, stride)
    path = save_raw(pickled, tmp_path / "a.pt", {"0": bytes(4 * count)})
    with little_memory(), pytest.raises(RefusedError, match="values that are not there"):
        load(path)


def test_giants_as_torch_writes_them(tmp_path: Path) -> None:
    """The small file that torch itself writes of a giant is refused as well."""
    path = save({"w.0": torch.zeros(1).expand(10**6, 10**6)}, tmp_path / "a.pt")
    assert path.stat().st_size < 4096
    with pytest.raises(RefusedError, match="1000000x1000000 values"):
        load(path)


def test_many_small_claims_add_up(tmp_path: Path) -> None:
    """Two thousand views that each claim four times what is stored are too much together."""
    one = tensor_pickle("0", 1 << 18, ints(1 << 20), ints(0))[len(b"}S'w.0'\n") : -len(b"s.")]
    path = save_raw(b"(" + one * 2100 + b"l.", tmp_path / "a.pt", {"0": bytes(1 << 20)})
    with pytest.raises(RefusedError, match="claims more than 8 GiB"):
        load(path)


@pytest.mark.parametrize("claimed", [3, 5, 10**13])
def test_storages_of_another_length(claimed: int, tmp_path: Path) -> None:
    """A storage is as long as its entry, whatever the pickle says."""
    pickled = tensor_pickle("0", claimed, ints(1), ints(1))
    path = save_raw(pickled, tmp_path / "a.pt", {"0": bytes(16)})
    with pytest.raises(LoadError, match=r"claims \d+ bytes, and 16 are stored"):
        load(path)


@pytest.mark.parametrize("claimed", [3, 10**13])
def test_legacy_storages_of_another_length(claimed: int, tmp_path: Path) -> None:
    """In the old format too, nothing is allocated for a claim."""
    pickled = tensor_pickle("0", claimed, ints(1), ints(1)).replace(b"\ntQ", b"\nNtQ")
    path = save_raw_legacy(pickled, tmp_path / "a.pt", {"0": bytes(16)})
    with pytest.raises(LoadError, match=f"4 values where {claimed} belong"):
        load(path)


def test_tensors_outside_of_their_storage(tmp_path: Path) -> None:
    """A view that leaves its storage is damage."""
    pickled = tensor_pickle("0", 4, ints(3), ints(1), offset=2)
    path = save_raw(pickled, tmp_path / "a.pt", {"0": bytes(16)})
    with pytest.raises(LoadError, match="damaged"):
        load(path)


def test_a_missing_storage(tmp_path: Path) -> None:
    """A tensor whose values are not in the archive is named."""
    path = save_raw(tensor_pickle("7", 4, ints(4), ints(1)), tmp_path / "a.pt")
    with pytest.raises(LoadError, match="archive/data/7 is missing"):
        load(path)


def test_two_pickles_of_the_name(tmp_path: Path) -> None:
    """An archive with a second data.pkl in another folder is refused."""
    path = save({"w.0": torch.ones(2)}, tmp_path / "model.pt")
    _write(path, {**_entries(path), "other/data.pkl": b"N."})
    with pytest.raises(RefusedError, match="2 pickles"):
        load(path)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_other_pickle_protocols(protocol: int, tmp_path: Path) -> None:
    """Files saved with a newer protocol of pickle, which torch itself refuses, are read."""
    path = tmp_path / "a.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save({"w": torch.arange(3.0)}, path, pickle_protocol=protocol)
    assert torch.equal(read_tensors(path, "torch-zip")["w"], torch.arange(3.0))


def test_truncated_legacy_files(tmp_path: Path) -> None:
    """Half of a file in the old format is damage at every length."""
    path = save({"w.0": torch.ones(2, 2)}, tmp_path / "a", legacy=True)
    whole = path.read_bytes()
    for end in range(20, len(whole), 11):
        path.write_bytes(whole[:end])
        with pytest.raises(LoadError, match=r"damaged|truncated"):
            load(path)


def test_the_oldest_format_is_refused_with_a_way_out(tmp_path: Path) -> None:
    """Tar files of torch 0.1 are named as such."""
    path = tmp_path / "model.pth"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            content = pickle.dumps({}, 2)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    with pytest.raises(RefusedError, match=r"(?s)before 2017.*torch\.save") as caught:
        load(path)
    assert "tar archive" in caught.value.message


def safetensors(header: dict[str, Any], content: bytes, path: Path) -> Path:
    """Write a safetensors file by hand."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return path


def entry(start: int, end: int, *shape: int) -> dict[str, Any]:
    """Return what a header says of one tensor of floats."""
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}


def test_safetensors_with_a_long_header(tmp_path: Path) -> None:
    """Ten megabytes of header are refused before they are parsed."""
    header = {"__metadata__": {"x": "y" * 10_000_000}, "w": entry(0, 4, 1)}
    path = safetensors(header, bytes(4), tmp_path / "a.safetensors")
    with pytest.raises(RefusedError, match="a header of 100000"):
        load(path)


SIZES = {
    "too short": {"w": entry(0, 16, 10**9)},
    "overlapping": {"a": entry(0, 16, 4), "b": entry(0, 16, 4)},
    "past the end": {"w": entry(0, 64, 16)},
    "with a gap": {"w": entry(8, 16, 2)},
    "backwards": {"w": entry(16, 0, 4)},
    "too many": {"w": entry(0, 16, 1 << 40, 1 << 40)},
}


@pytest.mark.parametrize("name", SIZES)
def test_safetensors_sizes_have_to_fit(name: str, tmp_path: Path) -> None:
    """Sizes in the header that are not those of the content are damage."""
    path = safetensors(SIZES[name], bytes(16), tmp_path / "a.safetensors")
    with pytest.raises(LoadError, match="damaged safetensors"):
        load(path)


def test_safetensors_behind_a_link(tmp_path: Path) -> None:
    """Caches keep files as links; they are followed."""
    path = safetensors({"w": entry(0, 16, 4)}, bytes(16), tmp_path / "blob")
    link = tmp_path / "model.safetensors"
    link.symlink_to(path)
    assert torch.equal(read_tensors(link, "safetensors")["w"], torch.zeros(4))
