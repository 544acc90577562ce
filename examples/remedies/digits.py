"""The one world of pictures: the digits of ``examples/mnist``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from gancheck.types import AnyArray

_FOLDER = Path(__file__).resolve().parents[1] / "mnist"


@dataclass(frozen=True)
class Digits:
    """Handwritten digits, (1, 28, 28) from -1 to 1: 6,000 to learn from, 4,000 to be judged by."""

    name: str = "digits"
    scale: float = 1.0
    classes: int = 10
    cells: None = None
    centres: None = None
    sd: None = None

    def draw(self, n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw pictures (n, 1, 28, 28) with replacement, and their labels (n,)."""
        images, labels = _read("mnist_reference.npz")
        rows = torch.randint(len(images), (n,), generator=source)
        pictures = torch.from_numpy(images[rows.numpy()])[:, None].float() / 127.5 - 1
        return pictures, torch.from_numpy(labels[rows.numpy()]).long()

    def reference(self) -> tuple[AnyArray, AnyArray]:
        """Return the digits that nothing was trained on."""
        return _read("mnist_held_out.npz")


@cache
def _read(name: str) -> tuple[AnyArray, AnyArray]:
    with np.load(_FOLDER / name) as arrays:
        return arrays["images"], arrays["labels"]


DIGITS = Digits()
