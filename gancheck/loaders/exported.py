"""Programs of torch.export: ``.pt2`` files.

Loading such a file can run any code that its author put there; so it is looked through first, and
read from the bytes that were looked through.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancheck.errors import GancheckError, LoadError, RefusedError
from gancheck.loaders.archive import Archive, read_archive
from gancheck.loaders.batching import LayerInputs, Seen, fits_of, mapped
from gancheck.loaders.exported_audit import audit_exported, devices_named, trimmed
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.network import Argument, Network, plan_call
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.sniff import Sniffed
from gancheck.loaders.torchscript import orderer
from gancheck.types import Generator

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram


@dataclass(frozen=True)
class Exported:
    """Reads archives of ``torch.export.save``."""

    name: str = "exported"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Archives with ``models/model.json``."""
        return sniffed.kind == "exported"

    def load(self, path: Path, options: LoadOptions) -> Generator:
        """Look through the program, load it from the bytes that were looked through, probe it.

        Raises:
            RefusedError: It is more than tensor maths and ``trust`` is off, or it holds pickles.
            LoadError: It is damaged, or was exported on a GPU that is not there.
        """
        expect_generator(path, self.name, options)
        archive = trimmed(read_archive(path))
        complaint = audit_exported(archive)
        if complaint and not options.trust:
            raise RefusedError(
                f"{path} is a torch.export program that {complaint}",
                "Export the generator again from its own code with torch.export.save, or as ONNX. "
                "If you trust whoever wrote the file, run it with `--trust`.",
            )
        network, seen = open_program(archive, options)
        network = mapped(network, seen, path, options)
        return make_generator(network, Source(path, self.name, trusted=complaint), options)


LOADERS.register("exported")(Exported())


def open_program(archive: Archive, options: LoadOptions) -> tuple[Network, Seen]:
    """Load a program that was audited, from the bytes that were, and describe it.

    Raises:
        LoadError: It is damaged, or lacks something only the user can supply.
    """
    import torch

    try:
        with _quiet():
            return _describe(torch.export.load(archive.rebuilt()), options)
    except GancheckError:
        raise
    except Exception as error:  # the reader raises whatever its unpacking runs into
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        devices = devices_named(archive) if options.device == "cpu" else ()
        if devices:
            raise LoadError(
                f"{archive.path} was exported on a GPU and asks for {devices[0]} by name: {reason}",
                "Move the generator to the CPU and export it again.",
            ) from error
        raise LoadError(f"{archive.path} is a damaged torch.export file: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence warnings about names and versions of the file; what matters raises."""
    logger = logging.getLogger("torch.export")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _describe(program: ExportedProgram, options: LoadOptions) -> tuple[Network, Seen]:
    import torch

    device = torch.device(options.device)
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, options.device)
    arguments = _arguments(program)
    plan, notes = plan_call(arguments, conditional=True, fed=options.label_table is not None)
    module = program.module()
    for weight in module.parameters():
        weight.requires_grad_(False)
    shapes = {item.name: item.shape for item in arguments}
    latent_shape = shapes[plan.latent]
    label_shape = shapes.get(plan.label or "")
    batch, smallest = _batch(program, plan.latent)

    def seen(inputs: tuple[object, ...]) -> list[LayerInputs]:
        return _seen(module, _by_kind(program, inputs))

    def forward(inputs: tuple[object, ...]) -> object:
        positional, named = _by_kind(program, inputs)
        return module(*positional, **named)

    network = Network(
        forward=forward,
        plan=plan,
        latent_shapes=(_known(latent_shape),) if latent_shape else (),
        classes=_classes(program, plan.label_style, label_shape),
        dtype=str(_value(program, plan.latent).dtype).removeprefix("torch."),
        device=options.device,
        batch=batch,
        smallest_batch=smallest,
        fits=fits_of(seen, plan),
        notes=tuple(notes),
        backend="torch",
        order_channels=orderer(module, options.device),
    )
    return network, seen


def _arguments(program: ExportedProgram) -> list[Argument]:
    import torch

    arguments = []
    for item in program.graph_signature.input_specs:
        if item.kind.name != "USER_INPUT":
            continue
        name = item.arg.name
        if hasattr(item.arg, "value"):
            arguments.append(Argument(name, "scalar", value=item.arg.value))
            continue
        value = _value(program, name)
        shape = tuple(side if isinstance(side, int) else None for side in value.shape[1:])
        floating = value.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
        arguments.append(Argument(name, "tensor" if floating else "index", shape))
    return arguments


def _value(program: ExportedProgram, name: str) -> Any:
    return next(node.meta["val"] for node in program.graph.nodes if node.name == name)


def _known(shape: tuple[int | None, ...]) -> tuple[int, ...]:
    return tuple(side or 1 for side in shape)


def _classes(
    program: ExportedProgram, style: str, label_shape: tuple[int | None, ...] | None
) -> int | None:
    if style == "onehot" and label_shape:
        return label_shape[0]
    for node in program.graph.nodes:
        if node.op == "call_function" and "aten.embedding" in str(node.target):
            return int(node.args[0].meta["val"].shape[0])
    return None


def _batch(program: ExportedProgram, latent: str) -> tuple[int | None, int]:
    """Return the only batch size that the program takes, if any, and the smallest."""
    first = _value(program, latent).shape[0]
    if isinstance(first, int):
        return first, 1
    allowed = program.range_constraints.get(first.node.expr)
    return None, max(1, int(allowed.lower)) if allowed is not None else 1


def _by_kind(
    program: ExportedProgram, inputs: tuple[object, ...]
) -> tuple[tuple[object, ...], dict[str, object]]:
    """Split inputs into the positional and the named ones of the original call."""
    examples = program.example_inputs
    if examples is None:
        return inputs, {}
    count, names = len(examples[0]), tuple(examples[1])
    return inputs[:count], dict(zip(names, inputs[count:], strict=True))


def _seen(
    module: torch.nn.Module, inputs: tuple[tuple[object, ...], dict[str, object]]
) -> list[LayerInputs]:
    """Run the graph step by step and keep what its BatchNorm operators see and remember."""
    import torch
    from torch import fx

    found: list[LayerInputs] = []

    class Audit(fx.Interpreter):
        def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
            if "batch_norm" in str(target) and len(args) > 4:
                values, mean, variance = args[0], args[3], args[4]
                # Without a memory, as in InstanceNorm, other things stand in these places.
                if isinstance(mean, torch.Tensor) and isinstance(variance, torch.Tensor):
                    found.append((values.clone(), mean.clone(), variance.clone()))
            return super().call_function(target, args, kwargs)

    with torch.no_grad():
        Audit(module).run(*inputs[0], *inputs[1].values())
    return found
