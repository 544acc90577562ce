"""Whole runs with a prepared reference, from the cache, and without a reference."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from analyzers.studies import blob_map
from core.references import blob_file, blobs, prepared
from gancheck import Diagnosis, Settings, cache, diagnose
from gancheck.errors import LoadError, ShapeError, UsageError
from gancheck.gcref import to_bytes
from gancheck.preparation import Start, build_study, gather, samples_of
from gancheck.samplers.batches import Sampler
from gancheck.settings import Clock, Silence
from gancheck.study import Study
from gancheck.types import Condition, Verdict

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray

SPIRAL = Path(__file__).resolve().parents[1] / "examples" / "spiral" / "spiral_better.pt"
DIRECT = Settings(samples=400, embedder="pixels", cache=False, map="pca")
KEPT = dataclasses.replace(DIRECT, cache=True)
FILED = Settings(samples=400, map="pca")
ALONE = Settings(samples=1200, map="pca")


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of one test's own."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    return tmp_path / "cache" / "references"


def saved(path: Path, images: AnyArray) -> Path:
    """Write images as a set of samples."""
    np.savez(path, images=images)
    return path


def gcref(reference: Path, settings: Settings) -> Path:
    """Prepare a reference and write it beside its data."""
    path = reference.with_suffix(".gcref")
    path.write_bytes(to_bytes(prepared(reference, settings)))
    return path


def started(model: Path, reference: Path, settings: Settings) -> tuple[Start, bool]:
    """Begin a run, up to its study; and tell whether a view was fitted for it."""
    clock = Clock(Silence())
    start = build_study(gather(model, reference, settings, clock), settings, clock)
    return start, any(name.startswith("prepare view") for name in clock.timings)


def same_study(one: Study, other: Study) -> None:
    """Check that analyzers see the same in two studies, to the last bit."""
    for mine, theirs in ((one.view, other.view), (one.strict_view, other.strict_view)):
        np.testing.assert_array_equal(mine.samples.values, theirs.samples.values)
        np.testing.assert_array_equal(mine.reference, theirs.reference)
        np.testing.assert_array_equal(mine.fitting, theirs.fitting)
        assert (mine.tolerance, mine.trust) == (theirs.tolerance, theirs.trust)
    mine_known, known = one.reference.scored, other.reference.scored
    np.testing.assert_array_equal(mine_known.values, known.values)
    np.testing.assert_array_equal(mine_known.hashes, known.hashes)
    np.testing.assert_array_equal(mine_known.labels, known.labels)
    assert mine_known.ids == known.ids


def told(diagnosis: Diagnosis) -> dict[str, JSON]:
    """Return everything a report says of the samples."""
    report = diagnosis.to_dict()
    keys = ("verdict", "conditions", "summary", "scores", "modes", "findings", "exhibits")
    return {key: report[key] for key in (*keys, "skipped", "warnings")}


def test_images_are_judged_alike_by_data_and_by_file(tmp_path: Path) -> None:
    """Every number and every picture is that of the run on the data; the images may be gone."""
    images = blobs(720, 1)
    dark = saved(tmp_path / "dark.npz", images[images.max(axis=(1, 2, 3)) < 160][:400])
    reference = blob_file(tmp_path)
    direct = diagnose(dark, reference, DIRECT)
    filed = gcref(reference, DIRECT)
    reference.unlink()
    found = diagnose(dark, filed, FILED)
    assert told(found) == told(direct)
    assert found.verdict is Verdict.COLLAPSED
    assert direct.scores["memorization"].value > 0.3
    assert found.settings["reference_sha256"] == direct.settings["reference_sha256"]
    assert found.settings["reference"] == str(filed)
    assert found.settings["embedder_sha256"] == direct.settings["embedder_sha256"]


def test_a_generator_of_vectors_is_judged_alike_by_data_and_by_file(tmp_path: Path) -> None:
    """Spread, map, scan for cuts and modes need nothing but the file; any seed can be run."""
    rng = np.random.default_rng(0)
    reference = tmp_path / "plane.npz"
    np.savez(reference, samples=rng.normal(0, 1, (900, 2)).astype(np.float32))
    filed = gcref(reference, Settings())
    load = dataclasses.replace(FILED.load, latent_law="uniform")
    settings = Settings(samples=500, load=load, cache=False)
    assert told(diagnose(SPIRAL, filed, settings)) == told(diagnose(SPIRAL, reference, settings))
    again, _ = started(SPIRAL, filed, dataclasses.replace(settings, seed=7))
    assert len(again.study.reference.scored) == 600
    assert again.study.seed == 7


def test_the_number_of_samples_does_not_move_the_split(tmp_path: Path, own_folder: Path) -> None:
    """Runs with few and with many samples share one prepared reference in the cache."""
    reference, model = blob_file(tmp_path), saved(tmp_path / "model.npz", blobs(400, 3))
    for samples in (200, 400):
        started(model, reference, dataclasses.replace(KEPT, samples=samples))
    assert len(list(own_folder.iterdir())) == 1


def test_the_cache_changes_no_number(tmp_path: Path, own_folder: Path) -> None:
    """First run, run from the cache, run past a damaged cache and run without one agree."""
    reference, model = blob_file(tmp_path), saved(tmp_path / "model.npz", blobs(300, 3))
    without, _ = started(model, reference, DIRECT)
    assert not own_folder.exists()
    first, fitted = started(model, reference, KEPT)
    again, found = started(model, reference, KEPT)
    (kept,) = own_folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    repaired, refitted = started(model, reference, KEPT)
    assert [fitted, found, refitted] == [True, False, True]
    for other in (first, again, repaired):
        same_study(without.study, other.study)
        assert (without.reason, without.warnings) == (other.reason, other.warnings)
    started(model, reference, dataclasses.replace(KEPT, seed=1))
    assert len(list(own_folder.iterdir())) == 2


def test_a_cached_reference_is_named_as_it_was_given(tmp_path: Path, own_folder: Path) -> None:
    """The same data under another name is found in the cache, under its own name."""
    reference, model = blob_file(tmp_path), saved(tmp_path / "model.npz", blobs(150, 3))
    started(model, reference, KEPT)
    moved = reference.rename(tmp_path / "moved.npz")
    again, fitted = started(model, moved, KEPT)
    assert not fitted
    assert again.study.reference.path == str(moved)
    assert len(list(own_folder.iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path: Path, own_folder: Path) -> None:
    """The run goes on, and its report says so."""
    own_folder.parent.write_text("in the way")
    model = saved(tmp_path / "model.npz", blobs(150, 3))
    found, _ = started(model, blob_file(tmp_path), KEPT)
    assert any(cache.ENVIRONMENT in warning for warning in found.warnings)


def test_a_small_reference_is_prepared_with_the_samples_and_not_kept(
    tmp_path: Path, own_folder: Path
) -> None:
    """Where the pool has to be looked at, another run needs another view."""
    reference = blob_file(tmp_path, n=400)
    one, _ = started(saved(tmp_path / "one.npz", blobs(300, 3)), reference, KEPT)
    other, _ = started(saved(tmp_path / "other.npz", blobs(300, 4)), reference, KEPT)
    assert one.study.view.embedding.sha256 != other.study.view.embedding.sha256
    assert not own_folder.exists()


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    """A prepared reference as model, another view, another size: each message says what helps."""
    filed = gcref(blob_file(tmp_path), DIRECT)
    with pytest.raises(LoadError, match="is a prepared reference") as caught:
        diagnose(filed, None, FILED)
    assert f"--reference {filed}" in str(caught.value.hint)
    model = saved(tmp_path / "model.npz", blobs(150, 3))
    with pytest.raises(UsageError, match="--embedder efficientnet contradicts"):
        diagnose(model, filed, Settings(embedder="efficientnet"))
    small = saved(tmp_path / "small.npz", blobs(150, 3)[:, :, :8, :8])
    with pytest.raises(ShapeError, match="8 x 8") as misfit:
        diagnose(small, filed, FILED)
    assert "Prepare the reference again with --resize 8,8" in str(misfit.value.hint)
    colour = saved(
        tmp_path / "colour.npz",
        np.random.default_rng(0).integers(0, 256, (150, 12, 12, 3), dtype=np.uint8),
    )
    with pytest.raises(ShapeError, match="colour images") as grey:
        diagnose(colour, filed, FILED)
    assert "original data" in str(grey.value.hint)


@pytest.mark.usefixtures("quick_fit")
@pytest.mark.parametrize("distinct", [1, 20])
def test_a_collapsed_set_without_a_reference_is_found_in_its_own_view(
    tmp_path: Path, distinct: int
) -> None:
    """One image, or twenty, redrawn: a third is set aside to fit on, and the rest is collapsed."""
    rows = np.random.default_rng(0).integers(0, distinct, 1200)
    found = diagnose(saved(tmp_path / "few.npz", blobs(distinct, 1)[rows]), None, ALONE)
    assert found.verdict is Verdict.COLLAPSED
    assert Condition.FEW_DISTINCT_SAMPLES in found.conditions
    assert str(found.settings["embedder"]).startswith("fitted")
    assert (found.settings["samples"], found.settings["samples_aside"]) == (800, 400)
    assert "a third of 1,200 images, set aside" in str(found.settings["embedder_reason"])
    assert distinct / 2 <= found.scores["distinct_samples"].value <= distinct * 2


@pytest.mark.usefixtures("quick_fit")
def test_a_set_too_small_to_spare_a_third_is_judged_whole(tmp_path: Path) -> None:
    """Below 1,200 samples nothing is set aside, and the view is that of pixels."""
    found = diagnose(saved(tmp_path / "some.npz", blobs(1199, 1)), None, ALONE)
    assert (found.settings["samples"], found.settings["samples_aside"]) == (1199, 0)
    assert str(found.settings["embedder"]).startswith("pixels")


@pytest.mark.usefixtures("quick_fit")
def test_a_generator_without_a_reference_is_seen_through_a_draw_of_its_own(tmp_path: Path) -> None:
    """The view is fitted on other samples of the generator; all that were asked for are judged."""
    path = tmp_path / "constant.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        program = torch.jit.trace(Constant(), torch.zeros(2, 4))  # type: ignore[no-untyped-call]
        torch.jit.save(program, str(path))
    found = diagnose(path, None, Settings(samples=300, map="pca"))
    assert found.verdict is Verdict.COLLAPSED
    assert Condition.FEW_DISTINCT_SAMPLES in found.conditions
    assert str(found.settings["embedder"]).startswith("fitted")
    assert (found.settings["samples"], found.settings["samples_aside"]) == (300, 3000)
    assert "an independent draw of 3,000 images is enough" in str(found.settings["embedder_reason"])


class Constant(nn.Module):
    """A generator that draws one image whatever the latent."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Parameter(torch.linspace(-1, 1, 64).reshape(1, 1, 8, 8))

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the image for each latent."""
        return self.image + 0.0 * latents.sum(dim=1)[:, None, None, None]


@pytest.mark.usefixtures("quick_fit")
def test_the_draw_apart_shares_nothing_with_the_one_that_is_judged() -> None:
    """Its latents are others, and equal seeds give an equal draw."""
    sampler = Sampler(blob_map())
    clock, settings = Clock(Silence()), Settings(samples=500)
    first, again = (samples_of(sampler.generator, None, settings, clock) for _ in range(2))
    assert first[2] is not None
    assert again[2] is not None
    np.testing.assert_array_equal(first[2].values, again[2].values)
    judged = {row.tobytes() for row in np.asarray(first[0].latents)}
    assert not judged & {row.tobytes() for row in np.asarray(first[2].latents)}
