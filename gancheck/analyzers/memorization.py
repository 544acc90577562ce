"""Samples that repeat the reference: nearest reference images and copies of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.neighbors import Neighbors, nearest
from gancheck.reference import among
from gancheck.stats import proportion_interval
from gancheck.study import Study
from gancheck.types import Condition, Evidence, Exhibit, Finding, Score, Severity

if TYPE_CHECKING:
    from gancheck.types import AnyArray

_LEAST_DIMENSION = 4


@ANALYZERS.register("memorization")
@dataclass(frozen=True)
class Memorization:
    """Looks for samples that are copies of reference samples.

    What it measures:
        Exact copies, by content; only these warn. Near-copies: samples closer to a reference
        sample than 99.9% of reference samples come to each other. The nearest pairs are shown.

    Why it matters:
        A generator that repeats its training set covers it perfectly, and is worth nothing.

    When it misleads:
        Uncalibrated: without held-out data nobody can tell how close an honest sample comes, and
        the reference may not be what the model was trained on. A low number acquits only of
        copying this reference. In two or three dimensions copies cannot be told from honest
        samples at all.

    What to do:
        Compare the pairs by eye. If they are copies, look for duplicated training images first.

    References:
        Meehan et al. 2020; Carlini et al. 2023; on why the tests in use confuse shrinkage with
        copying: Majhi and Bagchi 2026.
    """

    name = "memorization"

    warn_above: float = 0.01
    pairs_shown: int = 8

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the share of copies and a finding with the nearest pairs."""
        view = study.strict_view
        reference, samples = view.equal()
        if samples.shape[1] < _LEAST_DIMENSION:
            raise NotAvailable(
                f"copies cannot be told from honest samples in {samples.shape[1]} dimensions"
            )
        known = study.reference.scored
        close = nearest(samples, reference, 1, device=view.device)
        own = nearest(reference, reference, 1, exclude_self=True, device=view.device).distances
        exact = among(study.samples.values[: len(samples)], known.hashes)
        near = close.distances[:, 0] < np.quantile(own, 0.001) if own.min() > 0 else exact
        copies = exact | near
        hits, n = int(copies.sum()), len(copies)
        low, high = proportion_interval(hits, n)
        yield Score("memorization", hits / n, low, high, None, n, 1, view.name)
        yield self._judge(study, close, exact, (low, high), hits)

    def _judge(
        self,
        study: Study,
        close: Neighbors,
        exact: AnyArray,
        bounds: tuple[float, float],
        hits: int,
    ) -> Finding:
        n = len(exact)
        found = bounds[0] > self.warn_above
        return Finding(
            id="memorization.copies",
            analyzer=self.name,
            severity=Severity.WARN if found else Severity.OK,
            title=f"{hits / n:.1%} of the samples are copies of reference samples"
            f" ({int(exact.sum()):,} exact)",
            detail="Uncalibrated: there is no held-out data to say how close honest samples come.",
            condition=Condition.MEMORIZATION,
            value=hits / n,
            interval=proportion_interval(hits, n),
            limit=f"<= {self.warn_above:.2f}",
            exhibits=tuple(self._pairs(study, close)),
        )

    def _pairs(self, study: Study, close: Neighbors) -> Iterator[Exhibit]:
        if study.samples.kind != "image":
            return
        known = study.reference.scored
        rows = np.argsort(close.distances[:, 0], kind="stable")[: self.pairs_shown]
        twins = close.indices[rows, 0]
        yield exhibits.pairs(
            "Nearest pairs",
            "Samples closest to a reference sample, with it: distance, sample, reference.",
            study.samples.values[rows],
            known.pictures(twins),
            [
                f"{close.distances[row, 0]:.3g}: {study.samples.id_of(int(row))} | "
                f"{known.id_of(int(twin))}"
                for row, twin in zip(rows, twins, strict=True)
            ],
            titles=("sample", "nearest reference"),
        )
