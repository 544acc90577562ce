"""The one training loop that all systems share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from examples.remedies.system import Players, Round, System
from examples.remedies.worlds import World

_STREAM = 1000  # data and latents draw from a seed of their own, apart from the first weights


def train(
    system: System,
    world: World,
    seed: int = 0,
    steps: int | None = None,
    heard: Callable[[int, int], None] | None = None,
) -> Players:
    """Train a system on a world; the same seed gives the same weights on the same machine.

    Args:
        system: What to train.
        world: Data to learn.
        seed: Seed of weights, data and latents.
        steps: Rounds; None for those that the system takes on this world.
        heard: Hears rounds done and rounds in all.

    Returns:
        The players, in eval mode.
    """
    total = system.rounds(world) if steps is None else steps
    with _repeatable(seed):
        players = system.make_players(world)
        optimizer_g, optimizer_d = system.make_optimizers(players)
        rounds = _rounds(system, world, seed)
        paces = [_pace(optimizer) for optimizer in (optimizer_g, optimizer_d)]
        for step in range(1, total + 1):
            for pace in paces:
                pace(system.pace(step, total))
            for _ in range(system.updates_d):
                _update(optimizer_d, system.discriminator_loss(players, next(rounds)))
                system.after_discriminator(players)
            for _ in range(system.updates_g):
                _update(optimizer_g, system.generator_loss(players, next(rounds)))
            if heard is not None:
                heard(step, total)
    for network in (players.generator, players.discriminator, players.allies):
        network.eval()
    return players


def _rounds(system: System, world: World, seed: int) -> Iterator[Round]:
    """Yield fresh data and latents for ever."""
    source = torch.Generator().manual_seed(_STREAM + seed)
    while True:
        real, labels = world.draw(system.batch, source)
        yield Round(real, labels, system.draw_latents(system.batch, source), source)


def _pace(optimizer: torch.optim.Optimizer) -> Callable[[float], None]:
    """Return what sets an optimizer's rates to a multiple of those it was made with."""
    first = [(group, group["lr"]) for group in optimizer.param_groups]

    def set_to(multiple: float) -> None:
        for group, rate in first:
            group["lr"] = multiple * rate

    return set_to


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step down a loss, by the weights of one side only."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    optimizer.zero_grad()
    torch.autograd.backward(loss, inputs=weights)
    optimizer.step()


@contextmanager
def _repeatable(seed: int) -> Iterator[None]:
    """Seed torch and keep to one thread, which fixes the order of sums; put both back after."""
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
