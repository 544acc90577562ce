"""Turn a network into a generator: call it, look at what comes back, write down what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import GeneratorError
from gancheck.loaders.calls import find_call
from gancheck.loaders.concerns import Probe, clipping, constancy, program, stability
from gancheck.loaders.generator import LoadedGenerator, run
from gancheck.loaders.hashing import hash_file
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.latents import choose_law
from gancheck.loaders.laws import draw_latents
from gancheck.loaders.network import Network, quickened
from gancheck.loaders.outputs import OutputLayout
from gancheck.loaders.ranges import infer_range
from gancheck.types import Concern, GeneratorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

PROBES = 512
LEAST_PROBES = 32
_PROBED_VALUES = 1 << 24
_BATCH = 64


@dataclass(frozen=True)
class Source:
    """What a network or samples came from, and the loader that read it.

    Attributes:
        path: The file, or the name of what is in memory.
        format: Name of the loader.
        trusted: What the audit of a program found against it, where ``--trust`` let it run all
            the same; empty where nothing was found.
        known_sha256: Hash of what is in memory; None hashes the file.
    """

    path: Path
    format: str
    trusted: str = ""
    known_sha256: str | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, hexadecimal."""
        return hash_file(self.path) if self.known_sha256 is None else self.known_sha256


def make_generator(network: Network, source: Source, options: LoadOptions) -> LoadedGenerator:
    """Infer what the options leave open, confirm it by calls, and return the generator.

    Raises:
        LoadError: Something cannot be inferred; the hint names the flag that tells it.
        ShapeError: The options contradict the file.
        GeneratorError: The outputs are not finite.
    """
    call = find_call(network, source.path, options)
    layout = call.layout
    law = choose_law(call.network, call.latent_shape, options)
    rows = probe_rows(layout, options.limit)
    latents = draw_latents(law.law, rows, call.latent_shape, options.seed)
    network = quickened(call.network, latents[:_BATCH], call.labels(_BATCH))
    probe = Probe(network, layout, latents, call.labels(rows), options.seed)
    outputs = _outputs(probe)
    _check_finite(outputs, source.path, network.dtype)
    output_range, range_notes = _range(outputs, layout, options)
    sha256 = source.sha256
    spec = GeneratorSpec(
        latent_shape=call.latent_shape,
        latent_law=law.law,
        classes=call.classes,
        output_kind=layout.kind,
        output_shape=layout.shape,
        output_range=output_range,
        differentiable=_differentiable(probe),
        origin=str(source.path),
        format=source.format,
        sha256=sha256,
        notes=(*network.notes, *call.notes, *law.notes, *range_notes),
        concerns=(*law.concerns, *_concerns(probe, outputs, output_range, source, sha256)),
        backend=network.backend,
        trusted=bool(source.trusted),
        call=network.plan.described(call.latent_shape, call.classes),
    )
    return LoadedGenerator(spec, network, layout)


def _concerns(
    probe: Probe,
    outputs: torch.Tensor,
    output_range: tuple[float, float] | None,
    source: Source,
    sha256: str,
) -> Iterator[Concern]:
    yield from stability(probe)
    yield constancy(outputs, output_range)
    if output_range is not None:
        yield clipping(outputs, output_range)
    if source.trusted:
        yield program(source.trusted, sha256)


def probe_rows(layout: OutputLayout, drawn: int | None = None) -> int:
    """Return how many outputs to look at: 512, fewer where outputs are large or few are drawn."""
    size = 1
    for side in layout.shape:
        size *= side
    most = PROBES if drawn is None else min(PROBES, drawn)
    return max(LEAST_PROBES, min(most, _PROBED_VALUES // size))


def _outputs(probe: Probe) -> torch.Tensor:
    import torch

    latents, labels = probe.latents, probe.labels
    with torch.no_grad():
        parts = [
            run(
                probe.network,
                probe.layout,
                latents[at : at + _BATCH],
                None if labels is None else labels[at : at + _BATCH],
            ).cpu()
            for at in range(0, len(latents), _BATCH)
        ]
    return torch.cat(parts)


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
    return options.output_range, ()


def _differentiable(probe: Probe) -> bool:
    import torch

    labels = None if probe.labels is None else probe.labels[:2]
    latents = probe.latents[:2].clone().requires_grad_()
    with torch.enable_grad():
        outputs = run(probe.network, probe.layout, latents, labels)
        if not outputs.requires_grad:
            return False
        try:
            gradient = torch.autograd.grad(outputs.sum(), latents, allow_unused=True)[0]
        except RuntimeError:  # an operator without a derivative
            return False
    return gradient is not None
