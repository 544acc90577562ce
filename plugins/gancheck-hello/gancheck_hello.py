"""A first plugin for gancheck: one analyzer in one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from gancheck.api import (
    ANALYZERS,
    AnyArray,
    Condition,
    Evidence,
    Exhibit,
    Finding,
    FloatArray,
    Interval,
    NotAvailable,
    Severity,
    Study,
    histogram,
)


@ANALYZERS.register("brightness")
@dataclass(frozen=True)
class Brightness:
    """Compares how bright the pictures of samples and reference are.

    What it measures: the mean of each picture, 0 is black and 255 is white; then the mean over all
    samples minus that over the reference, with its 95% interval (Welch: both sides may spread
    differently).

    Why it matters: a generator that lost its night scenes, and an output range that was guessed
    wrong, show here before anything else.

    When it misleads: pictures of one brightness may still differ in everything else. It says
    nothing of vectors, and is skipped there.

    What to do: look at the histogram. A shift of all pictures is most often the output range
    (--output-range); a side of the histogram that is missing is a mode that is missing.

    References: Welch, The generalization of Student's problem, 1947.
    """

    name = "brightness"
    warn_beyond: float = 8.0

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Measure, and yield one finding.

        Raises:
            NotAvailable: The samples are vectors, or there is no reference.
        """
        if study.samples.kind != "image":
            raise NotAvailable("looks at images, and the samples are vectors")
        scored = study.reference.scored
        samples = brightness(study.samples.values)
        reference = brightness(scored.pictures(np.arange(len(scored))))
        shift, interval = difference(samples, reference)
        is_beyond = interval.low > self.warn_beyond or interval.high < -self.warn_beyond
        yield Finding(
            id="brightness.shift",
            analyzer=self.name,
            severity=Severity.WARN if is_beyond else Severity.OK,
            title=f"samples are {abs(shift):.1f} of 255 {'brighter' if shift > 0 else 'darker'}",
            detail="A wrong output range shifts all pictures, a missing mode some of them.",
            condition=Condition.OFF_DISTRIBUTION,
            value=shift,
            interval=interval,
            limit=f"-{self.warn_beyond:g} to {self.warn_beyond:g}",
            exhibits=(picture(samples, reference),),
        )


def brightness(images: AnyArray) -> FloatArray:
    """Return the mean of each image (n, c, h, w) on the 0..255 scale: (n,)."""
    means: FloatArray = images.reshape(len(images), -1).mean(axis=1, dtype=np.float64)
    return means


def difference(samples: FloatArray, reference: FloatArray) -> tuple[float, Interval]:
    """Return the difference of two means, and its 95% interval after Welch."""
    shift = float(samples.mean() - reference.mean())
    variance = samples.var(ddof=1) / len(samples) + reference.var(ddof=1) / len(reference)
    margin = 1.96 * float(np.sqrt(variance))
    return shift, Interval(shift - margin, shift + margin)


def picture(samples: FloatArray, reference: FloatArray) -> Exhibit:
    """Show both histograms of brightness, as shares."""
    edges = np.linspace(0, 255, 33)
    series = [
        (role, role, np.histogram(values, edges)[0] / len(values))
        for role, values in (("reference", reference), ("samples", samples))
    ]
    caption = "The mean of each picture: where one outline is missing, so is a kind of picture."
    axes = ("brightness, 0 is black", "share of pictures")
    return histogram("How bright the pictures are", caption, series, edges, axes=axes)
