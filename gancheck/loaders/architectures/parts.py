"""What weights do not record and people choose among: activations and epsilons."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

USUAL_EPSILON = 1e-5
EPSILONS = (USUAL_EPSILON, 0.8)  # torch's own, and an argument that many copied as a momentum
COMMON = ("ReLU", "LeakyReLU(0.2)")
_RECTIFIERS = (*COMMON, "LeakyReLU(0.01)", "LeakyReLU(0.1)", "LeakyReLU(0.3)")
_OTHERS = ("ELU", "SELU", "GELU", "SiLU", "Tanh", "LeakyReLU(0.5)")  # the last bends as ELU does


def activations(checked: int) -> tuple[str, ...]:
    """Return the activations to try, by how many BatchNorm layers would check them.

    Where none would, nothing is tried. A single one may take a rectifier of an odd slope for
    something else that bends.
    """
    if checked == 0:
        return ()
    return _RECTIFIERS + (_OTHERS if checked > 1 else ())


def activation(name: str) -> torch.nn.Module:
    """Return a new activation by its name."""
    from torch import nn

    kind, _, slope = name.rstrip(")").partition("(")
    make: Callable[..., torch.nn.Module] = getattr(nn, kind)
    return make(float(slope)) if slope else make()


def describe(name: str, epsilon: float) -> str:
    """Return an activation and, where it is not torch's own, an epsilon for a description."""
    if epsilon == USUAL_EPSILON:
        return name
    return f"{name} and a BatchNorm epsilon of {epsilon:g}"
