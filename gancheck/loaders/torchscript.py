"""TorchScript: programs saved by ``torch.jit.save``.

Loading such a file runs the program in it, which cannot call Python but can read and write files.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gancheck.errors import LoadError
from gancheck.loaders.audit import LayerFit, fit_layer
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.module import float_type
from gancheck.loaders.network import Argument, ArgumentKind, Network, plan_call
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.sniff import Sniffed
from gancheck.loaders.weights import latent_candidates
from gancheck.types import Generator

_KINDS: dict[str, ArgumentKind] = {"Tensor": "tensor", "float": "scalar", "int": "scalar"}
_STATISTICS = (0, 3, 4)  # of aten::batch_norm: input, running mean, running variance


@dataclass(frozen=True)
class TorchScript:
    """Reads TorchScript archives, traced or scripted."""

    name: str = "torchscript"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Archives with a ``code`` folder and ``constants.pkl``."""
        return sniffed.kind == "torchscript"

    def load(self, path: Path, options: LoadOptions) -> Generator:
        """Load the program and probe it."""
        expect_generator(path, self.name, options)
        module = _read(path, options.device)
        return make_generator(_describe(module, options), Source(path, self.name), options)


LOADERS.register("torchscript")(TorchScript())


def _read(path: Path, device: str) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            # TorchScript is deprecated, and people still have files of it.
            warnings.simplefilter("ignore", DeprecationWarning)
            module: Any = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError, EOFError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LoadError(f"{path} is a damaged TorchScript file: {reason}") from error
    if hasattr(module, "training"):  # frozen programs have forgotten the modes
        module.eval()
    for weight in module.parameters():
        weight.requires_grad_(False)
    return module.to(device)


def _describe(module: Any, options: LoadOptions) -> Network:
    schema = module.forward.schema.arguments[1:]
    tensors = {item.name for item in schema if str(item.type) == "Tensor"}
    tables = _embedding_shapes(module)
    arguments = [_argument(item) for item in schema]
    plan, notes = plan_call(arguments, conditional=bool(tables) or options.classes is not None)
    widths = [shape[1] for shape in tables] + ([options.classes] if options.classes else [])

    def forward(inputs: tuple[object, ...]) -> object:
        return module(*_as_tensors(plan.names, inputs, tensors))

    def fits(inputs: tuple[object, ...]) -> list[LayerFit]:
        return _fits(module, _as_tensors(plan.names, inputs, tensors))

    return Network(
        forward=forward,
        plan=plan,
        latent_shapes=latent_candidates(_weight_shapes(module), widths),
        classes=tables[0][0] if tables and plan.label else None,
        dtype=float_type(module),
        device=options.device,
        fits=fits,
        notes=tuple(notes),
    )


def _argument(item: Any) -> Argument:
    required = not item.has_default_value()
    value = None if required else item.default_value
    kind = _KINDS.get(str(item.type).removeprefix("Optional[").removesuffix("]"), "other")
    return Argument(item.name, kind, required=required, value=value)


def _as_tensors(
    names: tuple[str, ...], inputs: tuple[object, ...], tensors: set[str]
) -> list[object]:
    """Traced programs take tensors only, also where the source took a number."""
    import torch

    pairs = zip(names, inputs, strict=True)
    return [
        torch.tensor(value) if name in tensors and isinstance(value, float) else value
        for name, value in pairs
    ]


def _embedding_shapes(module: Any) -> list[tuple[int, int]]:
    tables = []
    for child in module.modules():
        if getattr(child, "original_name", "") == "Embedding":
            rows, width = child.weight.shape
            tables.append((int(rows), int(width)))
    return tables


def _weight_shapes(module: Any) -> list[tuple[int, ...]]:
    shapes = [tuple(weight.shape) for weight in module.parameters()]
    if shapes:
        return shapes
    # A frozen program keeps its weights as constants of the graph.
    constants = module.graph.findAllNodes("prim::Constant")
    return [
        tuple(node.t("value").shape)
        for node in constants
        if node.hasAttribute("value") and node.kindOf("value") == "t"
    ]


def _fits(module: Any, inputs: list[object]) -> list[LayerFit]:
    """Run a copy of the graph that returns what its BatchNorm layers see and remember.

    Graphs can only be edited through functions of torch that are not public. Where these are
    missing or refuse, there is no audit.
    """
    import torch

    try:
        graph = module.inlined_graph.copy()
        values = [
            list(node.inputs())[index]
            for node in graph.nodes()
            if node.kind() == "aten::batch_norm"
            for index in _STATISTICS
        ]
        if not values:
            return []
        for _ in list(graph.outputs()):
            graph.eraseOutput(0)
        pack = graph.create("prim::TupleConstruct", values, 1)
        graph.appendNode(pack)
        pack.output().setType(torch._C.TupleType([value.type() for value in values]))
        graph.registerOutput(pack.output())
        with torch.no_grad():
            seen = torch._C._create_function_from_graph("forward", graph)(module._c, *inputs)
    except (RuntimeError, AttributeError, TypeError):
        return []
    layers = [seen[at : at + 3] for at in range(0, len(seen), 3)]
    fits = [
        fit_layer(f"BatchNorm layer {number}", *layer)
        for number, layer in enumerate(layers, start=1)
        if all(isinstance(part, torch.Tensor) for part in layer)
    ]
    return [fit for fit in fits if fit is not None]
