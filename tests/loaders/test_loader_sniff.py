"""Files are told apart by content, and unreadable ones are described."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders import load, load_samples, sniff
from gancheck.packed import REFERENCE, pack


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("torchscript", "torchscript"),
        ("onnx", "onnx"),
        ("exported", "exported"),
        ("safetensors", "safetensors"),
        ("state-dict", "torch-zip"),
        ("legacy", "torch-legacy"),
    ],
)
def test_generators_are_recognised(name: str, kind: str, saved: Path) -> None:
    """Each kind of generator file is known by its bytes alone."""
    assert sniff(saved / name).kind == kind


def test_safetensors_whose_header_looks_like_a_pickle(tmp_path: Path) -> None:
    """A header of 0x280 bytes begins like a pickle, and is none."""
    path = tmp_path / "weights"
    path.write_bytes((0x0280).to_bytes(8, "little") + b"{" + b" " * 0x27F)
    assert sniff(path).kind == "safetensors"


def test_a_prepared_reference_is_known_and_read_by_nobody(tmp_path: Path) -> None:
    """It is a safetensors file with a mark of its own; the message names the flag it belongs to."""
    path = tmp_path / "weights.pt"
    path.write_bytes(pack({}, {}, REFERENCE))
    assert sniff(path).kind == "prepared"
    for read in (load, load_samples):
        with pytest.raises(LoadError, match="is a prepared reference") as caught:
            read(path)
        assert f"--reference {path}" in str(caught.value.hint)
    path.write_bytes(pack({}, {}, "another"))
    assert sniff(path).kind == "safetensors"


def test_dynamo_export_is_onnx(points: object, tmp_path: Path) -> None:
    """The newer ONNX exporter writes another order of fields, and is known as well."""
    import torch

    path = tmp_path / "model"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            points,  # type: ignore[arg-type]
            (torch.zeros(4, 5),),
            str(path),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert sniff(path).kind == "onnx"
    load(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"import torch\n", "looks like a text file"),
        ("Gänse\n".encode() * 1000, "looks like a text file"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"", "an empty file"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"\x89PNG\r\n\x1a\n", "a single PNG image"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\x00\xff\x07\x11" * 50, "no known format"),
        (b"PK\x03\x04 cut", "truncated or damaged archive"),
    ],
)
def test_unreadable_files(content: bytes, found: str, tmp_path: Path) -> None:
    """A file named .pt that is none is described by what it is."""
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(LoadError, match=found):
        load(path)


def test_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    """A typing error in a name is answered with the name that was probably meant."""
    (tmp_path / "generator.pt").write_text("x")
    with pytest.raises(LoadError, match=r"does not exist\n.*generator\.pt\?"):
        load(tmp_path / "genertor.pt")
    with pytest.raises(LoadError, match="does not exist either"):
        load(tmp_path / "nowhere" / "generator.pt")


def test_raw_pickles_are_refused(tmp_path: Path) -> None:
    """A pickle is not opened, and the message says how to export instead."""
    path = tmp_path / "network.pkl"
    path.write_bytes(pickle.dumps({"G": object}))
    with pytest.raises(RefusedError, match=r"torch\.export\.save"):
        load(path)


def test_archives_with_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    """Readers that disagree on which entry counts must not be given the choice."""
    path = tmp_path / "model.pt"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("model/data.pkl", "one")
        archive.writestr("model/data.pkl", "two")
    with pytest.raises(RefusedError, match="two entries"):
        load(path)


def test_archives_of_other_things(tmp_path: Path) -> None:
    """A zip without a model in it is described."""
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(LoadError, match="a zip archive of 1 files that are no model"):
        load(path)


def test_native_code_in_an_exported_program_is_refused(tmp_path: Path) -> None:
    """Machine code is not run."""
    path = tmp_path / "model.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/models/model.json", "{}")
        archive.writestr("model/data/aotinductor/model/kernel.so", "x")
    with pytest.raises(RefusedError, match="native code"):
        load(path)


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    """An array of Python objects would need unpickling, which is off."""
    path = tmp_path / "samples"
    with path.open("wb") as stream:
        np.save(stream, np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(LoadError, match="holds Python objects"):
        load(path)
