"""Sharp is not diverse: half of every mode is lost, and counting modes does not see it.

The protocol of the literature counts a mode as captured that gets one point of high quality, and a
point is of high quality within three standard deviations of a centre. Two generators that draw only
half of the law pass: one draws every mode half as wide, and gets more quality than real points; the
other draws the outer half of every mode, and gets exactly as much. Both are closed forms, not
trained ones, so that the truth is known: they share 0.528 and 0.5 of the law.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from examples.remedies.worlds import RING
from examples.traps.trap import JUDGED, Table, Trap, judged, write_page
from gancheck import LoadOptions, Settings, diagnose

if TYPE_CHECKING:
    from gancheck import Diagnosis
    from gancheck.types import AnyArray

NARROW, OUTER = "every mode half as wide", "outer half of every mode"
_REFERENCE_SEED = 7
_LATENTS = 3  # one chooses the mode, two the place in it


class PerfectRing(nn.Module):
    """Draws the ring of 8 from normal latents (n, 3)."""

    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centres", torch.tensor(RING.middles))

    def forward(self, latents: Tensor) -> Tensor:
        """Return points (n, 2)."""
        share = torch.special.ndtr(latents[:, 0])
        centre = self.centres[(share * RING.classes).long().clamp(max=RING.classes - 1)]
        return centre + RING.sd * self.place(latents[:, 1:], centre)

    def place(self, latents: Tensor, outwards: Tensor) -> Tensor:
        """Return where in its mode each point lies, in standard deviations."""
        return latents


class Narrow(PerfectRing):
    """Draws every Gaussian of the ring half as wide."""

    def place(self, latents: Tensor, outwards: Tensor) -> Tensor:
        """Draw nearer to the centres."""
        return latents / 2


class OuterHalves(PerfectRing):
    """Draws the outer half of each Gaussian of the ring, and nothing of the inner one."""

    def place(self, latents: Tensor, outwards: Tensor) -> Tensor:
        """Mirror what lies inwards; centres have length 1, and point outwards."""
        inwards = (latents * outwards).sum(dim=1, keepdim=True).clamp(max=0)
        return latents - 2 * inwards * outwards


def diagnosed(model: nn.Module | AnyArray, samples: int, seed: int) -> Diagnosis:
    """Diagnose a generator, or points, beside real points, and count the modes captured."""
    real, labels = RING.draw(2 * samples, torch.Generator().manual_seed(_REFERENCE_SEED))
    load = LoadOptions(latent_dim=_LATENTS, latent_law="normal")
    with tempfile.TemporaryDirectory() as folder:
        modes = Path(folder) / "ring.npz"
        np.savez(modes, centres=RING.centres, sd=RING.sd)
        settings = Settings(
            samples=samples, seed=seed, load=load, modes=modes, map="none", cache=False
        )
        found = diagnose(model, (real.numpy(), labels.numpy()), settings)
    return replace(found, settings={**found.settings, "modes": modes.name})  # its folder is gone


def real_points(samples: int, seed: int) -> AnyArray:
    """Draw points (n, 2) from the ring that the reference does not hold."""
    points, _ = RING.draw(samples, torch.Generator().manual_seed(seed))
    return np.asarray(points.numpy())


def measured(samples: int, seed: int) -> dict[str, Diagnosis]:
    """Diagnose both generators, and real points."""
    models: dict[str, nn.Module | AnyArray] = {
        "real points": real_points(samples, seed),
        NARROW: Narrow(),
        OUTER: OuterHalves(),
    }
    return {name: diagnosed(model, samples, seed) for name, model in models.items()}


def table(found: dict[str, Diagnosis]) -> Table:
    """Return what counting modes says, and what gancheck says."""
    usual = ("", "modes", "high quality", "reverse KL", "Frechet")
    note = (
        "Both generators are closed forms, not trained ones. Their modes have nothing between "
        "them, hence the cuts."
    )
    return Table(usual, JUDGED, tuple((name, *_cells(one)) for name, one in found.items()), note)


def show(page: Path, samples: int, seed: int) -> Table:
    """Diagnose both generators beside real points, and write the page of the narrow one."""
    found = measured(samples, seed)
    write_page(found[NARROW], page)
    return table(found)


def _cells(found: Diagnosis) -> tuple[str, ...]:
    score = {name: one.value for name, one in found.scores.items()}
    return (
        f"{score['modes_captured']:.0f} of {RING.classes}",
        f"{score['high_quality']:.1%}",
        f"{score['reverse_kl']:.4f}",
        f"{score['frechet']:.4f}",
        *judged(found),
    )


TRAP = Trap(
    "sharp",
    "Sharp is not diverse: generators that counting modes calls perfect have lost half of each "
    "mode.",
    5_000,
    show,
)
