"""Exhibits carry the payload that reporters are promised, and nothing that is not JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gancheck import exhibits
from gancheck.types import Exhibit, Mode

IMAGES = np.zeros((3, 1, 8, 8), dtype=np.uint8)
POINTS = np.array([[0.123456, 1.0], [2.0, -1.0]])


def mode(number: int) -> Mode:
    """Make a mode."""
    return Mode(number, f"digit {number}", 0.5, 0.25, 0.2, 0.3, "under")


def one_of_each() -> list[Exhibit]:
    """Build one exhibit of every kind."""
    return [
        exhibits.grid("T", "C", IMAGES, ["a", "b", "c"], role="reference"),
        exhibits.strip("T", "C", IMAGES),
        exhibits.pairs("T", "C", IMAGES, IMAGES, ["1", "2", "3"], titles=("left", "right")),
        exhibits.bars("T", "C", [mode(0), mode(1)]),
        exhibits.histogram(
            "T",
            "C",
            [("all", "samples", np.array([1, 0.5]))],
            np.array([0, 1, 2]),
            axes=("x", "y"),
            marks=[(1.5, "limit")],
        ),
        exhibits.scatter("T", "C", [("all", "samples", POINTS)], axes=("x", "y")),
        exhibits.heatmap("T", "C", np.eye(4), (-1, 1, -2, 2), unit="u", axes=("x", "y")),
        exhibits.latent_slice(
            "T",
            "C",
            [("jump", "Jump", "u", np.eye(4))],
            [("cut", "a line", False, POINTS)],
            (-1, 1, -2, 2),
            axes=("x", "y"),
        ),
        exhibits.crossing("T", "C", POINTS, [0.5], POINTS, axes=("x", "y")),
        exhibits.morph(
            "T", "C", POINTS, POINTS, None, extent=(-1, 1, -2, 2), axes=(("x", "y"), ("u", "v"))
        ),
    ]


KEYS = {
    "grid": {"tiles", "role"},
    "strip": {"tiles", "jumps"},
    "pairs": {"pairs", "left_title", "right_title"},
    "bars": {"rows"},
    "histogram": {"series", "edges", "x_label", "y_label", "marks"},
    "scatter": {"series", "x_label", "y_label"},
    "heatmap": {"image", "extent", "low", "high", "unit", "x_label", "y_label", "marks"},
    "slice": {"layers", "extent", "x_label", "y_label", "lines", "rings"},
    "crossing": {"reference", "steps", "jumps", "x_label", "y_label"},
    "morph": {"start", "end", "reference", "colours"},
}


@pytest.mark.parametrize("exhibit", one_of_each(), ids=lambda exhibit: str(exhibit.kind))
def test_every_kind_has_its_keys_and_is_json(exhibit: Exhibit) -> None:
    """The payload has exactly the keys of the table, survives JSON, and keeps its words."""
    assert set(exhibit.payload) == KEYS[exhibit.kind]
    assert json.loads(json.dumps(exhibit.payload, allow_nan=False)) == exhibit.payload
    assert (exhibit.title, exhibit.caption) == ("T", "C")


def test_tiles_need_as_many_captions_as_images() -> None:
    """A missing caption is an error, none at all are empty strings."""
    with pytest.raises(ValueError, match="zip"):
        exhibits.grid("T", "C", IMAGES, ["one"], role="samples")
    tiles = exhibits.strip("T", "C", IMAGES).payload["tiles"]
    assert [tile["caption"] for tile in tiles] == ["", "", ""]


def test_bars_hold_both_shares_and_the_interval() -> None:
    """A row has label, both shares, interval and status of its mode."""
    row = exhibits.bars("T", "C", [mode(3)]).payload["rows"][0]
    assert row == {
        "label": "digit 3",
        "reference": 0.5,
        "samples": 0.25,
        "low": 0.2,
        "high": 0.3,
        "status": "under",
    }


def test_scatter_keeps_four_decimals() -> None:
    """Coordinates are rounded to what a plot can show."""
    series = exhibits.scatter("T", "C", [("a", "b", POINTS)], axes=("x", "y")).payload["series"][0]
    assert series == {"name": "a", "role": "b", "x": [0.1235, 2.0], "y": [1.0, -1.0]}


def test_a_heat_map_of_one_value_is_defined() -> None:
    """A constant field has a picture, equal ends and no division by zero; marks are rounded."""
    flat = exhibits.heatmap(
        "T", "C", np.full((2, 2), 7.0), (0, 1, 0, 1), unit="u", axes=("x", "y"), marks=POINTS
    )
    assert (flat.payload["low"], flat.payload["high"]) == (7.0, 7.0)
    assert flat.payload["marks"] == [[0.1235, 1.0], [2.0, -1.0]]


def test_compared_pairs_add_the_difference_to_each_pair() -> None:
    """Pairs keep their keys; each has a third picture, and there is a heading for it."""
    left = np.arange(3 * 64, dtype=np.uint8).reshape(3, 1, 8, 8)
    captions, titles = ["1", "2", "3"], ("sample", "twin")
    shown = exhibits.compared_pairs("T", "C", left, IMAGES, captions, titles=titles)
    assert shown.kind == "pairs"
    assert set(shown.payload) == KEYS["pairs"] | {"difference_title"}
    assert set(shown.payload["pairs"][0]) == {"left", "right", "caption", "difference"}
    same = exhibits.compared_pairs("T", "C", left, IMAGES, captions, titles=titles, moved=left)
    middle = {pair["difference"] for pair in same.payload["pairs"]}
    assert len(middle) == 1
    assert same.payload["pairs"][1]["right"] == shown.payload["pairs"][1]["right"]
    assert json.loads(json.dumps(shown.payload)) == shown.payload


def test_small_originals_are_compared_at_their_size() -> None:
    """Where only thumbnails are there, the sample is shrunk to take the difference."""
    large = np.zeros((3, 1, 16, 16), dtype=np.uint8)
    shown = exhibits.compared_pairs("T", "C", large, IMAGES, ["", "", ""], titles=("a", "b"))
    assert len({pair["difference"] for pair in shown.payload["pairs"]}) == 1


def test_a_difference_is_signed_around_the_middle() -> None:
    """Equal pixels are middle grey, brighter ones lighter, darker ones darker."""
    left, right = np.array([[[[0, 100, 255]]]], np.uint8), np.array([[[[255, 100, 0]]]], np.uint8)
    assert exhibits.difference(left, right).ravel().tolist() == [0, 128, 255]


def test_a_histogram_keeps_fractions_and_marks() -> None:
    """Counts may be scaled; marks say what they stand for."""
    shown = exhibits.histogram(
        "T",
        "C",
        [("all", "samples", np.array([1, 0.123456]))],
        np.array([0, 1, 2]),
        axes=("x", "y"),
        marks=[(1.23456, "limit")],
    )
    assert shown.payload["series"] == [{"name": "all", "role": "samples", "counts": [1.0, 0.1235]}]
    assert shown.payload["marks"] == [{"at": 1.2346, "text": "limit"}]
