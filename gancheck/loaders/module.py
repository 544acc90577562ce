"""Describe an eager `torch.nn.Module` as a network to be probed."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from gancheck.loaders.audit import batchnorm_layers, fits_of_module
from gancheck.loaders.calls import label_widths
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.network import Argument, ArgumentKind, Network, plan_call
from gancheck.loaders.weights import latent_candidates

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from gancheck.loaders.audit import LayerFit

_AUDIT_BATCH = 64
_LATENT_ATTRIBUTES = ("latent_dim", "latent_size", "z_dim", "dim_z", "nz", "noise_dim", "style_dim")


def describe_module(
    module: torch.nn.Module, options: LoadOptions, notes: tuple[str, ...] = ()
) -> Network:
    """Put a module into eval mode on its device and read its inputs from its ``forward``.

    Raises:
        LoadError: ``forward`` requires an input whose meaning is not known.
    """
    module = module.eval().requires_grad_(False).to(options.device)
    tables = _embedding_shapes(module)
    conditional = bool(tables) or options.classes is not None
    fed = options.label_table is not None
    plan, call_notes = plan_call(_arguments(module), conditional=conditional, fed=fed)
    widths = [shape[1] for shape in tables] + label_widths(options)
    shapes = _attribute_shapes(module) + latent_candidates(
        (tuple(weight.shape) for weight in module.parameters()), widths
    )

    def fits(inputs: tuple[object, ...]) -> list[LayerFit]:
        return fits_of_module(module, lambda: _run_in_pieces(module, inputs))

    return Network(
        forward=lambda inputs: module(*inputs),
        plan=plan,
        latent_shapes=tuple(dict.fromkeys(shapes)),
        classes=tables[0][0] if tables and plan.label else None,
        dtype=float_type(module),
        device=options.device,
        audit_rows=_audit_rows(module),
        fits=fits if batchnorm_layers(module) else None,
        notes=(*notes, *call_notes),
        backend="torch",
        order_channels=_orderer(module, options.device),
    )


def _orderer(module: torch.nn.Module, device: str) -> Callable[[bool], None] | None:
    """Return what puts the channels of a network of convolutions last: faster on CPUs."""
    import torch
    from torch import nn

    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    if device != "cpu" or not any(isinstance(layer, kinds) for layer in module.modules()):
        return None

    def order(last: bool) -> None:
        form = torch.channels_last if last else torch.contiguous_format
        module.to(memory_format=form)  # type: ignore[call-overload]

    return order


def _audit_rows(module: torch.nn.Module) -> int:
    """Return more rows for dense networks, which see each latent at one place only."""
    spatial = any(weight.ndim > 2 for weight in module.parameters())
    return Network.audit_rows if spatial else 8 * Network.audit_rows


def float_type(module: torch.nn.Module) -> str:
    """Return the name of the float type of a module's first float weight."""
    types = (str(weight.dtype) for weight in module.parameters() if weight.is_floating_point())
    return next(types, "torch.float32").removeprefix("torch.")


def _embedding_shapes(module: torch.nn.Module) -> list[tuple[int, int]]:
    from torch import nn

    layers = module.modules()
    return [(m.num_embeddings, m.embedding_dim) for m in layers if isinstance(m, nn.Embedding)]


def _attribute_shapes(module: torch.nn.Module) -> tuple[tuple[int, ...], ...]:
    values = (getattr(module, name, None) for name in _LATENT_ATTRIBUTES)
    lengths = [value for value in values if isinstance(value, int) and value > 0]
    return tuple(shape for length in lengths for shape in ((length,), (length, 1, 1)))


def _arguments(module: torch.nn.Module) -> list[Argument]:
    arguments: list[Argument] = []
    for parameter in inspect.signature(module.forward).parameters.values():
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.VAR_POSITIONAL and arguments:
            continue
        required = parameter.default is parameter.empty
        value = None if required else parameter.default
        scalar = isinstance(value, (int, float)) or parameter.annotation in (float, "float")
        kind: ArgumentKind = "scalar" if scalar else "tensor"
        if isinstance(value, (bool, str)):
            kind = "other"
        arguments.append(Argument(parameter.name, kind, required=required, value=value))
    return arguments


def _run_in_pieces(module: torch.nn.Module, inputs: tuple[object, ...]) -> None:
    """Call a module for what its layers see, not for its output, in batches that fit in memory."""
    import torch

    batches = [item for item in inputs if isinstance(item, torch.Tensor) and item.ndim > 0]
    rows = max((len(item) for item in batches), default=1)
    for start in range(0, rows, _AUDIT_BATCH):
        piece = slice(start, start + _AUDIT_BATCH)
        module(
            *(
                item[piece]
                if isinstance(item, torch.Tensor) and item.shape[:1] == (rows,)
                else item
                for item in inputs
            )
        )
