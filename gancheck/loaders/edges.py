"""Whether pictures have edges that no loss ever saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_LEAST_SIDE = 16


def edges(samples: torch.Tensor) -> float:
    """Return how far the two outermost lines of pictures stand out, over what is inside.

    A layer that cropped its pictures in training leaves lines that no loss ever saw.
    """
    import torch

    if (
        samples.ndim != 4
        or min(samples.shape[2:]) < _LEAST_SIDE
        or samples.shape[2] != samples.shape[3]
    ):
        return 0.0
    steps = (samples.diff(dim=2), samples.diff(dim=3).transpose(2, 3))
    lines = torch.stack([step.abs().mean(dim=(0, 1, 3)) for step in steps])
    from_both_sides = (lines + lines.flip(1)).sum(dim=0)
    outer, inner = from_both_sides[:2].max(), from_both_sides[2:6].median()
    return float(outer / inner.clamp_min(1e-6))
