"""Perceptual path length (Karras et al. 2019), with the plain distance in place of a network's.

It compares what is drawn from two latents that are 1e-4 of a path apart. Such a pair almost never
straddles a cut, and the few that do are left out: pairs below the 1st and above the 99th percentile
do not count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

STEP = 1e-4  # of a path
PAIRS = 50_000
_KEPT = (1, 99)  # percentiles


class PathLength(NamedTuple):
    """A path length, and what it leaves out.

    Attributes:
        value: Mean of the squared distances over the squared step, extreme pairs left out.
        whole: The same over all pairs.
        straddling: Pairs whose latents lie on both sides of 0.
    """

    value: float
    whole: float
    straddling: int


@torch.no_grad()
def path_length(generator: nn.Module, pairs: int = PAIRS, seed: int = 0) -> PathLength:
    """Measure the path length along arcs between normal latents."""
    source = torch.Generator().manual_seed(seed)
    one, other = torch.randn(2, pairs, 2, generator=source, dtype=torch.float64)
    share = torch.rand(pairs, 1, generator=source, dtype=torch.float64)
    near, far = (_between(one, other, at) for at in (share, share + STEP))
    apart = (generator(far) - generator(near)).square().sum(dim=1).numpy() / STEP**2
    low, high = np.percentile(apart, _KEPT)
    kept = apart[(apart >= low) & (apart <= high)]
    straddling = int((near[:, 0].sign() != far[:, 0].sign()).sum())
    return PathLength(float(kept.mean()), float(apart.mean()), straddling)


def _between(one: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Return the latents at a share of the way: directions turn, lengths grow, at an even rate."""
    size = one.norm(dim=1, keepdim=True), other.norm(dim=1, keepdim=True)
    begin, end = one / size[0], other / size[1]
    cosine = (begin * end).sum(dim=1, keepdim=True).clamp(-1, 1)
    aside = nn.functional.normalize(end - cosine * begin)
    turned = share * cosine.acos()
    between: Tensor = torch.lerp(*size, share) * (turned.cos() * begin + turned.sin() * aside)
    return between
