"""The checkpoints that popular repositories write, and the programs that people export.

A layout writes a generator into a folder as its repository would, and says how to load it back.
"""

from __future__ import annotations

import argparse
import json
import sys
import types
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from corpus import formats
from corpus.networks import (
    CLASSES,
    LATENT,
    Conditional,
    OneHot,
    Psi,
    Twin,
    Viewed,
    dcgan,
    other_dcgan,
    small,
    spectral,
)

State = dict[str, Tensor]
PLANE = (LATENT, 1, 1)
FLAT = (LATENT,)


def first(outputs: Any) -> Tensor:
    """Return the first of several outputs."""
    output: Tensor = outputs[0]
    return output


def same(outputs: Any) -> Tensor:
    """Return the only output."""
    output: Tensor = outputs
    return output


@dataclass(frozen=True)
class Layout:
    """One way to write a generator, and what it has to give when it is loaded.

    Attributes:
        write: Writes into a folder and returns the file to load.
        module: The original.
        latent: Shape of one latent.
        options: What the user has to say to load it.
        classes: How many classes it has, None for no labels.
        pick: The sample among what the original returns.
        call: Calls the original with latents and labels, where that is no plain call.
    """

    write: Callable[[Path], Path]
    module: Callable[[], nn.Module] = dcgan
    latent: tuple[int, ...] = PLANE
    options: Mapping[str, Any] = field(default_factory=dict)
    classes: int | None = None
    pick: Callable[[Any], Tensor] = same
    call: Callable[[nn.Module, Tensor, Tensor | None], Any] | None = None

    def expected(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """Return the samples of the original module."""
        module = self.module()
        with torch.no_grad():
            if self.call is not None:
                return self.pick(self.call(module, latents, labels))
            return self.pick(module(latents) if labels is None else module(latents, labels))


def prefixed(prefix: str, state: Mapping[str, Tensor]) -> State:
    """Put a prefix before every name."""
    return {prefix + name: tensor for name, tensor in state.items()}


def weights() -> State:
    """Return the weights of the DCGAN."""
    return dict(dcgan().state_dict())


def before_averaging() -> State:
    """Return weights of the same shapes and other values."""
    return dict(other_dcgan(5).state_dict())


def judge() -> State:
    """Return the weights of a discriminator."""
    torch.manual_seed(6)
    return dict(nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.LeakyReLU(0.2)).state_dict())


def optimizer() -> dict[str, Any]:
    """Return the state of an optimizer that made one step."""
    layer = nn.Linear(2, 2)
    adam = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    adam.step()
    return adam.state_dict()


def sequential() -> nn.Sequential:
    """Return the layers of the DCGAN alone."""
    return dcgan().main


@contextmanager
def forgotten(name: str) -> Iterator[types.ModuleType]:
    """Provide a module of that name, and take it away again: the code that nobody has any more."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        yield module
    finally:
        del sys.modules[name]


def custom_module(folder: Path, *, legacy: bool = False) -> Path:
    """Write a whole module whose class cannot be imported."""
    with forgotten("their_project") as project:
        kind = type("Generator", (nn.Module,), {"__module__": "their_project"})
        project.Generator = kind  # type: ignore[attr-defined]
        module = kind()
        module.main = sequential()
        save = formats.save_legacy if legacy else formats.save_zip
        return save(module, folder / "netG.pkl")


def with_settings(folder: Path) -> Path:
    """Write a checkpoint beside every kind of setting that people keep."""
    losses: defaultdict[str, list[Any]] = defaultdict(list)
    losses["g"] += [np.float64(0.5), np.float32(1.5)]
    payload = {
        "generator": weights(),
        "epoch": np.int64(3),
        "loss": np.float64(0.25),
        "losses": losses,
        "history": np.linspace(0, 1, 5),
        "numpy_rng": np.random.RandomState(0).get_state(),
        "torch_rng": torch.get_rng_state(),
        "root": Path("runs/first"),
        "config": argparse.Namespace(lr=1e-4, betas=(0.5, 0.9), root=Path("x")),
        "simple": types.SimpleNamespace(width=8),
        "when": datetime(2024, 1, 2, 3, 4),
        "took": timedelta(seconds=3),
        "device": torch.device("cuda:0"),
        "dtype": torch.float32,
        "classes": frozenset({1, 2}),
        "steps": range(5),
        "part": slice(0, 2),
        "size": torch.Size([3, 16, 16]),
    }
    return formats.save_zip(payload, folder / "checkpoint.pth")


def rosinality(folder: Path) -> Path:
    """Write what the StyleGAN2 of rosinality writes: an argparse Namespace among the weights."""
    payload = {
        "g": before_averaging(),
        "d": judge(),
        "g_ema": weights(),
        "g_optim": optimizer(),
        "d_optim": optimizer(),
        "args": argparse.Namespace(size=16, latent=LATENT, path="lmdb"),
        "ada_aug_p": 0.0,
    }
    return formats.save_zip(payload, folder / "550000.pt")


def fastgan_all(folder: Path) -> Path:
    """Write FastGAN's ``all_N.pth``: ``g`` is averaged, ``g_ema`` a list of nameless weights."""
    payload = {
        "g": prefixed("module.", weights()),
        "d": prefixed("module.", judge()),
        "g_ema": [parameter.detach() for parameter in dcgan().parameters()],
        "opt_g": optimizer(),
        "opt_d": optimizer(),
    }
    return formats.save_zip(payload, folder / "all_50000.pth")


def lightweight(folder: Path) -> Path:
    """Write what lightweight-gan writes: one state dict for all, and a file of settings."""
    (folder / ".config.json").write_text(json.dumps({"latent_dim": LATENT, "image_size": 16}))
    together = {
        **prefixed("G.", before_averaging()),
        **prefixed("GE.", weights()),
        **prefixed("D.", judge()),
    }
    scaler = {"scale": 1.0, "growth_factor": 2.0, "_growth_tracker": 0}
    payload = {"GAN": together, "version": "0.21.4", "G_scaler": scaler, "D_scaler": scaler}
    return formats.save_zip(payload, folder / "model_10.pt")


def lightning(folder: Path) -> Path:
    """Write a checkpoint of a Lightning module with both networks in it."""
    payload = {
        "epoch": 3,
        "global_step": 100,
        "pytorch-lightning_version": "2.1.0",
        "state_dict": {**prefixed("generator.", weights()), **prefixed("discriminator.", judge())},
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 3}}}},
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_path": "x.ckpt"}},
        "optimizer_states": [optimizer(), optimizer()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"latent_dim": LATENT, "lr": 2e-4},
    }
    return formats.save_zip(payload, folder / "last.ckpt")


def studiogan(folder: Path) -> Path:
    """Write what StudioGAN writes, name with equals signs included."""
    payload = {
        "state_dict": weights(),
        "optimizer": optimizer(),
        "seed": 42,
        "run_name": "CIFAR10-DCGAN-train",
        "epoch": 3,
        "best_fid": np.float64(12.5),
        "aa_p": 0.0,
    }
    return formats.save_zip(payload, folder / "model=G_ema-best-weights-step=2000.pth")


def hugging(folder: Path) -> Path:
    """Write what the hub holds: weights under the name of any model, and settings beside them."""
    (folder / "config.json").write_text(json.dumps({"nz": LATENT, "ngf": 8, "nc": 3}))
    state = {name.replace("main.", "model."): item for name, item in weights().items()}
    return formats.save_zip(state, folder / "pytorch_model.bin")


def averaged(folder: Path) -> Path:
    """Write torch's own average of a model."""
    model = torch.optim.swa_utils.AveragedModel(dcgan())
    model.update_parameters(dcgan())
    return formats.save_zip(model.state_dict(), folder / "ema.pt")


def basicsr(folder: Path) -> Path:
    """Write the two sets of parameters that basicsr keeps."""
    payload = {"params": before_averaging(), "params_ema": weights()}
    return formats.save_zip(payload, folder / "net_g.pth")


def ordered(folder: Path) -> Path:
    """Write an OrderedDict that remembers its versions, as ``state_dict`` returns it."""
    state = OrderedDict(dcgan().state_dict())
    state._metadata = OrderedDict({"": {"version": 1}})  # type: ignore[attr-defined]
    return formats.save_zip(state, folder / "netG_epoch_24.pth")


def traced(
    module: Callable[[], nn.Module], *shapes: tuple[int, ...], batch: int = 4
) -> Callable[[Path], Path]:
    """Trace a module with zeros of these shapes."""
    return lambda folder: formats.save_torchscript(
        module(), tuple(torch.zeros(batch, *shape) for shape in shapes), folder / "model.pt"
    )


def _viewed(batch: int) -> nn.Module:
    module = small(Viewed)
    copy = Viewed(batch).eval().requires_grad_(False)
    copy.load_state_dict(module.state_dict())
    return copy


def _labelled(folder: Path, save: Callable[..., Path]) -> Path:
    example = (torch.zeros(4, LATENT), torch.zeros(4, dtype=torch.long))
    return save(small(Conditional), example, folder / "model")


def _one_hot(module: nn.Module, latents: Tensor, labels: Tensor | None) -> Tensor:
    assert labels is not None
    return same(module(latents, nn.functional.one_hot(labels, CLASSES).float()))


def _full_strength(module: nn.Module, latents: Tensor, _: Tensor | None) -> Tensor:
    return same(module(latents, 1.0))


def _by_hand(_: nn.Module, latents: Tensor, labels: Tensor | None) -> Tensor:
    """Call a network whose ``view`` only takes one batch size."""
    return same(_viewed(len(latents))(latents))


ONE = (torch.zeros(4, *PLANE),)
DENSE = (torch.zeros(4, *FLAT),)
ARCH = {"arch": "corpus.networks:Dcgan"}

CHECKPOINTS: dict[str, Layout] = {
    "bare-zip": Layout(ordered),
    "bare-legacy": Layout(lambda at: formats.save_legacy(weights(), at / "netG.pth")),
    "bare-arch": Layout(ordered, options=ARCH),
    "safetensors": Layout(lambda at: formats.save_safetensors(weights(), at / "g.safetensors")),
    "nested": Layout(
        lambda at: formats.save_zip({"G": weights(), "D": judge(), "step": 5}, at / "model.pt")
    ),
    "rosinality": Layout(rosinality),
    "lightweight-gan": Layout(lightweight),
    "fastgan": Layout(
        lambda at: formats.save_zip(
            {"g": prefixed("module.", weights()), "d": prefixed("module.", judge())},
            at / "50000.pth",
        )
    ),
    "fastgan-all": Layout(fastgan_all),
    "studiogan": Layout(studiogan),
    "huggingface": Layout(hugging),
    "lightning": Layout(lightning),
    "basicsr": Layout(basicsr),
    "data-parallel": Layout(
        lambda at: formats.save_zip(prefixed("module.", weights()), at / "g.pth")
    ),
    "compiled": Layout(
        lambda at: formats.save_zip(prefixed("_orig_mod.module.", weights()), at / "g.pth")
    ),
    "averaged-model": Layout(averaged),
    "settings": Layout(with_settings),
    "cuda-zip": Layout(lambda at: formats.save_cuda(weights(), at / "g.pth")),
    "cuda-legacy": Layout(lambda at: formats.save_cuda(weights(), at / "g.pth", legacy=True)),
    "spectral-old": Layout(
        lambda at: formats.save_zip(spectral(new=False).state_dict(), at / "g.pth"),
        module=partial(spectral, new=False),
    ),
    "spectral-new": Layout(
        lambda at: formats.save_zip(spectral(new=True).state_dict(), at / "g.pth"),
        module=partial(spectral, new=True),
    ),
    "spectral-old-arch": Layout(
        lambda at: formats.save_zip(spectral(new=False).state_dict(), at / "g.pth"),
        module=partial(spectral, new=False),
        options={"arch": "corpus.networks:Spectral"},
    ),
    "spectral-new-arch": Layout(
        lambda at: formats.save_zip(spectral(new=True).state_dict(), at / "g.pth"),
        module=partial(spectral, new=True),
        options={"arch": "corpus.networks:spectral_new"},
    ),
    "pickled-sequential": Layout(lambda at: formats.save_zip(sequential(), at / "g.pth")),
    "pickled-sequential-legacy": Layout(lambda at: formats.save_legacy(sequential(), at / "g.pth")),
    "pickled-custom": Layout(custom_module, options=ARCH),
    "pickled-custom-legacy": Layout(partial(custom_module, legacy=True), options=ARCH),
    "multi-output": Layout(
        lambda at: formats.save_zip({"g": small(Twin).state_dict()}, at / "g.pth"),
        module=partial(small, Twin),
        latent=FLAT,
        options={"arch": "corpus.networks:Twin"},
        pick=first,
    ),
    "conditional": Layout(
        lambda at: formats.save_zip(small(Conditional).state_dict(), at / "g.pth"),
        module=partial(small, Conditional),
        latent=FLAT,
        options={"arch": "corpus.networks:Conditional"},
        classes=CLASSES,
    ),
}

PROGRAMS: dict[str, Layout] = {
    "traced": Layout(traced(dcgan, PLANE)),
    "scripted": Layout(lambda at: formats.save_scripted(dcgan(), at / "model.pt")),
    "frozen": Layout(lambda at: formats.save_scripted(dcgan(), at / "model.pt", freeze=True)),
    "traced-conditional": Layout(
        partial(_labelled, save=formats.save_torchscript),
        module=partial(small, Conditional),
        latent=FLAT,
        classes=CLASSES,
    ),
    "traced-one-hot": Layout(
        traced(partial(small, OneHot), FLAT, (CLASSES,)),
        module=partial(small, OneHot),
        latent=FLAT,
        options={"classes": CLASSES},
        classes=CLASSES,
        call=_one_hot,
    ),
    "traced-multi-output": Layout(
        traced(partial(small, Twin), FLAT),
        module=partial(small, Twin),
        latent=FLAT,
        pick=first,
    ),
    "traced-fixed": Layout(
        traced(partial(_viewed, 4), FLAT), module=partial(small, Viewed), latent=FLAT, call=_by_hand
    ),
    "scripted-psi": Layout(
        lambda at: formats.save_scripted(small(Psi), at / "model.pt"),
        module=partial(small, Psi),
        latent=FLAT,
        call=_full_strength,
    ),
    "pt2-dynamic": Layout(
        lambda at: formats.save_exported(dcgan(), ONE, at / "model.pt2"),
    ),
    "pt2-auto": Layout(
        lambda at: formats.save_program(
            dcgan(), ONE, at / "model.pt2", ({0: torch.export.Dim.AUTO},)
        ),
    ),
    "pt2-static": Layout(
        lambda at: formats.save_exported(dcgan(), ONE, at / "model.pt2", dynamic=False),
    ),
    "pt2-conditional": Layout(
        partial(_labelled, save=formats.save_exported),
        module=partial(small, Conditional),
        latent=FLAT,
        classes=CLASSES,
    ),
    "pt2-one-hot": Layout(
        lambda at: formats.save_exported(
            small(OneHot), (torch.zeros(4, *FLAT), torch.zeros(4, CLASSES)), at / "model.pt2"
        ),
        module=partial(small, OneHot),
        latent=FLAT,
        classes=CLASSES,
        call=_one_hot,
    ),
    "pt2-psi": Layout(
        lambda at: formats.save_program(
            small(Psi), (*DENSE, 0.75), at / "model.pt2", ({0: torch.export.Dim("batch")}, None)
        ),
        module=partial(small, Psi),
        latent=FLAT,
        call=lambda module, latents, _: module(latents, 0.75),  # what the program was made for
    ),
    "onnx": Layout(lambda at: formats.save_onnx(dcgan(), ONE, at / "model.onnx")),
    "onnx-external": Layout(lambda at: formats.save_onnx_external(dcgan(), ONE, at / "g.onnx")),
    "onnx-fixed": Layout(
        lambda at: formats.save_onnx(dcgan(), ONE, at / "model.onnx", dynamic=False)
    ),
    "onnx-viewed": Layout(
        lambda at: formats.save_onnx(_viewed(4), DENSE, at / "model.onnx", dynamic=False),
        module=partial(small, Viewed),
        latent=FLAT,
        call=_by_hand,
    ),
    "onnx-conditional": Layout(
        partial(_labelled, save=formats.save_onnx),
        module=partial(small, Conditional),
        latent=FLAT,
        classes=CLASSES,
    ),
    "onnx-dynamo": Layout(
        lambda at: formats.save_dynamo(small(Twin), DENSE, at / "model.onnx"),
        module=partial(small, Twin),
        latent=FLAT,
        pick=first,
    ),
}

LAYOUTS = {**CHECKPOINTS, **PROGRAMS}
