"""Objects in checkpoints become records, calls are refused, and nothing is ever run."""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import types
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders import load
from gancheck.loaders.inert import Inert, Named
from gancheck.loaders.pickles import read_pickle
from gancheck.loaders.tensorfile import read_tensors
from loaders.pickle_attacks import ATTACKS, Gadget, save, save_raw, save_raw_legacy

HERE = Path("model.pt")
FORMATS = {"zip": False, "legacy": True}


class Kind(Enum):
    """A setting out of few."""

    SMALL = 1


class Attributes(dict[str, Any]):
    """A dictionary whose items are attributes, as settings files like them."""

    class Nested:
        """A class inside of a class."""


class lower:  # noqa: N801 - many call their generator so
    """A class without a capital."""


def read(item: object, protocol: int = 2) -> Any:
    """Pickle something and read it inertly."""
    return read_pickle(BytesIO(pickle.dumps(item, protocol)), HERE)[0]


def read_raw(pickled: bytes) -> Any:
    """Read a pickle that was written by hand."""
    return read_pickle(BytesIO(pickled), HERE)[0]


PLAIN: list[Any] = [
    None,
    True,
    12,
    -(2**70),
    1.5,
    "text é",
    b"\x00\xff",
    b"",
    [1, [2]],
    (1, (2, 3), ()),
    {"a": {1: 2}, (1, 2): 3},
    {1, 2},
    frozenset({"a"}),
    bytearray(b"ab"),
    complex(1, -2),
    range(2, 9, 3),
    slice(None, 4),
    OrderedDict(a=1, b=2),
    OrderedDict([((1, 2), 3)]),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("item", PLAIN, ids=repr)
def test_plain_things_are_themselves(item: object, protocol: int) -> None:
    """Whatever is no object of a foreign class comes back as it was, in every protocol."""
    found = read(item, protocol)
    assert found == item
    assert type(found) is (bytes if isinstance(item, bytearray) and protocol < 5 else type(item))


def test_special_containers_become_plain_ones() -> None:
    """Dictionaries with a factory, counters and queues keep what they hold."""
    table: defaultdict[str, list[int]] = defaultdict(list)
    table["a"].append(1)
    assert read(table) == {"a": [1]}
    assert read(Counter("aab")) == {"a": 2, "b": 1}
    assert read(deque([1, 2], maxlen=5)) == [1, 2]
    assert read(torch.Size([1, 2])) == (1, 2)


SETTINGS: dict[str, Any] = {
    "argparse.Namespace": argparse.Namespace(lr=0.1, path=Path("a")),
    "types.SimpleNamespace": types.SimpleNamespace(lr=0.1),
    f"{type(Path()).__module__}.{type(Path()).__name__}": Path("runs/1"),
    "datetime.datetime": datetime(2024, 1, 2, 3, 4, tzinfo=timezone.utc),
    "datetime.timedelta": timedelta(seconds=3),
    "decimal.Decimal": Decimal("1.5"),
    "uuid.UUID": UUID(int=5),
    "functools.partial": partial(torch.nn.BatchNorm2d, affine=False),
    f"{__name__}.Kind": Kind.SMALL,
    f"{__name__}.lower": lower(),
    "torch.optim.sgd.SGD": torch.optim.SGD([torch.zeros(1)], 0.1),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_become_records(name: str) -> None:
    """Objects that people keep beside their weights are records with a class name."""
    found = read(SETTINGS[name]) if "torch" not in name else read_saved(SETTINGS[name])
    assert isinstance(found, Inert)
    assert found.name == name


def read_saved(item: object) -> Any:
    """Save something with torch and read it inertly."""
    buffer = BytesIO()
    torch.save(item, buffer, _use_new_zipfile_serialization=False)
    buffer.seek(0)
    for _ in range(3):
        read_pickle(buffer, HERE)
    return read_pickle(buffer, HERE)[0]


def test_records_keep_attributes_items_and_elements() -> None:
    """What an object held is found in its record: by name, by key, in order."""
    namespace = read(argparse.Namespace(lr=0.1, betas=(0.5, 0.9)))
    assert namespace.attributes == {"lr": 0.1, "betas": (0.5, 0.9)}
    settings = Attributes(width=8)
    settings.note = "x"  # type: ignore[attr-defined]
    assert read(settings).attributes == {"width": 8, "note": "x"}
    assert read(Attributes.Nested).path == f"{__name__}.Attributes.Nested"


def test_references_stay_names() -> None:
    """A class or function that is only referred to is a name."""
    assert read(torch.nn.ReLU) == Named("torch.nn.modules.activation.ReLU")
    assert read(torch.nn.functional.relu) == Named("torch.nn.functional.relu")
    assert read(torch.tanh) == Named("torch.tanh")
    assert read(torch.nn.functional.gelu).path == "torch._C._nn.gelu"
    assert read(int) == Named("builtins.int")


NUMBERS: list[Any] = [
    np.float64(1.5),
    np.float32(0.25),
    np.float16(2.0),
    np.int64(-3),
    np.uint8(200),
    np.bool_(True),
    np.complex64(1 + 2j),
]


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_numbers_of_numpy_are_numbers(number: Any) -> None:
    """Scalars of numpy are read as the numbers that they are."""
    found = read(number)
    assert found == number.item()
    assert type(found) is type(number.item())


ARRAYS: list[Any] = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    np.array([1, 2], dtype=">i4"),
    np.array([[True], [False]]),
    np.array(["a", "bcd"]),
    np.zeros((0, 3), np.float32),
    np.array(2.5),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype))
def test_arrays_of_numpy_are_arrays(array: Any, tmp_path: Path) -> None:
    """Arrays come back with their values, shapes and types, also under numpy 1's names."""
    payload = {"a": array, "state": np.random.RandomState(0).get_state()}
    path = save(payload, tmp_path / "a.pt")
    old = tmp_path / "old.pt"
    pickled = pickle.dumps(payload, 2).replace(b"numpy._core", b"numpy.core")
    save_raw(pickled, old)
    for at in (path, old):
        found = read_tensors(at, "torch-zip")
        np.testing.assert_array_equal(found["a"], array)
        assert found["a"].shape == array.shape
        assert found["a"].dtype == array.dtype
        np.testing.assert_array_equal(found["state"][1], payload["state"][1])


def test_arrays_of_objects_are_never_made() -> None:
    """An array of objects stays the list of what it held."""
    found = read({"a": np.array([1, "x", None], dtype=object)})
    assert found["a"].value == [1, "x", None]


@pytest.mark.parametrize("legacy", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", ATTACKS)
def test_calls_are_refused_and_leave_no_trace(name: str, legacy: bool, tmp_path: Path) -> None:
    """A pickle that calls something is refused by that name; neither we nor torch run it."""
    marker = tmp_path / "marker"
    payload = {"g": {"w.0": torch.ones(2, 2)}, "x": Gadget(ATTACKS[name](marker))}
    path = save(payload, tmp_path / "evil.pt", legacy=legacy)
    with pytest.raises(RefusedError) as caught:
        load(path)
    assert name in str(caught.value)
    assert caught.value.hint
    with pytest.raises((pickle.UnpicklingError, RuntimeError)):
        torch.load(path, weights_only=True)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["builtins.eval", "subprocess.check_output", "looks up touch"])
def test_the_attacks_are_real(name: str, tmp_path: Path) -> None:
    """The same files do leave a marker where pickles are simply obeyed."""
    marker = tmp_path / "marker"
    path = save({"x": Gadget(ATTACKS[name](marker))}, tmp_path / "evil.pt")
    torch.load(path, weights_only=False)
    assert marker.exists()


def test_nothing_foreign_is_imported(tmp_path: Path) -> None:
    """Reading a checkpoint full of classes imports none of the modules that they name."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    pickled = b"\x80\x02ctheirs.net\nGenerator\n)\x81}X\x01\x00\x00\x00aK\x01sb."
    path = save_raw(pickled, tmp_path / "g.pt")
    code = (
        "import sys; from pathlib import Path\n"
        "from gancheck.loaders.tensorfile import read_tensors\n"
        f"found = read_tensors(Path({str(path)!r}), 'torch-zip')\n"
        "print(found.name, found.attributes, 'theirs' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "No module named 'gancheck'" in done.stderr:
        pytest.fail(done.stderr)
    assert done.stdout.split(maxsplit=1) == ["theirs.net.Generator", "{'a': 1} False\n"]


HOSTILE: dict[str, tuple[bytes, str]] = {
    "popen as an object": (b"\x80\x02csubprocess\nPopen\n(lt\x81.", r"subprocess\.Popen"),
    "instance": (b"(S'x'\nios\nsystem\n.", r"os\.system"),
    "instance from stack": (b"(cbuiltins\neval\nS'x'\no.", r"builtins\.eval"),
    "old name of eval": (b"c__builtin__\neval\n(S'1'\ntR.", r"builtins\.eval"),
    "name from text": (b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.", r"builtins\.eval"),
    "extension": (b"\x80\x02\x82\x01.", "EXT1"),
    "attribute": (b"cbuiltins\ngetattr\n(cbuiltins\nobject\nS'mro'\ntR.", "mro"),
    "call of a result": (b"cmodel\nThing\n)R)R.", r"calls what it made itself, model\.Thing"),
    "class changed": (b"cmodel\nThing\n}b.", r"sets attributes of model\.Thing"),
    "unknown function": (b"cmodel\nthing\n)R.", r"calls model\.thing"),
    "graph module": (b"ctorch.fx.graph_module\nreduce_graph_module\n)R.", r"torch\.fx"),
    "source of a class": (b"(S'module'\ncmodel\nNet\ntQ.", "outside of itself"),
    "class made anew": (b"cbuiltins\ntype\n(S'X'\n)}tR.", "makes a class"),
    "giant bytes": (b"cbuiltins\nbytearray\n(I9999999999\ntR.", "encodes what is no text"),
    "other encoding": (b"c_codecs\nencode\n(S'x'\nS'zlib'\ntR.", "encodes what is no text"),
    "giant tensor": (b"ctorch\nFloatTensor\n(I9999999999\ntR.", r"torch\.FloatTensor"),
    "quantized": (b"ctorch._utils\n_rebuild_qtensor\n)R.", "a quantized tensor"),
    "sparse": (b"ctorch._utils\n_rebuild_sparse_tensor\n)R.", "a sparse tensor"),
    "deep key": (b"}(" + b"I1\n" + b"\x85" * 5000 + b"I2\nu.", "nests keys"),
    "wide key": (b"}()" + b"q\x01h\x01h\x01\x86" * 40 + b"I2\nu.", "nests keys"),
    "copies": (
        b"(" + b"I1\n" * 500 + b"lq\x010" + b"cbuiltins\ntuple\n(h\x01tR0" * 1500 + b"N.",
        "over and over",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_by_hand(name: str) -> None:
    """Ways around the usual instructions end in a refusal that names them."""
    pickled, named = HOSTILE[name]
    with pytest.raises(RefusedError, match=named):
        read_raw(pickled)


@pytest.mark.parametrize("writer", [save_raw, save_raw_legacy])
def test_deep_nesting_ends_in_a_refusal(writer: Any, tmp_path: Path) -> None:
    """Lists in lists in lists are no reason to overflow a stack."""
    path = writer(b"]" * 20_000 + b"a" * 19_999 + b".", tmp_path / "deep.pt")
    with pytest.raises(RefusedError, match="200 deep"):
        load(path)


def test_containers_may_hold_themselves(tmp_path: Path) -> None:
    """A list that holds itself is walked once."""
    loop: list[Any] = [1]
    loop.append(loop)
    path = save({"loop": loop, "w.0": torch.ones(2)}, tmp_path / "loop.pt")
    found = read_tensors(path, "torch-zip")
    assert found["loop"][1] is found["loop"]


@pytest.mark.parametrize(
    "pickled",
    [
        b"",
        b".",
        b"0.",
        b"N",
        b"h\x05.",
        b"(.",
        b"(\x85.",
        b"Na.",
        b"]NNs.",
        b"}]Ns.",
        b"\x80\x02X\xff\xff\xff\xff.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x02X\x01\x00\x00\x00\xff.",
        b"ccollections\nOrderedDict\nNR.",
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'f8'\ntRS'a'\ntR.",
        b"r\xff\xff\xff\xff.",
        b"ccopyreg\n_reconstructor\n)R.",
        b"\xfe",
    ],
)
def test_broken_pickles_are_named_damaged(pickled: bytes) -> None:
    """What makes no sense is damage, said in one line."""
    with pytest.raises(LoadError, match="truncated or damaged") as caught:
        read_raw(pickled)
    assert not isinstance(caught.value, RefusedError)


def test_any_flip_of_any_bit_is_answered() -> None:
    """Each pickle that differs by one bit is read, refused or called damaged."""
    buffer = BytesIO()
    payload = {"g": {"w": torch.ones(2)}, "args": argparse.Namespace(lr=np.float64(1))}
    torch.save(payload, buffer, _use_new_zipfile_serialization=False)
    whole = buffer.getvalue()
    start = whole.index(b"\x80\x02}q\x00(X\x01\x00\x00\x00g")
    outcomes = {"read": 0, "refused": 0, "damaged": 0}
    for at in range(start, len(whole)):
        for bit in (1, 8, 64):
            changed = whole[start:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]
            try:
                read_raw(changed)
                outcomes["read"] += 1
            except RefusedError:
                outcomes["refused"] += 1
            except LoadError:
                outcomes["damaged"] += 1
    assert min(outcomes.values()) > 20
