"""The map as an exhibit: what is packed comes out again, within its budget."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from gancheck import exhibits
from gancheck.exhibits import Side, sheets
from gancheck.exhibits.cloud import NO_TILE, OFF, SAMPLE
from gancheck.exhibits.sheets import MOST_TILES, sheet

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray

GREYS = np.arange(20, 256, 40, dtype=np.uint8)


def flat(count: int, side: int = 28) -> AnyArray:
    """Make grey images, each of one level."""
    return GREYS[:count, None, None, None] * np.ones((1, 1, side, side), dtype=np.uint8)


def numbers(text: JSON, kind: str) -> AnyArray:
    """Read an array of a payload."""
    return np.frombuffer(base64.b64decode(str(text)), dtype=kind)


def tile(drawn: JSON, number: int) -> AnyArray:
    """Cut one picture out of a sheet."""
    whole = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(drawn["image"].partition(",")[2]))).convert("L")
    )
    width, height = drawn["tile"]
    left = number % drawn["columns"] * drawn["cell"][0]
    top = number // drawn["columns"] * drawn["cell"][1]
    cut: AnyArray = whole[top : top + height, left : left + width]
    return cut


def test_points_come_out_as_they_went_in() -> None:
    """Places to a 65,535th of the window, flags, modes, pictures and names, the reference first."""
    rng = np.random.default_rng(0)
    known, drawn = rng.uniform(-3, 3, (40, 2)), rng.uniform(-3, 3, (30, 2))
    off = rng.random(30) < 0.3
    shown = exhibits.cloud(
        "T",
        "C",
        Side(drawn, np.full(30, -1), off, np.array([4, 7]), flat(2)),
        Side(known, np.arange(40) % 3, None, np.array([1, 2, 39]), flat(5)[2:], ["a"] * 40),
        labels=["x", "y", "z"],
        axes=("u", "v"),
    )
    payload = json.loads(json.dumps(shown.payload, allow_nan=False))

    x0, x1, y0, y1 = payload["extent"]
    steps = numbers(payload["positions"], "<u2").reshape(-1, 2) / 65_535
    np.testing.assert_allclose(
        np.array([x0, y0]) + steps * [x1 - x0, y1 - y0],
        np.concatenate([known, drawn]),
        atol=6.1 / 65_535,
    )
    flags = numbers(payload["flags"], "u1")
    np.testing.assert_array_equal(flags & SAMPLE, [0] * 40 + [1] * 30)
    np.testing.assert_array_equal(flags[40:] & OFF, OFF * off)
    np.testing.assert_array_equal(
        numbers(payload["modes"], "<i2"), [*(np.arange(40) % 3), *([-1] * 30)]
    )
    tiles = numbers(payload["tiles"], "<u2")
    assert {row: int(tiles[row]) for row in np.flatnonzero(tiles != NO_TILE)} == {
        1: 0, 2: 1, 39: 2, 44: 3, 47: 4,
    }  # fmt: skip
    assert payload["names"] == [["a"] * 40, []]
    assert (payload["labels"], payload["x_label"], payload["y_label"]) == (
        ["x", "y", "z"],
        "u",
        "v",
    )
    for number, level in enumerate([100, 140, 180, 20, 60]):
        assert tile(payload["sheet"], number).shape == (28, 28)
        np.testing.assert_allclose(tile(payload["sheet"], number), level, atol=3)


def test_one_point_far_out_does_not_crush_the_others() -> None:
    """What lies a million away is shown at the edge; the rest keeps its resolution."""
    points = np.random.default_rng(0).standard_normal((2000, 2))
    points[7] = 1e6
    payload = exhibits.cloud("T", "C", Side(points), None).payload

    assert payload["extent"][1] < 10
    assert numbers(payload["positions"], "<u2")[14:16].tolist() == [65_535, 65_535]
    assert payload["sheet"] is None


def test_a_single_place_has_a_window() -> None:
    """Points that are all the same are shown, not divided by the size of their window."""
    payload = exhibits.cloud("T", "C", Side(np.ones((5, 2))), None).payload

    assert payload["extent"] == [0.5, 1.5, 0.5, 1.5]


def test_long_names_stay_at_home() -> None:
    """Half a megabyte of file names is not worth its place; points then go by their numbers."""
    side = Side(np.random.default_rng(0).random((100, 2)), names=["f" * 5000] * 100)

    assert exhibits.cloud("T", "C", side, None).payload["names"] == [[]]


def test_colours_are_packed() -> None:
    """Colours by another rule come as three bytes for each sample."""
    side = Side(np.zeros((2, 2)), colours=np.array([[1, 2, 3], [4, 5, 255]], dtype=np.uint8))

    payload = exhibits.cloud("T", "C", side, None).payload
    assert numbers(payload["colours"], "u1").tolist() == [1, 2, 3, 4, 5, 255]


def test_too_many_pictures_are_refused() -> None:
    """A sheet holds 4,096 pictures."""
    many = np.zeros((MOST_TILES + 1, 1, 1, 1), dtype=np.uint8)
    side = Side(np.zeros((len(many), 2)), pictured=np.arange(len(many)), pictures=many)

    with pytest.raises(ValueError, match="4096"):
        exhibits.cloud("T", "C", side, None)


def test_noise_shrinks_until_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that do not compress get smaller tiles, and the sheet keeps to its budget."""
    monkeypatch.setattr(sheets, "BUDGET", 100_000)
    noise = np.random.default_rng(0).integers(0, 256, (100, 3, 64, 64), dtype=np.uint8)
    drawn = sheet([noise])

    assert drawn is not None
    assert drawn["tile"][0] < 64
    assert len(drawn["image"]) < 1.1 * 100_000 * 4 / 3


def test_wide_and_coloured_pictures_keep_their_proportion() -> None:
    """Large pictures shrink to 64 px; grey ones stand beside coloured ones."""
    coloured = np.zeros((2, 3, 100, 200), dtype=np.uint8)
    coloured[:, 2] = 200
    drawn = sheet([coloured, np.full((1, 1, 100, 200), 90, dtype=np.uint8)])

    assert drawn is not None
    assert (drawn["tile"], drawn["cell"], drawn["columns"]) == ([64, 32], [64, 32], 2)
    np.testing.assert_allclose(tile(drawn, 2), 90, atol=3)
