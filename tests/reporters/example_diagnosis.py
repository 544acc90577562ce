"""Three diagnoses to render: a collapsed, a healthy and an inconclusive digit generator."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from example_digits import digits

from gancheck import exhibits
from gancheck.types import (
    Condition,
    Cut,
    Diagnosis,
    Exhibit,
    Finding,
    Interval,
    Mode,
    Rate,
    Score,
    Severity,
    Skipped,
    Subject,
    Verdict,
)

if TYPE_CHECKING:
    from gancheck.types import FloatArray, ModeStatus

SHA256 = "3f1c9a0e7b52d4c8116f0a9be4d2735c8f60aa19d7be2b4401c5e9f8237ad6b0"
VIEW = "efficientnet-lite0"
SHARES = {
    "0": (0.0987, 0.0912),
    "1": (0.1124, 0.4704),
    "2": (0.0993, 0.0411),
    "3": (0.1022, 0.0893),
    "4": (0.0974, 0.0),
    "5": (0.0904, 0.0322),
    "6": (0.0986, 0.0957),
    "7": (0.1044, 0.1102),
    "8": (0.0975, 0.0),
    "9": (0.0991, 0.0699),
}


def modes() -> tuple[Mode, ...]:
    """Return the ten digits, two of them never drawn and one drawn four times too often."""
    return tuple(
        _mode(index, label, *shares) for index, (label, shares) in enumerate(SHARES.items())
    )


def _mode(index: int, label: str, reference: float, samples: float) -> Mode:
    half = 1.96 * float(np.sqrt(max(samples, 2e-5) * (1 - samples) / 10_000))
    return Mode(
        index, label, reference, samples, max(0.0, samples - half), samples + half,
        _status(reference, samples),
    )  # fmt: skip


def _status(reference: float, samples: float) -> ModeStatus:
    if samples == 0:
        return "missing"
    if samples > 2 * reference:
        return "over"
    return "under" if samples < reference / 2 else "ok"


def _scores(diversity: float) -> dict[str, Score]:
    rows = [
        ("diversity", diversity, 0.02, 0.97),
        ("fidelity", 0.94, 0.01, 0.96),
        ("coverage", diversity + 0.02, 0.015, 0.97),
        ("density", 1.07, 0.03, 1.0),
        ("distinct_samples", 0.913, 0.004, 0.998),
        ("memorization", 0.0021, 0.0009, 0.0018),
    ]
    return {
        name: Score(name, value, max(0.0, value - half), value + half, ceiling, 10_000, 5, VIEW)
        for name, value, half, ceiling in rows
    }


def _missing_modes() -> Finding:
    rng = np.random.default_rng(1)
    return Finding(
        id="modes.missing",
        analyzer="modes",
        severity=Severity.FAIL,
        title="2 of 10 modes are never drawn: '4' and '8' got 0 of 10,000 samples.",
        detail="Real images hold 9.7% and 9.8% of these modes, so about 970 samples of each were "
        "expected; chance alone explains it with p < 1e-400.\n\n"
        "Usual causes: a discriminator that trains much faster than the generator, too high a "
        "learning rate, no minibatch statistics.\n\n"
        "Try: spectral normalisation or a gradient penalty, a lower generator learning rate, "
        "minibatch standard deviation, or unrolled updates.",
        condition=Condition.MISSING_MODES,
        value=2.0,
        limit="<= 0",
        exhibits=(
            exhibits.grid(
                "Mode '4': never drawn",
                "Real images of the mode, those nearest its centre first.",
                digits("4" * 12, rng),
                role="reference",
            ),
            exhibits.grid(
                "Mode '8': never drawn",
                "Real images of the mode, those nearest its centre first.",
                digits("8" * 12, rng),
                role="reference",
            ),
        ),
    )


def _dominant_mode() -> Finding:
    return Finding(
        id="modes.max_share",
        analyzer="modes",
        severity=Severity.FAIL,
        title="Mode '1' holds 47% of the samples, against 11% of the reference.",
        detail="One digit is drawn four times too often. Usual causes: the discriminator accepts "
        "this mode most easily. Try: minibatch standard deviation, or a larger batch.",
        condition=Condition.IMBALANCED_MODES,
        value=0.4704,
        interval=Interval(0.4606, 0.4802),
        limit="<= 0.25",
        exhibits=(
            exhibits.grid(
                "The fattest mode, '1'",
                "Samples that landed in the mode, in the order they were drawn.",
                digits("1" * 12, np.random.default_rng(2)),
                role="samples",
            ),
            exhibits.bars("Shares of the modes", "All ten modes; n = 10,000 each.", modes()),
        ),
    )


def _coverage() -> Finding:
    return Finding(
        "coverage.coverage", "coverage", Severity.FAIL,
        "41% of the reference images have a sample near them.",
        "Two halves of the reference cover 97% of each other at the same n.",
        condition=Condition.MISSING_MODES,
        value=0.412, interval=Interval(0.402, 0.422), limit=">= 0.80",
    )  # fmt: skip


def _duplicates() -> Finding:
    rng, twin = np.random.default_rng(3), np.random.default_rng(3)
    left = digits("117132", rng)
    right = np.clip(digits("117132", twin).astype(float) * 0.96 + 4, 0, 255)
    return Finding(
        id="duplicates.rate",
        analyzer="duplicates",
        severity=Severity.WARN,
        title="6.1% of the samples have a near twin among the samples; 0.3% of real images do.",
        detail="The twins are spread over four modes. Try: look at the pairs; a latent that is "
        "too small or too little noise makes them.",
        condition=Condition.FEW_DISTINCT_SAMPLES,
        value=0.061,
        interval=Interval(0.056, 0.066),
        limit="<= 0.02",
        exhibits=(
            exhibits.pairs(
                "Nearest pairs of samples",
                "The six closest of 20 pairs; distance in the embedder's view.",
                left,
                right,
                [f"distance {0.011 * (i + 1):.3f}" for i in range(len(left))],
                titles=("sample", "its twin"),
            ),
        ),
    )


def _jump_field(side: int = 96) -> tuple[FloatArray, FloatArray]:
    x, y = np.meshgrid(np.linspace(-2.5, 2.5, side), np.linspace(-2.5, 2.5, side))
    ridge = np.minimum(np.abs(y - 0.8 * np.sin(1.6 * x)), np.abs(x - 0.3 * y - 1.3) + 0.05)
    line = np.linspace(-2.4, 2.4, 60)
    marks = np.stack([line, 0.8 * np.sin(1.6 * line)], axis=1)
    field = np.exp(-ridge * 2.4) + 0.08 * np.cos(x * 2) * np.sin(y)
    return field.astype(np.float32), marks.astype(np.float32)


def _cut_mass() -> Finding:
    rng = np.random.default_rng(4)
    field, marks = _jump_field()
    frames = np.concatenate([digits("777", rng), digits("7", rng) * 0.7, digits("22222", rng)])
    return Finding(
        id="cuts.cut_mass",
        analyzer="cuts",
        severity=Severity.WARN,
        title="12% of the latents lie within 0.1 standard deviations of a cut.",
        detail="Neighbouring latents give unrelated images there.",
        condition=Condition.LATENT_CUTS,
        value=0.12,
        interval=Interval(0.11, 0.13),
        limit="<= 0.10",
        exhibits=(
            exhibits.heatmap(
                "A plane through the latent space",
                "Size of the jump between neighbouring latents; red dots are cuts. The plane is "
                "spanned by the two most sensitive directions.",
                field,
                (-2.5, 2.5, -2.5, 2.5),
                unit="jump",
                axes=("direction 1", "direction 2"),
                marks=marks,
            ),
            exhibits.strip(
                "Across the largest cut",
                "Nine latents along a line of length 0.2 through the cut.",
                frames,
                [f"{step:+.3f}" for step in np.linspace(-0.1, 0.1, len(frames))],
            ),
        ),
    )


def _quiet_findings() -> tuple[Finding, ...]:
    return (
        Finding(
            "coverage.density", "coverage", Severity.OK,
            "Samples lie where real images are: density 1.07.",
            value=1.07, interval=Interval(1.04, 1.10), limit=">= 0.70",
        ),
        Finding(
            "memorization.rate", "memorization", Severity.OK,
            "0.2% of the samples are closer to a training image than real images are.",
            value=0.0021, interval=Interval(0.0012, 0.0030), limit="<= 0.01",
        ),
        Finding(
            "sensitivity.ignored", "sensitivity", Severity.NOTE,
            "3 of 64 latent directions change the image by less than 1% of the median.",
            "Common in healthy generators of this size; worth a look when the number grows.",
            condition=Condition.IGNORED_LATENT, value=3.0,
        ),
        Finding(
            "duplicates.exact", "duplicates", Severity.OK,
            "No two samples are the same image, byte for byte.", value=0.0, limit="<= 0",
        ),
    )  # fmt: skip


def _map(shown: str) -> Exhibit:
    rng = np.random.default_rng(5)
    angles = {label: 2 * np.pi * int(label) / 10 for label in SHARES}

    def cloud(labels: list[str]) -> FloatArray:
        at = np.array([angles[label] for label in labels])
        centre = 6 * np.stack([np.cos(at), 0.8 * np.sin(at)], axis=1)
        return (centre + rng.normal(0, 0.75, centre.shape)).astype(np.float32)

    return exhibits.scatter(
        "Map of the samples",
        "UMAP fitted on the reference only; samples are placed into it.",
        [
            ("reference", "reference", cloud(rng.choice(list(SHARES), 1200).tolist())),
            ("samples", "samples", cloud(rng.choice(list(shown), 1200).tolist())),
        ],
        axes=("map axis 1", "map axis 2"),
    )


def _look(shown: str) -> tuple[Exhibit, ...]:
    rng = np.random.default_rng(6)
    drawn = "".join(rng.choice(list(shown), 48))
    real = "".join(rng.choice(list(SHARES), 48))
    note = "48 images in the order they come, not selected (seed 0)."
    return (
        exhibits.grid("Samples", note, digits(drawn, rng), role="samples"),
        exhibits.grid("Reference", note, digits(real, rng), role="reference"),
        _map(shown),
    )


def _subject(path: str) -> Subject:
    return Subject(
        path, "torchscript", SHA256,
        latent_shape=(64,), latent_law="normal", classes=None,
        output_kind="image", output_shape=(1, 28, 28),
        notes=(
            "Output values lie in -1..1 and are mapped to 0..255.",
            "BatchNorm layers run in eval mode, as saved.",
        ),
    )  # fmt: skip


def _settings() -> dict[str, object]:
    return {
        "command": "gancheck diagnose runs/mnist_dcgan/G.pt --reference mnist-train --html",
        "samples": 10_000,
        "seed": 0,
        "embedder": VIEW,
        "strict_embedder": None,
        "reference": "runs/mnist-train",
        "reference_n": 60_000,
        "device": "cpu",
        "outputs": {"html": "mnist_dcgan.gancheck.html", "json": "mnist_dcgan.gancheck.json"},
        "limits": {"diversity": 0.8, "coverage": 0.8, "fidelity": 0.7, "memorization": 0.01},
    }


_CREATED = "2026-03-14T15:09:26+00:00"
_VERSIONS = {"gancheck": "0.1.0", "python": "3.11.7", "torch": "2.13.0+cpu", "numpy": "2.4.6"}
_TIMINGS = {
    "load": 0.41, "sample": 6.2, "embed": 21.7, "coverage": 4.3, "modes": 1.9,
    "duplicates": 2.2, "memorization": 1.4, "sensitivity": 0.9, "cuts": 2.8,
}  # fmt: skip


@cache
def collapsed() -> Diagnosis:
    """Return a generator that never draws a 4 or an 8, with every kind of picture."""
    return Diagnosis(
        subject=_subject("runs/mnist_dcgan/G.pt"),
        verdict=Verdict.COLLAPSED,
        summary=(
            "2 of 10 modes are never drawn ('4', '8'); mode '1' holds 47% of the samples "
            "(reference: 11%).",
            "6.1% of the samples have a near twin.",
            "12% of the latents lie near a cut, where neighbouring latents give unrelated images.",
        ),
        conditions=(
            Condition.MISSING_MODES, Condition.IMBALANCED_MODES,
            Condition.FEW_DISTINCT_SAMPLES, Condition.LATENT_CUTS,
        ),
        scores=_scores(0.39),
        modes=modes(),
        cuts=(
            Cut(
                kind="cut",
                crossings=166,
                rate=Rate(0.138, 0.118, 0.161),
                width=0.0,
                jump=1.4,
                normal=(1.0, 0.0),
                offset=0.1,
                pieces=1,
                boundary_accuracy=0.99,
                off_reference=2.1,
                modes=("3", "8"),
                points=((0.1, 0.2),),
            ),
        ),
        findings=(
            *_quiet_findings(), _duplicates(), _coverage(), _missing_modes(), _dominant_mode(),
            _cut_mass(),
        ),
        exhibits=_look("1111111112233567790"),
        skipped=(
            Skipped("discriminator", "no discriminator was given (--discriminator)"),
            Skipped("conditional", "the generator takes no labels"),
        ),
        settings=_settings(),
        versions=_VERSIONS,
        timings=_TIMINGS,
        warnings=("The reference is the training set: memorisation cannot be told from a fit.",),
        created=_CREATED,
    )  # fmt: skip


@cache
def healthy() -> Diagnosis:
    """Return a generator with nothing wrong."""
    quiet = tuple(finding for finding in _quiet_findings() if finding.severity is Severity.OK)
    fair = tuple(
        _mode(index, label, reference, reference + 0.002 * (-1) ** index)
        for index, (label, (reference, _)) in enumerate(SHARES.items())
    )
    return Diagnosis(
        subject=_subject("runs/mnist_good/G.pt"),
        verdict=Verdict.HEALTHY,
        summary=("All 10 modes are drawn, each within a factor 1.1 of its real share.",),
        conditions=(),
        scores=_scores(0.95),
        modes=fair,
        cuts=(),
        findings=quiet,
        exhibits=_look("0123456789"),
        skipped=(Skipped("conditional", "the generator takes no labels"),),
        settings=_settings(),
        versions=_VERSIONS,
        timings=_TIMINGS,
        created=_CREATED,
    )


@cache
def inconclusive() -> Diagnosis:
    """Return a run without a reference: hardly anything can be said."""
    settings = {"samples": 500, "seed": 0, "embedder": VIEW, "device": "cpu"}
    return Diagnosis(
        subject=_subject("G.pt"),
        verdict=Verdict.INCONCLUSIVE,
        summary=("Without a reference only copies and ignored latents can be found; none was.",),
        conditions=(),
        scores={},
        modes=(),
        cuts=(),
        findings=_quiet_findings()[3:],
        exhibits=(),
        skipped=(
            Skipped("coverage", "it needs a reference (--reference)"),
            Skipped("modes", "it needs a reference (--reference)"),
        ),
        settings=settings,
        versions=_VERSIONS,
        timings={"sample": 0.4},
        warnings=("500 samples are few: rare modes can be missed.",),
        created=_CREATED,
    )
