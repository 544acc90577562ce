"""The generator's weights are found in the checkpoints that people really save."""

from __future__ import annotations

import argparse
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import AmbiguousError, LoadError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.arch import build
from gancheck.loaders.checkpoint import find_weights, score_of, tokens_of
from gancheck.types import Generator
from loaders.loader_models import Dcgan
from loaders.pickle_attacks import save

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


def layouts(g: State, d: State, ema: State) -> dict[str, tuple[Any, str, State]]:
    """Return checkpoints as they are written, the key of the right part, and what lies there."""
    return {
        "bare": (dict(g), "", g),
        "data-parallel": (prefixed("module.", g), "", g),
        "compiled": (prefixed("_orig_mod.", prefixed("module.", g)), "", g),
        "compiled-inside": ({"G": prefixed("module._orig_mod.", g), "D": d}, "G", g),
        "averaged-model": ({"n_averaged": torch.tensor(5), **prefixed("module.", ema)}, "", ema),
        "rosinality": (
            {
                **{"g": g, "d": d, "g_ema": ema, "g_optim": optimizer(), "ada_aug_p": 0.0},
                "args": argparse.Namespace(size=16, path=Path("lmdb")),
            },
            "g_ema",
            ema,
        ),
        "studiogan": (
            {"state_dict": g, "optimizer": optimizer(), "step": 5, "best_fid": np.float64(9.5)},
            "state_dict",
            g,
        ),
        "lightweight-gan": (
            {
                "GAN": {**prefixed("G.", g), **prefixed("GE.", ema), **prefixed("D.", d)},
                "version": "1.0",
                "G_scaler": {"scale": 1.0},
            },
            "GAN.GE",
            ema,
        ),
        "ema-pytorch": (
            {
                "initted": torch.tensor(True),
                "step": torch.tensor(3),
                **prefixed("online_model.", g),
                **prefixed("ema_model.", ema),
            },
            "ema_model",
            ema,
        ),
        "fastgan": ({"g": prefixed("module.", g), "d": prefixed("module.", d)}, "g", g),
        "fastgan-all": (
            {
                **{"g": prefixed("module.", g), "d": prefixed("module.", d)},
                **{"g_ema": parameters(ema), "opt_g": optimizer()},
            },
            "g_ema",
            {**g, **{name: ema[name] for name in ema if name.endswith(("weight", "bias"))}},
        ),
        "fastgan-other-shapes": (
            {"g": g, "d": d, "g_ema": [torch.zeros(9, 9)], "opt_g": optimizer()},
            "g",
            g,
        ),
        "basicsr": ({"params": g, "params_ema": ema}, "params_ema", ema),
        "lightning": (
            {
                "epoch": 1,
                "state_dict": {**prefixed("generator.", g), **prefixed("discriminator.", d)},
                "optimizer_states": [optimizer()],
                "hyper_parameters": types.SimpleNamespace(lr=0.1),
            },
            "state_dict.generator",
            g,
        ),
        "tutorial": (
            {
                **{"netG": g, "netD": d, "optimizerG": optimizer(), "optimizerD": optimizer()},
                **{"losses": {"G": torch.tensor(0.1), "D": torch.tensor(0.2)}, "D_losses": [0.5]},
                "fixed_noise": torch.zeros(4, 8, 1, 1),
            },
            "netG",
            g,
        ),
        "long-names": (
            {
                **{"generator_state_dict": g, "discriminator_state_dict": d},
                **{"loss": torch.tensor(0.1), "rng": {"torch": torch.get_rng_state()}},
            },
            "generator_state_dict",
            g,
        ),
        "list-inside": ({"models": [{"G": g}, {"D": d}]}, "models.0.G", g),
        "numpy": ({"G": {name: value.numpy() for name, value in g.items()}, "D": d}, "G", g),
    }


def parameters(weights: State) -> list[Tensor]:
    """Return the weights as ``Module.parameters`` does: no names, no statistics."""
    return [value for name, value in weights.items() if name.endswith(("weight", "bias"))]


G, D, EMA = state(1.0), state(2.0), state(3.0)
LAYOUTS = layouts(G, D, EMA)


@pytest.mark.parametrize("name", LAYOUTS)
def test_known_layouts(name: str) -> None:
    """In each known layout the generator is chosen, its averaged copy where there is one."""
    payload, key, expected = LAYOUTS[name]
    weights, notes = find_weights(payload, HERE, None)
    assert weights.key == key
    assert list(weights.state) == list(expected)
    assert all(torch.equal(weights.state[item], expected[item]) for item in expected)
    several = {"rosinality", "lightweight-gan", "fastgan", "fastgan-all", "basicsr", "lightning"}
    assert name not in several or any(repr(key) in note for note in notes)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("legacy", [False, True])
def test_layouts_load_to_the_original(
    name: str, legacy: bool, dcgan: Dcgan, latents: Tensor, tmp_path: Path
) -> None:
    """What a layout loads to draws what the module drew that was saved in it."""
    good = dcgan.state_dict()
    other = {item: 2 * value + 1 for item, value in good.items()}
    judge = nn.Sequential(nn.Conv2d(3, 1, 4)).state_dict()
    payload, _, expected = layouts(good, judge, other)[name]
    path = save(payload, tmp_path / "checkpoint.pt", legacy=legacy)
    loaded = load(path, LoadOptions(arch="loaders.loader_models:Dcgan"))
    assert isinstance(loaded, Generator)
    original = Dcgan().eval()
    original.load_state_dict(expected)
    torch.testing.assert_close(loaded(latents), original(latents), atol=1e-5, rtol=0)


def test_names_come_from_the_neighbour(dcgan: Dcgan, tmp_path: Path) -> None:
    """A nameless average says where its names are from, and that is the real average."""
    payload = layouts(dcgan.state_dict(), D, dcgan.state_dict())["fastgan-all"][0]
    _, notes = find_weights(payload, tmp_path, None)
    assert any("'g_ema' have no names; they took those of 'g'" in note for note in notes)


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


def test_two_networks_in_a_list_are_a_tie(tmp_path: Path) -> None:
    """A tuple of state dicts has numbers for keys, and a number chooses."""
    path = save((state(1.0), state(2.0), {"param_groups": []}), tmp_path / "pair.pt")
    with pytest.raises(AmbiguousError, match="'0', '1'"):
        load(path)
    weights, _ = find_weights((state(1.0), state(2.0)), HERE, "1")
    assert float(weights.state["main.0.weight"][0, 0]) == 2.0


def test_objects_that_hold_no_weights_are_described(tmp_path: Path) -> None:
    """A pickled object without tensors is named by its class."""
    path = save(argparse.Namespace(lr=1), tmp_path / "args.pt")
    with pytest.raises(LoadError, match=r"an object of argparse\.Namespace"):
        load(path)


def test_checkpoints_that_hold_themselves_end(tmp_path: Path) -> None:
    """Dictionaries in dictionaries in themselves are not searched for ever."""
    payload: dict[str, Any] = {}
    payload.update({f"k{n}": payload for n in range(200)})
    with pytest.raises(LoadError, match="is not searched"):
        find_weights(payload, HERE, None)


WRAPPED = """
import torch
from torch import nn
from loaders.loader_models import Dcgan
from loaders.pickle_attacks import save

def spectral():
    generator = Dcgan()
    for index in (0, 3, 6):
        nn.utils.spectral_norm(generator.main[index])
    return generator

def single():
    module = nn.Module()
    module.module = Dcgan()
    module.forward = lambda z: module.module(z)
    return module
"""


def test_wrapped_names_fit_wrapped_code(latents: Tensor, tmp_path: Path) -> None:
    """Weights of spectral norm go as they are into code with it, and folded into code without."""
    source = tmp_path / "models.py"
    source.write_text(WRAPPED, encoding="utf-8")
    torch.manual_seed(5)
    original = build(f"{source}:spectral", {})
    original(latents)
    path = save({"netG": original.eval().state_dict(), "netD": D}, tmp_path / "a.pt")
    for arch in (f"{source}:spectral", "loaders.loader_models:Dcgan"):
        loaded = load(path, LoadOptions(arch=arch))
        assert isinstance(loaded, Generator)
        torch.testing.assert_close(loaded(latents), original(latents), atol=1e-5, rtol=0)
        folded = any("Spectral norm was folded" in note for note in loaded.spec.notes)
        assert folded == arch.endswith("Dcgan")


def test_a_child_named_like_a_wrapper(dcgan: Dcgan, latents: Tensor, tmp_path: Path) -> None:
    """Code whose own layer is called module gets the prefix back."""
    source = tmp_path / "models.py"
    source.write_text(WRAPPED, encoding="utf-8")
    path = save(prefixed("module.", dcgan.state_dict()), tmp_path / "a.pt")
    loaded = load(path, LoadOptions(arch=f"{source}:single"))
    assert isinstance(loaded, Generator)
    torch.testing.assert_close(loaded(latents), dcgan(latents), atol=1e-5, rtol=0)


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
