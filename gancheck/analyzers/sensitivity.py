"""What the output depends on: the latent, and nothing else, in a sound generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.latents.directions import Directions, directions
from gancheck.latents.jacobian import median_interval
from gancheck.measures.intrinsic import intrinsic_dimension
from gancheck.samplers.prior import draw_latents
from gancheck.study import Study
from gancheck.types import (
    Concern,
    Condition,
    Evidence,
    Finding,
    Interval,
    Score,
    Severity,
)

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_ROWS = 256
_APART = 32  # rows this far apart are run together to see whether batch mates matter
_SHUFFLES = 199
_LABELS, _MOVED = 32, 1e-6
_MOST = 4000  # points whose dimension is estimated


@ANALYZERS.register("sensitivity")
@dataclass(frozen=True)
class Sensitivity:
    """Asks what moves the output: the latent, chance inside the model, or the rest of the batch.

    What it measures:
        ``latent_share``: how much of the output's spread comes from the latent, 1 when the same
        latent always gives the same output. Whether a sample changes with the other samples of
        its batch, for generators that were not read from a file; the ``audit`` answers that for
        those that were.
        Derivatives of the output along every latent coordinate, by finite differences at up to 32
        latents, in units of one standard deviation: how many latent directions change the output
        by less than rounding to 8 bits does (0.29 grey levels; for vectors 0.001 of the spread);
        ``effective_rank``, how many directions share the movement of the features at one latent
        (median over latents); ``log_condition``, how many powers of ten the most and the least
        active direction of the output lie apart.
        ``intrinsic_dimension``: how many dimensions the samples fill locally, beside the same
        number for as many reference samples.

    Why it matters:
        A generator whose output does not move with the latent draws one thing. One whose output
        depends on its batch mates is usually a model saved in training mode: it looks collapsed,
        or varied, for reasons that have nothing to do with what it learned. Where most directions
        do nothing, the generator draws from fewer dimensions than it was given.

    When it misleads:
        Noise inside the model (StyleGAN's noise inputs, dropout) lowers the share without harm
        when it moves details only; derivatives are then not measured. A latent longer than the
        data need leaves directions idle without harm. Intrinsic dimensions of 10 and more come
        out too low, on both sides alike: compare, do not quote. Derivatives describe places, so
        they do not see modes that are missing elsewhere, nor jumps (see ``cuts``). The effective
        rank weighs directions by how much they move the features: it lies below the intrinsic
        dimension of the same samples.

    What to do:
        Batch mates: export again after ``model.eval()``. Latent ignored: check that the latent
        reaches the first layer with its full scale; then it is collapse. Idle directions: train
        longer, use a shorter latent, or ask for different outputs from different latents (mode
        seeking, path length regularisation).

    References:
        Odena et al. 2018 (singular values of generators); Constantine 2014 (active subspaces);
        Levina and Bickel 2004, Facco et al. 2017 (intrinsic dimension).
    """

    name = "sensitivity"

    ignored_below: float = 1e-3
    doubted_below: float = 0.1
    changed_above: float = 1e-3
    idle_above: float = 0.5
    narrower_below: float = 0.9

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the latent's share of the spread, and a finding on each question.

        It is silent on what loading the generator has answered already: noise and batch mates,
        and the latent of a generator that was found to return one and the same output.
        """
        spec, study = study.spec, replace(study, label=_moving_label(study))
        latents = draw_latents(spec.latent_law, spec.latent_shape, _ROWS, study.seed)
        flat = latents.reshape(_ROWS, -1)
        first = _rows(study.outputs_at(flat))
        again = _rows(study.outputs_at(flat))
        alone = _rows(study.outputs_at(flat[::_APART]))
        scale = _scale(study, first)
        share, noise = latent_share(first, again, scale)
        yield Score("latent_share", share, share, share, 1.0, _ROWS)
        shown = share >= self.doubted_below or depends(first, again, study.rng(self.name))
        answered = {concern.name for concern in spec.concerns}
        if not any(_is_constant(concern) for concern in spec.concerns):
            yield self._judge_latent(share, noise, shown)
        if "internal-noise" not in answered:
            yield self._judge_noise(noise)
        if "batch-mates" not in answered:
            change = float(np.abs(first[::_APART] - alone).mean()) / scale
            yield self._judge_mates(change, noise)
        if shown and share >= self.ignored_below:
            yield from self._directions(study, noise)
        yield from self._dimension(study)

    def _judge_latent(self, share: float, noise: float, shown: bool) -> Finding:
        ignored = share < self.ignored_below or not shown
        return Finding(
            id="sensitivity.latent",
            analyzer=self.name,
            severity=Severity.FAIL if ignored else Severity.OK,
            title="the output does not depend on the latent"
            if ignored
            else f"{share:.0%} of the output's spread comes from the latent",
            detail="Every latent gives the same output"
            + (" up to chance inside the model." if noise > 0 else ".")
            if ignored
            else "",
            condition=Condition.IGNORED_LATENT,
            value=share,
            limit=f">= {self.ignored_below:g}",
        )

    def _judge_noise(self, noise: float) -> Finding:
        moved = noise > self.changed_above
        return Finding(
            id="sensitivity.noise",
            analyzer=self.name,
            severity=Severity.NOTE if moved else Severity.OK,
            title="the same latent gives different outputs: there is chance inside the model"
            if moved
            else "the same latent gives the same output",
            condition=Condition.UNSTABLE_OUTPUT,
            value=noise,
            limit=f"<= {self.changed_above:g}",
        )

    def _judge_mates(self, change: float, noise: float) -> Finding:
        coupled = change > max(self.changed_above, 3 * noise)
        return Finding(
            id="sensitivity.batch",
            analyzer=self.name,
            severity=Severity.WARN if coupled else Severity.OK,
            title="a sample changes with the other samples of its batch"
            if coupled
            else "a sample does not depend on its batch mates",
            detail="The model was probably saved in training mode, where batch normalisation uses "
            "the statistics of the batch. Export it again after model.eval(): until then every "
            "number here depends on the batch size."
            if coupled
            else "",
            condition=Condition.UNSTABLE_OUTPUT,
            value=change,
            limit=f"<= {self.changed_above:g}",
        )

    def _directions(self, study: Study, noise: float) -> Iterator[Evidence]:
        try:
            if noise > self.changed_above:
                raise NotAvailable("there is chance inside the model")
            found = directions(study)
        except NotAvailable as absent:
            yield self._finding("directions", Severity.NOTE, f"not measured: {absent.message}")
            return
        d, points = found.dimension, len(found.features.each)
        rank = median_interval(found.features.effective_ranks())
        yield Score("effective_rank", *rank, None, points, None, study.view.name)
        yield Score("log_condition", *median_interval(found.outputs.log_conditions()), None, points)
        idle = found.silent / d
        yield Score("idle_directions", idle, idle, idle, 0.0, points)
        fills = d - found.silent >= found.outputs.outputs
        severity = Severity.NOTE if found.silent else Severity.OK
        if idle >= self.idle_above and not fills:
            severity = Severity.WARN
        yield Finding(
            id="sensitivity.directions",
            analyzer=self.name,
            severity=severity,
            title=f"{found.silent:,} of {d:,} latent directions do nothing"
            if found.silent
            else f"all {d:,} latent directions move the output",
            detail=_about_directions(study, found, rank[0]),
            condition=Condition.IGNORED_LATENT,
            value=idle,
            limit=f"< {self.idle_above:g}",
        )

    def _dimension(self, study: Study) -> Iterator[Evidence]:
        """Compare the dimensions that samples and reference fill; scores only without the latter.

        Too few of either are not compared.
        """
        view = study.view
        try:
            reference, samples = view.equal()
        except NotAvailable:
            reference, samples = None, view.samples.values
        mine = intrinsic_dimension(samples[:_MOST], view.device)
        theirs = None if reference is None else intrinsic_dimension(reference[:_MOST], view.device)
        ceiling = None if theirs is None else theirs.value
        measured = (mine.value, mine.low, mine.high)
        yield Score("intrinsic_dimension", *measured, ceiling, mine.n, None, view.name)
        if theirs is None:
            return
        narrower = mine.high < theirs.low and mine.value < self.narrower_below * theirs.value
        yield Finding(
            id="sensitivity.dimension",
            analyzer=self.name,
            severity=Severity.NOTE if narrower else Severity.OK,
            title=f"the samples fill {mine.value:.1f} dimensions, the reference {theirs.value:.1f}",
            detail="What is drawn varies in fewer ways than the reference does, whichever modes it "
            f"covers. By the two nearest neighbours alone: {mine.two_nearest:.1f} and "
            f"{theirs.two_nearest:.1f}."
            if narrower
            else "",
            condition=Condition.WITHIN_MODE_COLLAPSE,
            value=mine.value,
            interval=Interval(mine.low, mine.high),
            limit=f">= {self.narrower_below * theirs.value:.1f}",
        )

    def _finding(self, what: str, severity: Severity, title: str) -> Finding:
        return Finding(f"sensitivity.{what}", self.name, severity, title)


def latent_share(first: FloatArray, again: FloatArray, scale: float) -> tuple[float, float]:
    """Split the spread of outputs into what the latent explains and what chance adds.

    Args:
        first: (n, d) outputs of n latents.
        again: (n, d) outputs of the same latents, once more.
        scale: Size of a large change; spreads far below it count as none.

    Returns:
        Share of the variance that the latent explains, 0..1, and the mean absolute change between
        both runs in units of the scale.
    """
    noise_variance = float(((first - again) ** 2).mean()) / 2
    spread = float(first.var(axis=0).mean())
    floor = (1e-6 * scale) ** 2
    share = max(0.0, spread - noise_variance) / max(spread, floor)
    return min(1.0, share), float(np.abs(first - again).mean()) / scale


def depends(first: FloatArray, again: FloatArray, rng: np.random.Generator) -> bool:
    """Test whether equal latents give more similar outputs than different ones: by permutation, 5%.

    Args:
        first: (n, d) outputs of n latents.
        again: (n, d) outputs of the same latents, once more.
        rng: Draws the permutations.
    """
    products = (first - first.mean(axis=0)) @ (again - again.mean(axis=0)).T
    n = len(products)
    shuffled = [products[np.arange(n), rng.permutation(n)].sum() for _ in range(_SHUFFLES)]
    return bool(np.trace(products) > np.quantile(shuffled, 0.95))


def _about_directions(study: Study, found: Directions, rank: float) -> str:
    words = "grey levels" if study.spec.output_kind == "image" else "in the data's units"
    parts = [
        f"At one latent {rank:.1f} directions share the movement of the features, over all latents "
        f"{found.features.effective_rank():.1f} ({found.evaluations:,} evaluations)."
    ]
    if found.silent:
        parts.insert(
            0,
            f"One standard deviation along them changes the output by less than {found.hidden:.2g} "
            f"{words} (root mean square); drawing all {found.silent:,} of them anew changes it by "
            f"{found.change:.2g}.",
        )
    return " ".join(parts)


def _moving_label(study: Study) -> int:
    """Return the label to look under: the first of a few under which two latents differ.

    So a class that has collapsed, which `conditional` names, does not pass for all of them.
    """
    spec = study.spec
    if spec.classes is None:
        return study.label
    count = min(spec.classes, _LABELS)
    labels = (study.label + np.arange(count) * (spec.classes // count)) % spec.classes
    pair = draw_latents(spec.latent_law, spec.latent_shape, 2, study.seed).reshape(2, -1)
    first, other = (
        _rows(study.outputs_at(one.repeat(count, 0), labels)) for one in np.split(pair, 2)
    )
    moved = np.abs(first - other).max(axis=1) > _MOVED * max(float(np.abs(first).max()), 1e-12)
    return int(labels[int(moved.argmax())]) if moved.any() else study.label


def _is_constant(concern: Concern) -> bool:
    return concern.name == "constant" and concern.severity is Severity.FAIL


def _rows(values: FloatArray) -> FloatArray:
    return values.reshape(len(values), -1).astype(np.float64)


def _scale(study: Study, outputs: FloatArray) -> float:
    """Return 255 for images, the spread of reference or outputs for vectors, never 0."""
    if study.samples.kind == "image":
        return 255.0
    return max(float(outputs.std()), float(np.abs(outputs).mean()), 1e-12)
