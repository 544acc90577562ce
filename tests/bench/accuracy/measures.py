"""The measures of the table: what each speaks about, and on which side it reads as sick."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.accuracy.cases import FIDELITY, VARIETY, WELL, Claim
from bench.accuracy.peers import Bins, clipped_coverage, frechet_distance, prd

if TYPE_CHECKING:
    from gancheck.types import FloatArray

K = 5
_PER_BIN, _MOST_BINS = 50, 100


@dataclass(frozen=True)
class Measure:
    """A published number.

    Attributes:
        name: Heading of its column.
        claims: What it speaks about: fidelity of the samples, their variety, or both.
        sick_is_low: Whether smaller is worse.
        source: Where it was published, and whose code computes it here.
        counts: Whether it is a whole number.
    """

    name: str
    claims: frozenset[Claim]
    sick_is_low: bool
    source: str
    counts: bool = False


MEASURES = (
    Measure("precision", FIDELITY, True, "Kynkaanniemi et al. 2019; package prdc 0.2, k = 5"),
    Measure("recall", VARIETY, True, "Kynkaanniemi et al. 2019; package prdc 0.2, k = 5"),
    Measure("density", FIDELITY, True, "Naeem et al. 2020; package prdc 0.2, k = 5"),
    Measure("coverage", VARIETY, True, "Naeem et al. 2020; package prdc 0.2, k = 5"),
    Measure("Vendi", VARIETY, True, "Friedman and Dieng 2023; package vendi-score 0.0.3, cosine"),
    Measure("FID", WELL, False, "Heusel et al. 2017, on the features named here; own lines"),
    Measure("clipped cov.", VARIETY, True, "Salvy et al. 2025, K = 5; own lines"),
    Measure(
        "NDB", VARIETY, False, "Richardson and Weiss 2018, 50 points a bin, 5%; own lines", True
    ),
    Measure("PRD F8", VARIETY, True, "Sajjadi et al. 2018, 3 clusterings into 20 bins; own lines"),
)


def read(reference: FloatArray, samples: FloatArray) -> dict[str, float]:
    """Return every measure of samples against as many reference points, both (n, d).

    Raises:
        ModuleNotFoundError: The extra ``bench`` is not installed.
    """
    from vendi_score import vendi

    bins = min(_MOST_BINS, max(2, len(reference) // _PER_BIN))
    return {
        **_prdc(reference, samples),
        "Vendi": float(vendi.score_dual(samples, q=1)),
        "FID": frechet_distance(reference, samples),
        "clipped cov.": clipped_coverage(reference, samples, K),
        "NDB": float(Bins.of(reference, bins, starts=1).ndb(samples)[0]),
        "PRD F8": prd(reference, samples),
    }


def _prdc(reference: FloatArray, samples: FloatArray) -> dict[str, float]:
    from prdc import compute_prdc

    with contextlib.redirect_stdout(io.StringIO()):  # it prints the sizes
        found = compute_prdc(reference, samples, K)
    return {name: float(value) for name, value in found.items()}
