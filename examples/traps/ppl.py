"""Path length misses the cut: a generator that is torn in two has the length of a smooth one.

The generators are closed forms, not trained ones, so that the truth is known. Points in the plane
stand for pictures here, and their distance for the perceptual one.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from examples.remedies.judging import export
from examples.traps.path_length import PAIRS, PathLength, path_length
from examples.traps.trap import Table, Trap
from gancheck import LoadOptions, Settings
from gancheck.cutting import CutReport, find_cuts
from gancheck.reporters.writing import write

_TIGHT = 0.05  # width of the bridge
_SPREAD = 0.1


class Smooth(nn.Module):
    """Draws one cloud from normal latents (n, 2)."""

    def forward(self, latents: Tensor) -> Tensor:
        """Return points (n, 2)."""
        across, along = _SPREAD * latents[:, :1], _SPREAD * latents[:, 1:]
        return torch.cat([across + self.side(latents), along], dim=1)

    def side(self, latents: Tensor) -> Tensor:
        """Return what the first coordinate is moved by, (n, 1)."""
        return torch.zeros_like(latents[:, :1])


class Bridge(Smooth):
    """Draws two clouds with a steep bridge between them."""

    def side(self, latents: Tensor) -> Tensor:
        """Move latents to either side, those near 0 by less."""
        return torch.tanh(latents[:, :1] / _TIGHT)


class Torn(Smooth):
    """Draws two clouds with nothing between them."""

    def side(self, latents: Tensor) -> Tensor:
        """Move latents to either side."""
        return torch.sign(latents[:, :1])


GENERATORS: dict[str, Smooth] = {"smooth": Smooth(), "steep bridge": Bridge(), "cut": Torn()}


class Measured(NamedTuple):
    """A generator, by both measures."""

    length: PathLength
    look: CutReport


def look(generator: Smooth, samples: int, seed: int = 0) -> CutReport:
    """Let gancheck look for cuts in the latent space of a generator."""
    load = LoadOptions(latent_dim=2, latent_law="normal")
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / f"{type(generator).__name__.lower()}.pt"
        export(generator, (torch.zeros(4, 2),), model)
        settings = Settings(samples=samples, seed=seed, load=load, cache=False)
        found = find_cuts(model, None, settings)
    return replace(found, subject=replace(found.subject, path=model.name))  # its folder is gone


def measured(samples: int, seed: int) -> dict[str, Measured]:
    """Measure every generator in both ways."""
    return {
        name: Measured(path_length(one, seed=seed), look(one, samples, seed))
        for name, one in GENERATORS.items()
    }


def table(found: dict[str, Measured]) -> Table:
    """Return the path lengths, and what gancheck finds."""
    note = (
        "The generators are closed forms, not trained ones, and points in the plane stand for "
        f"pictures. Of {PAIRS:,} pairs {found['cut'].length.straddling} straddle the cut, and the "
        "percentiles leave them out. The rate is crossings per unit of latent length, with its 95% "
        "interval."
    )
    rows = [
        (name, f"{one.length.value:.3f}", f"{one.length.whole:,.3f}", *_ours(one.look))
        for name, one in found.items()
    ]
    usual = ("", "path length", "with all pairs")
    return Table(usual, ("lines that jump", "surfaces", "rate"), tuple(rows), note)


def show(page: Path, samples: int, seed: int) -> Table:
    """Measure all generators, and write the page of the one with the cut."""
    from gancheck.reporters.html.cuts import render

    found = measured(samples, seed)
    write(render(found["cut"].look), page, force=False)
    return table(found)


def _ours(found: CutReport) -> tuple[str, ...]:
    lines = f"{found.findings[0].value:.0%}"
    surfaces = ", ".join(f"a {cut.kind}" for cut in found.cuts) or "-"
    rates = [
        f"{cut.rate.value:.3f} ({cut.rate.low:.3f}..{cut.rate.high:.3f})" for cut in found.cuts
    ]
    return lines, surfaces, ", ".join(rates) or "-"


TRAP = Trap(
    "ppl",
    "Path length misses the cut: a generator that is torn in two has the path length of a smooth "
    "one.",
    2_000,
    show,
)
