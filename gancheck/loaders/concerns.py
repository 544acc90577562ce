"""What is measured of a generator before it is sampled in bulk, and how much it matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.loaders.generator import run
from gancheck.loaders.network import Network
from gancheck.loaders.outputs import OutputLayout
from gancheck.types import Concern, Condition, Severity

if TYPE_CHECKING:
    import torch

_ROWS = 8
_CALLS = 4
MOVED = 1e-4  # of the largest output
NOISE_MUCH = 0.5  # of the output's variance
_OUTSIDE_SOME, OUTSIDE_MUCH = 0.01, 0.25
_STEP = 1 / 510  # of the range: half a grey level
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Probe:
    """A network and the way to call it, for measuring what moves its output.

    Attributes:
        network: What is called.
        layout: Where its samples are.
        latents: Latents to call it with, (n, *latent_shape).
        labels: Labels (n,) that go with them, None without any.
        seed: Seed of torch's random numbers before each call.
    """

    network: Network
    layout: OutputLayout
    latents: torch.Tensor
    labels: torch.Tensor | None
    seed: int = 0

    def call(self, latents: torch.Tensor, seed: int) -> torch.Tensor:
        """Return the flat outputs (n, d) for latents, with torch's random numbers seeded."""
        import torch

        labels = None if self.labels is None else self.labels[: len(latents)]
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(seed)
            return run(self.network, self.layout, latents, labels).cpu().flatten(1)


def stability(probe: Probe) -> tuple[Concern, Concern]:
    """Ask whether outputs change from call to call, and with the other latents of their batch."""
    import torch

    size = probe.network.batch or max(_ROWS, probe.network.smallest_batch)
    size = min(size, len(probe.latents))
    first, keep = probe.latents[:size], max(1, size // 2)
    mates = torch.cat((first[:keep], probe.latents[-(size - keep) or len(probe.latents) :]))
    once = probe.call(first, probe.seed)
    calls = torch.stack([once, *(probe.call(first, probe.seed + k) for k in range(1, _CALLS))])
    repeated = probe.call(first, probe.seed)
    mixed = probe.call(mates[:size], probe.seed)
    scale = float(once.abs().max()) + 1e-12
    # Chance that no seed reaches, as in some runtimes, moves the output by itself.
    chance = float((once - repeated).abs().max())
    change = 0.0 if size == 1 else float((once - mixed)[:keep].abs().max())
    coupled = change > max(MOVED * scale, 3 * chance)
    noisy = float((calls - once).abs().max()) > MOVED * scale
    return _mates(change / scale, coupled=coupled), _noise(_share(calls) if noisy else 0.0)


def _share(calls: torch.Tensor) -> float:
    """Return the share of the variance of outputs (calls, n, d) that equal latents leave."""
    within = float(calls.double().var(dim=0, correction=1).mean())
    whole = float(calls.double().flatten(0, 1).var(dim=0, correction=1).mean())
    return min(1.0, within / whole) if whole > 0 else 0.0


def _mates(change: float, *, coupled: bool) -> Concern:
    return Concern(
        "batch-mates",
        Severity.WARN if coupled else Severity.OK,
        "a sample depends on the other latents of its batch"
        if coupled
        else "a sample does not depend on its batch mates",
        "Usual causes: BatchNorm in training mode, or batch statistics in the graph. That can "
        "look like collapse and is not, and every number depends on the batch size. Try: export "
        "again after model.eval()."
        if coupled
        else "",
        Condition.UNSTABLE_OUTPUT,
        change,
        f"<= {MOVED:g}",
    )


def _noise(share: float) -> Concern:
    severity = Severity.OK
    if share > 0:
        severity = Severity.WARN if share > NOISE_MUCH else Severity.NOTE
    return Concern(
        "internal-noise",
        severity,
        f"equal latents give different outputs from call to call: noise inside the network makes "
        f"{share:.1%} of their variance"
        if share > 0
        else "the same latent gives the same output",
        "Usual causes: noise inputs that are drawn inside, as in StyleGAN, or dropout that was "
        "left on. Try: export with constant noise (`gancheck export-help`) after model.eval()."
        if share > 0
        else "",
        Condition.UNSTABLE_OUTPUT,
        share,
        f"<= {NOISE_MUCH:g}",
    )


def constancy(outputs: torch.Tensor, output_range: tuple[float, float] | None) -> Concern:
    """Ask whether the outputs (n, ...) of different latents differ at all."""
    spread = float((outputs.amax(dim=0) - outputs.amin(dim=0)).max())
    if output_range is None:
        least = _ROUNDING * float(outputs.abs().max())
    else:
        least = _STEP * (output_range[1] - output_range[0])
    constant = len(outputs) > 1 and spread <= least
    return Concern(
        "constant",
        Severity.FAIL if constant else Severity.OK,
        f"all of {len(outputs)} outputs that were tried are the same"
        if constant
        else f"{len(outputs)} outputs that were tried differ",
        "Usual causes: collapse to one sample, weights that were never trained, or a latent that "
        "never reaches the first layer. Try: look at the sample; check which weights were taken."
        if constant
        else "",
        Condition.IGNORED_LATENT,
        spread,
        f"> {least:.3g}",
    )


def clipping(outputs: torch.Tensor, output_range: tuple[float, float]) -> Concern:
    """Ask how many output values lie beyond black and white, and so are clipped."""
    low, high = output_range
    margin = _ROUNDING * 100 * (high - low)
    outside = float(((outputs < low - margin) | (outputs > high + margin)).float().mean())
    severity = Severity.OK
    if outside >= _OUTSIDE_SOME:
        severity = Severity.WARN if outside >= OUTSIDE_MUCH else Severity.NOTE
    return Concern(
        "range",
        severity,
        f"{outside:.1%} of the output values lie outside [{low:g}, {high:g}] and are clipped"
        if outside > 0
        else f"all output values lie in [{low:g}, {high:g}]",
        "Try: `--output-range LOW,HIGH` with the values that stand for black and white."
        if severity > Severity.OK
        else "",
        None,
        outside,
        f"<= {OUTSIDE_MUCH:g}",
    )


def program(complaint: str, sha256: str) -> Concern:
    """Record that a program runs although its audit failed, because the user said so."""
    return Concern(
        "program",
        Severity.WARN,
        f"this program runs because of --trust, although {complaint}",
        f"SHA-256 of the file that was trusted: {sha256}. Nothing here says that it is harmless.",
    )
