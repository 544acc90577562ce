"""Train the two spiral generators and draw the spiral's reference points.

Run ``python examples/spiral/train.py`` to make every file of this folder again. Both generators
learn the same spiral with the same networks; only the length and the rates of training differ.
``--only collapsed`` or ``--only better`` makes one of them. ``--save-every 10`` keeps both networks
of every tenth step in ``checkpoints/<name>/``, with the losses, for ``gancheck trace``.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
WIDTH = 128
BATCH = 512
POINTS = 10_000
RADIUS = 0.05


@dataclass(frozen=True)
class Recipe:
    """The settings of one training."""

    name: str
    steps: int
    generator_rate: float
    discriminator_rate: float
    beta1: float
    seed: int


RECIPES = (
    Recipe("collapsed", 600, 1e-3, 1e-3, 0.9, 0),
    Recipe("better", 60_000, 2e-4, 1e-3, 0.5, 0),
)


def draw_square(count: int, source: torch.Generator) -> Tensor:
    """Draw points uniformly on the square [-1, 1] x [-1, 1]."""
    return 2 * torch.rand(count, 2, generator=source) - 1


def wind(square: Tensor) -> Tensor:
    """Map points of the square onto the spiral."""
    radius = 0.05 + 0.90 * (square[:, 0] + 1) / 2 + 0.05 * square[:, 1]
    angle = 3 * math.pi * square[:, 0]
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=1)


def make_network(outputs: int, *, bounded: bool) -> nn.Sequential:
    """Build three hidden dense layers and an output layer, with a tanh at the end if bounded."""
    layers: list[nn.Module] = []
    for inputs in (2, WIDTH, WIDTH):
        layers += [nn.Linear(inputs, WIDTH), nn.LeakyReLU(0.1)]
    layers.append(nn.Linear(WIDTH, outputs))
    if bounded:
        layers.append(nn.Tanh())
    return nn.Sequential(*layers)


@dataclass
class Diary:
    """Keeps the networks and the losses of some steps; of none, unless told how often."""

    folder: Path
    every: int | None = None

    def keep(
        self,
        step: int,
        networks: dict[str, nn.Sequential],
        losses: tuple[float, float],
    ) -> None:
        """Write a step down if it is one to keep."""
        if self.every is None or step % self.every:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, network in networks.items():
            export(network, self.folder / f"{name}_{step:06}.pt")
        log = self.folder / "losses.csv"
        fresh = not log.exists()
        with log.open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if fresh:
                rows.writerow(("step", "loss_d", "loss_g"))
            rows.writerow((step, *(f"{loss:.6f}" for loss in losses)))


def train(recipe: Recipe, diary: Diary) -> nn.Sequential:
    """Train a generator with the non-saturating loss and return it in eval mode."""
    torch.manual_seed(recipe.seed)
    source = torch.Generator().manual_seed(1000 + recipe.seed)
    generator = make_network(2, bounded=True)
    discriminator = make_network(1, bounded=False)
    betas = (recipe.beta1, 0.999)
    rate_g, rate_d = recipe.generator_rate, recipe.discriminator_rate
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=rate_g, betas=betas, fused=True)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=rate_d, betas=betas, fused=True)
    for step in range(1, recipe.steps + 1):
        fake = generator(draw_square(BATCH, source))
        real = wind(draw_square(BATCH, source))
        optimizer_d.zero_grad()
        logits = discriminator(torch.cat((real, fake.detach())))
        # softplus(-x) and softplus(x) are the cross-entropies of "real" and "generated".
        signs = torch.cat((-torch.ones(BATCH, 1), torch.ones(BATCH, 1)))
        loss_d = 2 * functional.softplus(signs * logits).mean()
        torch.autograd.backward(loss_d)
        optimizer_d.step()
        optimizer_g.zero_grad()
        loss_g = functional.softplus(-discriminator(fake)).mean()
        torch.autograd.backward(loss_g)
        optimizer_g.step()
        diary.keep(
            step,
            {"generator": generator, "discriminator": discriminator},
            (loss_d.item(), loss_g.item()),
        )
        if step % 5000 == 0:
            print(f"{recipe.name}: step {step}", flush=True)
    return generator.eval()


def measure_coverage(generated: Tensor, real: Tensor) -> float:
    """Return the share of real points with a generated point within RADIUS."""
    nearest = [torch.cdist(part, generated).min(dim=1).values for part in torch.split(real, 1000)]
    return float((torch.cat(nearest) <= RADIUS).float().mean())


def export(generator: nn.Sequential, path: Path) -> None:
    """Save a generator as TorchScript that takes any number of latents."""
    with torch.no_grad():
        traced = torch.jit.trace(generator, torch.zeros(4, 2))  # type: ignore[no-untyped-call]
    torch.jit.save(traced, str(path))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    parser.add_argument("--only", choices=[recipe.name for recipe in RECIPES])
    parser.add_argument("--seed", type=int, help="replace the seed of the recipe")
    parser.add_argument("--steps", type=int, help="replace the number of steps of the recipe")
    parser.add_argument("--save-every", type=int, metavar="STEPS", help="keep checkpoints")
    return parser.parse_args()


def main() -> None:
    """Write the reference points, train the generators and print their coverage."""
    arguments = parse_arguments()
    # One thread fixes the order of the sums, so that a second run gives the same weights.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    real = wind(draw_square(POINTS, torch.Generator().manual_seed(7)))
    np.savez_compressed(arguments.out / "spiral_reference.npz", samples=real.numpy())
    for recipe in RECIPES:
        if arguments.only not in (None, recipe.name):
            continue
        given = {"seed": arguments.seed, "steps": arguments.steps}
        recipe = replace(recipe, **{name: x for name, x in given.items() if x is not None})
        diary = Diary(arguments.out / "checkpoints" / recipe.name, arguments.save_every)
        started = time.perf_counter()
        generator = train(recipe, diary)
        seconds = time.perf_counter() - started
        export(generator, arguments.out / f"spiral_{recipe.name}.pt")
        with torch.no_grad():
            generated = generator(draw_square(POINTS, torch.Generator().manual_seed(8)))
        share = measure_coverage(generated, real)
        print(f"{recipe.name}: {share:.1%} of the spiral covered, {seconds:.0f} s of training")


if __name__ == "__main__":
    main()
