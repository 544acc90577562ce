"""The slope of a discriminator, which several remedies put a price on."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def slopes(judge: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Return the norm of the gradient (n,) of the judgement at each point, differentiable."""
    at = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(judge(at).sum(), at, create_graph=True)
    # A root has no slope at 0, so it is kept away from there.
    return (gradient.square().sum(dim=1) + 1e-12).sqrt()
