"""Checkpoints as published recipes write them load without code, and their twins are not mixed up.

Each network has the statistics that its own latents leave, as after training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import AmbiguousError, LoadError, RefusedError, ShapeError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.architectures import ARCHITECTURES, Proposal
from gancheck.loaders.recognise import recognise
from gancheck.types import Generator
from loaders.loader_models import settle

NZ = 12
K4 = (4, 2, 1)
OPEN = (4, 1, 0)
SIZES = {
    28: [(7, 1, 0), K4, K4],
    32: [OPEN, K4, K4, K4],
    64: [OPEN, K4, K4, K4, K4],
    128: [OPEN, K4, K4, K4, K4, K4],
}
DIGITS = {
    "crop at the end": [OPEN, K4, K4, K4, (1, 1, 2)],
    "a kernel of 3": [OPEN, (3, 2, 1), K4, K4],
    "no padding": [(3, 2, 0), (4, 1, 0), (3, 2, 0), (4, 2, 0)],
    "a wide padding": [OPEN, K4, (4, 2, 2), K4],
}
Act = Callable[[], nn.Module]


class Recipe(nn.Module):
    """The generator of the DCGAN example of PyTorch, for any list of kernels."""

    def __init__(
        self,
        steps: list[tuple[int, int, int]],
        *,
        channels: int = 1,
        bias: bool = False,
        act: Act = nn.ReLU,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        sizes = [NZ, 32, 16, 12, 8, 4, 4][: len(steps)]
        layers: list[nn.Module] = []
        for (inputs, outputs), step in zip(pairwise((*sizes, channels)), steps, strict=True):
            layers += [nn.ConvTranspose2d(inputs, outputs, *step, bias=bias)]
            layers += [nn.BatchNorm2d(outputs, eps), act()]
        self.main = nn.Sequential(*layers[:-2], nn.Tanh())

    def forward(self, latents: Tensor) -> Tensor:
        """Draw pictures."""
        pictures: Tensor = self.main(latents)
        return pictures


class Doubling(nn.Module):
    """A DCGAN of doublings and convolutions, with the epsilon that such code often has."""

    def __init__(self, side: int = 8, act: Act = lambda: nn.LeakyReLU(0.2)) -> None:
        super().__init__()
        self.side = side // 4
        self.l1 = nn.Sequential(nn.Linear(NZ, 16 * self.side**2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(16),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(16, 16, 3, 1, 1),
            nn.BatchNorm2d(16, 0.8),
            act(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(16, 12, 3, 1, 1),
            nn.BatchNorm2d(12, 0.8),
            act(),
            nn.Conv2d(12, 1, 3, 1, 1),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """Draw pictures."""
        small = self.l1(latents).view(-1, 16, self.side, self.side)
        pictures: Tensor = self.conv_blocks(small)
        return pictures


def trained(module: nn.Module, shape: tuple[int, ...] = (NZ, 1, 1), batch: int = 64) -> nn.Module:
    """Return the module with weights of a trained one's spread, and settled statistics."""
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
                deviation = 2.0 * layer.weight[0].numel() ** -0.5
                layer.weight.normal_(0, deviation, generator=generator)
    torch.manual_seed(12)
    return settle(module, lambda: (torch.randn(batch, *shape),))


def check(loaded: object, module: nn.Module) -> str:
    """Assert that a generator draws what the module draws; return what was said about it."""
    assert isinstance(loaded, Generator)
    torch.manual_seed(13)
    latents = torch.randn(3, *loaded.spec.latent_shape)
    expected = module(latents).reshape(3, *loaded.spec.output_shape)
    torch.testing.assert_close(loaded(latents), expected, atol=1e-5, rtol=0)
    return " ".join(loaded.spec.notes)


def rebuilt(module: nn.Module, law: str | None = None) -> str:
    """Assert that a module is rebuilt from its weights; return what was said about it."""
    options = LoadOptions(latent_law=law)
    network = recognise(module.state_dict(), Path("g.pth"), options, ("Told before.",))
    torch.manual_seed(13)
    latents = torch.randn(3, *((NZ, 1, 1) if isinstance(module, Recipe) else (NZ,)))
    found = network.run(latents, None)
    torch.testing.assert_close(found, module(latents), atol=1e-5, rtol=0)
    assert network.notes[0] == "Told before."
    return network.notes[1]


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("side", [28, 32])
def test_files_of_the_recipe(side: int, zipped: bool, tmp_path: Path) -> None:
    """Files of both formats of torch load without code, and say what was assumed."""
    channels = 1 if side == 28 else 3
    module = trained(Recipe(SIZES[side], channels=channels, bias=zipped))
    path = tmp_path / "netG_epoch_24.pth"
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=zipped)
    said = check(load(path), module)
    assert f"a DCGAN with ReLU that draws {channels} x {side} x {side}" in said
    assert "tanh at the end were assumed" in said


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("side", sorted(SIZES))
def test_dcgans_by_the_recipe(side: int, bias: bool) -> None:
    """Pictures of 28 to 128 pixels, with and without biases."""
    recipe = Recipe(SIZES[side], channels=1 if side == 28 else 3, bias=bias)
    module = trained(recipe, batch=64 if side < 64 else 16)
    assert f"{side} x {side}" in rebuilt(module)


@pytest.mark.parametrize("zipped", [False, True])
def test_weights_saved_from_a_gpu(zipped: bool, tmp_path: Path) -> None:
    """Storages that say they lived on a GPU load where there is none."""
    module = trained(Recipe(SIZES[32], channels=3))
    with patch("torch.serialization.location_tag", lambda storage: "cuda:0"):
        torch.save(module.state_dict(), tmp_path / "g.pth", _use_new_zipfile_serialization=zipped)
    assert b"cuda:0" in (tmp_path / "g.pth").read_bytes()
    check(load(tmp_path / "g.pth"), module)


@pytest.mark.parametrize("recipe", sorted(DIGITS))
def test_every_way_to_28_pixels(recipe: str) -> None:
    """Kernels, strides and paddings that make digits are told apart by the statistics."""
    assert "28 x 28" in rebuilt(trained(Recipe(DIGITS[recipe])))


def test_a_crop_that_no_statistic_shows_can_be_told(tmp_path: Path) -> None:
    """The padding of the last layer is a convention that the output shape overrides."""
    module = trained(Recipe([OPEN, K4, K4, (4, 2, 3)]))
    torch.save(module.state_dict(), tmp_path / "g.pth")
    said = check(load(tmp_path / "g.pth", LoadOptions(output_shape=(1, 28, 28))), module)
    assert "padding 3" in said
    with pytest.raises(ShapeError, match="not 1 x 30 x 30"):
        load(tmp_path / "g.pth", LoadOptions(output_shape=(1, 30, 30)))


def test_a_last_kernel_of_one_pixel_need_not_crop(tmp_path: Path) -> None:
    """Grey pictures of 32 pixels with such a layer are taken for digits unless told otherwise."""
    module = trained(Recipe([OPEN, K4, K4, K4, (1, 1, 0)]))
    torch.save(module.state_dict(), tmp_path / "g.pth")
    said = check(load(tmp_path / "g.pth", LoadOptions(output_shape=(1, 32, 32))), module)
    assert "padding 0" in said


@pytest.mark.parametrize(
    ("act", "eps", "found"),
    [
        (lambda: nn.LeakyReLU(0.2), 1e-5, "LeakyReLU(0.2)"),
        (nn.ReLU, 0.8, "ReLU and a BatchNorm epsilon of 0.8"),
        (nn.ELU, 1e-5, "ELU"),
        (nn.SELU, 1e-5, "SELU"),
    ],
)
def test_twins_of_a_dcgan_are_recognised(act: Act, eps: float, found: str) -> None:
    """Another activation or epsilon has the same names and shapes, and is seen all the same."""
    module = trained(Recipe(SIZES[32], act=act, eps=eps))
    assert f"a DCGAN with {found} that draws" in rebuilt(module)


@pytest.mark.parametrize("slope", [0.05, 0.15, 0.6])
def test_slopes_that_nobody_tried_are_not_rounded(slope: float) -> None:
    """What is none of the usual activations ends with the line to type, not with the nearest."""
    module = trained(Recipe(SIZES[32], act=lambda: nn.LeakyReLU(slope)))
    with pytest.raises((RefusedError, AmbiguousError), match=r"--arch file\.py:make_generator"):
        rebuilt(module)


def test_scaled_latents_are_named() -> None:
    """Where only the variance of the first layer is off, the refusal names the law to try."""
    module = settle(trained(Recipe(SIZES[28])), lambda: (1.9 * torch.randn(128, NZ, 1, 1),))
    with pytest.raises(RefusedError, match=r"--latent-law normal:1\.9"):
        rebuilt(module)
    assert "a DCGAN with ReLU" in rebuilt(module, "normal:1.9")


def mlp(*, slope: float, eps: float, order: str = "before") -> nn.Module:
    """Return the dense generator of digits of many tutorials, without its first BatchNorm."""
    layers: list[nn.Module] = [nn.Linear(NZ, 32), nn.LeakyReLU(slope)]
    for inputs, outputs in pairwise((32, 48, 64)):
        after = [nn.BatchNorm1d(outputs, eps), nn.LeakyReLU(slope)]
        layers += [nn.Linear(inputs, outputs), *(after if order == "before" else after[::-1])]
    return nn.Sequential(*layers, nn.Linear(64, 784), nn.Tanh())


@pytest.mark.parametrize("order", ["before", "behind"])
@pytest.mark.parametrize(("slope", "eps"), [(0.2, 0.8), (0.2, 1e-5), (0.0, 0.8), (0.0, 1e-5)])
def test_dense_twins_are_recognised(slope: float, eps: float, order: str) -> None:
    """Activation, epsilon and the place of BatchNorm are read off the statistics."""
    module = trained(mlp(slope=slope, eps=eps, order=order), (NZ,), batch=512)
    said = rebuilt(module)
    assert ("with LeakyReLU(0.2)" if slope else "with ReLU") in said
    assert ("epsilon of 0.8" in said) == (eps == 0.8)


def test_doublings_and_convolutions() -> None:
    """Networks of doublings load, with an epsilon of 0.8 in all BatchNorm layers but the first."""
    said = rebuilt(trained(Doubling(), (NZ,)))
    assert "with LeakyReLU(0.2) and a BatchNorm epsilon of 0.8 behind the first" in said


def test_without_statistics_nothing_is_guessed(tmp_path: Path) -> None:
    """A dense network without BatchNorm is refused, and the reason given."""
    module = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 784), nn.Tanh())
    torch.save(module.state_dict(), tmp_path / "G--300.ckpt")
    with pytest.raises(RefusedError, match=r"(?s)nothing could confirm the activations.*--arch"):
        load(tmp_path / "G--300.ckpt")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("main.0.bias", torch.zeros(5)),
        ("main.1.running_var", torch.zeros(0)),
        ("main.1.weight", torch.ones(32, dtype=torch.int64)),
        ("main.3.weight", torch.full((32, 24, 4, 4), torch.nan)),
        ("main.3.weight", torch.zeros(32, 24, 4, 0)),
        ("main.4.running_var", torch.full((24,), -1.0)),
    ],
)
def test_broken_weights_are_refused(name: str, value: Tensor, tmp_path: Path) -> None:
    """Tensors of wrong shapes, types or values end in a refusal, whatever they are."""
    torch.save({**trained(Recipe(SIZES[28])).state_dict(), name: value}, tmp_path / "g.pth")
    with pytest.raises(LoadError, match="--arch"):
        load(tmp_path / "g.pth")


class Squarer(nn.Module):
    """A network that no family of gancheck has."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 32)
        self.norm = nn.BatchNorm1d(32)
        self.last = nn.Linear(32, 2)

    def forward(self, latents: Tensor) -> Tensor:
        """Draw points."""
        points: Tensor = self.last(self.norm(self.first(latents).square()))
        return points


class Squares:
    """The family of a plugin."""

    name = "squares"

    def propose(self, state: dict[str, Tensor]) -> Iterator[Proposal]:
        """Yield the only network there is."""
        if "norm.running_mean" in state and "first.weight" in state:
            module = Squarer()
            module.load_state_dict(state)
            yield Proposal(module, "a network of squares")


def test_families_of_plugins_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registered family that says no latent shape is tried like the own ones."""
    module = trained(Squarer(), (6,))
    torch.save(module.state_dict(), tmp_path / "g.pth")
    with pytest.raises(LoadError):
        load(tmp_path / "g.pth")
    ARCHITECTURES.discover()
    monkeypatch.setitem(ARCHITECTURES._items, "squares", Squares())
    assert "a network of squares" in check(load(tmp_path / "g.pth"), module)
