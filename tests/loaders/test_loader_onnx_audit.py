"""ONNX graphs are looked through before they run: operators, outside data, claimed sizes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders import load
from gancheck.loaders.onnx_audit import read_onnx
from gancheck.types import Generator
from loaders.loader_models import Conditional, Dcgan, Points, save_onnx

Change = Callable[[onnx.ModelProto], None]


def graph(*nodes: Any, weights: dict[str, Any] | None = None, **more: Any) -> onnx.ModelProto:
    """Return a model of a latent (n, 5) and a result ``out``."""
    tables = {"w": np.eye(5, dtype=np.float32), **(weights or {})}
    steps = nodes or (helper.make_node("MatMul", ["z", "w"], ["out"]),)
    body = helper.make_graph(
        list(steps),
        "points",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 5])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 5])],
        [numpy_helper.from_array(table, name) for name, table in tables.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("odd", 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=8, **more)


def saved(model: onnx.ModelProto, path: Path) -> Path:
    """Write a model as it is, without checking it."""
    path.write_bytes(model.SerializeToString())
    return path


def test_honest_graphs_pass(dcgan: Dcgan, conditional: Conditional, tmp_path: Path) -> None:
    """Both exporters' files are let through, with their data inside or beside them."""
    example = (torch.zeros(4, 8), torch.zeros(4, dtype=torch.long))
    save_onnx(dcgan, (torch.zeros(4, 8, 1, 1),), tmp_path / "dcgan")
    save_onnx(conditional, example, tmp_path / "conditional")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            conditional, example, str(tmp_path / "new"), external_data=True, verbose=False
        )
    assert (tmp_path / "new.data").exists()
    for name in ("dcgan", "conditional", "new"):
        read_onnx(tmp_path / name)


def test_data_beside_the_graph(tmp_path: Path) -> None:
    """Weights in a file beside the graph are read from there; without it, it is asked for."""
    path = tmp_path / "points.onnx"
    model = graph(weights={"w": np.arange(25, dtype=np.float32).reshape(5, 5)})
    onnx.save(model, str(path), save_as_external_data=True, location="data", size_threshold=0)
    loaded = load(path)
    assert isinstance(loaded, Generator)
    latents = torch.randn(3, 5)
    wanted = latents @ torch.arange(25.0).view(5, 5)
    torch.testing.assert_close(loaded(latents), wanted)
    (tmp_path / "data").unlink()
    with pytest.raises(LoadError, match="keeps its weights in data, which is not beside it"):
        load(path)


def outside(location: str, **more: str) -> onnx.ModelProto:
    """Return a model whose weight lies at a place."""
    model = graph()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=value)
    return model


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("../data", "outside its folder"),
        ("sub/../../data", "outside its folder"),
        ("/etc/hostname", "not beside it"),
        ("C:\\data", "not beside it"),
        ("", "not beside it"),
        ("soft", "symbolic link"),
        ("folder/data", "symbolic link"),
        ("hard", "hard link"),
        (".", "not beside it"),
        ("sub", "no file"),
    ],
)
def test_data_elsewhere_is_refused(location: str, said: str, tmp_path: Path) -> None:
    """Data may lie beside the graph in a file of its own, nowhere else."""
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    for place in (tmp_path / "data", home / "data"):
        place.write_bytes(bytes(100))
    (home / "soft").symlink_to(home / "data")
    (home / "folder").symlink_to(tmp_path, target_is_directory=True)
    os.link(tmp_path / "data", home / "hard")
    with pytest.raises(RefusedError, match=said):
        load(saved(outside(location), home / "points.onnx"))


@pytest.mark.parametrize("more", [{"offset": "8"}, {"length": "4"}, {"offset": "-4"}])
def test_data_has_to_suffice(more: dict[str, str], tmp_path: Path) -> None:
    """A weight that its file is too short for is reported as damage."""
    (tmp_path / "data").write_bytes(bytes(100))
    with pytest.raises(LoadError, match="needs 100 bytes of data"):
        load(saved(outside("data", **more), tmp_path / "points.onnx"))


def step(operator: str, domain: str = "", inputs: tuple[str, ...] = ("z",)) -> onnx.NodeProto:
    """Return a step that makes the result."""
    return helper.make_node(operator, list(inputs), ["out"], domain=domain)


def within(node: onnx.NodeProto) -> onnx.NodeProto:
    """Return a branch that holds a step."""
    result = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    branch = helper.make_graph([node], "branch", [], [result])
    return helper.make_node("If", ["yes"], ["out"], then_branch=branch, else_branch=branch)


def function(name: str, *nodes: onnx.NodeProto) -> onnx.FunctionProto:
    """Return a function of the file's own."""
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("odd", 1)]
    made: onnx.FunctionProto = helper.make_function("odd", name, ["z"], ["out"], nodes, opset)
    return made


def test_foreign_operators_are_refused(tmp_path: Path) -> None:
    """Operators of other libraries are refused, also inside branches and functions."""
    yes = {"yes": np.array(True)}
    models = (
        graph(step("Read", "odd")),
        graph(step("PyOp", "ai.onnx.contrib")),
        graph(step("EPContext", "com.microsoft")),
        graph(within(step("Read", "odd")), weights=yes),
        graph(step("Mine", "odd"), functions=[function("Mine", step("Read", "other"))]),
    )
    for number, model in enumerate(models):
        with pytest.raises(RefusedError, match="not built into onnxruntime"):
            load(saved(model, tmp_path / str(number)))


def test_operators_of_onnxruntime_and_own_functions_pass(tmp_path: Path) -> None:
    """Built-in operators of the runtime, and functions that the file defines itself, run."""
    model = graph(step("Mine", "odd"), functions=[function("Mine", step("Tanh"))])
    assert isinstance(load(saved(model, tmp_path / "function")), Generator)
    model = graph(step("Gelu", "com.microsoft"))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    assert isinstance(load(saved(model, tmp_path / "gelu")), Generator)


def test_functions_that_never_end_are_refused(tmp_path: Path) -> None:
    """A function that calls itself, or doubles itself forty times over, is not unfolded."""
    loop = graph(step("Mine", "odd"), functions=[function("Mine", step("Mine", "odd"))])
    with pytest.raises(RefusedError, match="calls itself"):
        load(saved(loop, tmp_path / "loop"))
    functions = [function("F0", step("Tanh"))]
    for level in range(1, 40):
        twice = (
            helper.make_node(f"F{level - 1}", ["z"], ["half"], domain="odd"),
            helper.make_node(f"F{level - 1}", ["half"], ["out"], domain="odd"),
        )
        functions.append(function(f"F{level}", *twice))
    with pytest.raises(RefusedError, match="more than 200000 steps"):
        load(saved(graph(step("F39", "odd"), functions=functions), tmp_path / "bomb"))


def test_claims_are_held_against_what_is_there(tmp_path: Path) -> None:
    """Weights have to be in the file, and no small constant may stand for a giant tensor."""
    model = graph()
    model.graph.initializer[0].dims[0] = 1 << 40
    with pytest.raises(RefusedError, match="claims 5497558138880 values and holds 25"):
        load(saved(model, tmp_path / "dims"))
    giant = {"sides": np.array([1 << 20, 1 << 20], dtype=np.int64)}
    for operator, inputs in (("ConstantOfShape", ("sides",)), ("Expand", ("z", "sides"))):
        model = graph(step(operator, inputs=inputs), weights=giant)
        with pytest.raises(RefusedError, match=f"made by {operator}"):
            load(saved(model, tmp_path / operator))
    noise = helper.make_node("RandomNormal", [], ["out"], shape=[1 << 20, 1 << 20])
    with pytest.raises(RefusedError, match="made by RandomNormal"):
        load(saved(graph(noise), tmp_path / "noise"))


def test_sparse_tensors_are_refused(tmp_path: Path) -> None:
    """A sparse weight of any size fits into a few bytes; the runtime would fill it up."""
    model = graph()
    values = numpy_helper.from_array(np.ones(1, dtype=np.float32), "sparse")
    places = numpy_helper.from_array(np.zeros(1, dtype=np.int64), "places")
    model.graph.sparse_initializer.append(
        helper.make_sparse_tensor(values, places, [1 << 20, 1 << 20])
    )
    with pytest.raises(RefusedError, match="a sparse tensor"):
        load(saved(model, tmp_path / "sparse"))


def test_damaged_graphs(points: Points, tmp_path: Path) -> None:
    """Half a graph, and a graph that is none, end in a message about the file."""
    whole = save_onnx(points, (torch.zeros(4, 5),), tmp_path / "points").read_bytes()
    for number, content in enumerate((whole[: len(whole) // 2], whole[:40] + bytes(200))):
        path = tmp_path / str(number)
        path.write_bytes(content)
        with pytest.raises(LoadError):
            load(path)
    with pytest.raises(LoadError, match="not a valid ONNX file"):
        load(saved(graph(step("NoSuchOperator")), tmp_path / "unknown"))
