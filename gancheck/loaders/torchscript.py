"""TorchScript: programs saved by ``torch.jit.save``.

Loading such a file runs the program in it, which cannot call Python but can read and write files;
so its source is looked through first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gancheck.errors import GancheckError, LoadError, RefusedError
from gancheck.loaders.archive import Archive, read_archive
from gancheck.loaders.batching import LayerInputs, Seen, fits_of, mapped
from gancheck.loaders.calls import label_widths
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.module import float_type
from gancheck.loaders.network import Argument, ArgumentKind, Network, plan_call
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.sniff import Sniffed
from gancheck.loaders.torchscript_audit import audit_torchscript, devices_named, trimmed
from gancheck.loaders.weights import latent_candidates
from gancheck.types import Generator

_KINDS: dict[str, ArgumentKind] = {"Tensor": "tensor", "float": "scalar", "int": "scalar"}
_DAMAGE = (
    *(RuntimeError, ValueError, OSError, EOFError, AttributeError, TypeError),
    *(IndexError, MemoryError),
)
_STATISTICS = (0, 3, 4)  # of aten::batch_norm: input, running mean, running variance


@dataclass(frozen=True)
class TorchScript:
    """Reads TorchScript archives, traced or scripted."""

    name: str = "torchscript"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Archives with a ``code`` folder and ``constants.pkl``."""
        return sniffed.kind == "torchscript"

    def load(self, path: Path, options: LoadOptions) -> Generator:
        """Look through the program, load it from the bytes that were looked through, probe it.

        Raises:
            RefusedError: It is more than tensor maths, and ``trust`` is off.
            LoadError: It is damaged, or was traced on a GPU that is not there.
        """
        expect_generator(path, self.name, options)
        archive = trimmed(read_archive(path))
        complaint = audit_torchscript(archive)
        if complaint and not options.trust:
            raise RefusedError(
                f"{path} is a TorchScript program that {complaint}",
                "Export the generator with torch.onnx.export or torch.export.save. If you trust "
                "whoever wrote the file, run it with `--trust`.",
            )
        try:
            network, seen = open_program(archive, options)
            network = mapped(network, seen, path, options)
            return make_generator(network, Source(path, self.name, trusted=complaint), options)
        except GancheckError as error:
            devices = devices_named(archive) if options.device == "cpu" else ()
            if not devices:
                raise
            raise LoadError(
                f"{path} was traced on a GPU and asks for {devices[0]} by name: {error.message}",
                "Move the generator to the CPU and export it again, or run with `--device cuda`.",
            ) from error


LOADERS.register("torchscript")(TorchScript())


def open_program(archive: Archive, options: LoadOptions) -> tuple[Network, Seen]:
    """Load a program that was audited, from the bytes that were, and describe it.

    Raises:
        LoadError: It is damaged, or lacks something only the user can supply.
    """
    import torch

    try:
        with warnings.catch_warnings():
            # TorchScript is deprecated, and people still have files of it.
            warnings.simplefilter("ignore", DeprecationWarning)
            module: Any = torch.jit.load(archive.rebuilt(), map_location="cpu")  # type: ignore[no-untyped-call]
        if hasattr(module, "training"):  # frozen programs have forgotten the modes
            module.eval()
        for weight in module.parameters():
            weight.requires_grad_(False)
        return _describe(module.to(options.device), options)
    except GancheckError:
        raise
    except Exception as error:  # the reader raises whatever its unpacking runs into
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(f"{archive.path} is a damaged TorchScript file: {reason}") from error


def _describe(module: Any, options: LoadOptions) -> tuple[Network, Seen]:
    if not hasattr(module, "forward"):
        raise LoadError("this TorchScript program has no `forward` to call")
    schema = module.forward.schema.arguments[1:]
    tensors = {item.name for item in schema if str(item.type) == "Tensor"}
    tables = _embedding_shapes(module)
    arguments = [_argument(item) for item in schema]
    conditional, fed = bool(tables) or options.classes is not None, options.label_table is not None
    plan, notes = plan_call(arguments, conditional=conditional, fed=fed)
    widths = [shape[1] for shape in tables] + label_widths(options)

    def forward(inputs: tuple[object, ...]) -> object:
        return module(*_as_tensors(plan.names, inputs, tensors))

    def seen(inputs: tuple[object, ...]) -> list[LayerInputs]:
        return _seen(module, _as_tensors(plan.names, inputs, tensors))

    network = Network(
        forward=forward,
        plan=plan,
        latent_shapes=latent_candidates(_weight_shapes(module), widths),
        classes=tables[0][0] if tables and plan.label else None,
        dtype=float_type(module),
        device=options.device,
        fits=fits_of(seen, plan),
        notes=tuple(notes),
        backend="torch",
        order_channels=orderer(module, options.device),
    )
    return network, seen


def orderer(module: Any, device: str) -> Callable[[bool], None] | None:
    """Return what puts the channels of a program's convolutions last, which is faster on CPUs."""
    import torch

    if device != "cpu" or not any(weight.ndim == 4 for weight in module.parameters()):
        return None

    def order(last: bool) -> None:
        module.to(memory_format=torch.channels_last if last else torch.contiguous_format)

    return order


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


def _seen(module: Any, inputs: list[object]) -> list[LayerInputs]:
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
    return [tuple(layer) for layer in layers if all(isinstance(x, torch.Tensor) for x in layer)]
