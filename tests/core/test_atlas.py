"""The pictures of a run: what is shown of images, points, numbers and curves."""

from __future__ import annotations

import base64
import dataclasses

import numpy as np
import pytest

from analyzers.studies import sample_set, study_of
from gancheck import atlas
from gancheck.atlas import pictures
from gancheck.settings import MapKind
from gancheck.types import Exhibit


def vectors(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Draw normal vectors."""
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def images(n: int, seed: int = 0) -> np.ndarray:
    """Draw noise images."""
    return np.random.default_rng(seed).integers(0, 256, (n, 1, 6, 6), dtype=np.uint8)


def drawn(samples: np.ndarray, reference: np.ndarray | None, how: MapKind = "pca") -> list[Exhibit]:
    """Return the pictures of samples and reference."""
    known = None if reference is None else sample_set(reference)
    return list(pictures(study_of(sample_set(samples), known), how)())


def test_images_get_grids_and_a_map_with_their_pictures() -> None:
    """Both sides are on the map, each point with its picture and its mode."""
    known = sample_set(images(360, 1), labels=np.arange(360) % 3 + 5)
    shown = list(pictures(study_of(sample_set(images(80)), known), "pca")())

    assert [one.kind for one in shown] == ["grid", "grid", "cloud"]
    payload = shown[-1].payload
    tiles = np.frombuffer(base64.b64decode(payload["tiles"]), "<u2")
    assert tiles.tolist() == list(range(240 + 80))
    assert payload["labels"] == ["5", "6", "7"]
    modes = np.frombuffer(base64.b64decode(payload["modes"]), "<i2")
    np.testing.assert_array_equal(modes[:240], (np.arange(120, 360)) % 3)
    assert (payload["x_label"], payload["y_label"]) == ("", "")


def test_what_is_off_the_reference_brings_its_picture_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where not all have room, the strange ones have: they are what one wants to look at."""
    monkeypatch.setattr(atlas, "PICTURED", 4)
    samples = images(60)
    samples[-3:] = 255
    payload = drawn(samples, images(300, 1))[-1].payload

    tiles = np.frombuffer(base64.b64decode(payload["tiles"]), "<u2")[200:]
    flags = np.frombuffer(base64.b64decode(payload["flags"]), "u1")[200:]
    assert (flags[-3:] == 3).all()
    assert (tiles[-3:] != 65_535).all()
    assert (tiles != 65_535).sum() == 4


def test_points_of_the_plane_keep_their_axes() -> None:
    """Two-dimensional samples are shown where they are, whatever the way of mapping."""
    (shown,) = drawn(vectors(100, 2), vectors(300, 2, 1), "umap")

    assert shown.kind == "cloud"
    assert (shown.payload["x_label"], shown.payload["y_label"]) == ("x", "y")
    assert "where it lies" in shown.caption


def test_numbers_get_a_histogram_of_equal_sides() -> None:
    """One-dimensional samples have no map; both sides are counted at the same size."""
    (shown,) = drawn(vectors(100, 1), vectors(600, 1, 1), "umap")

    assert shown.kind == "histogram"
    assert [one["role"] for one in shown.payload["series"]] == ["reference", "samples"]
    assert [sum(one["counts"]) for one in shown.payload["series"]] == [100, 100]
    assert len(shown.payload["edges"]) == len(shown.payload["series"][0]["counts"]) + 1


def test_long_vectors_get_lines_too() -> None:
    """Thirty curves of each side, thinned out where they are long; the map comes as well."""
    shown = drawn(vectors(80, 600), vectors(300, 600, 1))

    assert [one.kind for one in shown] == ["lines", "cloud"]
    for one in shown[0].payload["series"]:
        assert np.array(one["lines"]).shape == (30, 200)
    assert shown[0].payload["x_label"] == "one coordinate in 3"


def test_no_map_is_no_map() -> None:
    """``none`` leaves the grids and draws no map; neither do a few samples get one."""
    assert [one.kind for one in drawn(images(80), images(300, 1), "none")] == ["grid", "grid"]
    assert [one.kind for one in drawn(images(20), None)] == ["grid"]


def test_without_a_reference_the_map_shows_the_classes_asked_for() -> None:
    """There are no modes to compare with, but a conditional generator has labels."""
    study = study_of(sample_set(images(80), labels=np.arange(80) % 2))
    payload = list(pictures(study, "pca")())[-1].payload

    assert payload["labels"] == ["0", "1"]
    assert set(np.frombuffer(base64.b64decode(payload["flags"]), "u1").tolist()) == {1}
    assert payload["names"] == [[]]


def test_latents_of_the_plane_give_colours() -> None:
    """Two latent coordinates colour the samples by their places; more do not."""
    samples = sample_set(vectors(100, 2))
    plane = dataclasses.replace(samples, latents=vectors(100, 2, 5))
    (shown,) = pictures(study_of(plane), "umap")()
    (plain,) = pictures(study_of(dataclasses.replace(samples, latents=vectors(100, 3))), "umap")()

    assert len(base64.b64decode(shown.payload["colours"])) == 300
    assert plain.payload["colours"] == ""
