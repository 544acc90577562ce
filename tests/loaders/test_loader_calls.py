"""What networks are given beside latents: labels, truncation, noise; and images that come flat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import LoadError, ShapeError
from gancheck.loaders import LoadOptions
from gancheck.loaders.calls import find_call
from gancheck.loaders.generator import LoadedGenerator
from gancheck.loaders.module import describe_module
from gancheck.loaders.network import Argument, plan_call, quickened
from gancheck.loaders.noise import draw_noise
from gancheck.loaders.outputs import OutputLayout
from gancheck.loaders.probe import Source, make_generator


class Flat(nn.Module):
    """What the networks below have in common: a layer to 36 values."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense = nn.Linear(5, 36)


class Digits(Flat):
    """Flat pictures of 36 values in [-1, 1]."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures."""
        return torch.tanh(3 * self.dense(z))


class Truncated(Flat):
    """The same, narrowed by an input of its own."""

    def forward(self, z: Tensor, psi: float = 0.7) -> Tensor:
        """Draw pictures."""
        return torch.tanh(3 * psi * self.dense(z))


class OneHot(Flat):
    """The same for three classes, told as one-hot rows; the layers do not show how many."""

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Draw pictures."""
        shift = 0.0 if c is None else (c.float() @ torch.arange(3.0).view(3, 1))
        return torch.tanh(self.dense(z) + shift)


class Styles(Flat):
    """A network that wants a list of latents."""

    def forward(self, styles: list[Tensor]) -> Tensor:
        """Draw pictures."""
        return torch.tanh(self.dense(torch.stack([style[:, :5] for style in styles]).mean(dim=0)))


class Mystery(Flat):
    """A network with an input that nobody can guess."""

    def forward(self, z: Tensor, code: Tensor) -> Tensor:
        """Draw pictures."""
        return torch.tanh(self.dense(z) + code)


def made(module: nn.Module, path: Path, options: LoadOptions | None = None) -> LoadedGenerator:
    """Probe a module as if it had come from a file."""
    options = options or LoadOptions()
    file = path / "file"
    file.write_bytes(b"content")
    return make_generator(describe_module(module, options), Source(file, "test"), options)


def test_truncation_is_one_unless_told(tmp_path: Path) -> None:
    """The default of the source is not used; what is told is used, noted and part of the call."""
    module, z = Truncated(), torch.randn(4, 5)
    plain = made(module, tmp_path)
    told = made(module, tmp_path, LoadOptions(truncation=0.5))
    torch.testing.assert_close(plain(z), module(z, 1.0))
    torch.testing.assert_close(told(z), module(z, 0.5))
    assert "The input psi was set to 0.5." in told.spec.notes
    assert "The input psi was set to 1." not in told.spec.notes
    assert told.spec.call == "z = latents (5,), psi = 0.5"


def test_truncation_without_such_an_input_is_refused(tmp_path: Path) -> None:
    """What cannot be set is not ignored: the message lists the inputs, or names the value."""
    with pytest.raises(LoadError, match=r"no truncation to set: its inputs are \(z\)"):
        made(Digits(), tmp_path, LoadOptions(truncation=0.5))
    plan, _ = plan_call([Argument("z"), Argument("psi", "scalar", value=0.7)], conditional=True)
    network = replace(describe_module(Digits(), LoadOptions()), plan=plan)
    with pytest.raises(LoadError, match=r"fixes its truncation: psi = 0.7"):
        find_call(network, tmp_path, LoadOptions(truncation=0.5))


def test_one_hot_labels_are_found_by_calling(tmp_path: Path) -> None:
    """A network that takes classes as rows gets rows, and the call says so."""
    loaded = made(OneHot(), tmp_path, LoadOptions(classes=3))
    z, labels = torch.randn(3, 5), torch.tensor([2, 0, 1])
    expected = OneHot()(z, torch.eye(3)[labels])
    torch.testing.assert_close(loaded(z, labels), expected)
    assert loaded.spec.call == "z = latents (5,), c = classes 0..2 as one-hot rows"


@pytest.mark.parametrize("module", [Mystery(), Styles()])
def test_what_cannot_be_called_asks_for_a_wrapper(module: nn.Module, tmp_path: Path) -> None:
    """An unknown input and a list of styles both end in where a wrapper is shown."""
    with pytest.raises(LoadError) as caught:
        made(module, tmp_path)
    assert "gancheck export-help" in (caught.value.hint or "")


def test_an_unknown_input_prints_the_signature(tmp_path: Path) -> None:
    """The message shows all inputs, so that one sees what to wrap."""
    with pytest.raises(LoadError, match=r"'code'.*\(z: tensor, code: tensor\)"):
        made(Mystery(), tmp_path)


def noisy_arguments(shape: tuple[int | None, ...] | None = (1, 4, 4)) -> list[Argument]:
    """Return the inputs of a network with two noise maps."""
    return [
        Argument("noise0", shape=shape),
        Argument("z", shape=(6,)),
        Argument("noise.1", shape=(9,)),
    ]


def test_noise_inputs_are_told_from_latents() -> None:
    """Noise beside a latent is noise, wherever it stands; alone it is the latent."""
    plan, notes = plan_call(noisy_arguments(), conditional=False)
    assert plan.latent == "z"
    assert plan.noise == {"noise0": (1, 4, 4), "noise.1": (9,)}
    assert any("noise0, noise.1" in note for note in notes)
    assert "N(0, 1) noise (9,)" in plan.described((6,), None)
    alone, _ = plan_call([Argument("noise"), Argument("labels", "index")], conditional=True)
    assert (alone.latent, alone.noise) == ("noise", {})


def test_noise_of_unknown_shape_asks_for_a_wrapper() -> None:
    """A shape is not guessed."""
    for shape in (None, (1, None, None)):
        with pytest.raises(LoadError, match="noise0"):
            plan_call(noisy_arguments(shape), conditional=False)


def test_noise_is_standard_normal_and_belongs_to_its_latent() -> None:
    """Maps are N(0, 1) and independent; equal latents have equal maps in any batch and order."""
    latents = torch.randn(500, 6)
    shapes: Mapping[str, tuple[int, ...]] = {"a": (1, 4, 4), "b": (9,)}
    drawn = draw_noise(latents, shapes)
    assert drawn["a"].shape == (500, 1, 4, 4)
    both = torch.cat((drawn["a"].flatten(1), drawn["b"]), dim=1)
    assert float(both.mean().abs()) < 0.03
    assert float((both.std() - 1).abs()) < 0.03
    correlations = torch.corrcoef(both.T) - torch.eye(25)
    assert float(correlations.abs().max()) < 0.25
    order = torch.randperm(500)[:7]
    part = draw_noise(latents[order], shapes)
    assert torch.equal(part["a"], drawn["a"][order])
    assert torch.equal(part["b"], drawn["b"][order])


class Maps(Flat):
    """Pictures with a noise map of their own."""

    def forward(self, noise: Tensor, z: Tensor) -> Tensor:
        """Draw pictures."""
        return torch.tanh(self.dense(z) + noise)


def test_a_network_with_noise_maps_is_deterministic(tmp_path: Path) -> None:
    """One latent gives one picture, alone or among others, and the noise is in it."""
    network = describe_module(Digits(), LoadOptions())
    inner = Maps()
    plan, _ = plan_call([Argument("noise", shape=(36,)), Argument("z")], conditional=False)
    network = replace(network, plan=plan, forward=lambda inputs: inner(*inputs))
    (tmp_path / "file").write_bytes(b"content")
    loaded = make_generator(network, Source(tmp_path / "file", "test"), LoadOptions())
    z = torch.randn(5, 5)
    torch.testing.assert_close(loaded(z)[2:3], loaded(z[2:3]))
    without = inner(torch.zeros(5, 36), z).detach()
    assert float((loaded(z).detach() - without).abs().mean()) > 0.1
    severities = {one.name: one.severity.name for one in loaded.spec.concerns}
    assert severities["internal-noise"] == severities["batch-mates"] == "OK"


@pytest.mark.parametrize("shape", [(1, 6, 6), (1, 4, 9), (3, 3, 4)])
def test_flat_pictures_take_the_shape_that_is_told(
    shape: tuple[int, int, int], tmp_path: Path
) -> None:
    """Values keep their order, row by row; the range is inferred as for any picture."""
    module, z = Digits(), torch.randn(4, 5)
    loaded = made(module, tmp_path, LoadOptions(output_shape=shape))
    assert (loaded.spec.output_kind, loaded.spec.output_shape) == ("image", shape)
    assert loaded.spec.output_range == (-1.0, 1.0)
    torch.testing.assert_close(loaded(z), module(z).view(4, *shape))
    assert any("were taken for images" in note for note in loaded.spec.notes)


def test_flat_outputs_stay_vectors_unless_told(tmp_path: Path) -> None:
    """Nobody guesses that 36 values are a picture; and 36 values are no picture of 35."""
    assert made(Digits(), tmp_path).spec.output_shape == (36,)
    with pytest.raises(ShapeError, match=r"hold 36 values, and 1 x 5 x 7 = 35"):
        made(Digits(), tmp_path, LoadOptions(output_shape=(1, 5, 7)))


def test_rows_and_columns_are_joined_but_channels_last_are_not() -> None:
    """Outputs (3, 16) become pictures (3, 4, 4); pictures with channels last are not cut anew."""
    joined = OutputLayout((), "nhw", (1, 3, 16)).as_images((3, 4, 4))
    values = torch.arange(96.0).view(2, 3, 16)
    torch.testing.assert_close(joined.apply(values, 2), values.view(2, 3, 4, 4))
    with pytest.raises(ShapeError):
        OutputLayout((), "nhwc", (3, 4, 4)).as_images((1, 6, 8))


class Convolved(nn.Module):
    """A small convolutional generator; ``awkward`` steps need the usual order of axes."""

    def __init__(self, *, awkward: bool = False, noisy: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.ConvTranspose2d(5, 8, 4)
        self.last = nn.ConvTranspose2d(8, 3, 4, 2, 1)
        self.awkward, self.noisy = awkward, noisy

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures."""
        hidden = torch.relu(self.first(z))
        if self.noisy:
            hidden = hidden + torch.rand_like(hidden)
        if self.awkward:
            hidden = hidden.view(hidden.shape[0], -1).view(-1, 8, 4, 4)
        return torch.tanh(self.last(hidden))


@pytest.mark.parametrize(
    ("module", "backend"),
    [
        (Convolved(), "torch, channels last"),
        (Convolved(awkward=True), "torch"),
        (Convolved(noisy=True), "torch"),
        (Digits(), "torch"),
    ],
)
def test_channels_go_last_where_outputs_stay_the_same(module: nn.Module, backend: str) -> None:
    """Convolutions run faster so; what cannot run so, or would draw other noise, stays as it is."""
    z = torch.randn(6, 5, 1, 1) if isinstance(module, Convolved) else torch.randn(6, 5)
    torch.manual_seed(1)
    with torch.no_grad():
        before = module.eval()(z).clone()
    network = quickened(describe_module(module, LoadOptions()), z, None)
    assert network.backend == backend
    torch.manual_seed(1)
    with torch.no_grad():
        after = network.run(z, None)
    assert isinstance(after, Tensor)
    torch.testing.assert_close(after, before, atol=1e-5, rtol=0)
    last = isinstance(module, Convolved) and module.last.weight.is_contiguous(
        memory_format=torch.channels_last
    )
    assert last == backend.endswith("last")
