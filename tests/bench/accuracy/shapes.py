"""Colour images made by rule: eight kinds of shapes, any colour, on textured backgrounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy import lookup
from bench.accuracy.cases import VARIETY, WELL, Case, Real, Scale, World, stream

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

SIDE = 32
KINDS = ("disc", "ring", "square", "triangle", "plus", "bar", "two discs", "frame")
_WAVES = 3
_CHUNK = 500


def draw(n: int, rng: np.random.Generator) -> tuple[AnyArray, IntArray]:
    """Draw images (n, 3, 32, 32) uint8 and the kind of each, 0..7, all equally often on average."""
    kinds = rng.integers(len(KINDS), size=n)
    parts = [_render(kinds[start : start + _CHUNK], rng) for start in range(0, n, _CHUNK)]
    return np.concatenate(parts), kinds


def _render(kinds: IntArray, rng: np.random.Generator) -> AnyArray:
    n = len(kinds)
    x, y = _own_axes(n, rng)
    inside = 1 / (1 + np.exp(2.5 * _outline(kinds, x, y)))  # about a pixel wide
    ink, ground, texture = _colours(n, rng), _colours(n, rng), _waves(n, rng)
    dark = 0.25 + 0.2 * texture[:, None]
    values = (1 - inside[:, None]) * ground * dark + inside[:, None] * (0.35 + 0.65 * ink)
    return np.asarray(np.clip(np.rint(255 * values), 0, 255), dtype=np.uint8)


def _own_axes(n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return the pixels in the axes of each shape, in pixels times its size: (n, 32, 32) twice."""
    grid = np.arange(SIDE) - (SIDE - 1) / 2
    across, down = (side[:, None, None] for side in rng.uniform(-3, 3, (2, n)))
    size, turn = rng.uniform(0.8, 1.2, (n, 1, 1)), rng.uniform(-0.3, 0.3, (n, 1, 1))
    right, below = grid[None, None, :] - across, grid[None, :, None] - down
    x = (np.cos(turn) * right + np.sin(turn) * below) / size
    y = (np.cos(turn) * below - np.sin(turn) * right) / size
    return x, y


def _outline(kinds: IntArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return a signed distance to the outline of each shape, negative inside, in pixels."""
    far, box = np.hypot(x, y), np.maximum(np.abs(x), np.abs(y))
    arms = np.minimum(
        np.maximum(np.abs(x) - 3, np.abs(y) - 10), np.maximum(np.abs(x) - 10, np.abs(y) - 3)
    )
    outlines = (
        far - 9,
        np.abs(far - 8) - 2,
        box - 8,
        np.maximum(np.abs(x) * 0.87 + y * 0.5 - 4.5, -y - 9),
        arms,
        np.maximum(np.abs(x) - 12, np.abs(y) - 3.5),
        np.minimum(np.hypot(x - 6, y) - 5, np.hypot(x + 6, y) - 5),
        np.abs(box - 8) - 1.5,
    )
    return np.asarray(np.select([(kinds == k)[:, None, None] for k in range(len(KINDS))], outlines))


def _colours(n: int, rng: np.random.Generator) -> FloatArray:
    """Return bright colours of any hue, (n, 3, 1, 1)."""
    hue = rng.uniform(0, 2 * np.pi, (n, 1)) + 2 * np.pi * np.arange(3) / 3
    return np.asarray(0.5 + 0.5 * np.cos(hue))[:, :, None, None]


def _waves(n: int, rng: np.random.Generator) -> FloatArray:
    """Return smooth textures in -1..1, (n, 32, 32)."""
    grid = np.arange(SIDE)
    total = np.zeros((n, SIDE, SIDE))
    for _ in range(_WAVES):
        right, below = rng.uniform(-0.6, 0.6, (2, n, 1, 1))
        phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
        total += np.cos(right * grid[None, None, :] + below * grid[None, :, None] + phase)
    return total / _WAVES


def real(scale: Scale) -> Real:
    """Draw reference and held-out images."""
    rng = stream(scale.seed, "shapes")
    reference, labels = draw(scale.reference, rng)
    held_out, other_labels = draw(2 * scale.n, rng)
    return Real(reference, held_out, labels, other_labels, scale.n)


WORLDS = (
    World(
        "shapes",
        real,
        (
            Case("same law", lookup.unchanged(), sound=WELL),
            Case("4 of 8 kinds", lookup.kept(4), VARIETY),
            Case("noise sd .1", lookup.under_noise(0.1), sound=VARIETY),
            Case("blur 3x3", lookup.under_blur(), sound=VARIETY),
        ),
    ),
)
