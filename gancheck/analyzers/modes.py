"""Which modes of the reference the samples miss, thin out or overdraw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.measures.balance import BALANCED, counted, mode_overlap
from gancheck.measures.clusters import centers
from gancheck.reference import Part
from gancheck.stats import (
    proportion_interval,
    reject_false_discoveries,
    samples_to_miss,
    share_ratio_p_values,
    tails_of,
)
from gancheck.study import Study
from gancheck.types import (
    Condition,
    Evidence,
    Exhibit,
    Finding,
    Mode,
    ModeStatus,
    Score,
    Severity,
)

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

MISSING_BELOW, UNDER_BELOW, OVER_ABOVE = 0.25, 0.5, 2.0
_DRAWS = 400
_NAMED = 10


@ANALYZERS.register("modes")
@dataclass(frozen=True)
class Modes:
    """Counts how often the samples hit each mode of the reference.

    What it measures:
        Modes are the labels of the reference where it has them, else clusters found on a part of
        the reference that is not scored. Reference and samples are assigned to modes by the same
        rule, so that its mistakes cancel; what is not clearly of one mode is left out. A mode is
        ``missing`` when its share is shown to be below a quarter of what it should be, ``under``
        below a half, ``over`` above twice.

    Why it matters:
        Dropped modes are the plainest form of collapse, and no average shows them.

    When it misleads:
        Without labels and without clear clusters the "modes" are regions that k-means cut out of
        one cloud. Images of junk are assigned to some mode too: read this with the fidelity. A mode
        with a share below about 12/n cannot be called missing with n samples, not even when none
        of them hits it; ``modes.power`` says for which modes that is so.

    What to do:
        Look at the images of what is never drawn. If they are rare in the training data, weigh
        them up; if they are common, the training lost them: packing, minibatch statistics, a
        stronger or better regularised discriminator, or an earlier checkpoint.

    References:
        Richardson and Weiss 2018 (counting bins); the exact conditional test for two shares;
        Benjamini and Hochberg 1995.
    """

    name = "modes"

    fail_missing_share: float = 0.05
    fail_balance_below: float = 0.6
    warn_balance_below: float = BALANCED

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield every mode, a finding on missing ones and one on the balance."""
        view = study.view
        modes_of = study.modes
        names = list(modes_of.names)
        found, known = study.found_modes, study.reference_modes
        hits, base_hits = counted(found, len(names)), counted(known, len(names))
        _require_enough(hits, base_hits)
        modes = tuple(count_modes(hits, base_hits, names))
        yield from modes
        middles = centers(view.fitting, modes_of.labels)
        shown = _Gallery(study, middles, study.reference.scored, view.reference, found)
        yield _counted_modes(hits, len(found))
        yield self._judge_missing(modes, shown, int(hits.sum()))
        yield self._judge_power(base_hits, names, hits)
        yield from self._judge_balance(hits, base_hits, modes, shown)

    def _judge_missing(self, modes: tuple[Mode, ...], shown: _Gallery, n: int) -> Finding:
        missing = [mode for mode in modes if mode.status == "missing"]
        lost = sum(mode.reference_share for mode in missing)
        severity = Severity.OK
        if missing:
            severity = Severity.FAIL if lost >= self.fail_missing_share else Severity.WARN
        largest = sorted(missing, key=lambda mode: -mode.reference_share)[:_NAMED]
        named = ", ".join(mode.label for mode in sorted(largest, key=lambda mode: mode.id))
        if len(missing) > _NAMED:
            named += f" and {len(missing) - _NAMED} more"
        drawn = sum(mode.sample_share for mode in missing) * n
        return Finding(
            id="modes.missing",
            analyzer=self.name,
            severity=severity,
            title=f"{len(missing)} of {len(modes)} modes are never or hardly ever drawn: {named}"
            if missing
            else f"every one of {len(modes)} modes is drawn",
            detail=f"They hold {lost:.0%} of the reference, and {drawn:,.0f} of the {n:,} samples "
            "that are clearly of one mode."
            if missing
            else "",
            condition=Condition.MISSING_MODES,
            value=float(len(missing)),
            limit="<= 0",
            exhibits=tuple(shown.of_missing(missing)),
        )

    def _judge_power(self, base_hits: IntArray, names: list[str], hits: IntArray) -> Finding:
        """Say which modes so few samples could not miss: even none at all would prove nothing."""
        n = int(hits.sum())
        needed = samples_to_miss(base_hits, int(base_hits.sum()), MISSING_BELOW)
        rare = np.flatnonzero(needed > n)
        lost = float(base_hits[rare].sum() / base_hits.sum())
        named = ", ".join(names[mode] for mode in rare[:_NAMED])
        most = needed[rare].max(initial=0)
        enough = f"{most:,.0f} would do" if np.isfinite(most) else "the reference has none either"
        return Finding(
            id="modes.power",
            analyzer=self.name,
            severity=Severity.NOTE if lost > self.fail_missing_share else Severity.OK,
            title=f"{n:,} samples could show each of {len(names)} modes to be missing"
            if not len(rare)
            else f"{len(rare)} of {len(names)} modes, {lost:.0%} of the reference, are too rare to "
            f"be called missing with {n:,} samples; {enough}",
            detail=f"These are: {named}." if len(rare) else "",
            condition=Condition.MISSING_MODES,
            needed=float(most) if lost > self.fail_missing_share else None,
            value=lost,
            limit=f"<= {self.fail_missing_share:.2f}",
        )

    def _judge_balance(
        self, hits: IntArray, base_hits: IntArray, modes: tuple[Mode, ...], shown: _Gallery
    ) -> Iterator[Evidence]:
        rng = shown.study.rng(self.name)
        balance, interval = mode_overlap(hits, base_hits, rng)
        yield effective_modes(hits, base_hits, rng)
        severity = Severity.OK
        if interval.high < self.fail_balance_below:
            severity = Severity.FAIL
        elif interval.high < self.warn_balance_below:
            severity = Severity.WARN
        fattest = max(modes, key=lambda mode: mode.sample_share - mode.reference_share)
        off = [mode for mode in modes if mode.status in ("under", "over")]
        yield Finding(
            id="modes.balance",
            analyzer=self.name,
            severity=severity,
            title=f"the shares of the modes agree to {balance:.0%}",
            detail=f"Mode {fattest.label} holds {fattest.sample_share:.0%} of the samples and "
            f"{fattest.reference_share:.0%} of the reference; {len(off)} of {len(modes)} modes "
            f"{'is' if len(off) == 1 else 'are'} off by more than a factor of 2."
            if severity > Severity.OK
            else "",
            condition=Condition.IMBALANCED_MODES,
            value=balance,
            interval=interval,
            limit=f">= {self.warn_balance_below:.2f}",
            exhibits=(
                exhibits.bars(
                    "Share of each mode",
                    "Reference above, samples below, with the 95% interval of the samples.",
                    modes,
                ),
                *(shown.of_fattest(fattest) if severity > Severity.OK else ()),
            ),
        )


@dataclass(frozen=True)
class _Gallery:
    """Real images of modes, most typical first; samples of modes in the order they were drawn."""

    study: Study
    middles: FloatArray
    known: Part
    features: FloatArray
    found: IntArray

    def of_fattest(self, mode: Mode, tiles: int = 8) -> Iterator[Exhibit]:
        """Show samples of the mode that is drawn most beyond its share; vectors show nothing."""
        if self.study.samples.kind != "image":
            return
        yield exhibits.grid(
            f"Drawn too often: {mode.label}",
            f"Samples of this mode in the order they were drawn ({mode.sample_share:.1%} of the "
            f"samples, {mode.reference_share:.1%} of the reference).",
            self.study.samples.values[np.flatnonzero(self.found == mode.id)[:tiles]],
            role="samples",
        )

    def of_missing(self, missing: list[Mode], tiles: int = 8) -> Iterator[Exhibit]:
        """Show images of the missing modes, worst six; vectors have nothing to show."""
        if self.study.samples.kind != "image":
            return
        for mode in sorted(missing, key=lambda mode: -mode.reference_share)[:6]:
            distance = np.linalg.norm(self.features - self.middles[mode.id], axis=1)
            rows = np.argsort(distance, kind="stable")[:tiles]
            yield exhibits.grid(
                f"Never drawn: {mode.label}",
                f"Reference images in the middle of this mode "
                f"({mode.reference_share:.1%} of the reference).",
                self.known.pictures(rows),
                role="reference",
            )


def count_modes(hits: IntArray, base_hits: IntArray, names: list[str]) -> Iterator[Mode]:
    """Compare the counts of each mode and name what is shown to be off.

    Each statement is tested exactly against its margin, not against "equal", so that large
    numbers of samples do not flag trifles; false discoveries are held at 5% over all modes.

    Args:
        hits: (m,) samples in each mode.
        base_hits: (m,) reference samples in each mode.
        names: (m,) labels.
    """
    n, base_n = int(hits.sum()), int(base_hits.sum())

    def shown(ratio: float, *, below: bool) -> FloatArray:
        p_values = share_ratio_p_values(hits, n, base_hits, base_n, ratio, below=below)
        return reject_false_discoveries(p_values)

    missing, under = shown(MISSING_BELOW, below=True), shown(UNDER_BELOW, below=True)
    over = shown(OVER_ABOVE, below=False)
    for number, name in enumerate(names):
        flags = zip(("missing", "under", "over"), (missing, under, over), strict=True)
        status = next((word for word, flag in flags if flag[number]), "ok")
        low, high = proportion_interval(int(hits[number]), n)
        yield Mode(
            number, name, base_hits[number] / base_n, hits[number] / n, low, high, _status(status)
        )


def effective_modes(hits: IntArray, base_hits: IntArray, rng: np.random.Generator) -> Score:
    """Score k exp(-KL(q || p)): equals k (1 - m) exactly when mass m is dropped.

    Plug-in estimate with the Miller-Madow correction for empty counts; interval by redrawing the
    samples' counts; the ceiling is the number of modes.
    """
    n, k = int(hits.sum()), len(hits)
    p = (base_hits + 0.5) / (base_hits.sum() + 0.5 * k)

    def effective(counts: AnyArray) -> FloatArray:
        q = counts / n
        terms = np.where(q > 0, q * np.log(np.maximum(q, 1e-12) / p), 0.0)
        seen = (counts > 0).sum(axis=-1)
        divergence = np.maximum(0.0, terms.sum(axis=-1) - (seen - 1) / (2 * n))
        return np.asarray(k * np.exp(-divergence))

    drawn, value = effective(rng.multinomial(n, hits / n, _DRAWS)), float(effective(hits))

    def ends(confidence: float) -> tuple[float, float]:
        low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
        return min(value, float(low)), max(value, float(high))

    return Score("effective_modes", value, *ends(0.95), float(k), n, tails=tails_of(ends))


def _counted_modes(hits: IntArray, n: int) -> Score:
    """Score the modes that any sample hits, as most papers count them; exact for these samples."""
    drawn = float((hits > 0).sum())
    return Score("counted_modes", drawn, drawn, drawn, float(len(hits)), n)


def _require_enough(hits: IntArray, base_hits: IntArray) -> None:
    least = min(hits.sum(), base_hits.sum())
    if least < 100:
        raise NotAvailable(f"counts modes among at least 100 samples on each side, got {least}")


def _status(word: str) -> ModeStatus:
    known: dict[str, ModeStatus] = {
        "missing": "missing",
        "under": "under",
        "ok": "ok",
        "over": "over",
    }
    return known[word]
