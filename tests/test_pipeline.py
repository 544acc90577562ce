"""Whole runs on subjects whose diagnosis is known."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from gancheck import Diagnosis, GancheckError, LoadOptions, Settings, diagnose
from gancheck.types import Condition, Severity, Verdict

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "mnist"
REFERENCE, HELD_OUT = EXAMPLES / "mnist_reference.npz", EXAMPLES / "mnist_held_out.npz"
QUICK = Settings(samples=2000, embedder="pixels", map="pca")


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return held-out digits and their labels."""
    with np.load(HELD_OUT) as file:
        return file["images"], file["labels"].astype(np.int64)


def saved(folder: Path, images: NDArray[np.uint8]) -> Path:
    """Write images as a sample set."""
    path = folder / "samples.npz"
    np.savez_compressed(path, images=images)
    return path


def traced(folder: Path, module: nn.Module, latent: int = 8) -> Path:
    """Write a module as TorchScript."""
    path = folder / "model.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        program = torch.jit.trace(module.eval(), torch.randn(2, latent))  # type: ignore[no-untyped-call]
        torch.jit.save(program, str(path))
    return path


def severities(diagnosis: Diagnosis) -> dict[str, Severity]:
    """Return the severity of each finding."""
    return {finding.id: finding.severity for finding in diagnosis.findings}


def test_held_out_digits_are_healthy() -> None:
    """Real data is diagnosed as healthy, with a diversity above 0.9 and no finding above NOTE."""
    found = diagnose(HELD_OUT, REFERENCE, QUICK)

    assert found.verdict is Verdict.HEALTHY
    assert found.scores["diversity"].value > 0.9
    assert found.conditions == ()
    assert max(severities(found).values()) <= Severity.NOTE
    assert {mode.status for mode in found.modes} == {"ok"}


def test_one_digit_is_collapse_with_nine_missing_modes(
    tmp_path: Path, digits: tuple[NDArray[np.uint8], NDArray[np.int64]]
) -> None:
    """Real images of one digit only: nine modes are missing, and named."""
    images, labels = digits
    found = diagnose(saved(tmp_path, images[labels == 1]), REFERENCE, QUICK)

    assert found.verdict is Verdict.COLLAPSED
    missing = {mode.label for mode in found.modes if mode.status == "missing"}
    assert missing == set("023456789")
    assert found.scores["diversity"].high < 0.25


def test_without_labels_the_missing_modes_are_clusters(
    tmp_path: Path, digits: tuple[NDArray[np.uint8], NDArray[np.int64]]
) -> None:
    """Clusters of an unlabelled reference stand in for labels, and their images are shown."""
    images, labels = digits
    with np.load(REFERENCE) as file:
        np.savez_compressed(tmp_path / "reference.npz", images=file["images"])
    half = saved(tmp_path, images[labels < 5])
    found = diagnose(half, tmp_path / "reference.npz", QUICK)

    assert found.verdict is Verdict.COLLAPSED
    assert Condition.MISSING_MODES in found.conditions
    finding = next(f for f in found.findings if f.id == "modes.missing")
    assert finding.exhibits
    assert all(exhibit.payload["role"] == "reference" for exhibit in finding.exhibits)


def test_a_folder_of_pictures_gives_the_findings_of_its_array(
    tmp_path: Path, digits: tuple[NDArray[np.uint8], NDArray[np.int64]]
) -> None:
    """PNG files and an .npz with the same images agree in every number; latents are skipped."""
    images, labels = digits
    chosen = images[labels % 2 == 0][:600]
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, image in enumerate(chosen):
        Image.fromarray(image).save(folder / f"{number:04}.png")
    from_array = diagnose(saved(tmp_path, chosen), REFERENCE, QUICK).to_dict()
    from_folder = diagnose(folder, REFERENCE, QUICK).to_dict()

    for key in ("verdict", "conditions", "scores", "modes"):
        assert from_array[key] == from_folder[key]
    absent = {"audit", "conditional", "cuts", "discriminator", "known_modes", "sensitivity"}
    assert {s["analyzer"] for s in from_folder["skipped"]} == absent


def test_the_order_of_a_sample_set_does_not_matter(
    tmp_path: Path, digits: tuple[NDArray[np.uint8], NDArray[np.int64]]
) -> None:
    """Shuffled rows give the same scores."""
    images = digits[0][:800]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = diagnose(saved(tmp_path / "a", images), REFERENCE, QUICK)
    other = diagnose(saved(tmp_path / "b", images[::-1]), REFERENCE, QUICK)

    assert one.to_dict()["scores"] == other.to_dict()["scores"]


def test_twenty_images_are_few_distinct_samples_even_without_a_reference(
    tmp_path: Path, digits: tuple[NDArray[np.uint8], NDArray[np.int64]]
) -> None:
    """Twenty digits redrawn with invisible noise: collapsed, and the support interval holds 20."""
    rng = np.random.default_rng(0)
    drawn = digits[0][rng.integers(0, 20, 2000)] + rng.normal(0, 0.02 * 255, (2000, 28, 28))
    found = diagnose(saved(tmp_path, np.clip(drawn, 0, 255).astype(np.uint8)), None, QUICK)

    assert found.verdict is Verdict.COLLAPSED
    assert found.conditions == (Condition.FEW_DISTINCT_SAMPLES,)
    support = found.scores["distinct_samples"]
    assert 15 < support.low < support.high < 30


def test_healthy_samples_without_a_reference_are_inconclusive() -> None:
    """No collapse is seen, but missing modes cannot be judged."""
    found = diagnose(HELD_OUT, None, QUICK)

    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.conditions == ()
    assert "missing modes cannot be judged" in found.summary[0]


class Ignoring(nn.Module):
    """A generator that returns one image whatever the latent."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.image = nn.Parameter(torch.tanh(torch.randn(1, 1, 16, 16)))
        self.gate = nn.Linear(8, 1)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the image, plus nothing of the latent."""
        nothing: torch.Tensor = 0.0 * self.gate(latents)[:, :, None, None]
        return self.image + nothing


class Broken(nn.Module):
    """A generator whose weights overflowed."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 4)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return NaN."""
        outputs: torch.Tensor = self.layer(latents)
        return outputs * float("nan")


def test_a_generator_that_ignores_its_latent_is_collapsed(tmp_path: Path) -> None:
    """One image for every latent: the latent is ignored, with or without a reference."""
    found = diagnose(traced(tmp_path, Ignoring()), None, QUICK)

    assert found.verdict is Verdict.COLLAPSED
    assert Condition.IGNORED_LATENT in found.conditions
    assert Condition.FEW_DISTINCT_SAMPLES in found.conditions


def test_a_generator_that_returns_nan_is_refused(tmp_path: Path) -> None:
    """NaN is not judged but reported, in one message."""
    with pytest.raises(GancheckError, match="NaN"):
        diagnose(traced(tmp_path, Broken()), None, QUICK)


@pytest.mark.parametrize("batch_size", [7, 256])
def test_the_batch_size_does_not_matter(batch_size: int) -> None:
    """Equal seeds give equal scores whatever the batch size."""
    spiral = EXAMPLES.parent / "spiral" / "spiral_better.pt"
    options = LoadOptions(latent_law="uniform")
    whole = Settings(samples=500, load=options)
    parts = Settings(samples=500, batch_size=batch_size, load=options)
    one, other = (diagnose(spiral, None, settings) for settings in (whole, parts))

    for name, score in one.scores.items():
        assert other.scores[name].value == pytest.approx(score.value, rel=1e-3, abs=1e-3)


def test_equal_runs_are_equal_to_the_last_digit() -> None:
    """Same input, seed and version: the same report, but for times."""
    first, again = (diagnose(HELD_OUT, REFERENCE, QUICK).to_dict() for _ in range(2))
    for report in (first, again):
        del report["timings"], report["created"]

    assert first == again
