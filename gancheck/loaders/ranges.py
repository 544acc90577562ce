"""Which values stand for black and white, judged from the values themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import LoadError

if TYPE_CHECKING:
    from gancheck.types import AnyArray

_CANDIDATES = ((-1.0, 1.0), (0.0, 1.0), (0.0, 255.0))
_MOST_OVERSHOOT = 0.5  # of the width of the range
_TAIL = 0.001
_ROUNDING = 1e-4  # some runtimes' tanh exceeds 1 in the last digit
_LEAST_WHITE = 32.0  # images on 0..255 that stay below this are more likely something else


def infer_range(values: AnyArray) -> tuple[tuple[float, float], str]:
    """Choose among [-1, 1], [0, 1] and [0, 255]; return the choice and a sentence about it.

    Values that fit are taken at their word. Values that stick out by up to half the width of the
    nearest range at their 0.1% tails are taken for that range, and the sentence doubts it.

    Raises:
        LoadError: No range is near.
    """
    low, high = float(values.min()), float(values.max())
    found = f"values from {low:.4g} to {high:.4g}"
    fitting = _fitting(low, high)
    if fitting is not None:
        return fitting, f"Took [{fitting[0]:g}, {fitting[1]:g}] for black and white ({found})."
    tails = np.quantile(values.astype(np.float32, copy=False).ravel(), (_TAIL, 1 - _TAIL))
    nearest = min(_CANDIDATES, key=lambda ends: _distance(tails, ends))
    if _overshoot(tails, nearest) > _MOST_OVERSHOOT or (nearest[1] == 255 and high < _LEAST_WHITE):
        raise LoadError(
            f"cannot tell black from white: {found} fit none of [-1, 1], [0, 1] and [0, 255]",
            "Name the values of black and white: `--output-range LOW,HIGH`.",
        )
    outside = float(np.mean((values < nearest[0]) | (values > nearest[1])))
    return nearest, (
        f"Took [{nearest[0]:g}, {nearest[1]:g}] for black and white, but {outside:.2%} of the "
        f"values lie outside ({found}) and are clipped; `--output-range LOW,HIGH` corrects this."
    )


def _fitting(low: float, high: float) -> tuple[float, float] | None:
    if low >= -1 - _ROUNDING and high <= 1 + _ROUNDING:
        return (0.0, 1.0) if low >= -_ROUNDING else (-1.0, 1.0)
    if low >= -255 * _ROUNDING and _LEAST_WHITE <= high <= 255 * (1 + _ROUNDING):
        return (0.0, 255.0)
    return None


def _distance(tails: AnyArray, ends: tuple[float, float]) -> float:
    return float(abs(tails[0] - ends[0]) + abs(tails[1] - ends[1])) / (ends[1] - ends[0])


def _overshoot(tails: AnyArray, ends: tuple[float, float]) -> float:
    return float(max(ends[0] - tails[0], tails[1] - ends[1], 0.0)) / (ends[1] - ends[0])
