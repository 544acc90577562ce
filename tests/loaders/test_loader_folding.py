"""Spectral norm and weight norm are folded into the weights that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from gancheck.loaders.folding import fold

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(6, 4), (3, 6)),
    "square": (lambda: nn.Linear(5, 5), (3, 5)),
    "convolution": (lambda: nn.Conv2d(3, 4, 3), (2, 3, 5, 5)),
    "transposed": (lambda: nn.ConvTranspose2d(4, 3, 3, bias=False), (2, 4, 5, 5)),
    "square convolution": (lambda: nn.Conv2d(4, 4, 3), (2, 4, 5, 5)),
    "square transposed": (lambda: nn.ConvTranspose2d(4, 4, 3), (2, 4, 5, 5)),
}
NORMS: dict[str, tuple[Callable[[nn.Module], nn.Module], str]] = {
    "spectral, old": (nn.utils.spectral_norm, "Spectral norm"),
    "spectral, new": (nn.utils.parametrizations.spectral_norm, "Spectral norm"),
    "weight, old": (lambda layer: _quietly(layer), "Weight norm"),
    "weight, new": (nn.utils.parametrizations.weight_norm, "Weight norm"),
}


def _quietly(layer: nn.Module) -> nn.Module:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapped: Any = nn.utils.weight_norm(layer)
    assert isinstance(wrapped, nn.Module)
    return wrapped


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("layer", LAYERS)
def test_folded_weights_compute_the_same(layer: str, norm: str) -> None:
    """A plain layer with the folded weight gives what the wrapped one gives in eval mode."""
    make, shape = LAYERS[layer]
    wrap, name = NORMS[norm]
    torch.manual_seed(1)
    wrapped = nn.Sequential(wrap(make()))
    inputs = torch.randn(shape)
    for _ in range(3):  # the vectors of spectral norm move with each call in training
        wrapped(inputs)
    with torch.no_grad():
        for parameter in wrapped.parameters():  # and the weights move after them
            parameter.add_(0.01 * torch.randn_like(parameter))
    state, notes = fold(wrapped.state_dict())
    plain = nn.Sequential(make())
    plain.load_state_dict(state)
    torch.testing.assert_close(plain(inputs), wrapped.eval()(inputs), atol=1e-5, rtol=1e-5)
    assert notes == (f"{name} was folded into 1 weights.",)


def test_other_names_are_left_alone() -> None:
    """Names that only look like parts of a norm stay, in their order."""
    state = {
        "a.weight_v": torch.ones(2),
        "b.weight": torch.ones(2, 2),
        "c.weight_orig": torch.ones(2, 2),
        "c.weight_u": torch.ones(2),
        "weight_g": torch.ones(1),
    }
    folded, notes = fold(state)
    assert list(folded) == list(state)
    assert not notes


def test_layers_keep_their_order() -> None:
    """A folded weight stands where its parts stood."""
    module = nn.Sequential(
        nn.Linear(2, 3), nn.utils.spectral_norm(nn.Linear(3, 4)), nn.Linear(4, 2)
    )
    folded, _ = fold(module.state_dict())
    assert [name for name in folded if "weight" in name] == ["0.weight", "1.weight", "2.weight"]
