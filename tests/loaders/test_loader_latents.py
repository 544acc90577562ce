"""The law of the latents, from what BatchNorm layers remember of training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gancheck.loaders import LoadOptions, load
from gancheck.loaders.latents import LawChoice, choose_law
from gancheck.loaders.module import describe_module
from gancheck.types import Concern, Condition, Generator, Severity
from loaders.loader_models import LATENT, Dcgan, save_exported, save_onnx, save_torchscript, settle

SHAPE = (LATENT, 1, 1)


def trained_on(law: str) -> Dcgan:
    """Return a DCGAN whose statistics come from latents of a law."""
    torch.manual_seed(1)
    factor = float(law.partition(":")[2] or 1)

    def draw() -> tuple[Tensor, ...]:
        if law == "uniform":
            return (2 * torch.rand(256, *SHAPE) - 1,)
        return (factor * torch.randn(256, *SHAPE),)

    module = Dcgan()
    settle(module, draw)
    return module


NORMAL, UNIFORM, NARROW = (trained_on(law) for law in ("normal", "uniform", "normal:0.75"))


def chosen(module: nn.Module, told: str | None = None) -> tuple[LawChoice, Concern]:
    """Choose the law of a network; return the choice and what is said of the law."""
    options = LoadOptions(latent_law=told)
    choice = choose_law(describe_module(module, options), SHAPE, options)
    return choice, next(one for one in choice.concerns if one.name == "latent-law")


@pytest.mark.parametrize(("module", "law"), [(NORMAL, "normal"), (UNIFORM, "uniform")])
def test_the_law_of_training_is_found(module: nn.Module, law: str) -> None:
    """Without being told, the law that the statistics agree with is taken."""
    choice, found = chosen(module)
    assert choice.law == law
    assert found.severity is Severity.OK
    assert found.value == pytest.approx(1, abs=0.1)
    assert {one.severity for one in choice.concerns} == {Severity.OK}
    assert "judged by the BatchNorm statistics" in choice.notes[0]


@pytest.mark.parametrize(
    ("module", "told", "right", "ratio"),
    [(NORMAL, "uniform", "normal", 1 / 3), (UNIFORM, "normal", "uniform", 3.0)],
)
def test_a_wrong_law_is_named_with_its_ratio_and_remedy(
    module: nn.Module, told: str, right: str, ratio: float
) -> None:
    """What is told is done, with a warning that has the measured ratio and the flag that helps."""
    choice, found = chosen(module, told)
    assert choice.law == told
    assert (found.severity, found.condition) == (Severity.WARN, Condition.WRONG_LATENT_LAW)
    assert found.value == pytest.approx(ratio, rel=0.15)
    assert f"{found.value:.2f} times" in found.title
    assert f"`--latent-law {right}`" in found.detail


def test_scaled_latents_are_named_and_not_adopted() -> None:
    """Statistics of latents times 0.75 are recognised as such; the user decides."""
    choice, found = chosen(NARROW)
    assert choice.law == "normal"
    assert (found.severity, found.condition) == (Severity.WARN, Condition.WRONG_LATENT_LAW)
    assert found.value == pytest.approx(1 / 0.5625, rel=0.1)
    assert "`--latent-law normal:0.75`" in found.detail
    assert "--truncation" not in found.detail
    assert choice.concerns[1].severity is Severity.OK
    again, told = chosen(NARROW, "normal:0.75")
    assert again.law == "normal:0.75"
    assert told.severity is Severity.OK


def test_halved_latents_are_not_taken_for_uniform_ones() -> None:
    """A quarter of the variance is told from a third of it."""
    choice, found = chosen(trained_on("normal:0.5"))
    assert choice.law == "normal"
    assert "`--latent-law normal:0.5`" in found.detail


class Truncating(nn.Module):
    """A network with a truncation of its own."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, z: Tensor, psi: float = 1.0) -> Tensor:
        """Draw pictures."""
        pictures: Tensor = self.inner(psi * z)
        return pictures


def test_a_network_that_truncates_has_two_remedies() -> None:
    """Where the network has a truncation input, that flag is offered as well, and cures it."""
    module = Truncating(NARROW)
    assert "`--truncation 0.75`" in chosen(module)[1].detail


@pytest.mark.parametrize("save", [save_torchscript, save_exported, save_onnx])
def test_auto_acts_on_the_statistics_in_every_format(save: object, tmp_path: Path) -> None:
    """A generator of uniform latents is fed uniform ones without being told, whatever its file."""
    path = save(UNIFORM, (torch.zeros(4, *SHAPE),), tmp_path / "g")  # type: ignore[operator]
    loaded = load(path)
    assert isinstance(loaded, Generator)
    assert loaded.spec.latent_law == "uniform"


def test_a_wrong_activation_does_not_hide_the_law() -> None:
    """The first layer tells the law although deeper ones contradict; those are another concern."""
    module = Dcgan(slope=0.9)
    module.load_state_dict(UNIFORM.state_dict())
    choice, found = chosen(module)
    assert choice.law == "uniform"
    assert found.severity is Severity.OK
    statistics = choice.concerns[1]
    assert statistics.severity >= Severity.NOTE
    assert "--arch" in statistics.detail


def test_statistics_of_nothing_known_are_doubted_and_named() -> None:
    """Statistics that no law explains are a warning, and no law is blamed for them."""
    module = Dcgan()
    module.load_state_dict(NORMAL.state_dict())
    module.get_buffer("main.1.running_mean").add_(3.0)
    choice, found = chosen(module)
    assert choice.law == "normal"
    assert found.severity is Severity.NOTE
    assert choice.concerns[1].severity is Severity.WARN


def test_without_statistics_the_law_is_an_assumption(points: nn.Module) -> None:
    """Nothing to check against is never reported as checked."""
    options = LoadOptions()
    choice = choose_law(describe_module(points, options), (5,), options)
    assert choice.law == "normal"
    assert [one.severity for one in choice.concerns] == [Severity.NOTE]
    assert "assumed" in choice.notes[0]
