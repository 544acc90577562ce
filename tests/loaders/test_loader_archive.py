"""Archives are read once, and whatever no honest writer does to them is refused."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest
import torch

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.archive import read_archive


def write(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """Write a zip archive of these entries."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def renamed(path: Path, old: str, new: str) -> Path:
    """Change the name of an entry in both of its headers."""
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    return path


def test_entries_are_read_in_order(tmp_path: Path) -> None:
    """Every entry comes back under its name, folders are left out."""
    path = write(tmp_path / "a.zip", {"a/": b"", "a/z": b"1", "a/b.pkl": b"22"})
    archive = read_archive(path)
    assert dict(archive.entries) == {"a/z": b"1", "a/b.pkl": b"22"}
    assert archive.named(".pkl") == {"a/b.pkl": b"22"}


def test_a_rebuilt_archive_is_one_that_torch_reads(tmp_path: Path) -> None:
    """What is handed on holds the same entries, stored, and torch reads the same tensors in it."""
    path = tmp_path / "model.pt"
    torch.save({"w": torch.arange(5.0)}, path)
    archive = read_archive(path)
    with zipfile.ZipFile(archive.rebuilt()) as again:
        assert {name: again.read(name) for name in again.namelist()} == dict(archive.entries)
        assert {info.compress_type for info in again.infolist()} == {zipfile.ZIP_STORED}
    loaded = torch.load(archive.rebuilt(), weights_only=True)
    assert torch.equal(loaded["w"], torch.arange(5.0))


def test_two_entries_of_one_name(tmp_path: Path) -> None:
    """Readers disagree on which of two entries counts, so neither is taken."""
    path = write(tmp_path / "two.zip", {"a/data.pkl": b"good", "a/datb.pkl": b"evil"})
    with pytest.raises(RefusedError, match="two entries of one name"):
        read_archive(renamed(path, "datb.pkl", "data.pkl"))


def test_compressed_tensors(tmp_path: Path) -> None:
    """Torch stores tensors as they are; source code alone may be deflated."""
    entries = {"a/data/0": b"\0" * 1000}
    path = write(tmp_path / "small.zip", entries, zipfile.ZIP_DEFLATED)
    with pytest.raises(RefusedError, match=r"a compressed tensor.*a/data/0"):
        read_archive(path)
    code = {"a/code/model.py": b"x = 1\n" * 100}
    path = write(tmp_path / "code.zip", code, zipfile.ZIP_DEFLATED)
    assert dict(read_archive(path).entries) == code
    path = write(tmp_path / "bz2.zip", code, zipfile.ZIP_BZIP2)
    with pytest.raises(RefusedError, match="compressed"):
        read_archive(path)


def test_bombs(tmp_path: Path) -> None:
    """Source code that unfolds to far more than the file holds is not unfolded."""
    code = {"a/code/model.py": b"\n" * (8 << 20)}
    path = write(tmp_path / "bomb.zip", code, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 16
    with pytest.raises(RefusedError, match="8388608 bytes of content in a file of"):
        read_archive(path)


def test_a_size_that_is_not_true(tmp_path: Path) -> None:
    """Headers that claim eight gigabytes are refused before anything is read."""
    path = write(tmp_path / "a.zip", {f"a/{n}": b"12345678" for n in range(3)})
    content = path.read_bytes()
    huge = (0xF0000000).to_bytes(4, "little")
    path.write_bytes(content.replace((8).to_bytes(4, "little") * 2, huge * 2))
    with pytest.raises(RefusedError, match=r"11\.2 GiB of content"):
        read_archive(path)


@pytest.mark.parametrize("size", [3, 99])
def test_a_stored_entry_has_one_size(size: int, tmp_path: Path) -> None:
    """An entry that is stored cannot be longer or shorter than its bytes."""
    path = write(tmp_path / "a.zip", {"a/0": b"12345678"})
    eight = (8).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(eight * 2, eight + size.to_bytes(4, "little")))
    with pytest.raises(RefusedError, match="larger or smaller than it says"):
        read_archive(path)


def test_overlapping_entries(tmp_path: Path) -> None:
    """Entries that share bytes hold more than the file does."""
    content = b"\1" * 600
    path = write(tmp_path / "a.zip", {"a/0": content})
    whole = path.read_bytes()
    end = whole.index(b"PK\x05\x06")
    start = whole.index(b"PK\x01\x02")
    central = whole[start:end]
    copies = central + central.replace(b"a/0", b"a/1")
    counts = (2).to_bytes(2, "little") * 2 + len(copies).to_bytes(4, "little")
    path.write_bytes(whole[:start] + copies + whole[end : end + 8] + counts + whole[end + 16 :])
    with pytest.raises(RefusedError, match="entries that overlap"):
        read_archive(path)


@pytest.mark.parametrize("name", ["../evil", "/evil00", "a/../b0", "..\\evil"])
def test_names_that_lead_out(name: str, tmp_path: Path) -> None:
    """No entry is named as a file elsewhere."""
    plain = "q" * len(name)
    path = renamed(write(tmp_path / "a.zip", {plain: b"1"}), plain, name)
    with pytest.raises(RefusedError, match="leads out"):
        read_archive(path)


def test_encrypted_entries(tmp_path: Path) -> None:
    """What needs a password is refused."""
    path = write(tmp_path / "a.zip", {"a/0": b"1"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(RefusedError, match="encrypted"):
        read_archive(path)


def test_damaged_content_is_told_by_its_checksum(tmp_path: Path) -> None:
    """A flipped bit in a tensor is damage, not another tensor."""
    path = write(tmp_path / "a.zip", {"a/0": b"\1" * 100})
    content = bytearray(path.read_bytes())
    content[60] ^= 4
    path.write_bytes(content)
    with pytest.raises(LoadError, match="damaged"):
        read_archive(path)


def test_every_truncation_and_flip_is_answered(tmp_path: Path) -> None:
    """Whatever is done to an archive, the answer is its entries or an error of ours."""
    buffer = io.BytesIO()
    torch.save({"w": torch.arange(3.0)}, buffer)
    whole = buffer.getvalue()
    path = tmp_path / "a.pt"
    changes = [whole[:end] for end in range(0, len(whole), 29)]
    changes += [
        whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :]
        for at in range(0, len(whole), 7)
    ]
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for content in changes:
            path.write_bytes(content)
            try:
                assert sum(map(len, read_archive(path).entries.values())) <= len(whole)
            except LoadError:
                refused += 1
    assert refused > len(changes) // 10
