"""The network that is sampled, in every form that a generator comes in.

This file is also what ``--arch`` names: it builds the network on its own, as a user's file does.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

LATENT = 100
SIDE = 64
_SPREAD = 0.05
_SETTLING = 8


class Dcgan(nn.Module):
    """A DCGAN for 64 x 64 colour pictures, of the usual width.

    Args:
        width: Channels before the last layer; 64 in Radford et al., 2016.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        sides = [LATENT, 8 * width, 4 * width, 2 * width, width]
        layers: list[nn.Module] = []
        for number, (entering, leaving) in enumerate(pairwise(sides)):
            stride, padding = (2, 1) if number else (1, 0)
            layers += [
                nn.ConvTranspose2d(entering, leaving, 4, stride, padding, bias=False),
                nn.BatchNorm2d(leaving),
                nn.ReLU(),
            ]
        layers += [nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    def forward(self, latents: Tensor) -> Tensor:
        """Draw pictures (n, 3, 64, 64) in [-1, 1]."""
        pictures: Tensor = self.main(latents)
        return pictures


def make_generator() -> nn.Module:
    """Build the network of the bench, whose weights are read from a file."""
    return Dcgan()


def make_narrow() -> nn.Module:
    """Build a network that draws the same pictures' shape at a hundredth of the cost."""
    return Dcgan(width=4)


def settled(module: nn.Module) -> nn.Module:
    """Draw weights, and give BatchNorm the statistics that training would have left in it."""
    torch.manual_seed(0)
    for layer in module.modules():
        if isinstance(layer, nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, _SPREAD)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None
            nn.init.normal_(layer.weight, 1.0, 0.3)
    module.train()
    with torch.no_grad():
        for _ in range(_SETTLING):
            module(torch.randn(32, LATENT, 1, 1))
    return module.eval().requires_grad_(False)


def save_all(module: nn.Module, folder: Path) -> dict[str, Path]:
    """Save a network as TorchScript, ONNX, torch.export and weights alone, by name of backend."""
    example = torch.zeros(4, LATENT, 1, 1)
    files = {
        "TorchScript": folder / "generator.pt",
        "ONNX": folder / "generator.onnx",
        "torch.export": folder / "generator.pt2",
        "weights": folder / "generator.pth",
    }
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(module, (example,)), str(files["TorchScript"]))  # type: ignore[no-untyped-call]
        torch.onnx.export(
            module,
            (example,),
            str(files["ONNX"]),
            dynamo=False,
            opset_version=17,
            input_names=["z"],
            output_names=["out"],
            dynamic_axes={"z": {0: "batch"}, "out": {0: "batch"}},
        )
        free = {0: torch.export.Dim("batch")}
        program = torch.export.export(module, (example,), dynamic_shapes=(free,))
        torch.export.save(program, str(files["torch.export"]))
    torch.save(module.state_dict(), files["weights"])
    return files
