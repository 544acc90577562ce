"""The generator's weights are found in the checkpoints that people really save."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import AmbiguousError, LoadError, RefusedError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.checkpoint import find_weights, score_of, tokens_of
from gancheck.types import Generator
from loaders.loader_models import Dcgan

State = dict[str, Tensor]
HERE = Path("checkpoint.pt")


def state(value: float) -> State:
    """Return weights that can be told from others by their value."""
    return {"main.0.weight": torch.full((2, 2), value), "main.0.bias": torch.zeros(2)}


def prefixed(prefix: str, weights: State) -> State:
    """Put a prefix before every name."""
    return {prefix + name: tensor for name, tensor in weights.items()}


def optimizer() -> dict[str, Any]:
    """Return the state of an optimizer that made one step."""
    layer = nn.Linear(2, 2)
    adam = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    adam.step()
    return adam.state_dict()


G, D, EMA = state(1.0), state(2.0), state(3.0)
LAYOUTS: dict[str, tuple[dict[str, Any], str, float]] = {
    "bare": (dict(G), "", 1.0),
    "data-parallel": (prefixed("module.", G), "", 1.0),
    "compiled": (prefixed("_orig_mod.", prefixed("module.", G)), "", 1.0),
    "averaged-model": ({"n_averaged": torch.tensor(5), **prefixed("module.", EMA)}, "", 3.0),
    "rosinality": (
        {"g": G, "d": D, "g_ema": EMA, "g_optim": optimizer(), "ada_aug_p": 0.0},
        "g_ema",
        3.0,
    ),
    "studiogan": ({"state_dict": G, "optimizer": optimizer(), "step": 5}, "state_dict", 1.0),
    "lightweight-gan": (
        {
            "GAN": {**prefixed("G.", G), **prefixed("GE.", EMA), **prefixed("D.", D)},
            "version": "1.0",
            "G_scaler": {"scale": 1.0},
        },
        "GAN.GE",
        3.0,
    ),
    "fastgan": ({"g": prefixed("module.", G), "d": prefixed("module.", D)}, "g", 1.0),
    "fastgan-all": (
        {"g": G, "d": D, "g_ema": [torch.zeros(2, 2)], "opt_g": optimizer()},
        "g",
        1.0,
    ),
    "basicsr": ({"params": G, "params_ema": EMA}, "params_ema", 3.0),
    "lightning": (
        {
            "epoch": 1,
            "state_dict": {**prefixed("generator.", G), **prefixed("discriminator.", D)},
            "optimizer_states": [optimizer()],
        },
        "state_dict.generator",
        1.0,
    ),
    "tutorial": (
        {"netG": G, "netD": D, "optimizerG": optimizer(), "optimizerD": optimizer()},
        "netG",
        1.0,
    ),
    "long-names": (
        {"generator_state_dict": G, "discriminator_state_dict": D, "loss": torch.tensor(0.1)},
        "generator_state_dict",
        1.0,
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_known_layouts(name: str) -> None:
    """In each known layout the generator is chosen, its averaged copy where there is one."""
    payload, key, value = LAYOUTS[name]
    weights, notes = find_weights(payload, HERE, None)
    assert weights.key == key
    assert set(weights.state) == set(G)
    assert float(weights.state["main.0.weight"][0, 0]) == value
    several = name in {"rosinality", "lightweight-gan", "fastgan", "basicsr", "lightning"}
    assert not several or any(repr(key) in note for note in notes)


def test_a_key_overrules_the_choice() -> None:
    """What the user names is taken, also where another part looks better."""
    payload = LAYOUTS["rosinality"][0]
    assert float(find_weights(payload, HERE, "g")[0].state["main.0.weight"][0, 0]) == 1.0
    nested = LAYOUTS["lightweight-gan"][0]
    assert float(find_weights(nested, HERE, "GAN.G")[0].state["main.0.weight"][0, 0]) == 1.0


def test_a_key_may_reach_into_a_module() -> None:
    """A prefix inside a state dict works as a key."""
    payload = {**prefixed("mapping.", G), **prefixed("synthesis.", EMA)}
    weights, _ = find_weights(payload, HERE, "synthesis")
    assert float(weights.state["main.0.weight"][0, 0]) == 3.0


def test_an_unknown_key_lists_the_known_ones() -> None:
    """A wrong key is answered with the near miss and the keys that exist."""
    with pytest.raises(LoadError, match=r"(?s)no weights under 'gema'.*Did you mean .*g_ema"):
        find_weights(LAYOUTS["rosinality"][0], HERE, "gema")


def test_ties_are_the_users_choice() -> None:
    """Two generators in one file are not chosen between."""
    with pytest.raises(AmbiguousError, match=r"(?s)'netG_A', 'netG_B'.*--key KEY"):
        find_weights({"netG_A": G, "netG_B": G, "netD_A": D}, HERE, None)


def test_a_discriminator_alone_is_named() -> None:
    """A file of a discriminator says so."""
    with pytest.raises(LoadError, match="weights of a discriminator"):
        find_weights({"netD": D, "optimizerD": optimizer()}, HERE, None)


@pytest.mark.parametrize("payload", [{"epoch": 3}, {}, [1, 2], {"opt": optimizer()}])
def test_files_without_weights(payload: object) -> None:
    """What holds no named tensors is described."""
    with pytest.raises(LoadError, match="holds no named weights"):
        find_weights(payload, HERE, None)


def test_words_of_a_key() -> None:
    """Keys are read word by word, in snake case and in camel case."""
    assert tokens_of("netG_A.stateDict") == ["net", "g", "a", "state", "dict"]
    assert tokens_of("GE") == ["ge"]
    assert score_of("g_ema") > score_of("netG") > score_of("state_dict")
    assert score_of("netD") < 0
    assert score_of("optimizerG") < 0


def test_checkpoint_from_disk(dcgan: Dcgan, latents: Tensor, tmp_path: Path) -> None:
    """A nested checkpoint with an optimizer loads from the file alone, and tells what it took."""
    path = tmp_path / "last.ckpt"
    averaged = dcgan.state_dict()
    shaken = {name: 3 * tensor for name, tensor in averaged.items()}
    torch.save({"g": shaken, "d": D, "g_ema": averaged, "g_optim": optimizer()}, path)
    loaded = load(path)
    assert isinstance(loaded, Generator)
    torch.testing.assert_close(loaded(latents), dcgan(latents))
    assert any("'g_ema' were taken" in note for note in loaded.spec.notes)


def test_foreign_objects_are_refused(tmp_path: Path) -> None:
    """Objects besides tensors are named, and not unpickled."""
    path = tmp_path / "last.pt"
    torch.save({"g": G, "args": argparse.Namespace(lr=1)}, path)
    with pytest.raises(RefusedError, match=r"argparse\.Namespace"):
        load(path)


def test_numpy_numbers_are_refused(tmp_path: Path) -> None:
    """A number of numpy's is an object as well; the message names it."""
    path = tmp_path / "last.pt"
    torch.save({"g": G, "best": np.float64(1.0)}, path)
    with pytest.raises(RefusedError, match="numpy"):
        load(path)


class Trap:
    """An object whose unpickling leaves a trace."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_checkpoint_does_not_run(zipped: bool, tmp_path: Path) -> None:
    """A file that would touch another file when unpickled is refused and touches nothing."""
    path, marker = tmp_path / "evil.pt", tmp_path / "marker"
    torch.save({"g": G, "x": Trap(marker)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(RefusedError):
        load(path)
    assert not marker.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_whole_modules_are_refused(zipped: bool, dcgan: Dcgan, tmp_path: Path) -> None:
    """A pickled module is refused with the two ways to save it instead."""
    path = tmp_path / "whole.pt"
    torch.save(dcgan, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(RefusedError, match=r"(?s)state_dict\(\).*"):
        load(path)


def test_half_precision_weights_load_into_the_users_class(dcgan: Dcgan, tmp_path: Path) -> None:
    """Weights saved in 16 bits run in the 32 bits of the module."""
    path = tmp_path / "half.pt"
    half = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in dcgan.state_dict().items()
    }
    torch.save(half, path)
    loaded = load(path, LoadOptions(arch="loaders.loader_models:Dcgan"))
    assert isinstance(loaded, Generator)
    assert loaded.spec.output_range == (-1.0, 1.0)
