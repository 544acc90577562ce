"""Exhibits made of numbers: bars, point clouds, paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck.types import Exhibit, Mode

if TYPE_CHECKING:
    from gancheck.types import JSON, FloatArray


def bars(title: str, caption: str, modes: Iterable[Mode]) -> Exhibit:
    """Show the share of each mode in the reference and in the samples."""
    return Exhibit("bars", title, caption, {"rows": mode_rows(modes)})


def mode_rows(modes: Iterable[Mode]) -> list[dict[str, JSON]]:
    """Return the rows of bars: shares of each mode, and how it is judged."""
    return [
        {
            "label": mode.label,
            "reference": mode.reference_share,
            "samples": mode.sample_share,
            "low": mode.low,
            "high": mode.high,
            "status": mode.status,
        }
        for mode in modes
    ]


def scatter(
    title: str,
    caption: str,
    series: Sequence[tuple[str, str, FloatArray]],
    *,
    axes: tuple[str, str],
) -> Exhibit:
    """Show named (n, 2) point sets; each is (name, role, points)."""
    payload = [
        {"name": name, "role": role, "x": _rounded(points[:, 0]), "y": _rounded(points[:, 1])}
        for name, role, points in series
    ]
    return Exhibit(
        "scatter", title, caption, {"series": payload, "x_label": axes[0], "y_label": axes[1]}
    )


def crossing(
    title: str,
    caption: str,
    steps: FloatArray,
    jumps: Sequence[float],
    reference: FloatArray | None,
    *,
    axes: tuple[str, str],
) -> Exhibit:
    """Show points (n, 2) along a path, the jumps (n - 1) between them, and the reference (m, 2)."""
    payload = {
        "reference": places(np.empty((0, 2)) if reference is None else reference),
        "steps": places(steps),
        "jumps": [round(float(x), 4) for x in jumps],
        "x_label": axes[0],
        "y_label": axes[1],
    }
    return Exhibit("crossing", title, caption, payload)


def places(points: FloatArray) -> dict[str, list[float]]:
    """Return points (n, 2) as JSON, to four decimals."""
    return {"x": _rounded(points[:, 0]), "y": _rounded(points[:, 1])}


def _rounded(values: FloatArray) -> list[float]:
    return [round(float(value), 4) for value in values]
