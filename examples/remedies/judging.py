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
from examples.remedies.stacked import STACKED, STACKS, reader, triples
from examples.remedies.system import Players, System
from examples.remedies.worlds import EXACT, REFERENCE, SPIRAL, Exact, World, exact_overlap
from gancheck import LoadOptions, Settings, diagnose
from gancheck.measures.captured import captured, reverse_kl

if TYPE_CHECKING:
    from gancheck import Diagnosis
    from gancheck.types import FloatArray

JUDGED = 2  # raised when gancheck judges otherwise than before, so that runs are done again
POINTS = 2_500  # whose modes are counted, as VEEGAN and PacGAN do
COUNTED = 100_000  # points behind the exact overlap
_LATENT_SEED = 8
_AT_ONCE = 500  # stacks that are drawn and read together


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
        modes: Modes captured; None where none are known.
        high_quality: Share of points within 3 sd of a centre; on the spiral, of points on it; of
            stacks whose class is certain; None for single digits.
        reverse_kl: KL divergence of the captured shares from equal ones; None where nothing was
            captured or there is nothing to capture.
        effective: Effective modes; None where none are known.
        overlap: Overlap counted in cells of the known law; None for pictures.
        diversity: gancheck's score.
        low: Lower end of its 95% interval.
        high: Upper end of its 95% interval.
        verdict: gancheck's verdict.
        conditions: What gancheck found.
        judged: By which rules: `JUDGED` on that day.
        modes_of_all: Modes captured when stacks of an uncertain class count as well, as in the
            published tables; None elsewhere.
        reverse_kl_of_all: Their divergence; None elsewhere.
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
    judged: int
    modes_of_all: int | None = None
    reverse_kl_of_all: float | None = None


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
        steps=system.rounds(world) if steps is None else steps,
        recipe=asdict(system),
        seconds=round(seconds, 1),
        **_counted(system, world, players, found),
        diversity=score.value,
        low=score.low,
        high=score.high,
        verdict=found.verdict.value,
        conditions=[condition.value for condition in found.conditions],
        judged=JUDGED,
    )
    return outcome, players, found


def diagnosed(system: System, world: World, players: Players) -> Diagnosis:
    """Let gancheck judge the generator, beside its discriminator where that gives logits."""
    real, labels = world.reference()
    stacks = world.name == STACKED.name
    named = system.takes_labels or world.name not in (SPIRAL.name, STACKED.name)
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
        modes = Path(folder) / "reader.pt" if stacks else None
        if modes is not None:
            export(reader(), (torch.zeros(4, 1, 28, 28),), modes)
        settings = Settings(
            samples=STACKS if stacks else REFERENCE,
            load=load,
            map="none",
            cache=False,
            discriminator=critic,
            modes=modes,
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


def _counted(system: System, world: World, players: Players, found: Diagnosis) -> dict[str, Any]:
    """Count what the literature counts, and the overlap, where the law is known."""
    nothing = dict.fromkeys(("modes", "high_quality", "reverse_kl", "effective", "overlap"))
    if world.name == STACKED.name:
        return nothing | stacks_counted(found) | _every_stack(system, players)
    exact = EXACT.get(world.name)
    if exact is None:
        return nothing
    points = drawn(system, world, players, COUNTED)
    known = {"overlap": exact_overlap(exact, points)}
    few = points[:POINTS]
    if world.centres is None or world.sd is None:
        return nothing | known | {"high_quality": float((exact.cells_of(few) >= 0).mean())}
    near = captured(few, world.centres, world.sd)
    return known | {
        "modes": near.modes,
        "high_quality": near.high_quality,
        "reverse_kl": near.reverse_kl if near.counted else None,
        "effective": near.effective,
    }


def stacks_counted(found: Diagnosis) -> dict[str, Any]:
    """Take the counts of stacks whose class is certain out of a diagnosis."""
    scores = found.scores
    return {
        "modes": round(scores["modes_captured"].value),
        "high_quality": scores["high_quality"].value,
        "reverse_kl": scores["reverse_kl"].value if "reverse_kl" in scores else None,
        "effective": scores["known_effective_modes"].value,
    }


def _every_stack(system: System, players: Players) -> dict[str, Any]:
    """Count stacks as the published tables do: by their likeliest class, however unlikely."""
    source = torch.Generator().manual_seed(_LATENT_SEED)
    with torch.no_grad():
        parts = [
            triples(players.generator(system.draw_latents(_AT_ONCE, source)))
            for _ in range(STACKS // _AT_ONCE)
        ]
    counts = np.bincount(torch.cat(parts).numpy(), minlength=STACKED.classes)
    equal = np.full(STACKED.classes, 1 / STACKED.classes)
    return {
        "modes_of_all": int((counts > 0).sum()),
        "reverse_kl_of_all": reverse_kl(counts, equal),
    }


def perfect_overlap(world: Exact) -> float:
    """Return the overlap that a perfect sampler is counted with: chance takes a little."""
    return 1 - math.sqrt(world.cells / (2 * math.pi * COUNTED))
