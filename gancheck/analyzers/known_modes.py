"""Which modes of a data set whose modes are known the samples capture."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.loaders.classifier import Classifier
from gancheck.loaders.mode_files import Centres
from gancheck.stats import proportion_interval
from gancheck.study import Study
from gancheck.types import (
    Condition,
    Evidence,
    Exhibit,
    Finding,
    Interval,
    Mode,
    ModeStatus,
    Score,
    Severity,
    Tails,
)

if TYPE_CHECKING:
    from gancheck.measures.captured import Captured
    from gancheck.types import FloatArray, IntArray

_LEAST = 100
_NAMED = 10
_AS_BARS, _LISTED = 40, 20
_POINTS, _TILES = 2000, 16
_DOUBTED = 0.5  # share of certain samples below which the range is doubted
_OFF = 2.0  # times too often or too rarely that a mode is drawn, in words of the table


@ANALYZERS.register("known_modes")
@dataclass(frozen=True)
class KnownModes:
    """Counts samples in modes that are known beforehand, as the tables of the literature do.

    What it measures:
        ``--modes FILE`` holds the centres of the modes, or a classifier whose classes they are.
        ``high_quality``: share of the samples within 3 standard deviations of the nearest centre,
        or of whose class the classifier is at least 90% certain. ``modes_captured``: modes that
        are nearest to at least one of these. ``reverse_kl``: divergence of their shares from those
        that should be, in nats, beside what perfect samples get at the same n.
        ``known_effective_modes``: m exp(-KL), the modes that are used in effect. A classifier of
        single-channel images is shown each channel of colour images; its m classes then combine
        to m^3 modes, as in Stacked MNIST.

    Why it matters:
        Where the truth is known nothing has to be estimated from a reference, and the numbers
        stand beside published ones.

    When it misleads:
        One stray sample captures a mode: look at the effective modes as well. Nothing here sees
        inside a mode: a generator that draws one point of each passes, and gets more than the
        98.9% within 3 standard deviations in the plane that perfect samples get. Beyond the plane
        the radius grows, so that it holds as much. A classifier spreads junk over its classes,
        some of it with certainty, and its mistakes capture modes that are never drawn. The
        divergence depends on n: compare at the n of the table, 2,500 for ring and grid, 26,000 for
        Stacked MNIST. Published rows of one method differ by more than their errors between
        papers. A classifier has to be shown the range that it was trained on, ``--modes-range``;
        real data without equal classes diverge, too.

    What to do:
        Missing modes: packing, minibatch statistics, a better regularised discriminator, an
        earlier checkpoint. Quality above that of perfect samples: look at the diversity.

    References:
        Srivastava et al. 2017 (VEEGAN: modes captured, high quality, Stacked MNIST); Lin et al.
        2018 (PacGAN: the same with the reverse divergence).
    """

    name = "known_modes"

    fail_missing_share: float = 0.05
    warn_quality_below: float = 0.5
    fail_balance_below: float = 0.6
    warn_balance_below: float = 0.85

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the scores, and findings on captured modes, quality and balance.

        Raises:
            NotAvailable: No modes are known, or there are too few samples.
        """
        known, values = study.known_modes, study.samples.values
        if len(values) < _LEAST:
            raise NotAvailable(f"counts at least {_LEAST} samples, got {len(values)}")
        found = known.captured(values, study.seed)
        if isinstance(known, Classifier):
            found = dataclasses.replace(found, ceiling=_real_quality(study, known))
        yield from _scores(found)
        yield self._judge_captured(study, found)
        yield self._judge_quality(study, found)
        yield self._judge_balance(known, found)

    def _judge_captured(self, study: Study, found: Captured) -> Finding:
        m, lost = len(found.shares), float(found.shares[found.missing].sum())
        rare = float(found.shares[found.needed > found.n].sum())
        severity = Severity.OK
        if found.missing.any():
            severity = Severity.FAIL if lost >= self.fail_missing_share else Severity.WARN
        elif found.modes < m or rare > self.fail_missing_share:
            severity = Severity.NOTE
        most = float(found.needed.max())
        return Finding(
            id="known_modes.captured",
            analyzer=self.name,
            severity=severity,
            title=f"{found.modes:,} of {m:,} known modes are captured"
            if found.modes < m
            else f"every one of {m:,} known modes is captured",
            detail=_about_missing(study.known_modes.names, found, rare, most),
            condition=Condition.MISSING_MODES,
            value=float(found.modes),
            limit=f">= {m}",
            exhibits=tuple(_scattered(study, found)),
            needed=most if severity is Severity.NOTE else None,
        )

    def _judge_quality(self, study: Study, found: Captured) -> Finding:
        known, (interval, _) = study.known_modes, found.quality_bounds()
        best = 1.0 if found.ceiling is None else found.ceiling
        limit = self.warn_quality_below * best
        narrow = isinstance(known, Centres) and interval.low > best
        severity = Severity.WARN if interval.high < limit else Severity.OK
        return Finding(
            id="known_modes.quality",
            analyzer=self.name,
            severity=Severity.NOTE if narrow else severity,
            title=f"{found.high_quality:.1%} of the samples are {known.condition}"
            + (f", more than the {best:.1%} of perfect samples" if narrow else ""),
            detail=_about_quality(known, found, narrow=narrow),
            condition=Condition.OFF_DISTRIBUTION,
            value=found.high_quality,
            interval=interval,
            limit=f">= {limit:.2f}",
            exhibits=tuple(_unsure(study, found)),
        )

    def _judge_balance(self, known: Centres | Classifier, found: Captured) -> Finding:
        if not found.counted:
            return Finding(
                id="known_modes.balance",
                analyzer=self.name,
                severity=Severity.NOTE,
                title="no sample is of a known mode, so that their balance cannot be judged",
                condition=Condition.IMBALANCED_MODES,
            )
        null, interval = found.reverse_kl_null, found.divergence_bounds()[0]
        used = math.exp(min(0.0, null.mean - interval.low))
        severity = Severity.OK
        if found.reverse_kl > null.high and used < self.warn_balance_below:
            severity = Severity.FAIL if used < self.fail_balance_below else Severity.WARN
        return Finding(
            id="known_modes.balance",
            analyzer=self.name,
            severity=severity,
            title=f"the shares of the modes diverge by {found.reverse_kl:.4f} nats: "
            f"{found.effective:,.1f} of {len(found.shares):,} modes in effect",
            detail=f"Perfect proportions give {null.mean:.4f} nats on average at "
            f"{found.counted:,} samples, and at most {null.high:.4f} in 95% of all cases.",
            condition=Condition.IMBALANCED_MODES,
            value=found.reverse_kl,
            interval=interval,
            limit=f"<= {null.mean - math.log(self.warn_balance_below):.4f}",
            exhibits=(_proportions(known.names, found),),
        )


def _scores(found: Captured) -> Iterator[Score]:
    """Score what is counted; divergences only where something was."""
    m, n = len(found.shares), found.n
    modes = float(found.modes)
    yield Score("modes_captured", modes, modes, modes, found.most_captured, n)
    interval, tails = found.quality_bounds()
    yield Score("high_quality", found.high_quality, *interval, found.ceiling, n, tails=tails)
    if not found.counted:
        yield Score("known_effective_modes", 0.0, 0.0, 0.0, float(m), 0)
        return
    null = found.reverse_kl_null
    interval, tails = found.divergence_bounds()
    value, counted = found.reverse_kl, found.counted
    yield Score("reverse_kl", value, *interval, null.mean, counted, tails=tails)

    def effective(bounds: Interval) -> Interval:
        return Interval(m * math.exp(-bounds.high), m * math.exp(-bounds.low))

    turned = Tails(effective(tails.at_95), effective(tails.at_99))
    ends, most = effective(interval), found.most_effective
    yield Score("known_effective_modes", found.effective, *ends, most, counted, tails=turned)


def _real_quality(study: Study, known: Classifier) -> float | None:
    """Return the share of real samples that the classifier is certain of, None without any."""
    with contextlib.suppress(NotAvailable):
        real = study.reference.scored.given().values
        return known.captured(real[: len(study.samples)], study.seed).high_quality
    return None


def _about_missing(names: Sequence[str], found: Captured, rare: float, most: float) -> str:
    parts = []
    if found.missing.any():
        listed = np.flatnonzero(found.missing)
        share, hits = float(found.shares[listed].sum()), int(found.counts[listed].sum())
        named = "; ".join(names[mode] for mode in listed[:_NAMED])
        more = f"; and {len(listed) - _NAMED:,} more" if len(listed) > _NAMED else ""
        parts.append(
            f"{len(listed):,} modes are shown to be missing: {named}{more}. They should hold "
            f"{share:.0%}, and got {hits:,} of the {found.counted:,} samples of high quality."
        )
    elif found.modes < len(found.shares):
        parts.append("Chance may have missed the others.")
    if rare:
        parts.append(
            f"{rare:.0%} of the modes are too rare for {found.n:,} samples to show them missing; "
            f"{most:,.0f} would do."
        )
    return " ".join(parts)


def _about_quality(known: Centres | Classifier, found: Captured, *, narrow: bool) -> str:
    if narrow:
        return "They crowd in the middle of the modes: that is a loss of variety, not quality."
    if isinstance(known, Centres):
        return f"Of perfect samples {found.ceiling:.1%} are."
    parts = []
    if known.pictures > 1:
        parts.append(
            f"Each of {known.pictures} channels was classified by itself, and the classes combined."
        )
    if found.ceiling is not None:
        parts.append(f"Of real samples {found.ceiling:.1%} are.")
    if (found.high_quality if found.ceiling is None else found.ceiling) < _DOUBTED:
        low, high = known.value_range or (0.0, 0.0)
        shown = f", {low:g} to {high:g} here" if known.value_range else ""
        parts.append(f"Check that it is shown the range that it was trained on{shown}.")
    return " ".join(parts)


def _scattered(study: Study, found: Captured) -> Iterator[Exhibit]:
    """Show points of the plane with the centres; nothing of anything else."""
    known = study.known_modes
    if not isinstance(known, Centres) or known.places.shape[1] != 2:
        return
    series = [
        ("samples", "samples", study.samples.values[:_POINTS]),
        ("centres", "reference", known.places),
    ]
    yield exhibits.scatter(
        "Samples and known modes",
        f"The first {min(_POINTS, found.n):,} samples, and the centres of the modes.",
        series,
        axes=("x1", "x2"),
    )


def _unsure(study: Study, found: Captured) -> Iterator[Exhibit]:
    """Show images that are of no mode, in the order they were drawn."""
    rows = np.flatnonzero(found.assigned < 0)[:_TILES]
    if study.samples.kind == "image" and len(rows):
        yield exhibits.grid(
            "Of no known mode",
            "Samples whose class is not certain, in the order they were drawn.",
            study.samples.values[rows],
            role="samples",
        )


def _proportions(names: Sequence[str], found: Captured) -> Exhibit:
    """Show the share of every mode, or of those furthest off where there are many."""
    rows = range(len(names))
    if len(names) <= _AS_BARS:
        return exhibits.bars(
            "Share of each known mode",
            "What it should be above, samples of high quality below, with the 95% interval.",
            [_mode(number, names[number], found) for number in rows],
        )
    ratios = found.counts / (found.counted * found.shares)
    order = _furthest(ratios)[:_LISTED]
    return exhibits.table(
        "Known modes furthest from their share",
        "How often each is drawn, over how often it should be.",
        ("mode", "should be", "is", "ratio"),
        [
            [
                names[mode],
                f"{found.shares[mode]:.2%}",
                f"{found.counts[mode] / found.counted:.2%}",
                f"{ratios[mode]:.2f}",
            ]
            for mode in order
        ],
        note=f"{len(names) - len(order):,} others are nearer to their share.",
    )


def _furthest(ratios: FloatArray) -> IntArray:
    """Order modes: half of the list are those drawn most too rarely, half too often."""
    order = np.argsort(ratios, kind="stable")
    half = _LISTED // 2
    return np.concatenate([order[:half], order[::-1][:half]])


def _mode(number: int, name: str, found: Captured) -> Mode:
    hits, n = int(found.counts[number]), found.counted
    share = float(found.shares[number])
    low, high = proportion_interval(hits, n)
    status: ModeStatus = "ok"
    if found.missing[number]:
        status = "missing"
    elif low > _OFF * share:
        status = "over"
    elif high < share / _OFF:
        status = "under"
    return Mode(number, name, share, hits / n, low, high, status)
