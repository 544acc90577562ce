"""Whether labels are obeyed: swapped, ignored and obeyed ones, and labels nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest

from gancheck.measures.obedience import Obedience, obedience

REAL = np.repeat(np.arange(4), 50)


def seen(asked: np.ndarray, seed: int = 0) -> np.ndarray:
    """Let a classifier look that is right nine times of ten, and abstains once in twenty."""
    rng = np.random.default_rng(seed)
    looks = np.where(rng.random(len(asked)) < 0.9, asked, rng.integers(0, 4, len(asked)))
    return np.where(rng.random(len(asked)) < 0.05, -1, looks)


def judged(drawn: np.ndarray, asked: np.ndarray = REAL) -> Obedience:
    """Judge samples that were asked for by one label, and show another."""
    return obedience(asked, seen(drawn), REAL, seen(REAL, 1))


def test_obeyed_labels_pass() -> None:
    """A classifier that errs as often with real samples blames no class."""
    found = judged(REAL)
    assert not found.disobeyed.any()
    assert not found.ignored
    hits, total = found.hits
    assert hits / total == pytest.approx(found.ceiling, abs=0.06)
    assert [found.mostly(label) for label in range(4)] == [0, 1, 2, 3]


def test_swapped_labels_are_named_with_what_is_drawn() -> None:
    """Two labels that are drawn for each other are found, and no other."""
    found = judged(np.array([0, 2, 1, 3])[REAL])
    assert np.flatnonzero(found.disobeyed).tolist() == [1, 2]
    assert (found.mostly(1), found.mostly(2)) == (2, 1)
    assert not found.ignored


def test_ignored_labels_are_told_from_swapped_ones() -> None:
    """Samples of all classes under each label: none is obeyed, and no class stands for another."""
    found = judged(np.tile(np.arange(4), 50))
    assert found.disobeyed.all()
    assert found.ignored
    assert found.mostly(0) == -1


def test_one_class_for_every_label_ignores_them() -> None:
    """A generator that draws one class only obeys that label, and none of the others."""
    found = judged(np.full(200, 2))
    assert np.flatnonzero(found.disobeyed).tolist() == [0, 1, 3]
    assert found.ignored


def test_labels_that_nobody_can_tell_are_not_judged() -> None:
    """Where real samples are not recognised either, no class is blamed."""
    rng = np.random.default_rng(2)
    found = obedience(REAL, rng.integers(0, 4, 200), REAL, rng.integers(0, 4, 200))
    assert not found.disobeyed.any()


def test_few_samples_prove_nothing() -> None:
    """Nine samples of a class are too few, and labels that the reference lacks are left out."""
    found = obedience(np.full(9, 1), np.full(9, 2), REAL, REAL)
    assert not found.disobeyed.any()
    found = obedience(np.full(60, 7), np.full(60, 2), REAL, REAL)
    assert not found.disobeyed.any()
    assert np.isnan(found.usual[7])


def test_false_alarms_are_rare() -> None:
    """Of 400 sound classes judged by eight samples out of ten, no more than two are blamed."""
    blamed = 0
    for seed in range(100):
        looks = [seen(REAL, 10 * seed + side) for side in (2, 3)]
        blamed += int(obedience(REAL, looks[0], REAL, looks[1]).disobeyed.sum())
    assert blamed <= 2
