"""Exhibits of a training: the same latents through its checkpoints."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck.exhibits.fields import shaded
from gancheck.exhibits.sheets import sheet
from gancheck.images import picture_uri
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray, FloatArray

_STEPS = 65_535


def voyage(
    title: str,
    caption: str,
    frames: Sequence[tuple[int, FloatArray]],
    reference: FloatArray | None,
    *,
    extent: tuple[float, float, float, float],
    axes: tuple[str, str] = ("", ""),
    colours: AnyArray | None = None,
) -> Exhibit:
    """Show where the same latents' samples lie in each checkpoint.

    Args:
        title: A short heading.
        caption: How to read it.
        frames: Step and positions (n, 2) of each checkpoint, the same n in all.
        reference: (m, 2) positions of the reference; None without one.
        extent: (x0, x1, y0, y1); points outside are shown at its edge.
        axes: Names of the axes; empty where they mean nothing.
        colours: (n, 3) uint8, one for each latent.
    """
    known = np.empty((0, 2)) if reference is None else reference
    payload: dict[str, JSON] = {
        "steps": [step for step, _ in frames],
        "points": len(frames[0][1]) if frames else 0,
        "positions": _packed(np.concatenate([at for _, at in frames] or [known[:0]]), extent),
        "reference": _packed(known, extent),
        "extent": [float(edge) for edge in extent],
        "colours": "" if colours is None else base64.b64encode(colours.tobytes()).decode("ascii"),
        "x_label": axes[0],
        "y_label": axes[1],
    }
    return Exhibit("voyage", title, caption, payload)


def film(
    title: str, caption: str, strips: Sequence[tuple[int, AnyArray]], names: Sequence[str]
) -> Exhibit:
    """Show what each of a few latents draws in each checkpoint: one row a latent.

    Args:
        title: A short heading.
        caption: How to read it.
        strips: Step and pictures (rows, c, h, w) of each checkpoint.
        names: Name of each row.
    """
    ordered = np.stack([pictures for _, pictures in strips], axis=1)
    payload: dict[str, JSON] = {
        "steps": [step for step, _ in strips],
        "names": list(names),
        "sheet": sheet([ordered.reshape(-1, *ordered.shape[2:])]),
    }
    return Exhibit("film", title, caption, payload)


def fields_over_time(
    title: str,
    caption: str,
    frames: Sequence[tuple[int, FloatArray]],
    *,
    extent: tuple[float, float, float, float],
    unit: str,
    axes: tuple[str, str],
) -> Exhibit:
    """Show a field (rows, columns) over a window in each checkpoint, row 0 at the bottom.

    All checkpoints share one scale of colours, or they could not be compared.
    """
    from PIL import Image

    whole = np.concatenate([values for _, values in frames])
    pixels, low, high, clipped = shaded(whole)
    rows = len(frames[0][1])
    # `shaded` turns the field over: the last frame comes first.
    cut = [pixels[at : at + rows, :, :3] for at in range(0, len(pixels), rows)][::-1]
    payload: dict[str, JSON] = {
        "steps": [step for step, _ in frames],
        "images": [picture_uri(Image.fromarray(one), lossless=True) for one in cut],
        "extent": [float(edge) for edge in extent],
        "low": low,
        "high": high,
        "clipped": clipped,
        "unit": unit,
        "x_label": axes[0],
        "y_label": axes[1],
    }
    return Exhibit("fields", title, caption, payload)


def _packed(points: FloatArray, extent: tuple[float, float, float, float]) -> str:
    """Write points (n, 2) as base64 of little-endian uint16 pairs over a window."""
    start, stop = np.array(extent[::2]), np.array(extent[1::2])
    share = np.clip((points - start) / np.maximum(stop - start, 1e-12), 0, 1)
    return base64.b64encode(np.rint(_STEPS * share).astype("<u2").tobytes()).decode("ascii")
