"""Describe an eager `torch.nn.Module` as a network to be probed."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from gancheck.loaders.audit import batchnorm_layers, fits_of_module
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.network import Argument, ArgumentKind, Network, plan_call
from gancheck.loaders.weights import latent_candidates

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.audit import LayerFit

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
    plan, call_notes = plan_call(_arguments(module), conditional=conditional)
    widths = [shape[1] for shape in tables] + ([options.classes] if options.classes else [])
    shapes = _attribute_shapes(module) + latent_candidates(
        (tuple(weight.shape) for weight in module.parameters()), widths
    )

    def fits(inputs: tuple[object, ...]) -> list[LayerFit]:
        return fits_of_module(module, lambda: module(*inputs))

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
    )


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
