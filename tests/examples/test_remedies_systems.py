"""The trainers of the remedies: each one trains, repeats itself, and does what its paper says."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from examples.remedies import systems
from examples.remedies.judging import drawn, export
from examples.remedies.loop import train
from examples.remedies.networks import Mixture
from examples.remedies.penalties import slopes
from examples.remedies.system import Players, Round, System
from examples.remedies.systems import SYSTEMS
from examples.remedies.systems.minibatch import BesideOthers
from examples.remedies.systems.unrolled import Unrolled
from examples.remedies.worlds import GRID, RING, SPIRAL, WORLDS

LONGEST = 80  # lines of code of a system, all told


def tiny(system: System) -> System:
    """Return the system with small batches."""
    return dataclasses.replace(system, batch=8)


def weights(network: nn.Module) -> torch.Tensor:
    """Return all weights in a row."""
    return nn.utils.parameters_to_vector(network.parameters()).detach()


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_trains_both_players(name: str) -> None:
    """A few rounds move generator, discriminator and allies, and leave finite points behind."""
    system = tiny(SYSTEMS[name])
    world = next(world for world in WORLDS.values() if system.fits(world))
    before = train(system, world, seed=3, steps=0)
    after = train(system, world, seed=3, steps=2)

    assert not torch.equal(weights(before.generator), weights(after.generator))
    assert not torch.equal(weights(before.discriminator), weights(after.discriminator))
    for ally in after.allies:
        assert not torch.equal(weights(before.allies[ally]), weights(after.allies[ally]))
    points = drawn(system, world, after, 50)
    assert points.shape == (50, *world.draw(1, torch.Generator())[0].shape[1:])
    assert np.isfinite(points).all()
    assert not after.generator.training


@pytest.mark.parametrize("name", ["conditional", "mgan", "wgan-gp"])
def test_a_seed_fixes_the_training(name: str) -> None:
    """The same seed gives the same weights, another one others, and torch's own state is left."""
    system, state = tiny(SYSTEMS[name]), torch.get_rng_state()
    one, same, other = (train(system, GRID, seed, 3) for seed in (0, 0, 1))

    assert torch.equal(weights(one.generator), weights(same.generator))
    assert not torch.equal(weights(one.generator), weights(other.generator))
    assert torch.equal(state, torch.get_rng_state())


def test_rates_settle_over_the_last_rounds() -> None:
    """Rates stay for one half and fall in a straight line after it; planted failures keep them."""
    plain = System()

    assert [plain.pace(step, 8) for step in range(1, 9)] == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert [SYSTEMS["hopping"].pace(step, 8) for step in (1, 8)] == [1, 1]


def test_the_grid_is_given_more_rounds() -> None:
    """Four times those of the ring and the spiral, but for failures on purpose."""
    for system in SYSTEMS.values():
        if system.learns == "points":
            assert system.rounds(RING) == system.rounds(SPIRAL) == system.steps
            assert system.rounds(GRID) == system.steps * (1 if system.planted else 4)


def test_the_loop_trains_at_the_pace_of_the_round() -> None:
    """Where rates have fallen to nothing from the first round on, no weight moves."""

    class Still(System):
        def pace(self, step: int, steps: int) -> float:
            return 0.0

    before, after = (train(Still(batch=8), RING, steps=steps) for steps in (0, 3))

    assert torch.equal(weights(before.generator), weights(after.generator))
    assert torch.equal(weights(before.discriminator), weights(after.discriminator))


@pytest.mark.parametrize("name", ["conditional", "mad-gan", "mgan", "spiral-gan-better"])
def test_an_exported_generator_takes_any_number_of_rows(name: str, tmp_path: Path) -> None:
    """The TorchScript file draws what the network draws, for more rows than it was traced with."""
    system = SYSTEMS[name]
    generator = train(system, SPIRAL, steps=0).generator
    inputs = [system.draw_latents(20, torch.Generator().manual_seed(1))]
    if system.takes_labels:
        inputs.append(torch.arange(20) % SPIRAL.classes)
    export(generator, tuple(rows[:4] for rows in inputs), tmp_path / "generator.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        loaded = torch.jit.load(tmp_path / "generator.pt")  # type: ignore[no-untyped-call]

    assert torch.allclose(loaded(*inputs), generator(*inputs))


def test_a_plain_gan_learns_where_the_data_is() -> None:
    """Two hundred rounds bring the points of a generator from the middle to the ring."""
    system = System(batch=64)
    before, after = (drawn(system, RING, train(system, RING, 0, n), 500) for n in (0, 200))
    far, near = (np.abs(np.hypot(*points.T) - 1).mean() for points in (before, after))

    assert far > 0.6
    assert near < 0.6 * far


def test_a_mixture_lets_each_generator_answer_its_share() -> None:
    """The last coordinate's quantile chooses; every member answers, and only for its own rows."""
    members: list[nn.Module] = [nn.Linear(1, 2) for _ in range(4)]
    mixture = Mixture(members)
    latents = torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    choice = mixture.choice(latents)

    assert torch.bincount(choice).tolist() == pytest.approx([1000] * 4, abs=120)
    for row in (0, 1, 2, 3, 4):
        expected = members[int(choice[row])](latents[row : row + 1, :1])
        assert torch.allclose(mixture(latents)[row], expected[0])


def test_points_beside_their_like_are_told_apart() -> None:
    """The statistic of a batch of equal rows is its size less one, the largest it can be."""
    beside = BesideOthers(3, lights=5)
    with torch.no_grad():
        same, apart = beside(torch.ones(6, 3)), beside(100 * torch.randn(6, 3))

    assert torch.allclose(same[:, 3:], torch.full((6, 5), 5.0))
    assert float(apart[:, 3:].mean()) < 1


def test_slopes_of_a_linear_judge_are_its_weights() -> None:
    """The gradient of 3x + 4y has norm 5 everywhere."""
    found = slopes(lambda points: points @ torch.tensor([[3.0], [4.0]]), torch.randn(7, 2))

    assert torch.allclose(found, torch.full((7,), 5.0))


def test_unrolling_looks_through_the_discriminators_answer() -> None:
    """With no step ahead it is the plain loss; with some, loss and slope differ, weights stay."""
    source = torch.Generator().manual_seed(0)
    now = Round(*RING.draw(16, source), torch.randn(16, 2, generator=source), source)
    torch.manual_seed(0)
    players = System().make_players(RING)
    before = weights(players.discriminator)
    losses = [
        system.generator_loss(players, now)
        for system in (System(), Unrolled(ahead=0), Unrolled(ahead=3))
    ]

    assert torch.equal(losses[0], losses[1])
    assert float(losses[2].detach()) > float(losses[0].detach())
    assert torch.equal(before, weights(players.discriminator))


def test_wgan_keeps_its_critic_clipped() -> None:
    """No weight of the critic is beyond the clip after training."""
    critic = train(tiny(SYSTEMS["wgan"]), RING, steps=3).discriminator

    assert float(weights(critic).abs().max()) <= 0.1 + 1e-7


def test_the_saturated_loss_has_no_slope_against_a_sure_discriminator() -> None:
    """Where D says 1e-9, the minimax loss hardly moves the generator; the plain one does."""

    class Sure(nn.Module):
        def forward(self, points: torch.Tensor) -> torch.Tensor:
            """Call everything drawn, a little less so to the right."""
            return points[:, :1] - 20

    slope = {}
    for name in ("plain", "minimax"):
        generator = nn.Linear(2, 2)
        now = Round(torch.zeros(8, 2), torch.zeros(8), torch.zeros(8, 2), torch.Generator())
        loss = SYSTEMS[name].generator_loss(Players(generator, Sure()), now)
        (gradient,) = torch.autograd.grad(loss, generator.bias)
        slope[name] = float(gradient.norm())

    assert slope["plain"] == pytest.approx(1, abs=1e-3)
    assert slope["minimax"] < 1e-7


@pytest.mark.parametrize(
    "path", sorted(Path(systems.__file__).parent.glob("[!_]*.py")), ids=lambda p: p.stem
)
def test_a_system_is_short(path: Path) -> None:
    """One file a system, of at most 80 lines that are no docstring, comment or blank."""
    code, quoted = 0, False
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        marks = text.count('"""')
        if not quoted and not marks and text and not text.startswith("#"):
            code += 1
        quoted ^= marks == 1

    assert code <= LONGEST


def test_every_system_says_where_it_comes_from() -> None:
    """Names are unique, and each has a paper and a reason of two sentences."""
    assert len(SYSTEMS) == 27
    for name, system in SYSTEMS.items():
        assert name == system.name
        assert system.paper
        assert system.reason.count(". ") + system.reason.endswith(".") == 2, name
