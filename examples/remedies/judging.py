"""What is measured of a trained system: gancheck's diagnosis, and the numbers of the literature."""

from __future__ import annotations

import math
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from examples.remedies.loop import train
from examples.remedies.system import Players, System
from examples.remedies.worlds import EXACT, REFERENCE, SPIRAL, Exact, World, exact_overlap
from gancheck import LoadOptions, Settings, diagnose
from gancheck.measures.captured import captured

if TYPE_CHECKING:
    from gancheck import Diagnosis
    from gancheck.types import FloatArray

POINTS = 2_500  # whose modes are counted, as VEEGAN and PacGAN do
COUNTED = 100_000  # points behind the exact overlap
_LATENT_SEED = 8


@dataclass(frozen=True)
class Outcome:
    """One training and what came out.

    Attributes:
        system: Name of the system.
        world: Name of the data.
        seed: Seed of the training.
        steps: Rounds trained.
        recipe: Settings of the system.
        seconds: CPU time of the training.
        modes: Modes captured; None where the world has no centres.
        high_quality: Share of points within 3 sd of a centre; on the spiral, of points on it; None
            for pictures.
        reverse_kl: KL divergence of the captured shares from equal ones; None where nothing was
            captured or there is nothing to capture.
        effective: Effective modes; None where the world has no centres.
        overlap: Overlap counted in cells of the known law; None for pictures.
        diversity: gancheck's score.
        low: Lower end of its 95% interval.
        high: Upper end of its 95% interval.
        verdict: gancheck's verdict.
        conditions: What gancheck found.
    """

    system: str
    world: str
    seed: int
    steps: int
    recipe: dict[str, Any]
    seconds: float
    modes: int | None
    high_quality: float | None
    reverse_kl: float | None
    effective: float | None
    overlap: float | None
    diversity: float
    low: float
    high: float
    verdict: str
    conditions: list[str]


def run(
    system: System,
    world: World,
    seed: int,
    steps: int | None = None,
    heard: Callable[[int, int], None] | None = None,
) -> tuple[Outcome, Players, Diagnosis]:
    """Train a system, diagnose its generator in memory, and count what it captured."""
    start = time.process_time()
    players = train(system, world, seed, steps, heard)
    seconds = time.process_time() - start
    found = diagnosed(system, world, players)
    score = found.scores["diversity"]
    outcome = Outcome(
        system=system.name,
        world=world.name,
        seed=seed,
        steps=system.steps if steps is None else steps,
        recipe=asdict(system),
        seconds=round(seconds, 1),
        **_counted(system, world, players),
        diversity=score.value,
        low=score.low,
        high=score.high,
        verdict=found.verdict.value,
        conditions=[condition.value for condition in found.conditions],
    )
    return outcome, players, found


def diagnosed(system: System, world: World, players: Players) -> Diagnosis:
    """Let gancheck judge the generator, beside its discriminator where that gives logits."""
    real, labels = world.reference()
    named = system.takes_labels or world.name != SPIRAL.name
    load = LoadOptions(
        latent_dim=system.latent,
        latent_law=system.law,
        classes=world.classes if system.takes_labels else None,
        output_range=(-1.0, 1.0) if system.learns == "pictures" else None,
    )
    with tempfile.TemporaryDirectory() as folder:
        critic = Path(folder) / "discriminator.pt" if system.gives_logits else None
        if critic is not None:
            export(players.discriminator, (torch.zeros(4, 2),), critic)
        settings = Settings(
            samples=REFERENCE, load=load, map="none", cache=False, discriminator=critic
        )
        return diagnose(players.generator, (real, labels) if named else real, settings)


@torch.no_grad()
def drawn(system: System, world: World, players: Players, n: int) -> FloatArray:
    """Draw points (n, 2) from the generator, under labels in equal shares where it takes them."""
    source = torch.Generator().manual_seed(_LATENT_SEED)
    inputs = [system.draw_latents(n, source)]
    if system.takes_labels:
        inputs.append(torch.randint(world.classes, (n,), generator=source))
    return np.asarray(players.generator(*inputs).double().numpy())


def export(network: nn.Module, example: tuple[torch.Tensor, ...], path: Path) -> None:
    """Save a network as TorchScript that takes any number of rows."""
    # The older exporter is used on purpose: its files need no sizes to be told.
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(network, example)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(path))


def _counted(system: System, world: World, players: Players) -> dict[str, Any]:
    """Count what the literature counts, and the overlap, where the law is known."""
    nothing = dict.fromkeys(("modes", "high_quality", "reverse_kl", "effective", "overlap"))
    exact = EXACT.get(world.name)
    if exact is None:
        return nothing
    points = drawn(system, world, players, COUNTED)
    known = {"overlap": exact_overlap(exact, points)}
    few = points[:POINTS]
    if world.centres is None or world.sd is None:
        return nothing | known | {"high_quality": float((exact.cells_of(few) >= 0).mean())}
    found = captured(few, world.centres, world.sd)
    return known | {
        "modes": found.modes,
        "high_quality": found.high_quality,
        "reverse_kl": found.reverse_kl if found.counted else None,
        "effective": found.effective,
    }


def perfect_overlap(world: Exact) -> float:
    """Return the overlap that a perfect sampler is counted with: chance takes a little."""
    return 1 - math.sqrt(world.cells / (2 * math.pi * COUNTED))
