"""The map as an exhibit: every point packed into a few bytes, and its picture on one sheet."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gancheck.exhibits.sheets import MOST_TILES, sheet
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray, FloatArray, IntArray

SAMPLE, OFF = 1, 2
"""Bits of the flags of a point."""
NO_TILE = 65_535
_STEPS = 65_535
_TAIL = 0.002  # a few points far out must not take the resolution from all others
_ROOM = 0.5  # of the range without the tails, beyond which points are shown at the edge
_LONGEST_NAMES = 400_000  # characters; beyond, points go by their numbers


@dataclass(frozen=True, eq=False)
class Side:
    """The points of one side of a map, reference or samples.

    Attributes:
        positions: (n, 2).
        modes: (n,) numbers of labels, -1 where unknown.
        off: (n,) whether a point lies off the reference; None for nowhere.
        pictured: (m,) the points that have a picture.
        pictures: (m, c, h, w) uint8.
        names: Name of each point; empty where points go by their numbers.
        colours: (n, 3) uint8 by another rule than mode or side; None for no such rule.
    """

    positions: FloatArray
    modes: IntArray | None = None
    off: AnyArray | None = None
    pictured: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    pictures: AnyArray | None = None
    names: Sequence[str] = ()
    colours: AnyArray | None = None

    def __len__(self) -> int:
        return len(self.positions)


def cloud(
    title: str,
    caption: str,
    samples: Side,
    reference: Side | None,
    *,
    labels: Sequence[str] = (),
    axes: tuple[str, str] = ("", ""),
) -> Exhibit:
    """Show samples and reference as points of one plane.

    Args:
        title: A short heading.
        caption: How to read it.
        samples: What is judged.
        reference: What it is held against; None without a reference.
        labels: Name of each mode.
        axes: Names of the axes; empty where they mean nothing.

    Raises:
        ValueError: There are more pictures than a sheet holds.
    """
    sides = [samples] if reference is None else [reference, samples]
    shown = [side for side in sides if side.pictures is not None and len(side.pictured)]
    if sum(len(side.pictured) for side in shown) > MOST_TILES:
        raise ValueError(f"a sheet holds {MOST_TILES} pictures")
    extent = _extent(np.concatenate([side.positions for side in sides]))
    payload: dict[str, JSON] = {
        "positions": _packed(sides, lambda side: _quantised(side.positions, extent), "<u2"),
        "flags": _packed(sides, lambda side: _flags(side, side is samples), "u1"),
        "modes": _packed(sides, _modes, "<i2"),
        "tiles": _base64(_tiles(sides), "<u2"),
        "colours": "" if samples.colours is None else _base64(samples.colours, "u1"),
        "names": [_names(side) for side in sides],
        "labels": list(labels),
        "extent": [float(edge) for edge in extent],
        "sheet": sheet([side.pictures for side in shown if side.pictures is not None]),
        "x_label": axes[0],
        "y_label": axes[1],
    }
    return Exhibit("cloud", title, caption, payload)


def _extent(points: FloatArray) -> tuple[float, float, float, float]:
    """Return x0, x1, y0, y1 of a window that holds all points but those very far out."""
    low, high = points.min(axis=0), points.max(axis=0)
    first, last = np.quantile(points, [_TAIL, 1 - _TAIL], axis=0)
    room = _ROOM * (last - first)
    start, stop = np.maximum(low, first - room), np.minimum(high, last + room)
    flat = stop <= start
    start, stop = np.where(flat, low - 0.5, start), np.where(flat, low + 0.5, stop)
    return float(start[0]), float(stop[0]), float(start[1]), float(stop[1])


def _quantised(points: FloatArray, extent: tuple[float, float, float, float]) -> AnyArray:
    start, stop = np.array(extent[::2]), np.array(extent[1::2])
    share = np.clip((points - start) / (stop - start), 0, 1)
    return np.asarray(np.rint(_STEPS * share))


def _flags(side: Side, are_samples: bool) -> AnyArray:
    flags = np.full(len(side), SAMPLE if are_samples else 0, dtype=np.uint8)
    if side.off is not None:
        flags[side.off] |= OFF
    return flags


def _modes(side: Side) -> AnyArray:
    return np.full(len(side), -1) if side.modes is None else side.modes


def _tiles(sides: Sequence[Side]) -> AnyArray:
    """Number the pictures of all points in the order in which they stand on the sheet."""
    numbers, at, start = np.full(sum(map(len, sides)), NO_TILE), 0, 0
    for side in sides:
        if side.pictures is not None:
            numbers[start + side.pictured] = at + np.arange(len(side.pictured))
            at += len(side.pictured)
        start += len(side)
    return numbers


def _names(side: Side) -> list[str]:
    return list(side.names) if sum(map(len, side.names)) <= _LONGEST_NAMES else []


def _packed(sides: Sequence[Side], of: Callable[[Side], AnyArray], as_type: str) -> str:
    return _base64(np.concatenate([of(side) for side in sides]), as_type)


def _base64(values: AnyArray, as_type: str) -> str:
    return base64.b64encode(values.astype(as_type).tobytes()).decode("ascii")
