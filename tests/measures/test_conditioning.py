"""Label and latent of conditional generators: shares, collapsed classes, and what looking costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures.conditioning import CLOSER_LOOK, FIRST_LOOK, Conditioning, conditioning

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

OUTPUTS = 8
SAME = 0.04


class Classes:
    """A generator of classes around centres of their own; counts its evaluations."""

    def __init__(
        self,
        classes: int,
        *,
        frozen: tuple[int, ...] = (),
        apart: float = 1.0,
        noise: float = 0.0,
    ) -> None:
        rng = np.random.default_rng(5)
        self.centres = apart * rng.standard_normal((classes, OUTPUTS))
        self.width = np.ones(classes)
        self.width[list(frozen)] = 0.0
        self.noise = noise
        self.rng = np.random.default_rng(6)
        self.evaluations = 0

    def __call__(self, latents: FloatArray, labels: IntArray) -> FloatArray:
        """Return centre, plus latent where the class is not frozen, plus noise."""
        self.evaluations += len(latents)
        moved = self.centres[labels] + self.width[labels][:, None] * latents
        return np.asarray(moved + self.noise * self.rng.standard_normal(moved.shape))


def judged(run: Classes, seed: int = 0) -> Conditioning:
    """Measure a generator of classes."""
    latents = np.random.default_rng(100 + seed).standard_normal((256, OUTPUTS))
    rng = np.random.default_rng(seed)
    return conditioning(run, latents, len(run.centres), SAME, rng)


@pytest.mark.parametrize("apart", [0.5, 1.0, 3.0])
def test_the_share_of_the_label_follows_its_definition(apart: float) -> None:
    """Centres of variance a^2 around latents of variance 1 have a share of a^2 / (1 + a^2)."""
    found = judged(Classes(200, apart=apart))
    assert found.label_share == pytest.approx(apart**2 / (1 + apart**2), abs=0.1)
    assert found.label_shown
    assert not found.collapsed


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_an_ignored_label_has_no_share(noise: float) -> None:
    """Equal centres: nothing is explained by the label, with noise inside the model, too."""
    shown = [judged(Classes(20, apart=0.0, noise=noise), seed).label_shown for seed in range(5)]
    assert sum(shown) <= 1
    assert judged(Classes(20, apart=0.0, noise=noise)).label_share < 0.02


def test_a_label_is_seen_beside_noise() -> None:
    """Noise inside the model does not hide what the label does."""
    found = judged(Classes(20, apart=1.0, noise=0.5))
    assert found.label_shown
    assert not found.collapsed


@pytest.mark.parametrize("classes", [2, 10, 300, 1000])
def test_frozen_classes_are_named_whatever_their_number(classes: int) -> None:
    """One class of many that gives one output is named, and no other."""
    frozen = (classes - 1,)
    found = judged(Classes(classes, frozen=frozen))
    assert found.collapsed == frozen
    assert found.latent_shares[frozen[0]] < 1e-20
    assert found.latent_shares.argmin() == frozen[0]


def test_frozen_classes_are_named_beside_noise() -> None:
    """A class that only its noise moves is frozen, too."""
    assert judged(Classes(10, frozen=(3,), noise=0.02)).collapsed == (3,)


@pytest.mark.parametrize("frozen", [1, 40, 400, 1000])
def test_looking_is_bounded(frozen: int) -> None:
    """However many of 1,000 classes look frozen, about 4,000 evaluations are enough to tell."""
    run = Classes(1000, frozen=tuple(range(frozen)))
    found = judged(run)
    assert run.evaluations <= FIRST_LOOK + CLOSER_LOOK + 64
    assert set(found.collapsed) <= set(range(frozen))
    assert len(found.collapsed) >= min(frozen, 200)
    assert found.suspected == frozen


def test_classes_of_two_outputs_are_not_called_frozen() -> None:
    """Each latent gives one of two outputs: by chance some classes look frozen, none is named."""
    run = Classes(1000)

    def two(latents: FloatArray, labels: IntArray) -> FloatArray:
        side = np.sign(latents[np.arange(len(labels)), labels % OUTPUTS])
        return np.asarray(run.centres[labels] + side[:, None])

    latents = np.random.default_rng(3).standard_normal((256, OUTPUTS))
    found = conditioning(two, latents, 1000, SAME, np.random.default_rng(0))
    assert found.suspected > 100
    assert not found.collapsed


def test_one_class_is_allowed() -> None:
    """A single class has no label to speak of, and is judged all the same."""
    assert not judged(Classes(1)).collapsed
    assert judged(Classes(1, frozen=(0,))).collapsed == (0,)
