"""Numpy files are read whole or refused; no size is believed before the bytes are there."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.arrayfile import read_array, read_arrays


def everything(names: list[str]) -> list[str]:
    """Choose all arrays."""
    return names


@pytest.mark.parametrize("dtype", ["u1", "<f4", ">f8", "<i8", "?", "U3"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back(dtype: str, order: str, tmp_path: Path) -> None:
    """What numpy writes is read as numpy reads it, of any type and order of axes."""
    array = np.asarray(np.arange(24).reshape(2, 3, 4).astype(dtype), order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "plain.npz", x=array, other=array[:1])
    np.savez_compressed(tmp_path / "deflated.npz", x=array)
    np.testing.assert_array_equal(read_array(tmp_path / "a.npy"), array)
    for name in ("plain.npz", "deflated.npz"):
        found = read_arrays(tmp_path / name, lambda _: ["x"])
        assert list(found) == ["x"]
        np.testing.assert_array_equal(found["x"], array)
        assert found["x"].dtype == array.dtype


def test_empty_and_scalar(tmp_path: Path) -> None:
    """An array without values, and one without axes, are arrays."""
    for array in (np.zeros((0, 3), dtype=np.float32), np.float64(2.5)):
        np.save(tmp_path / "a.npy", array)
        np.testing.assert_array_equal(read_array(tmp_path / "a.npy"), array)


def with_header(text: str, body: bytes = b"") -> bytes:
    """Return a ``.npy`` file with that header."""
    header = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1125899906842624, 1), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4, ",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (4,), }",
        "(" * 90,
        "{}",
    ],
)
def test_headers_are_not_believed(text: str, tmp_path: Path) -> None:
    """Sizes that are not there, and headers that say nothing, are one message."""
    path = tmp_path / "a.npy"
    path.write_bytes(with_header(text, bytes(32)))
    with pytest.raises(LoadError, match=r"damaged|truncated") as caught:
        read_array(path)
    assert caught.value.hint
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", path.read_bytes())
    with pytest.raises(LoadError, match=r"damaged|truncated"):
        read_arrays(tmp_path / "a.npz", everything)


def test_objects_are_refused(tmp_path: Path) -> None:
    """Arrays of Python objects are pickles."""
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(RefusedError, match="Python objects"):
        read_array(tmp_path / "a.npy")


def test_bombs_are_refused(tmp_path: Path) -> None:
    """An archive that unpacks to hundreds of times its size is refused before it is unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\x93NUMPY" + bytes(1000))
    content = bytearray(buffer.getvalue())
    at = content.rindex(b"PK\x01\x02") + 24  # where the central header tells the size
    content[at : at + 4] = struct.pack("<I", 1 << 30)
    (tmp_path / "a.npz").write_bytes(bytes(content))
    with pytest.raises(RefusedError, match="unpacks 1024 MiB"):
        read_arrays(tmp_path / "a.npz", everything)


def test_truncated_content(tmp_path: Path) -> None:
    """An entry that ends early is told as such."""
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(1000.0))
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<d", 500.0), struct.pack("<d", 501.0)))
    with pytest.raises(LoadError, match="damaged"):
        read_arrays(path, everything)
