"""Turn a network into a generator: call it, look at what comes back, write down what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import GeneratorError
from gancheck.loaders.calls import find_call
from gancheck.loaders.generator import LoadedGenerator, run
from gancheck.loaders.hashing import hash_file
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.latents import choose_law
from gancheck.loaders.laws import draw_latents
from gancheck.loaders.network import Network
from gancheck.loaders.outputs import OutputLayout
from gancheck.loaders.ranges import infer_range
from gancheck.types import GeneratorSpec

if TYPE_CHECKING:
    import torch

PROBES = 512
LEAST_PROBES = 32
_PROBED_VALUES = 1 << 24
_BATCH = 64


@dataclass(frozen=True)
class Source:
    """The file a network came from, and the loader that read it."""

    path: Path
    format: str


def make_generator(network: Network, source: Source, options: LoadOptions) -> LoadedGenerator:
    """Infer what the options leave open, confirm it by calls, and return the generator.

    Raises:
        LoadError: Something cannot be inferred; the hint names the flag that tells it.
        ShapeError: The options contradict the file.
        GeneratorError: The outputs are not finite.
    """
    call = find_call(network, source.path, options)
    network, layout = call.network, call.layout
    law, law_notes = choose_law(network, call.latent_shape, options)
    rows = probe_rows(layout)
    latents = draw_latents(law, rows, call.latent_shape, options.seed)
    labels = call.labels(rows)
    outputs = _outputs(network, layout, latents, labels)
    _check_finite(outputs, source.path, network.dtype)
    output_range, range_notes = _range(outputs, layout, options)
    spec = GeneratorSpec(
        latent_shape=call.latent_shape,
        latent_law=law,
        classes=call.classes,
        output_kind=layout.kind,
        output_shape=layout.shape,
        output_range=output_range,
        differentiable=_differentiable(network, layout, latents[:2], labels),
        origin=str(source.path),
        format=source.format,
        sha256=hash_file(source.path),
        notes=(
            *network.notes,
            *call.notes,
            *law_notes,
            *range_notes,
            *_stability(network, layout, latents, labels),
        ),
    )
    return LoadedGenerator(spec, network, layout)


def probe_rows(layout: OutputLayout) -> int:
    """Return how many outputs to look at: 512, fewer where outputs are large."""
    size = 1
    for side in layout.shape:
        size *= side
    return max(LEAST_PROBES, min(PROBES, _PROBED_VALUES // size))


def _outputs(
    network: Network, layout: OutputLayout, latents: torch.Tensor, labels: torch.Tensor | None
) -> torch.Tensor:
    import torch

    with torch.no_grad():
        parts = [
            run(network, layout, latents[at : at + _BATCH], _rows(labels, at, at + _BATCH)).cpu()
            for at in range(0, len(latents), _BATCH)
        ]
    return torch.cat(parts)


def _rows(labels: torch.Tensor | None, start: int, stop: int) -> torch.Tensor | None:
    return None if labels is None else labels[start:stop]


def _check_finite(outputs: torch.Tensor, path: Path, dtype: str) -> None:
    broken = ~outputs.isfinite()
    if not bool(broken.any()):
        return
    rows = int(broken.flatten(1).any(dim=1).sum())
    causes = "weights of a training that diverged or was cut short, or latents of the wrong law"
    if dtype in ("float16", "bfloat16"):
        causes = f"overflow of its {dtype} weights, {causes}"
    raise GeneratorError(
        f"{path} returns NaN or infinity: {int(broken.sum())} of {broken.numel()} values, "
        f"in {rows} of {len(outputs)} outputs",
        f"Usual causes: {causes}.",
    )


def _range(
    outputs: torch.Tensor, layout: OutputLayout, options: LoadOptions
) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    if layout.kind == "vector":
        return None, ()
    if options.output_range is None:
        found, note = infer_range(outputs.numpy())
        return found, (note,)
    low, high = options.output_range
    outside = float(((outputs < low) | (outputs > high)).float().mean())
    if outside < 0.01:
        return options.output_range, ()
    note = f"{outside:.1%} of the output values lie outside the range [{low:g}, {high:g}] given."
    return options.output_range, (note,)


def _differentiable(
    network: Network, layout: OutputLayout, latents: torch.Tensor, labels: torch.Tensor | None
) -> bool:
    import torch

    latents = latents.clone().requires_grad_()
    with torch.enable_grad():
        outputs = run(network, layout, latents, _rows(labels, 0, 2))
        if not outputs.requires_grad:
            return False
        try:
            gradient = torch.autograd.grad(outputs.sum(), latents, allow_unused=True)[0]
        except RuntimeError:  # an operator without a derivative
            return False
    return gradient is not None


def _stability(
    network: Network, layout: OutputLayout, latents: torch.Tensor, labels: torch.Tensor | None
) -> tuple[str, ...]:
    """Doubt a generator whose outputs change from call to call, or with their batch mates."""
    import torch

    size = network.batch or 4
    first, other = latents[:size], latents[-size:]
    keep = max(1, size // 2)
    mates = torch.cat((first[:keep], other[keep:]))
    with torch.no_grad():
        shown = _rows(labels, 0, size)
        once = run(network, layout, first, shown)
        again = run(network, layout, first, shown)
        mixed = run(network, layout, mates, shown)
    scale = 1e-4 * (float(once.abs().max()) + 1e-12)
    if float((once - again).abs().max()) > scale:
        return (
            "Equal latents give different outputs from call to call: noise inside the network.",
        )
    if size > 1 and float((once - mixed)[:keep].abs().max()) > scale:
        return (
            "An output depends on the other latents of its batch: BatchNorm in training mode, or "
            "batch statistics in the graph; this can look like collapse and is not.",
        )
    return ()
