"""Small generators, and ways to save them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

LATENT = 8
Maker = Callable[[Path], Path]


def settle(module: nn.Module, draw: Callable[[], tuple[Tensor, ...]]) -> nn.Module:
    """Give BatchNorm layers the statistics that training would have left in them."""
    for layer in module.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            layer.momentum = None
            layer.reset_running_stats()
            nn.init.normal_(layer.weight, 1.0, 0.3)
            nn.init.normal_(layer.bias, 0.0, 0.5)
    module.train()
    with torch.no_grad():
        for _ in range(20):
            module(*draw())
    return module.eval().requires_grad_(False)


class Dcgan(nn.Module):
    """A DCGAN for 16 x 16 pictures."""

    def __init__(self, nz: int = LATENT, width: int = 8, slope: float = 0.0) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, 2 * width, 4, 1, 0, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(slope) if slope else nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(slope) if slope else nn.ReLU(),
            nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """Draw pictures."""
        pictures: Tensor = self.main(latents)
        return pictures


class Points(nn.Module):
    """A dense generator of points in the plane."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 2))

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        points: Tensor = self.layers(z)
        return points


class Conditional(nn.Module):
    """A generator of pictures of four classes, told by number."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(4, 3)
        self.dense = nn.Linear(LATENT + 3, 64)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Draw pictures (n, 1, 8, 8) in [0, 1]."""
        joined = torch.cat((z, self.table(labels)), dim=1)
        return torch.sigmoid(self.dense(joined)).view(-1, 1, 8, 8)


def make_dcgan(slope: float = 0.0, law: str = "normal") -> Dcgan:
    """Return a DCGAN with settled statistics."""
    torch.manual_seed(1)
    module = Dcgan(slope=slope)

    def draw() -> tuple[Tensor, ...]:
        shape = (256, LATENT, 1, 1)
        return (torch.randn(shape) if law == "normal" else 2 * torch.rand(shape) - 1,)

    settle(module, draw)
    return module


def save_torchscript(module: nn.Module, example: tuple[Tensor, ...], path: Path) -> Path:
    """Trace a module and save it."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(module, example), str(path))  # type: ignore[no-untyped-call]
    return path


def save_onnx(
    module: nn.Module, example: tuple[Tensor, ...], path: Path, *, dynamic: bool = True
) -> Path:
    """Export a module to ONNX with the older exporter."""
    names = ["z", "labels"][: len(example)]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            example,
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=names,
            output_names=["out"],
            dynamic_axes={name: {0: "batch"} for name in (*names, "out")} if dynamic else None,
        )
    return path


def save_exported(
    module: nn.Module, example: tuple[Tensor, ...], path: Path, *, dynamic: bool = True
) -> Path:
    """Export a module with torch.export."""
    batch = torch.export.Dim("batch")
    shapes: Any = tuple({0: batch} for _ in example) if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(module, example, dynamic_shapes=shapes)
        torch.export.save(program, str(path))
    return path
