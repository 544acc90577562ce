"""torch.export files are looked through before they are loaded, and code in them is refused."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.archive import read_archive
from gancheck.loaders.exported_audit import audit_exported, trimmed
from gancheck.loaders.exported_grammar import is_guard, is_name, is_size, is_tree
from gancheck.types import Generator
from loaders.loader_models import LATENT, Conditional, Dcgan, Points, save_exported

Change = Callable[[dict[str, Any]], None]
Entries = Callable[[dict[str, bytes]], None]
MODEL, SAMPLES = "exported/models/model.json", "exported/data/sample_inputs/model.pt"
WEIGHTS = "exported/data/weights/model_weights_config.json"
CONSTANTS = "exported/data/constants/model_constants_config.json"


@pytest.fixture(scope="module")
def program(points: Points, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean exported generator of points that takes any batch."""
    path = tmp_path_factory.mktemp("program") / "exported"
    return save_exported(points, (torch.zeros(4, 5),), path)


def edited(source: Path, target: Path, edit: Entries) -> Path:
    """Copy an archive, with its entries changed by a function."""
    with zipfile.ZipFile(source) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    edit(entries)
    with zipfile.ZipFile(target, "w") as new:
        for name, content in entries.items():
            new.writestr(name, content)
    return target


def in_json(change: Change, name: str = MODEL) -> Entries:
    """Return an edit of one JSON entry."""

    def edit(entries: dict[str, bytes]) -> None:
        content = json.loads(entries[name])
        change(content)
        entries[name] = json.dumps(content).encode()

    return edit


class Truncated(nn.Module):
    """A generator with a truncation strength, and a graph within its graph."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT, 16)

    def forward(self, z: Tensor, psi: float = 0.7) -> Tensor:
        """Draw pictures."""
        with torch.no_grad():
            hidden = self.dense(z) * psi
        noise = torch.randn(z.shape[0], 16)
        pictures: Tensor = (hidden + 0.1 * noise).view(z.shape[0], 1, 4, 4)
        return pictures


@pytest.mark.parametrize("dynamic", ["named", "auto", None])
@pytest.mark.parametrize(
    ("module", "example"),
    [
        (Dcgan(), (torch.zeros(4, LATENT, 1, 1),)),
        (Conditional(), (torch.zeros(4, LATENT), torch.zeros(4, dtype=torch.long))),
        (Truncated(), (torch.zeros(4, LATENT), 0.7)),
    ],
)
def test_honest_programs_pass(
    module: nn.Module, example: tuple[Any, ...], dynamic: str | None, tmp_path: Path
) -> None:
    """What torch writes for a generator is let through, whatever its batch."""
    batch: Any = torch.export.Dim("batch") if dynamic == "named" else torch.export.Dim.AUTO
    shapes = tuple({0: batch} if isinstance(item, Tensor) else None for item in example)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(
            module.eval(), example, dynamic_shapes=shapes if dynamic else None
        )
        torch.export.save(exported, str(tmp_path / "exported"))
    archive = trimmed(read_archive(tmp_path / "exported"))
    assert audit_exported(archive) == ""


class Touch:
    """An object whose unpickling makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.mkdir, (self.path,))


def pickled(value: object) -> bytes:
    """Return what torch.save writes."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def touching(path: Path) -> str:
    """Return an expression whose evaluation makes a folder."""
    return f"__import__('pathlib').Path({str(path)!r}).mkdir(exist_ok=True)"


def size_text(text: str) -> Entries:
    """Return an edit of the first size that is no number."""

    def change(value: Any) -> bool:
        if isinstance(value, dict):
            if "expr_str" in value:
                value["expr_str"] = text
                return True
            value = list(value.values())
        return isinstance(value, list) and any(change(item) for item in value)

    def first(model: dict[str, Any]) -> None:
        assert change(model)

    return in_json(first)


def guard_text(text: str) -> Entries:
    """Return an edit that adds a condition on the inputs."""
    return in_json(lambda model: model["guards_code"].append(text))


def class_of_inputs(module: str) -> Entries:
    """Return an edit whose description of the outputs names a module to import."""
    context = json.dumps({"__enum__": True, "fqn": f"{module}:A", "name": "B"})
    tree = {"type": "builtins.tuple", "context": context, "children_spec": []}

    def change(model: dict[str, Any]) -> None:
        for entry in model["graph_module"]["module_call_graph"]:
            if entry["signature"]:
                entry["signature"]["out_spec"] = json.dumps([1, tree])

    return in_json(change)


def open_with_torch(path: Path) -> None:
    """Load and run a program the way torch does, without looking at it first."""
    logger = logging.getLogger("torch")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.export.load(str(path)).module()(torch.zeros(4, 5))
    except Exception:  # the code ran, or it did not; what comes after does not matter
        pass
    finally:
        logger.setLevel(before)


def test_the_ways_to_run_code_are_refused(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of four ways runs code under torch's own loader; here each is refused and none runs."""
    marker = tmp_path / "marker"
    (tmp_path / "a_module_that_touches.py").write_text(touching(marker))
    monkeypatch.syspath_prepend(tmp_path)
    ways = {
        "pickled objects": lambda e: e.update({SAMPLES: pickled({"x": Touch(marker)})}),
        "a size that is no arithmetic": size_text(touching(marker)),
        "a condition on its inputs": guard_text(touching(marker)),
        "outputs of an unknown class": class_of_inputs("a_module_that_touches"),
    }
    for number, (said, edit) in enumerate(ways.items()):
        path = edited(program, tmp_path / str(number), edit)
        with pytest.raises(RefusedError, match=said):
            load(path)
        assert not marker.exists(), said
        open_with_torch(path)
        assert marker.exists(), said  # or this would have been no attack
        marker.rmdir()
    sys.modules.pop("a_module_that_touches", None)


def test_trust_opens_programs_but_no_pickles(program: Path, tmp_path: Path) -> None:
    """`--trust` runs what the audit found, and still unpickles nothing."""
    marker = tmp_path / "marker"
    trust = LoadOptions(trust=True, isolate=False)
    path = edited(program, tmp_path / "guard", guard_text(f"{touching(marker)} is None"))
    loaded = load(path, trust)
    assert isinstance(loaded, Generator)
    assert loaded.spec.trusted
    assert marker.exists()
    marker.rmdir()
    with pytest.raises(RefusedError, match="pickled objects"):
        load(edited(program, tmp_path / "x", samples(Touch(marker))), trust)
    assert not marker.exists()


def samples(value: object) -> Entries:
    """Return an edit that replaces the example inputs."""
    return lambda entries: entries.update({SAMPLES: pickled(((value,), {}))})


def payload(config: str, **changes: Any) -> Entries:
    """Return an edit of the first entry in a list of tensors."""

    def change(content: dict[str, Any]) -> None:
        default = {"path_name": "tensor_0", "is_param": False, "use_pickle": False}
        tensors = content["config"]
        first = tensors.setdefault(next(iter(tensors), "x"), {**default, "tensor_meta": None})
        first.update(changes)

    return in_json(change, config)


def sizes(*sides: int) -> Entries:
    """Return an edit of the shape of the first weight."""

    def change(content: dict[str, Any]) -> None:
        meta = next(iter(content["config"].values()))["tensor_meta"]
        meta["sizes"] = [{"as_int": side} for side in sides]
        meta["strides"] = [{"as_int": 0} for _ in sides]

    return in_json(change, WEIGHTS)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (payload(WEIGHTS, use_pickle=True), "pickled objects"),
        (payload(CONSTANTS, path_name="opaque_obj_0", use_pickle=True), "pickled objects"),
        (payload(CONSTANTS, path_name="custom_obj_0"), "pickled objects"),
        (lambda e: e.update({"exported/data/constants/opaque_obj_0": b"x"}), "pickled objects"),
        (lambda e: e.update({"exported/data/weights/model.pt": b"x"}), "pickled objects"),
        (samples({"z'": torch.zeros(2)}), "pickled objects"),
        (lambda e: e.update({"exported/data/aotinductor/model/k.so": b"x"}), "native code"),
        (lambda e: e.update({"exported/models/other.json": b"{}"}), "does not write"),
        (lambda e: e.update({"elsewhere/version": b"3"}), "folders at its root"),
        (sizes(1 << 20, 1 << 20), "a tensor of sizes"),
        (sizes(-1, 5), "a tensor of sizes"),
    ],
)
def test_what_not_even_trust_opens(edit: Entries, said: str, program: Path, tmp_path: Path) -> None:
    """Pickles, native code and tensors that are not in the file are refused in any case."""
    path = edited(program, tmp_path / "evil", edit)
    for trust in (False, True):
        with pytest.raises(RefusedError, match=said):
            load(path, LoadOptions(trust=trust, isolate=False))


def target(text: str) -> Entries:
    """Return an edit of what the first step calls."""

    def change(model: dict[str, Any]) -> None:
        model["graph_module"]["graph"]["nodes"][0]["target"] = text

    return in_json(change)


@pytest.mark.parametrize(
    "text",
    [
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.save.default",
        "torch.ops.debugprims.load_tensor.default",
        "torch.ops.mylib.op.default",
        "torch.load",
        "torch.hub.load",
        "torch.ops.aten.__class__.default.__init__",
        "_operator.attrgetter",
        "_operator.methodcaller",
        "math.__loader__",
        "#namespace:op",
        "print",
    ],
)
def test_steps_beyond_tensor_maths_are_refused(text: str, program: Path, tmp_path: Path) -> None:
    """Operators that touch files, other modules' operators and functions of Python are refused."""
    with pytest.raises(RefusedError, match="a step that is no tensor maths"):
        load(edited(program, tmp_path / "evil", target(text)))


def test_names_are_names(program: Path, tmp_path: Path) -> None:
    """A step or an input whose name could be more than one is refused."""

    def rename(entries: dict[str, bytes]) -> None:
        entries[MODEL] = entries[MODEL].replace(b'"tanh"', b'"tanh = evil(); b"')

    with pytest.raises(RefusedError, match="a name that is none"):
        load(edited(program, tmp_path / "evil", rename))


def test_constants_of_inputs_are_plain(program: Path, tmp_path: Path) -> None:
    """A text that torch would paste between quotes holds none itself."""
    spec = {"constant_input": {"name": "mode", "value": {"as_string": "' + evil() + '"}}}

    def change(model: dict[str, Any]) -> None:
        model["graph_module"]["signature"]["input_specs"].append(spec)

    with pytest.raises(RefusedError, match="as_string"):
        load(edited(program, tmp_path / "evil", in_json(change)))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b'{"a": 1, "a": 2}', b"{}", b'{"graph_module": 3}']
)
def test_damaged_programs(content: bytes, program: Path, tmp_path: Path) -> None:
    """Half a program, or one that says things twice, ends in a message about the file."""
    path = edited(program, tmp_path / "cut", lambda entries: entries.update({MODEL: content}))
    with pytest.raises(LoadError, match=r"damaged torch\.export file"):
        load(path)


def test_origins_are_left_out(program: Path) -> None:
    """Where a step came from is not handed on to torch, which would look names up."""
    whole = read_archive(program)
    assert b"stack_trace" in whole.entries[MODEL]
    assert b"stack_trace" not in trimmed(whole).entries[MODEL]


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("Symbol('s77', positive=True, integer=True)", True),
        ("Add(Mul(Integer(24), Symbol('s68', positive=True, integer=True)), Integer(-8))", True),
        ("Max(1, 2*s0 + s1//2)", True),
        ("FloorDiv(s0, 2)", True),
        ("Pow(s0, 2)", True),
        ("Pow(10, Pow(10, 10))", False),
        ("9**9**9", False),
        ("Symbol('s0', cls=True)", False),
        ("Symbol('a.b')", False),
        ("s0.__class__", False),
        ("evil(s0)", False),
        ("os", False),
        ("'text'", False),
        ("[s0 for s0 in s1]", False),
        ("(lambda: 1)()", False),
        ("s0\n", True),
        ("s0 # more", False),
        ("(" * 500, False),
        (3, False),
    ],
)
def test_sizes_are_arithmetic(text: object, fine: bool) -> None:
    """Numbers, symbols and arithmetic on them; nothing that is looked up or called otherwise."""
    assert is_size(text.strip() if isinstance(text, str) else text) is fine


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("L['labels'].size()[0] == L['z'].size()[0]", True),
        ("L['z'].size()[0] <= 100000 and not L['z'].size()[1] == 3", True),
        ("Mod(L['args'][0].size()[0], 2) == 0", True),
        ("L['psi'] == 0.7", True),
        ("L['z'].storage_offset() == 0", True),
        ("2 <= (L['z'].stride()[0]) % 8", True),
        ("L['z'].__class__", False),
        ("L['z'].size().__class__", False),
        ("L['a\"b'].size()[0] == 1", False),
        ("L['z'].size()['x'] == 1", False),
        ("L['z'].tofile('x')", False),
        ("M['z'].size()[0] == 1", False),
        ("L", False),
        ("z", False),
        ("'evil' == 'evil'", False),
        ("L['z'].size()[0] == 1) or evil(", False),
    ],
)
def test_guards_compare_sizes(text: str, fine: bool) -> None:
    """Conditions look at sizes of inputs and at numbers, nothing else."""
    assert is_guard(text) is fine


def test_names_and_trees() -> None:
    """Names are single words; trees are tuples, lists and dictionaries with plain keys."""
    leaf: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
    assert is_name("p_main_0_weight")
    assert not any(is_name(text) for text in ("", "a b", "a\nb", "a.b", "0a", None))
    keyed = {"type": "builtins.dict", "context": '["image"]', "children_spec": [leaf]}
    assert is_tree(json.dumps([1, keyed]))
    for kind, context in (
        ("collections.defaultdict", "null"),
        ("builtins.dict", '["a\'b"]'),
        ("builtins.tuple", '{"__enum__": true}'),
        ("builtins.tuple", None),
        (None, "null"),
    ):
        tree: dict[str, Any] = {"type": kind, "context": context, "children_spec": []}
        assert not is_tree(json.dumps([1, tree]))
    assert not is_tree("[1, 2, 3]")
