"""Samples that repeat what the generator was trained on: found, and where possible proven."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.measures.alike import SAME, aligned
from gancheck.measures.copying import FALSE_DISCOVERIES, share_of_copies
from gancheck.neighbors import between
from gancheck.originals import LEAST_DIMENSION, Proof, Search, search
from gancheck.reference import among
from gancheck.stats import proportion_interval, tails_of
from gancheck.study import Study
from gancheck.types import Condition, Copy, Evidence, Exhibit, Finding, Interval, Score, Severity

if TYPE_CHECKING:
    from gancheck.measures.copying import Relabelling
    from gancheck.types import CopyKind, FloatArray, IntArray

_LATENT_NUMBERS = 100_000  # coordinates of latents that a report lists
_BINS = 40
_TAIL = 0.95  # of the held-out samples are left out of the histogram


@ANALYZERS.register("memorization")
@dataclass(frozen=True)
class Memorization:
    """Looks for samples that are copies of training samples, and proves them where it can.

    What it measures:
        Exact copies, by content, and near-exact ones: pictures that differ from a real one by at
        most 2.5% of the range (root mean square), also mirrored or shifted by up to three pixels;
        vectors closer to a real one than the view can tell. With ``--holdout`` the reference is the
        training set, and held-out data says how near honest samples come. The relabelling test then
        gives a p-value: do near-duplicates prefer training samples? The mirrored control names the
        copied training samples, at most 10% of them wrongly. ``memorization`` is the share of
        copies among the samples.

    Why it matters:
        A generator that repeats its training set covers it perfectly, and is worth nothing. A few
        copies are enough to publish what was private.

    When it misleads:
        Without held-out data the result is uncalibrated: only what nobody can tell from a real
        sample counts as a copy, and that the reference is the training set is taken on trust.
        Held-out data has to be a random part of the same collection. A copy has one original:
        mixtures of several are not found. One training sample that all samples repeat is found if
        they are near-exact, for the control needs at least ten originals. In two or three
        dimensions copies cannot be told from honest samples, but for rows that repeat exactly where
        honest ones do not.

    What to do:
        Look at the pairs. Look for duplicates in the training set first: they are copied most.
        Then more data or augmentation, a smaller discriminator, or an earlier checkpoint.

    References:
        Fisher 1935 (permutation); Barber and Candes 2015 (knockoffs); Carlini et al. 2023 and
        Somepalli et al. 2023 (copies in the wild); Meehan et al. 2020, whose test takes shrinkage
        for copying, as this one does not.
    """

    name = "memorization"

    warn_above: float = 0.01
    warn_p_up_to: float = 0.01
    least_excess: float = 0.001
    pairs_shown: int = 12
    listed: int = 1000

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield each copy, the share of copies, and the findings with pairs and distances."""
        study.view.equal()
        found = search(study)
        share = _share_of_repeats(found)
        few = study.view.samples.values.shape[1] < LEAST_DIMENSION
        if few and share.low <= self.warn_above:
            raise NotAvailable(found.uncalibrated)
        yield from _copies(study, found, self.listed)
        estimate = _estimate(found)
        view, n = study.view.name, len(study.samples)
        tails = tails_of(lambda confidence: _estimate(found, confidence)[1:])
        yield Score("memorization", *estimate, None, n, 1, view, tails)
        yield self._judge_copies(study, found, share)
        if found.proof is not None:
            yield self._judge_relabelling(found.proof, n)
            yield self._judge_flagged(found, found.proof, estimate)

    def _judge_copies(self, study: Study, found: Search, share: _Share) -> Finding:
        repeats, noun = found.repeats, found.originals.noun
        return Finding(
            id="memorization.copies",
            analyzer=self.name,
            severity=Severity.WARN if share.low > self.warn_above else Severity.OK,
            title=f"{share.value:.1%} of the samples are copies of {noun} samples "
            f"({int(repeats.exact.sum()):,} exact, {int(repeats.near.sum()):,} near-exact)",
            detail=" ".join(_detail(study, found, self.listed)),
            condition=Condition.MEMORIZATION,
            value=share.value,
            interval=Interval(share.low, share.high),
            limit=f"<= {self.warn_above:.2f}",
            exhibits=tuple(_pairs(study, found, self.pairs_shown)),
        )

    def _judge_relabelling(self, proof: Proof, n: int) -> Finding:
        test = proof.test
        return Finding(
            id="memorization.relabelling",
            analyzer=self.name,
            severity=self._proven(proof, n),
            title=f"{test.hits:,} of {n:,} samples {_nearness(test)}, "
            f"{test.expected:,.0f} would be by chance (p = {test.p_value:.3g})",
            detail="Which real samples were trained on was dealt anew at random "
            f"{test.rounds:,} times; p is how often as many such samples fell on the training "
            "side, doubled because two ways of being near are tried. It holds whatever else is "
            "wrong with the generator. It warns from "
            f"{self.least_excess:.1%} of the samples beyond chance on: less is nothing, however "
            "certain.",
            condition=Condition.MEMORIZATION,
            value=test.p_value,
            limit=f"> {self.warn_p_up_to:.2f}",
        )

    def _proven(self, proof: Proof, n: int) -> Severity:
        """Judge the p-value: a warning needs an excess that is worth one, too."""
        test = proof.test
        if test.p_value > self.warn_p_up_to:
            return Severity.OK
        excess = (test.hits - test.expected) / n
        return Severity.WARN if excess >= self.least_excess else Severity.NOTE

    def _judge_flagged(self, found: Search, proof: Proof, estimate: _Share) -> Finding:
        control, n = proof.control, len(found.rows)
        originals, samples = len(control.twins), int(control.flagged.sum())
        proven = self._proven(proof, n) is Severity.WARN or estimate.low > self.warn_above
        severity = Severity.OK
        title = "no training sample is proven to be reproduced"
        if originals:
            severity = Severity.WARN if proven else Severity.NOTE
            title = (
                f"{originals:,} training samples are reproduced, by {samples:,} samples "
                f"(false discovery rate {FALSE_DISCOVERIES:.0%})"
            )
        return Finding(
            id="memorization.flagged",
            analyzer=self.name,
            severity=severity,
            title=title,
            detail=" ".join(_flagging(proof, estimate)),
            condition=Condition.MEMORIZATION,
            value=float(originals),
            exhibits=(_closeness_chart(proof),),
        )


class _Share(NamedTuple):
    """A share of the samples with its interval."""

    value: float
    low: float
    high: float


def _estimate(found: Search, confidence: float = 0.95) -> _Share:
    """Return the share of copies: exact and near-exact ones, and close ones as proven."""
    share = _share_of_repeats(found, confidence)
    return share if found.proof is None else _with_close(found, found.proof, share, confidence)


def _share_of_repeats(found: Search, confidence: float = 0.95) -> _Share:
    """Return the share of exact and near-exact copies beyond what honest samples would have."""
    hits, n = int(found.repeats.any.sum()), len(found.rows)
    low, high = proportion_interval(hits, n, confidence)
    chance = found.repeats.expected / n
    value = max(0.0, hits / n - chance)
    return _Share(value, max(0.0, min(value, low - chance)), max(value, high - chance))


def _with_close(found: Search, proof: Proof, repeats: _Share, confidence: float) -> _Share:
    """Add the copies among the other samples, whose number the control estimates.

    The errors of both parts are combined by their distances from the estimates.
    """
    rest = ~found.repeats.any
    if not rest.any():
        return repeats
    other = share_of_copies(
        proof.twins[rest],
        proof.closeness[rest],
        proof.trained,
        proof.control.threshold,
        confidence=confidence,
    )
    weight = float(rest.mean())
    value = repeats.value + weight * other.value
    below = math.hypot(repeats.value - repeats.low, weight * (other.value - other.low))
    above = math.hypot(repeats.high - repeats.value, weight * (other.high - other.value))
    return _Share(min(1.0, value), max(0.0, value - below), min(1.0, value + above))


def _copies(study: Study, found: Search, most: int) -> Iterator[Copy]:
    """Describe the most certain copies; latents as far as a report has room for them."""
    rows = found.order[:most]
    if not len(rows):
        return
    features, originals = study.view.samples.values[rows], found.originals_of(rows)
    distances = between(features, found.originals.features[originals])
    held_out = found.held_out_distances(features)
    latents = study.samples.latents
    room = 0 if latents is None else _LATENT_NUMBERS // max(1, int(latents[0].size))
    for place, row in enumerate(rows):
        kind = _kind(found, int(row))
        closeness = math.inf if found.proof is None else float(found.proof.closeness[row])
        yield Copy(
            sample=study.samples.id_of(int(row)),
            training=found.originals.name(int(originals[place])),
            kind=kind,
            distance=float(distances[place]),
            held_out_distance=None if held_out is None else float(held_out[place]),
            closeness=closeness if kind != "exact" and math.isfinite(closeness) else None,
            latent=tuple(map(float, latents[row].ravel()))
            if latents is not None and place < room
            else (),
        )


def _nearness(test: Relabelling) -> str:
    if test.relative:
        return "are twice as near to a training sample as to any other real one"
    return "are near-duplicates of training samples"


def _kind(found: Search, row: int) -> CopyKind:
    if found.repeats.exact[row]:
        return "exact"
    return "near" if found.repeats.near[row] else "close"


def _detail(study: Study, found: Search, listed: int) -> Iterator[str]:
    repeats, originals = found.repeats, found.originals
    if found.uncalibrated:
        yield f"Uncalibrated: {found.uncalibrated}."
    if originals.readable:
        yield (
            f"Near-exact is a root mean square difference of at most {SAME:.1%} of the range, also "
            "mirrored or shifted by a few pixels."
        )
        if originals.readable < len(originals.features):
            yield (
                f"The prepared reference holds {originals.readable:,} of "
                f"{len(originals.features):,} images: copies of others were not looked for."
            )
        looked = len(originals.pictures)
        if looked < originals.readable:
            yield (
                f"Mirrored and shifted copies were looked for among {looked:,} of "
                f"{originals.readable:,} {originals.noun} samples."
            )
    elif study.samples.kind == "image":
        yield (
            "The prepared reference does not hold the images: near-exact copies were not looked "
            "for (--reference with the original data)."
        )
    if repeats.expected > 0:
        yield f"Chance explains about {repeats.expected:,.0f} of them; they are taken off."
    if repeats.doubted:
        yield (
            f"{repeats.doubted:,} more samples come as near to {originals.noun} samples, but so do "
            "honest ones: they are not counted."
        )
    yield from _left_out(study, found)
    if len(found.order) > listed:
        yield f"The report lists the {listed:,} most certain of {len(found.order):,} copies."


def _left_out(study: Study, found: Search) -> Iterator[str]:
    """Say which real samples were no use, and what that may mean."""
    training = found.training
    if training is None:
        if found.originals.duplicates:
            yield f"{found.originals.duplicates:,} reference samples repeat another one."
        return
    counts = (
        (training.duplicates, "training samples that repeat another one"),
        (training.held_out_duplicates, "held-out samples that repeat another one"),
        (training.twins, "pairs of a training and a held-out sample that are the same"),
    )
    said = " and ".join(f"{count:,} {what}" for count, what in counts if count)
    if said:
        yield f"Left out: {said}."
    yield from training.notes
    seen = int(among(study.samples.values, training.held_out.hashes).sum())
    if seen:
        yield f"{seen:,} samples equal held-out ones: was the generator trained on those as well?"


def _flagging(proof: Proof, estimate: _Share) -> Iterator[str]:
    yield (
        f"In all, {estimate.value:.2%} of the samples are copies (95% interval {estimate.low:.2%} "
        f"to {estimate.high:.2%})."
    )
    control = proof.control
    if not len(control.twins):
        least = math.ceil(proof.ratio / FALSE_DISCOVERIES)
        yield f"Training samples are named if at least {least:,} of them are copied."
        return
    times = math.exp(min(control.threshold, 700.0))
    yield (
        f"Flagged are samples at least {times:,.1f} times as near to a training sample as to any "
        f"other real one. By the held-out samples beyond that, about {control.expected:.1f} "
        "training samples are named wrongly."
    )


def _pairs(study: Study, found: Search, most: int) -> Iterator[Exhibit]:
    """Show copies beside their originals; the nearest pairs where there are no copies."""
    if study.samples.kind != "image":
        return
    rows, copies = found.order, len(found.order) > 0
    if not copies:
        rows = np.argsort(_remoteness(found), kind="stable")
    originals = found.originals_of(rows)
    visible = np.flatnonzero((originals >= 0) & (originals < found.originals.visible))[:most]
    rows, originals = rows[visible], originals[visible]
    if not len(rows):
        return
    right, near = found.originals.read(originals), found.repeats.near[rows]
    shifts = found.repeats.shifts[rows] * near[:, None]
    noun = found.originals.noun
    yield exhibits.compared_pairs(
        "Copies, the most certain first" if copies else "Nearest pairs",
        f"{'Copies' if copies else 'Samples that come nearest'}: sample, {noun} sample, and what "
        "is left when one is taken from the other at the best fit; what was found, and the "
        f"distance in the view.{'' if found.proof else ' Uncalibrated.'}",
        study.samples.values[rows],
        right,
        _captions(study, found, rows, originals),
        titles=("sample", f"{noun} sample" if copies else f"nearest {noun} sample"),
        moved=aligned(right, found.repeats.mirrored[rows] & near, shifts),
    )


def _remoteness(found: Search) -> FloatArray:
    """Rank samples that are no copies: by closeness where there is a proof, else by distance."""
    if found.proof is None:
        return found.distances
    trained = found.proof.trained[found.proof.twins]
    return np.where(trained, -found.proof.closeness, np.inf)


def _captions(study: Study, found: Search, rows: IntArray, originals: IntArray) -> list[str]:
    known = set(found.order.tolist())
    apart = between(study.view.samples.values[rows], found.originals.features[originals])
    captions = []
    for row, original, distance in zip(rows.tolist(), originals, apart, strict=True):
        what: list[str] = [_kind(found, row)] if row in known else []
        if found.repeats.near[row]:
            down, right = found.repeats.shifts[row]
            what += ["mirrored"] if found.repeats.mirrored[row] else []
            what += [f"shifted by {right:+d}, {down:+d}"] if down or right else []
        names = f"{study.samples.id_of(row)} | {found.originals.name(int(original))}"
        captions.append(", ".join([names, *what, f"distance {distance:.3g}"]))
    return captions


def _closeness_chart(proof: Proof) -> Exhibit:
    """Draw the tail of closeness by side: what held-out samples have, chance gives the others."""
    points, whose = np.unique(proof.twins, return_inverse=True)
    scores = np.zeros(len(points))
    np.maximum.at(scores, whose, proof.closeness)
    trained, cut = proof.trained[points], proof.control.threshold
    finite = scores[np.isfinite(scores)]
    start = float(np.quantile(scores[~trained], _TAIL)) if (~trained).any() else 0.0
    start = start if math.isfinite(start) else 0.0
    top = max(
        [float(finite.max(initial=0.0)), start + 0.1, *([1.1 * cut] if math.isfinite(cut) else [])]
    )
    edges = np.linspace(start, top, _BINS + 1)
    counts = [np.histogram(np.minimum(scores[side], top), edges)[0] for side in (trained, ~trained)]
    return exhibits.histogram(
        "How near samples come to real ones",
        "Real samples, by how much nearer some sample comes to them than to any other real one. "
        "Without copies both outlines are alike: what training samples have beyond the held-out "
        f"ones are copies. The tail is drawn, from {math.exp(start):.2f} times on.",
        [
            ("training samples", "samples", counts[0]),
            (f"held-out samples, times {proof.ratio:.3g}", "reference", proof.ratio * counts[1]),
        ],
        edges,
        axes=("closeness: log(distance to the next / distance)", "real samples"),
        marks=[(cut, "flagged from here on")] if math.isfinite(cut) else [],
    )
