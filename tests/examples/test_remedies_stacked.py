"""Stacked digits: the world, who reads them, the four systems, and what RESULTS.md says of them."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from examples.remedies import __main__ as command
from examples.remedies import judging, stacked
from examples.remedies.digits import DIGITS
from examples.remedies.judging import diagnosed, export, stacks_counted
from examples.remedies.loop import train
from examples.remedies.page import page
from examples.remedies.published import PUBLISHED_STACKS
from examples.remedies.stacked import STACKED, reader, triples
from examples.remedies.stacked_section import divergence_of_chance
from examples.remedies.system import Players, Round, System
from examples.remedies.systems import SYSTEMS
from examples.remedies.systems.stacked_dcgan import StackedDcgan
from examples.remedies.worlds import RING, World
from gancheck import GancheckError, Settings, diagnose
from gancheck.loaders.classifier import open_classifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("stacked-dcgan", "stacked-pacgan2", "stacked-minibatch", "stacked-wgan-gp")
SYSTEM_OF = {name: SYSTEMS[name] for name in NAMES}


def source(seed: int = 0) -> torch.Generator:
    """Return fresh random numbers."""
    return torch.Generator().manual_seed(seed)


def weights(network: nn.Module) -> torch.Tensor:
    """Return all weights in a row."""
    return nn.utils.parameters_to_vector(network.parameters()).detach()


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """Read digits by a classifier of a short training, in this file only."""
    patched = pytest.MonkeyPatch()
    patched.setattr(stacked, "_READER_STEPS", 120)
    reader.cache_clear()
    yield
    patched.undo()
    reader.cache_clear()


def test_a_stack_is_three_digits_and_its_label_is_their_triple() -> None:
    """The channels are the pictures that the digits' world draws, the first counting most."""
    stacks, labels = STACKED.draw(50, source())
    pictures, digits = DIGITS.draw(150, source())

    assert stacks.shape == (50, 3, 28, 28)
    assert torch.equal(stacks[7, 2], pictures[23, 0])
    assert labels[7] == 100 * digits[21] + 10 * digits[22] + digits[23]


def test_every_triple_has_about_its_share() -> None:
    """All 1,000 triples are drawn, none of them more than twice as often as it should be."""
    _, labels = STACKED.draw(20_000, source())
    counts = torch.bincount(labels, minlength=1000)

    assert len(counts) == STACKED.classes
    assert int(counts.min()) > 0
    assert int(counts.max()) < 45


def test_the_reference_is_made_of_digits_that_are_not_learned_from() -> None:
    """Each channel is a held-out picture of the digit that the label says; always the same."""
    stacks, labels = STACKED.reference()
    images, digits = DIGITS.reference()
    known = {image.tobytes(): digit for image, digit in zip(images, digits, strict=True)}

    assert stacks.shape[1:] == (3, 28, 28)
    assert stacks.dtype == np.uint8
    for stack, label in zip(stacks[:20], labels[:20], strict=True):
        assert int("".join(str(known[channel.tobytes()]) for channel in stack)) == label
    assert np.array_equal(stacks, STACKED.reference()[0])


@pytest.mark.usefixtures("quick")
def test_the_classifier_reads_digits_that_it_has_not_seen() -> None:
    """Nine of ten after a short training, and torch's own random numbers are left alone."""
    reader.cache_clear()
    state = torch.get_rng_state()
    network = reader()
    images, digits = (part[:1000] for part in DIGITS.reference())
    with torch.no_grad():
        named = network(torch.from_numpy(images)[:, None].float() / 127.5 - 1).argmax(dim=1)

    assert float((named.numpy() == digits).mean()) > 0.88
    assert not network.training
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("name", NAMES)
def test_every_system_on_stacks_trains_both_players(name: str) -> None:
    """A few rounds move both networks and leave pictures from -1 to 1; a seed fixes them."""
    system = dataclasses.replace(SYSTEM_OF[name], batch=8)
    before, after, same = (train(system, STACKED, seed=3, steps=steps) for steps in (0, 2, 2))
    for player in ("generator", "discriminator"):
        first, last, again = (weights(getattr(one, player)) for one in (before, after, same))
        assert not torch.equal(first, last)
        assert torch.equal(last, again)
    with torch.no_grad():
        stacks = after.generator(system.draw_latents(5, source()))

    assert stacks.shape == (5, 3, 28, 28)
    assert float(stacks.abs().max()) <= 1


def test_systems_on_stacks_learn_nothing_else() -> None:
    """They fit the stacks alone, and the systems of points do not fit them."""
    for system in SYSTEM_OF.values():
        assert system.fits(STACKED)
        assert not system.fits(RING)
        assert not system.fits(DIGITS)
    assert not System().fits(STACKED)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_trains_them_on_stacks_unasked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--data stacked`` is what they learn without it, too; other data is a usage error."""
    asked: list[tuple[str, str]] = []

    def run(system: System, world: World, *rest: object) -> None:
        asked.append((system.name, world.name))
        raise GancheckError("nothing was trained", "This is a test.")

    monkeypatch.setattr(command, "run", run)

    assert command.main([name]) == command.main([name, "--data", "stacked"]) == 2
    assert asked == [(name, "stacked")] * 2
    with pytest.raises(SystemExit):
        command.main([name, "--data", "ring"])


def test_the_four_differ_in_the_remedy_alone() -> None:
    """One generator for all; discriminators differ by the pack, the layer, the normalisation."""
    made = {name: system.make_players(STACKED) for name, system in SYSTEM_OF.items()}
    sizes = {weights(players.generator).numel() for players in made.values()}
    heads = {name: weights(players.discriminator).numel() for name, players in made.items()}
    plain = StackedDcgan()

    assert len(sizes) == 1
    more = heads["stacked-pacgan2"] - heads["stacked-dcgan"]
    assert more == 3 * 16 * plain.opponent  # one more stack of 4 x 4 patches
    assert heads["stacked-minibatch"] > heads["stacked-dcgan"]
    assert heads["stacked-wgan-gp"] == heads["stacked-dcgan"] - 4 * plain.opponent


def test_a_pack_is_two_neighbours_as_channels() -> None:
    """The discriminator sees half as many rows of six channels: rows 2i and 2i + 1."""
    seen: list[torch.Tensor] = []

    class Seeing(nn.Module):
        def forward(self, packs: torch.Tensor) -> torch.Tensor:
            """Remember what is judged."""
            seen.append(packs)
            return packs.mean(dim=(1, 2, 3))[:, None]

    stacks, labels = STACKED.draw(8, source())
    now = Round(stacks, labels, torch.zeros(8, 1), source())
    SYSTEM_OF["stacked-pacgan2"].judge(Players(nn.Identity(), Seeing()), stacks, now)

    assert seen[0].shape == (4, 6, 28, 28)
    assert torch.equal(seen[0][1], torch.cat((stacks[2], stacks[3])))


def test_the_penalty_of_a_critic_with_a_known_slope_is_known() -> None:
    """A critic that sums pixels has the slope sqrt(2352) everywhere, and pays (slope - 1)^2."""

    class Sum(nn.Module):
        def forward(self, stacks: torch.Tensor) -> torch.Tensor:
            """Add all values up."""
            return stacks.sum(dim=(1, 2, 3))[:, None]

    class Same(nn.Module):
        def forward(self, latents: torch.Tensor) -> torch.Tensor:
            """Return the real stacks, so that there is no margin."""
            return real

    real, labels = STACKED.draw(6, source())
    now = Round(real, labels, torch.zeros(6, 1), source())
    loss = SYSTEM_OF["stacked-wgan-gp"].discriminator_loss(Players(Same(), Sum()), now)

    assert float(loss) == pytest.approx(10 * (math.sqrt(2352) - 1) ** 2, rel=1e-4)


@torch.no_grad()
def sure_triples(stacks: torch.Tensor) -> list[str | None]:
    """Read each stack channel by channel; None where the product of probabilities is below 0.9."""
    found: list[str | None] = []
    for stack in stacks:
        name, sure = "", 1.0
        for channel in stack:
            odds = reader()(channel[None, None]).softmax(dim=1)[0].tolist()
            name, sure = name + str(odds.index(max(odds))), sure * max(odds)
        found.append(name if sure >= 0.9 else None)
    return found


@pytest.mark.usefixtures("quick")
def test_the_counts_of_the_diagnosis_are_those_of_slow_counting(tmp_path: Path) -> None:
    """Modes, divergence, effective modes and sure share of known stacks, counted one by one."""
    export(reader(), (torch.zeros(4, 1, 28, 28),), tmp_path / "reader.pt")
    stacks = STACKED.draw(40, source(2))[0].repeat_interleave(torch.arange(40) % 5 + 1, dim=0)
    shown = ((stacks + 1) * 127.5).round().to(torch.uint8).numpy()
    asked = Settings(map="none", cache=False, modes=tmp_path / "reader.pt", modes_range=(-1.0, 1.0))
    said = stacks_counted(diagnose(shown, settings=asked))
    names = [name for name in sure_triples(stacks) if name is not None]
    shares = [hits / len(names) for hits in Counter(names).values()]
    divergence = sum(share * math.log(1000 * share) for share in shares)

    assert 10 < said["modes"] == len(shares) < 40
    assert said["high_quality"] == pytest.approx(len(names) / len(stacks))
    assert said["reverse_kl"] == pytest.approx(divergence)
    assert said["effective"] == pytest.approx(1000 * math.exp(-divergence))


@pytest.mark.usefixtures("quick")
def test_the_diagnosis_gets_the_classifier_and_the_published_number_of_samples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It reads 26,000 stacks by single digits, and knows the held-out ones without labels."""
    asked: list[tuple[int, int]] = []

    def diagnose_nothing(model: nn.Module, known: object, settings: Settings) -> None:
        assert settings.modes is not None
        modes = open_classifier(settings.modes, (3, 28, 28), settings.load.output_range, "cpu")
        asked.append((settings.samples, modes.count))
        assert isinstance(known, np.ndarray)

    monkeypatch.setattr(judging, "diagnose", diagnose_nothing)
    system = SYSTEM_OF["stacked-dcgan"]
    diagnosed(system, STACKED, Players(nn.Identity(), nn.Identity()))

    assert asked == [(26_000, 1000)]


@pytest.mark.usefixtures("quick")
def test_every_stack_counts_where_papers_count() -> None:
    """Unlike the diagnosis, noise is of some mode too; `triples` reads the likeliest digits."""
    stacks, labels = STACKED.draw(200, source(1))
    noise = 2 * torch.rand(200, 3, 28, 28, generator=source(1)) - 1

    assert float((triples(stacks) == labels).float().mean()) > 0.7
    assert sure_triples(noise[:30]).count(None) > 15
    assert len(set(triples(noise).tolist())) > 1


def test_published_rows_are_possible() -> None:
    """No divergence is below what the modes captured allow: KL >= ln(1000 / modes)."""
    for row in PUBLISHED_STACKS:
        assert row.system in NAMES
        assert row.divergence.value >= math.log(1000 / row.modes.value)


def test_chance_alone_diverges_as_the_papers_size_says() -> None:
    """Perfect proportions give 0.0192 at 26,000 samples, and ln 1000 for a single one."""
    assert divergence_of_chance(26_000) == pytest.approx(999 / 52_000, rel=0.03)
    assert divergence_of_chance(1) == pytest.approx(math.log(1000))


def test_the_page_puts_published_rows_beside_ours() -> None:
    """Its own columns, real digits as the last row, and one row for each published counterpart."""
    run = judging.Outcome(
        system="stacked-dcgan",
        world="stacked",
        seed=0,
        steps=5,
        recipe={},
        seconds=1.0,
        modes=120,
        high_quality=0.25,
        reverse_kl=2.5,
        effective=82.1,
        overlap=None,
        diversity=0.3,
        low=0.2,
        high=0.4,
        verdict="collapsed",
        conditions=["missing-modes"],
        judged=judging.JUDGED,
        modes_of_all=300,
        reverse_kl_of_all=math.log(10),
    )
    text = page([run])

    assert "## Stacked MNIST, reduced" in text
    assert (
        "| stacked-dcgan | 1 | 25.0% | 120.0 | 2.50 | 0.08 | 82.1 | 300.0 | 2.30 "
        "| 0.30 [0.20, 0.40] | collapsed | missing-modes |" in text
    )
    assert "| *real digits* |  | 88% | 1000 | 0.02 | 0.02 | 978." in text
    assert "| VEEGAN 2017 | DCGAN | 99.0 | 3.40 | 33 | 300.0 | 2.30 | 100 |" in text
    assert "WGAN-GP | 959" not in text
    assert "- stacked-dcgan, stacked: 1 of 1 runs, modes 120.0" in text
