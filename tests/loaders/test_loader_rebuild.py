"""Pickled modules are rebuilt from their layers' attributes, or their code is asked for."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import LoadError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.checkpoint import find_weights
from gancheck.loaders.inert import Inert
from gancheck.loaders.rebuild import rebuild
from gancheck.loaders.tensorfile import read_tensors
from gancheck.types import Generator
from loaders.loader_models import LATENT, Dcgan, settle
from loaders.pickle_attacks import save

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(4, 3), (2, 4)),
    "linear without bias": (lambda: nn.Linear(4, 3, bias=False), (2, 4)),
    "conv1d": (lambda: nn.Conv1d(2, 4, 3, dilation=2, groups=2), (2, 2, 9)),
    "conv2d": (
        lambda: nn.Conv2d(2, 4, (3, 1), (2, 1), (1, 0), padding_mode="reflect"),
        (2, 2, 8, 8),
    ),
    "conv same": (lambda: nn.Conv2d(2, 4, 3, padding="same", bias=False), (2, 2, 5, 5)),
    "conv3d": (lambda: nn.Conv3d(1, 2, 2), (1, 1, 3, 3, 3)),
    "transposed": (
        lambda: nn.ConvTranspose2d(4, 3, 5, 2, 2, output_padding=1, groups=1),
        (2, 4, 3, 3),
    ),
    "transposed1d": (lambda: nn.ConvTranspose1d(4, 3, 4, 2, 1, dilation=2), (2, 4, 3)),
    "batchnorm": (lambda: nn.BatchNorm2d(3, eps=0.8, momentum=0.3), (2, 3, 4, 4)),
    "batchnorm1d": (lambda: nn.BatchNorm1d(3, affine=False), (2, 3)),
    "instancenorm": (lambda: nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 4)),
    "tracking": (lambda: nn.InstanceNorm2d(3, track_running_stats=True), (2, 3, 4, 4)),
    "groupnorm": (lambda: nn.GroupNorm(2, 4, eps=0.1), (2, 4, 3)),
    "layernorm": (lambda: nn.LayerNorm((3, 2), eps=0.1), (2, 3, 2)),
    "relu": (lambda: nn.ReLU(inplace=True), (2, 3)),
    "leaky": (lambda: nn.LeakyReLU(0.2, inplace=True), (2, 3)),
    "prelu": (lambda: nn.PReLU(3), (2, 3)),
    "elu": (lambda: nn.ELU(0.5), (2, 3)),
    "celu": (lambda: nn.CELU(0.5), (2, 3)),
    "gelu": (lambda: nn.GELU("tanh"), (2, 3)),
    "hardtanh": (lambda: nn.Hardtanh(-2.0, 0.5), (2, 3)),
    "softplus": (lambda: nn.Softplus(2, 5), (2, 3)),
    "threshold": (lambda: nn.Threshold(0.1, 2.0), (2, 3)),
    "softmax": (lambda: nn.Softmax(dim=1), (2, 3)),
    "flatten": (lambda: nn.Flatten(2), (2, 3, 2, 2)),
    "unflatten": (lambda: nn.Unflatten(1, (3, 2)), (2, 6)),
    "upsample": (
        lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        (1, 2, 3, 3),
    ),
    "upsample to": (lambda: nn.Upsample(size=(5, 4)), (1, 2, 3, 3)),
    "nearest": (lambda: nn.UpsamplingNearest2d(scale_factor=2), (1, 2, 3, 3)),
    "shuffle": (lambda: nn.PixelShuffle(2), (1, 8, 3, 3)),
    "unshuffle": (lambda: nn.PixelUnshuffle(2), (1, 2, 4, 4)),
    "zeropad": (lambda: nn.ZeroPad2d((1, 0, 2, 0)), (1, 2, 3, 3)),
    "reflectionpad": (lambda: nn.ReflectionPad2d(1), (1, 2, 3, 3)),
    "constantpad": (lambda: nn.ConstantPad1d(2, 0.5), (1, 2, 3)),
    "avgpool": (lambda: nn.AvgPool2d(2), (1, 2, 4, 4)),
    "maxpool": (lambda: nn.MaxPool2d(3, 2, 1), (1, 2, 4, 4)),
    "adaptive": (lambda: nn.AdaptiveAvgPool2d((2, 1)), (1, 2, 4, 4)),
    "dropout": (lambda: nn.Dropout2d(0.5), (1, 2, 4, 4)),
    **{
        kind.__name__: (kind, (2, 3))
        for kind in (nn.Tanh, nn.Sigmoid, nn.SiLU, nn.Mish, nn.SELU, nn.ReLU6, nn.Hardswish)
    },
}


def pickled(module: nn.Module, folder: Path, *, legacy: bool = False) -> Inert:
    """Save a whole module and return its record."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = save(module, folder / "module.pkl", legacy=legacy)
    found = read_tensors(path, "torch-legacy" if legacy else "torch-zip")
    assert isinstance(found, Inert)
    return found


@pytest.mark.parametrize("name", LAYERS)
def test_each_layer_is_what_it_was(name: str, tmp_path: Path) -> None:
    """A stack with this layer computes what the original computes, to the last bit."""
    make, shape = LAYERS[name]
    torch.manual_seed(0)
    module = nn.Sequential(make(), nn.Identity())
    inputs = torch.randn(shape)
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    rebuilt = rebuild(pickled(module, tmp_path))
    assert rebuilt is not None
    assert rebuilt.exact
    assert torch.equal(rebuilt.module.eval()(inputs.clone()), module.eval()(inputs.clone()))


class Wrapper(nn.Module):
    """A generator with one child, as most tutorials write it."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.main = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures."""
        drawn: Tensor = self.main(z)
        return drawn


class Doubling(Wrapper):
    """One whose forward does more than its child does."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures from stretched latents."""
        return super().forward(3 * z)


def stack(kind: type[Wrapper] = Wrapper) -> nn.Module:
    """Return a settled dense generator."""
    torch.manual_seed(3)
    layers = (
        *(nn.Linear(LATENT, 64), nn.BatchNorm1d(64, 0.8), nn.LeakyReLU(0.3)),
        *(nn.Linear(64, 64), nn.BatchNorm1d(64, 0.8), nn.LeakyReLU(0.3)),
        *(nn.Linear(64, 12), nn.Tanh()),
    )
    return settle(kind(*layers), lambda: (torch.randn(512, LATENT),))


@pytest.mark.parametrize("legacy", [False, True])
def test_nested_stacks_load_without_code(
    legacy: bool, dcgan: Dcgan, latents: Tensor, tmp_path: Path
) -> None:
    """A Sequential of Sequentials in a checkpoint draws what the original drew."""
    main = dcgan.main
    head = nn.Sequential(main[0], main[1], main[2])
    module = nn.Sequential(head, nn.Sequential(main[3:], nn.Identity()))
    path = save({"netG": module, "netD": nn.Linear(2, 1)}, tmp_path / "a.pt", legacy=legacy)
    loaded = load(path)
    assert isinstance(loaded, Generator)
    torch.testing.assert_close(loaded(latents), dcgan(latents), atol=1e-5, rtol=0)
    notes = " ".join(loaded.spec.notes)
    assert "'netG'" in notes
    assert "no code of it was run" in notes


def test_wrappers_of_torch_are_seen_through(tmp_path: Path) -> None:
    """A module that was pickled in parallel or averaged wrappers is the module in them."""
    inner = nn.Sequential(nn.Linear(4, 2), nn.Tanh())
    for module in (nn.DataParallel(inner), torch.optim.swa_utils.AveragedModel(inner)):
        rebuilt = rebuild(pickled(module, tmp_path))
        assert rebuilt is not None
        assert rebuilt.exact
        assert torch.equal(rebuilt.module(torch.ones(1, 4)), inner(torch.ones(1, 4)))


def test_spectral_norm_is_folded(tmp_path: Path) -> None:
    """The hooks of spectral norm are the one kind that is understood."""
    torch.manual_seed(0)
    layers = (nn.ConvTranspose2d(4, 4, 3), nn.Conv2d(4, 2, 3, bias=False))
    module = nn.Sequential(*(nn.utils.spectral_norm(layer) for layer in layers))
    module(torch.randn(2, 4, 5, 5))
    rebuilt = rebuild(pickled(module.eval(), tmp_path))
    assert rebuilt is not None
    inputs = torch.randn(2, 4, 5, 5)
    torch.testing.assert_close(rebuilt.module(inputs), module(inputs), atol=1e-6, rtol=0)


def test_a_class_around_one_stack_is_believed_if_the_statistics_agree(tmp_path: Path) -> None:
    """A user's class with one child is rebuilt when the BatchNorm layers see what they know."""
    module = stack()
    path = save(module, tmp_path / "netG.pt")
    loaded = load(path)
    assert isinstance(loaded, Generator)
    latents = torch.randn(5, LATENT)
    torch.testing.assert_close(loaded(latents), module(latents), atol=1e-5, rtol=0)
    assert any("no more than call its only child" in note for note in loaded.spec.notes)


def test_a_class_that_does_more_is_not(tmp_path: Path) -> None:
    """A forward that scales the latents is contradicted by the statistics, and asked for."""
    path = save(stack(Doubling), tmp_path / "netG.pt")
    with pytest.raises(LoadError, match=r"Doubling, whose code.*contradict") as caught:
        load(path)
    assert f"--arch {__name__}:Doubling" in str(caught.value.hint)


def test_without_statistics_there_is_nothing_to_believe(tmp_path: Path) -> None:
    """A user's class around layers that remember nothing is asked for."""
    module = Wrapper(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Tanh())
    with pytest.raises(LoadError, match="nothing could confirm a rebuilt one"):
        load(save(module, tmp_path / "netG.pt"))


def test_the_class_is_taken_where_it_is_given(tmp_path: Path) -> None:
    """With its code, the weights of a pickled module run in it."""
    module = stack(Doubling)
    path = save(module, tmp_path / "netG.pt")
    loaded = load(path, LoadOptions(arch=f"{__name__}:doubling"))
    assert isinstance(loaded, Generator)
    latents = torch.randn(5, LATENT)
    torch.testing.assert_close(loaded(latents), module(latents), atol=1e-5, rtol=0)


doubling = functools.partial(stack, Doubling)


class Held(nn.Module):
    """A layer of nobody's."""

    def forward(self, z: Tensor) -> Tensor:
        """Return the latents."""
        return z


def with_weight() -> nn.Module:
    """Return a wrapper that has a weight of its own."""
    module = Wrapper(nn.Linear(2, 2), nn.Tanh())
    module.scale = nn.Parameter(torch.ones(1))
    return module


def with_hook() -> nn.Module:
    """Return a stack whose outputs a hook changes."""
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].register_forward_hook(_double)
    return module


def _double(_: nn.Module, __: Any, outputs: Tensor) -> Tensor:
    return 2 * outputs


def with_number(name: str, value: object) -> nn.Module:
    """Return a layer with an attribute that no constructor left there."""
    module = nn.Sequential(nn.Conv2d(1, 1, 1))
    setattr(module[0], name, value)
    return module


UNKNOWN: dict[str, Callable[[], nn.Module]] = {
    "two children": lambda: nn.ModuleDict({"a": nn.Sequential(), "b": nn.Sequential()}),
    "layer of nobody's": lambda: nn.Sequential(nn.Linear(2, 2), Held()),
    "weight beside the child": with_weight,
    "hook": with_hook,
    "no activation at the end": lambda: Wrapper(nn.Linear(2, 2)),
    "recurrent": lambda: nn.Sequential(nn.LSTM(2, 2)),
    "giant stride": lambda: with_number("stride", (10**6, 1)),
    "giant padding": lambda: with_number("padding", 10**5),
    "wrong size": lambda: with_number("out_channels", 7),
    "object for a number": lambda: with_number("groups", Path("x")),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_known_is_not_rebuilt(name: str, tmp_path: Path) -> None:
    """Where layers do not tell how they are run, there is no guess."""
    assert rebuild(pickled(UNKNOWN[name](), tmp_path)) is None


def test_weights_of_a_module_have_its_own_names(dcgan: Dcgan, tmp_path: Path) -> None:
    """The tensors of a pickled module are found under the names of its state dict."""
    record = pickled(dcgan, tmp_path)
    weights, notes = find_weights(record, tmp_path, None)
    own = dcgan.state_dict()
    assert list(weights.state) == list(own)
    assert all(torch.equal(weights.state[name], own[name]) for name in own)
    assert any("came in a pickled loaders.loader_models.Dcgan" in note for note in notes)


class Synthesizer:
    """What CTGAN pickles: an object with its networks and its settings as attributes."""

    def __init__(self) -> None:
        self._generator = stack()
        self._discriminator = nn.Linear(3, 1)
        self._batch_size = 500
        self.loss_values = {"Epoch": [1, 2]}


def test_objects_that_hold_modules_are_searched(tmp_path: Path) -> None:
    """A pickled trainer gives up its generator."""
    path = save(Synthesizer(), tmp_path / "model.pkl")
    loaded = load(path)
    assert isinstance(loaded, Generator)
    assert any("'_generator' were taken" in note for note in loaded.spec.notes)
    latents = torch.randn(5, LATENT)
    torch.testing.assert_close(loaded(latents), stack()(latents), atol=1e-5, rtol=0)
