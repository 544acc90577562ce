"""Latent laws have their moments, and sample i has its latent whatever else is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gancheck.errors import UsageError
from gancheck.laws import LAWS
from gancheck.samplers.prior import BLOCK, draw_labels, draw_latents


@pytest.mark.parametrize("name", ["normal", "uniform", "sphere"])
def test_a_latent_depends_on_its_number_alone(name: str) -> None:
    """The first 100 latents are the same when 100, one block or more than two are drawn."""
    few = draw_latents(name, (3, 2), 100, seed=5)
    assert few.shape == (100, 3, 2)
    assert few.dtype == np.float32
    for n in (BLOCK, 2 * BLOCK + 1):
        np.testing.assert_array_equal(draw_latents(name, (3, 2), n, seed=5)[:100], few)


@pytest.mark.parametrize(
    ("name", "variance", "fourth"), [("normal", 1.0, 3.0), ("uniform", 1 / 3, 1 / 5)]
)
def test_laws_have_their_moments(name: str, variance: float, fourth: float) -> None:
    """Mean 0, and second and fourth moments as in closed form; coordinates are uncorrelated."""
    z = draw_latents(name, (4,), 40_000, seed=1).astype(np.float64)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose((z**2).mean(axis=0), variance, rtol=0.03)
    np.testing.assert_allclose((z**4).mean(axis=0), fourth, rtol=0.08)
    assert np.abs(np.corrcoef(z.T) - np.eye(4)).max() < 0.02


def test_the_uniform_law_fills_its_box() -> None:
    """Values lie in [-1, 1) and come within a hundredth of both ends."""
    z = draw_latents("uniform", (2,), 5000, seed=0)
    assert z.min() >= -1
    assert z.max() < 1
    assert z.min() < -0.99
    assert z.max() > 0.99


@pytest.mark.parametrize("shape", [(1,), (7,), (16, 1, 1)])
def test_the_sphere_has_the_radius_of_a_normal_latent(shape: tuple[int, ...]) -> None:
    """Every latent has length sqrt(d), in whatever shape, and none direction is preferred."""
    z = draw_latents("sphere", shape, 4000, seed=0).reshape(4000, -1)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), np.sqrt(z.shape[1]), rtol=1e-5)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.08)


def test_blocks_and_seeds_are_independent() -> None:
    """Neither two blocks of one seed nor two seeds share latents."""
    z = draw_latents("normal", (1,), 3 * BLOCK, seed=0)
    other = draw_latents("normal", (1,), BLOCK, seed=1)
    assert len(np.unique(np.concatenate([z, other]))) > 3.9 * BLOCK


def test_labels_depend_on_their_number_alone_and_have_their_shares() -> None:
    """Labels are even by default, follow given shares, and the first stay when more are drawn."""
    labels = draw_labels(4, 8000, seed=2)
    assert labels.dtype == np.int64
    np.testing.assert_allclose(np.bincount(labels) / 8000, 0.25, atol=0.02)
    np.testing.assert_array_equal(draw_labels(4, 10, seed=2), labels[:10])
    shares = np.array([0.5, 0.5, 0.0, 0.0])
    assert set(draw_labels(4, 500, seed=2, shares=shares)) == {0, 1}


def test_latents_and_labels_share_no_random_bits() -> None:
    """The labels of a seed do not follow its latents."""
    z = draw_latents("normal", (1,), 8000, seed=0)[:, 0]
    labels = draw_labels(2, 8000, seed=0)
    assert abs(np.corrcoef(z, labels)[0, 1]) < 0.04


def test_ones_own_law_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``module:function`` is called once per block with the shape and a seeded generator."""
    text = "def grid(n, shape, rng):\n    return rng.integers(0, 3, (n, *shape)).astype(float)\n"
    (tmp_path / "own_latent_law.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    z = draw_latents("own_latent_law:grid", (5,), BLOCK + 3, seed=0)
    assert z.shape == (BLOCK + 3, 5)
    assert z.dtype == np.float32
    assert set(np.unique(z)) == {0, 1, 2}
    np.testing.assert_array_equal(z[:9], draw_latents("own_latent_law:grid", (5,), 9, seed=0))


def test_a_law_of_the_wrong_shape_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both shapes are named, and how a law is called."""
    text = "def flat(n, shape, rng):\n    return rng.random(n)\n"
    (tmp_path / "flat_latent_law.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=r"shape \(1024,\), expected \(1024, 2\)") as caught:
        draw_latents("flat_latent_law:flat", (2,), 5, seed=0)
    assert "function(n, shape, rng)" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["no_such_module_here:law", "math:no_such_function"])
def test_a_law_that_cannot_be_imported_is_named(name: str) -> None:
    """The hint lists what --latent-law takes."""
    with pytest.raises(UsageError, match="cannot import the latent law") as caught:
        draw_latents(name, (2,), 5, seed=0)
    assert "module:function" in str(caught.value.hint)


def test_an_unknown_law_is_guessed() -> None:
    """A typing error in the name of a law is answered with the law."""
    with pytest.raises(UsageError, match="no latent law called 'normall'") as caught:
        draw_latents("normall", (2,), 5, seed=0)
    assert "Did you mean 'normal'?" in str(caught.value.hint)
    assert LAWS.names() == ["normal", "sphere", "uniform"]
