"""Memorisation: copies are found, named and proven; shrunken and collapsed ones are acquitted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analyzers.studies import findings, normal, sample_set, scores, study_of
from gancheck import Diagnosis, Settings, diagnose
from gancheck.analyzers.memorization import Memorization
from gancheck.errors import NotAvailable
from gancheck.measures.copying import Relabelling
from gancheck.originals import Search, search
from gancheck.reference import Part, Reference, row_hashes
from gancheck.study import Study
from gancheck.thumbnails import thumbnails
from gancheck.training import Side, Training
from gancheck.types import Condition, Copy, Evidence, Severity, Verdict

Images = NDArray[np.uint8]
Vectors = NDArray[np.float32]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "mnist"
SIDE = 24


@dataclasses.dataclass(frozen=True)
class Kept:
    """Samples that can be read again."""

    values: NDArray[np.generic]

    def take(self, rows: NDArray[np.integer]) -> NDArray[np.generic]:
        """Return some of them."""
        return np.asarray(self.values[rows])


def side(values: NDArray[np.generic], stem: str) -> Side:
    """Make one side of the training pool, through the identity."""
    names = tuple(f"{stem}/{row}.png" for row in range(len(values)))
    flat = values.reshape(len(values), -1).astype(np.float32)
    return Side(flat, row_hashes(values), names, np.arange(len(values)), Kept(values))


def calibrated(
    samples: NDArray[np.generic],
    trained: NDArray[np.generic],
    held: NDArray[np.generic],
    *,
    duplicates: int = 0,
    twins: int = 0,
) -> Study:
    """Build a study of samples, all training samples and held-out ones."""
    study = study_of(sample_set(samples), sample_set(trained))
    training = Training(
        side(trained, "train"), side(held, "held"), duplicates=duplicates, twins=twins
    )
    return dataclasses.replace(study, training_parts=training)


def copying(share: float, *, noise: float = 0.0, d: int = 16, seed: int = 0) -> Study:
    """Build a study of 1000 vectors of which a share are copies from the scored reference."""
    reference, samples = normal(1000, d, seed + 1), normal(1000, d, seed + 2)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(1000)[: int(share * 1000)]
    jitter = noise * rng.standard_normal((len(rows), d))
    samples[rows] = reference[rng.integers(1000, size=len(rows))] + jitter
    apart = sample_set(normal(500, d, seed + 3))
    return study_of(sample_set(samples), sample_set(reference), independent=apart)


def noisy_copies(share: float, n: int = 2000, d: int = 16, *, sd: float = 0.05) -> Study:
    """Build a calibrated study: the first samples are training samples with noise."""
    trained, held, samples = (normal(n, d, seed) for seed in (1, 2, 3))
    count = int(share * n)
    samples[:count] = trained[:count] + sd * normal(count, d, 4)
    return calibrated(samples, trained, held)


def textures(n: int, seed: int) -> Images:
    """Draw smooth random pictures."""
    rng = np.random.default_rng(seed)
    waves = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None])
    noise = np.fft.fft2(rng.standard_normal((n, 1, SIDE, SIDE)))
    smooth = np.fft.ifft2(noise / np.maximum(waves, 1 / SIDE) ** 1.3).real
    smooth /= smooth.std(axis=(1, 2, 3), keepdims=True)
    return np.rint(np.clip(128 + 50 * smooth, 0, 255)).astype(np.uint8)


def copied(evidence: Iterable[Evidence]) -> list[Copy]:
    """Return the copies among evidence."""
    return [one for one in evidence if isinstance(one, Copy)]


def worst(evidence: Iterable[Evidence]) -> Severity:
    """Return the highest severity."""
    return max(finding.severity for finding in findings(evidence).values())


# Without held-out data


@pytest.mark.parametrize("d", [16, 64])
def test_honest_samples_are_not_accused(d: int) -> None:
    """Without copies there is nothing to list, and nothing warns."""
    for seed in range(4):
        found = list(Memorization().analyze(copying(0.0, d=d, seed=10 * seed)))
        assert scores(found)["memorization"].value == 0
        assert worst(found) is Severity.OK
        assert not copied(found)


@pytest.mark.parametrize(("share", "noise"), [(0.05, 0.0), (0.3, 0.0), (0.05, 1e-6)])
def test_exact_and_near_exact_rows_are_counted(share: float, noise: float) -> None:
    """Copies are counted with their interval, warn above 1%, and each is named."""
    found = list(Memorization().analyze(copying(share, noise=noise)))
    score = scores(found)["memorization"]
    assert score.value == pytest.approx(share)
    assert score.low <= share <= score.high
    verdict = findings(found)["memorization.copies"]
    assert (verdict.severity, verdict.condition) == (Severity.WARN, Condition.MEMORIZATION)
    assert f"({0 if noise else round(share * 1000)} exact" in verdict.title
    assert {copy.kind for copy in copied(found)} == {"near" if noise else "exact"}
    assert len(copied(found)) == round(share * 1000)


def test_a_few_copies_do_not_warn() -> None:
    """Half a per cent of copies is within the limit, and is reported."""
    found = list(Memorization().analyze(copying(0.005)))
    assert scores(found)["memorization"].value >= 0.005
    assert worst(found) is Severity.OK


def test_without_held_out_data_there_is_no_p_value() -> None:
    """What was not calibrated says so, and claims no proof."""
    found = findings(Memorization().analyze(copying(0.05)))
    assert set(found) == {"memorization.copies"}
    assert "Uncalibrated: needs held-out data (--holdout)." in found["memorization.copies"].detail


def test_shrinking_is_not_copying() -> None:
    """A generator that shrinks towards the mean, and copies nothing, is not accused."""
    study = study_of(sample_set(normal(1000, 16, 1, sd=0.9)), sample_set(normal(1500, 16, 2)))
    assert worst(Memorization().analyze(study)) is Severity.OK


def test_rows_that_repeat_by_nature_are_no_copies() -> None:
    """In a table of few values every sample equals some row, and so does every real row."""
    rng = np.random.default_rng(0)
    table, samples = (rng.integers(0, 2, (n, 6)).astype(np.float32) for n in (900, 600))
    found = list(Memorization().analyze(study_of(sample_set(samples), sample_set(table))))
    assert scores(found)["memorization"].value == 0
    detail = findings(found)["memorization.copies"].detail
    assert "600 more samples come as near to reference samples" in detail
    assert "reference samples repeat another one" in detail


def test_in_few_dimensions_copies_cannot_be_told() -> None:
    """Two dimensions are refused with the reason, instead of acquitting; also with a hold-out."""
    near = copying(0.1, noise=1e-3, d=2)
    held = calibrated(normal(600, 2, 1), normal(600, 2, 2), normal(600, 2, 3))
    for study in (near, held):
        with pytest.raises(NotAvailable, match="in 2 dimensions"):
            list(Memorization().analyze(study))


def test_in_few_dimensions_exact_repeats_are_still_named() -> None:
    """Real numbers that repeat exactly are copies in the plane as well."""
    found = list(Memorization().analyze(copying(0.1, d=2)))
    verdict = findings(found)["memorization.copies"]
    assert verdict.severity is Severity.WARN
    assert "cannot be told from honest samples in 2 dimensions" in verdict.detail
    assert len(copied(found)) == 100


def test_moved_copies_of_images_are_shown_beside_their_originals() -> None:
    """Exact, noisy, mirrored and shifted copies are named, the most certain first, and drawn."""
    reference, samples = textures(400, 1), textures(300, 2)
    samples[:10] = reference[200:210]
    samples[10:20] = reference[210:220, :, :, ::-1]
    samples[20:30] = np.roll(reference[220:230], (1, -2), axis=(2, 3))
    rng = np.random.default_rng(0)
    jitter = rng.normal(0, 0.015 * 255, (10, 1, SIDE, SIDE))
    samples[30:40] = np.clip(reference[230:240] + jitter, 0, 255)
    study = study_of(
        sample_set(samples), sample_set(reference), independent=sample_set(textures(150, 3))
    )
    found = list(Memorization(pairs_shown=40).analyze(study))
    copies = copied(found)
    named = {(int(copy.sample), int(copy.training)) for copy in copies}
    assert {(row, row + 200) for row in (*range(20), *range(30, 40))} <= named
    assert all(training == sample + 200 for sample, training in named)
    assert [copy.kind for copy in copies[:10]] == ["exact"] * 10
    assert {copy.kind for copy in copies[10:]} == {"near"}
    (gallery,) = findings(found)["memorization.copies"].exhibits
    pairs = gallery.payload["pairs"]
    assert len(pairs) == len(copies)
    assert [pair["caption"].partition(" | ")[0] for pair in pairs] == [c.sample for c in copies]
    assert pairs[0]["left"] == pairs[0]["right"] != pairs[0]["difference"]
    mirrored = {pair["caption"].split()[0] for pair in pairs if "mirrored" in pair["caption"]}
    assert mirrored == {str(row) for row in range(10, 20)}


def test_without_copies_the_nearest_pairs_are_shown() -> None:
    """Honest images have their nearest pairs shown, under that name."""
    study = study_of(sample_set(textures(200, 1)), sample_set(textures(300, 2)))
    (gallery,) = findings(Memorization().analyze(study))["memorization.copies"].exhibits
    assert gallery.title == "Nearest pairs"
    assert len(gallery.payload["pairs"]) == Memorization().pairs_shown
    assert "Uncalibrated" in gallery.caption


def stored(study: Study, *, whole: bool) -> Study:
    """Return the study as a prepared file gives it: with thumbnails or without, but no images."""
    parts = study.reference
    small = thumbnails(parts.scored.values) if whole else None
    scored, apart = (
        dataclasses.replace(part, samples=None, stored_hashes=part.hashes)
        for part in (parts.scored, parts.independent)
    )
    scored = dataclasses.replace(scored, thumbnails=small)
    return dataclasses.replace(
        study, reference_parts=Reference(scored, apart, "made", "", parts.total)
    )


@pytest.mark.parametrize("whole", [True, False])
def test_a_prepared_reference_gives_what_it_holds(whole: bool) -> None:
    """Its hashes find exact copies, its thumbnails near-exact ones where they are whole images."""
    reference, samples = textures(400, 1), textures(300, 2)
    samples[:10] = reference[200:210]
    samples[10:20] = reference[210:220, :, :, ::-1]
    study = study_of(
        sample_set(samples), sample_set(reference), independent=sample_set(textures(150, 3))
    )
    found = list(Memorization().analyze(stored(study, whole=whole)))
    detail = findings(found)["memorization.copies"].detail
    assert len(copied(found)) == (20 if whole else 10)
    assert ("does not hold the images" in detail) is not whole
    assert ("holds 400 of 550 images" in detail) is whole


# With held-out data


def test_noisy_copies_are_proven_and_named() -> None:
    """2% copies: a low p-value, each copy with its twin and distances, and the share of them."""
    found = list(Memorization().analyze(noisy_copies(0.02)))
    copies, verdicts = copied(found), findings(found)
    right = [copy for copy in copies if copy.training == f"train/{copy.sample}.png"]
    assert len(right) >= 38
    assert len(right) >= 0.85 * len(copies)
    assert {copy.kind for copy in copies} == {"close"}
    closeness = [copy.closeness or 0 for copy in copies]
    assert closeness == sorted(closeness, reverse=True)
    assert all(copy.distance < (copy.held_out_distance or 0) for copy in copies)
    assert verdicts["memorization.relabelling"].value == pytest.approx(0.002)
    assert verdicts["memorization.relabelling"].severity is Severity.WARN
    assert verdicts["memorization.flagged"].severity is Severity.WARN
    assert verdicts["memorization.flagged"].value == len({copy.training for copy in copies})
    score = scores(found)["memorization"]
    assert 0 < score.low <= 0.02 <= score.high < 0.04


@pytest.mark.parametrize("sd", [1.0, 0.8, 1.2])
def test_honest_shrunken_and_expanded_generators_are_acquitted(sd: float) -> None:
    """Nothing is flagged where nothing is copied, whatever the generator's spread."""
    study = calibrated(normal(1000, 16, 1, sd=sd), normal(1000, 16, 2), normal(1000, 16, 3))
    found = list(Memorization().analyze(study))
    assert not copied(found)
    assert worst(found) is Severity.OK
    assert scores(found)["memorization"].low == 0


def test_a_generator_stuck_at_the_mean_is_no_copier() -> None:
    """All samples have the same twin: one training sample is nearest by chance."""
    samples = 0.01 * normal(1000, 16, 1)
    found = list(
        Memorization().analyze(calibrated(samples, normal(800, 16, 2), normal(800, 16, 3)))
    )
    assert not copied(found)
    assert worst(found) is Severity.OK
    assert scores(found)["memorization"].low == 0


def test_exact_copies_come_before_proven_ones() -> None:
    """The list goes from exact to close, counts each sample once, and the score adds them up."""
    study = noisy_copies(0.02)
    values = study.samples.values.copy()
    values[1000:1030] = study.training.training.features[500:530]
    samples = dataclasses.replace(study.samples, values=values)
    view = dataclasses.replace(
        study.view, samples=dataclasses.replace(study.view.samples, values=values)
    )
    study = dataclasses.replace(study, samples=samples, view=view, strict_view=view)
    found = list(Memorization().analyze(study))
    copies = copied(found)
    assert [copy.kind for copy in copies[:30]] == ["exact"] * 30
    assert {copy.kind for copy in copies[30:]} == {"close"}
    assert len({copy.sample for copy in copies}) == len(copies)
    assert all(copy.closeness is None and copy.distance == 0 for copy in copies[:30])
    score = scores(found)["memorization"]
    assert score.low <= 0.035 <= score.high


def test_copies_come_with_the_latents_that_draw_them() -> None:
    """A copy can be drawn again from its latent."""
    study = noisy_copies(0.02)
    latents = normal(2000, 4, 9)
    samples = dataclasses.replace(study.samples, latents=latents)
    for copy in copied(Memorization().analyze(dataclasses.replace(study, samples=samples))):
        assert copy.latent == pytest.approx(latents[int(copy.sample)])


def test_the_list_of_copies_is_cut_and_says_so() -> None:
    """A report lists so many copies and counts them all."""
    found = list(Memorization(listed=5).analyze(noisy_copies(0.02)))
    assert len(copied(found)) == 5
    assert "The report lists the 5 most certain of" in findings(found)["memorization.copies"].detail


def test_what_was_left_out_is_counted() -> None:
    """Duplicates, twins and samples that equal held-out ones are in the detail."""
    held = normal(400, 16, 3)
    samples = normal(400, 16, 1)
    samples[:7] = held[:7]
    study = calibrated(samples, normal(400, 16, 2), held, duplicates=12, twins=3)
    detail = findings(Memorization().analyze(study))["memorization.copies"].detail
    assert "12 training samples that repeat another one" in detail
    assert "3 pairs of a training and a held-out sample" in detail
    assert "7 samples equal held-out ones" in detail


def test_too_little_held_out_data_leaves_it_uncalibrated() -> None:
    """With a few held-out samples there is no p-value, and the reason stands there."""
    study = calibrated(normal(400, 16, 1), normal(400, 16, 2), normal(50, 16, 3))
    found = findings(Memorization().analyze(study))
    assert set(found) == {"memorization.copies"}
    assert "Uncalibrated: needs 200 training" in found["memorization.copies"].detail


@pytest.mark.parametrize(("hits", "severity"), [(160, Severity.NOTE), (400, Severity.WARN)])
def test_certainty_alone_is_no_warning(hits: int, severity: Severity) -> None:
    """A low p-value of next to nothing is noted; the same of 0.3% of the samples warns."""
    found = search(noisy_copies(0.0))
    assert found.proof is not None
    test = Relabelling(0.001, hits, 100.0, 1.0, 999)
    proof = dataclasses.replace(found.proof, test=test)
    verdict = Memorization()._judge_relabelling(proof, 100_000)
    assert verdict.severity is severity


def test_the_histogram_draws_both_sides_and_the_threshold() -> None:
    """Training samples have a tail that the mirrored held-out ones lack, beyond the mark."""
    (chart,) = findings(Memorization().analyze(noisy_copies(0.02)))["memorization.flagged"].exhibits
    trained, held = (np.array(one["counts"]) for one in chart.payload["series"])
    edges = np.array(chart.payload["edges"])
    (mark,) = chart.payload["marks"]
    beyond = edges[:-1] >= mark["at"]
    assert trained[beyond].sum() >= 30
    assert held[beyond].sum() <= 0.1 * trained[beyond].sum()


def test_near_exact_images_are_held_against_held_out_ones() -> None:
    """Where samples come as near to held-out images as to training images, none is accused."""
    base = textures(60, 1)
    rng = np.random.default_rng(0)

    def drawn(n: int) -> Images:
        jitter = rng.normal(0, 0.012 * 255, (n, 1, SIDE, SIDE))
        return np.clip(base[rng.integers(60, size=n)] + jitter, 0, 255).astype(np.uint8)

    study = calibrated(drawn(300), drawn(600), drawn(300))
    found: Search = search(study)
    assert not found.repeats.near.any()
    assert found.repeats.doubted == 300


# Whole runs: collapse and memorisation are two verdicts


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Images, Images]:
    """Return a folder, 900 digits that a generator was trained on, and 400 others."""
    with np.load(EXAMPLES / "mnist_reference.npz") as file:
        images = file["images"]
    folder = tmp_path_factory.mktemp("digits")
    np.savez_compressed(folder / "train.npz", images=images[:900])
    np.savez_compressed(folder / "held.npz", images=images[900:1300])
    return folder, images[:900], images[900:1300]


def diagnosed(folder: Path, images: Images, *, holdout: bool) -> Diagnosis:
    """Diagnose images that stand for the samples of a generator."""
    np.savez_compressed(folder / "samples.npz", images=images)
    settings = Settings(
        samples=len(images),
        embedder="pixels",
        cache=False,
        holdout=folder / "held.npz" if holdout else None,
        map="none",
    )
    return diagnose(folder / "samples.npz", folder / "train.npz", settings)


@pytest.mark.parametrize(("sd", "holdout"), [(0.0, False), (0.02, False), (0.02, True)])
def test_a_collapse_onto_one_training_image_is_both(
    digits: tuple[Path, Images, Images], sd: float, holdout: bool
) -> None:
    """One training digit, again and again, with faint noise or without: two conditions."""
    folder, trained, _ = digits
    jitter = np.random.default_rng(0).normal(0, 255 * sd, (400, *trained.shape[1:]))
    drawn = np.clip(np.rint(trained[17] + jitter), 0, 255).astype(np.uint8)
    found = diagnosed(folder, drawn, holdout=holdout)
    assert found.verdict is Verdict.COLLAPSED
    assert {Condition.FEW_DISTINCT_SAMPLES, Condition.MEMORIZATION} <= set(found.conditions)
    assert found.scores["memorization"].value == 1
    assert {copy.training for copy in found.copies} == {"17"}
    assert {copy.kind for copy in found.copies} == {"near" if sd else "exact"}


@pytest.mark.parametrize(("blur", "holdout"), [("all", False), ("some", False), ("some", True)])
def test_a_collapse_onto_a_mean_is_not_memorisation(
    digits: tuple[Path, Images, Images], blur: str, holdout: bool
) -> None:
    """The mean of all digits, or of eight, again and again: collapsed, and no copy of anything."""
    folder, trained, _ = digits
    mean = trained.mean(axis=0) if blur == "all" else trained[:8].mean(axis=0)
    jitter = np.random.default_rng(0).normal(0, 255 * 0.01, (400, *mean.shape))
    drawn = np.clip(np.rint(mean + jitter), 0, 255).astype(np.uint8)
    found = diagnosed(folder, drawn, holdout=holdout)
    assert Condition.FEW_DISTINCT_SAMPLES in found.conditions
    assert Condition.MEMORIZATION not in found.conditions
    assert found.scores["memorization"].low == 0
    assert not found.copies


def test_a_look_up_generator_is_caught_and_an_honest_one_is_not(
    digits: tuple[Path, Images, Images],
) -> None:
    """Training digits with noise that shows are proven copies; other digits raise nothing."""
    folder, trained, _ = digits
    with np.load(EXAMPLES / "mnist_held_out.npz") as file:
        others = file["images"][:600]
    honest = diagnosed(folder, others, holdout=True)
    jitter = np.random.default_rng(0).normal(0, 255 * 0.06, (60, *trained.shape[1:]))
    mixed = others.copy()
    mixed[:60] = np.clip(np.rint(trained[:60] + jitter), 0, 255)
    caught = diagnosed(folder, mixed, holdout=True)
    assert Condition.MEMORIZATION not in honest.conditions
    assert not honest.copies
    assert Condition.MEMORIZATION in caught.conditions
    named = {int(copy.training) for copy in caught.copies}
    assert len(named & set(range(60))) >= 55
    assert len(named - set(range(60))) <= 0.25 * len(named)  # 0.1 on average
    score = caught.scores["memorization"]
    assert score.low <= 0.1 <= score.high


def test_parts_of_a_reference_without_names_are_numbered() -> None:
    """Copies of the part that views were fitted on have a name, too."""
    study = copying(0.0)
    apart: Part = study.reference.independent
    values = study.samples.values.copy()
    values[:50] = apart.values[:50]
    again = study_of(sample_set(values), study.reference.scored.given(), independent=apart.given())
    assert len(copied(Memorization().analyze(again))) == 50
