"""Networks rebuilt from weights alone, and only when their own statistics agree."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import AmbiguousError, LoadError
from gancheck.loaders import LoadOptions, load
from gancheck.types import Generator
from loaders.loader_models import LATENT, Dcgan, make_dcgan, settle


def loaded_from(module: nn.Module, path: Path, options: LoadOptions | None = None) -> Generator:
    """Save the weights of a module, and load them without its code."""
    torch.save(module.state_dict(), path)
    loaded = load(path, options)
    assert isinstance(loaded, Generator)
    return loaded


@pytest.mark.parametrize(("slope", "law"), [(0.0, "uniform"), (0.2, "normal")])
def test_dcgan_activation_and_law_are_found(
    slope: float, law: str, latents: Tensor, tmp_path: Path
) -> None:
    """The statistics tell ReLU from LeakyReLU, and normal from uniform latents."""
    module = make_dcgan(slope, law)
    loaded = loaded_from(module, tmp_path / "g.pth")
    torch.testing.assert_close(loaded(latents), module(latents))
    assert loaded.spec.latent_law == law
    activation = "LeakyReLU(0.2)" if slope else "ReLU"
    assert any(
        f"a DCGAN with {activation} that draws 3 x 16 x 16" in note for note in loaded.spec.notes
    )


def test_dcgan_for_digits(tmp_path: Path) -> None:
    """A first layer of 7 x 7, one channel and biases are read off the weights."""
    torch.manual_seed(5)
    module = nn.Sequential(
        nn.ConvTranspose2d(6, 16, 7, 1, 0),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 8, 4, 2, 1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 1, 4, 2, 1),
        nn.Tanh(),
    )
    settle(module, lambda: (torch.randn(256, 6, 1, 1),))
    loaded = loaded_from(module, tmp_path / "g.pth")
    assert (loaded.spec.latent_shape, loaded.spec.output_shape) == ((6, 1, 1), (1, 28, 28))
    latents = torch.randn(3, 6, 1, 1)
    torch.testing.assert_close(loaded(latents), module(latents))


def test_a_contradicted_dcgan_is_refused(tmp_path: Path) -> None:
    """An activation that is neither of the two usual ones is not rebuilt."""
    with pytest.raises(LoadError, match=r"(?s)statistics contradict that.*--arch"):
        loaded_from(make_dcgan(slope=0.6), tmp_path / "g.pth")


def test_statistics_never_trained_are_refused(tmp_path: Path) -> None:
    """Weights as they are before training confirm nothing."""
    torch.manual_seed(6)
    with pytest.raises(LoadError, match="statistics contradict"):
        loaded_from(Dcgan(), tmp_path / "g.pth")


def test_a_law_that_contradicts_the_statistics_is_not_believed(
    dcgan: Dcgan, latents: Tensor, tmp_path: Path
) -> None:
    """A wrong latent law does not hide the network; it is used as told, and named wrong."""
    loaded = loaded_from(dcgan, tmp_path / "g.pth", LoadOptions(latent_law="uniform"))
    torch.testing.assert_close(loaded(latents), dcgan(latents))
    assert loaded.spec.latent_law == "uniform"
    assert any("trained on normal latents" in concern.title for concern in loaded.spec.concerns)


def mlp(*, slope: float = 0.2, eps: float = 0.8, norms: bool = True, out: int = 81) -> nn.Module:
    """Return the dense generator of many tutorials."""
    torch.manual_seed(7)
    layers: list[nn.Module] = [nn.Linear(10, 32), nn.LeakyReLU(slope)]
    for inputs, outputs in ((32, 48), (48, 64)):
        layers.append(nn.Linear(inputs, outputs))
        layers += [nn.BatchNorm1d(outputs, eps)] if norms else []
        layers.append(nn.LeakyReLU(slope))
    layers.append(nn.Linear(64, out))
    layers += [nn.Tanh()] if out >= 64 else []
    module = nn.Sequential(*layers)
    with torch.no_grad():
        for layer in module:
            if isinstance(layer, nn.Linear):
                layer.weight.mul_(2.5)
    return settle(module, lambda: (torch.randn(512, 10),))


@pytest.mark.parametrize(("eps", "out"), [(0.8, 81), (1e-5, 2)])
def test_dense_networks_with_norms(eps: float, out: int, tmp_path: Path) -> None:
    """A dense network is rebuilt with the activation and epsilon its statistics single out."""
    module = mlp(eps=eps, out=out)
    loaded = loaded_from(module, tmp_path / "g.pth")
    latents = torch.randn(4, 10)
    torch.testing.assert_close(loaded(latents), module(latents), atol=1e-5, rtol=0)
    assert any("at the end were assumed" in note for note in loaded.spec.notes)


def test_dense_networks_without_norms_are_never_guessed(tmp_path: Path) -> None:
    """Without BatchNorm nothing can confirm an activation."""
    with pytest.raises(LoadError, match="no architecture to run them in"):
        loaded_from(mlp(norms=False), tmp_path / "g.pth")


def test_a_norm_before_any_activation_confirms_nothing(tmp_path: Path) -> None:
    """A network whose only BatchNorm precedes its activations is not rebuilt."""
    module = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    settle(module, lambda: (torch.randn(256, 4),))
    with pytest.raises(LoadError, match="no architecture to run them in"):
        loaded_from(module, tmp_path / "g.pth")


def test_an_undecided_audit_is_the_users_choice(tmp_path: Path) -> None:
    """Where hidden inputs are always positive, no statistic tells two activations apart."""
    torch.manual_seed(8)
    module = Dcgan()

    def draw() -> tuple[Tensor, ...]:
        # Every pass estimates with a first norm whose outputs stay near 1.
        nn.init.constant_(first.weight, 0.05)
        nn.init.constant_(first.bias, 1.0)
        return (torch.randn(256, LATENT, 1, 1),)

    first = next(layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d))
    settle(module, draw)
    with pytest.raises(AmbiguousError, match="may be a DCGAN"):
        loaded_from(module, tmp_path / "g.pth")


def test_discriminators_are_named(tmp_path: Path) -> None:
    """Weights from pictures to one number are called what they look like."""
    module = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.Flatten(), nn.Linear(512, 1))
    with pytest.raises(LoadError, match="look like a discriminator's"):
        loaded_from(module, tmp_path / "d.pth")


def test_extra_weights_are_not_ignored(dcgan: Dcgan, tmp_path: Path) -> None:
    """A DCGAN with anything more in its file is not rebuilt as a plain one."""
    weights = {**dcgan.state_dict(), "table.weight": torch.zeros(10, 3)}
    torch.save(weights, tmp_path / "g.pth")
    with pytest.raises(LoadError, match="no architecture"):
        load(tmp_path / "g.pth")
