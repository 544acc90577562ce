"""What the output depends on: the latent, and nothing else, in a sound generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.analyzers import ANALYZERS
from gancheck.samplers.prior import draw_latents
from gancheck.study import Study
from gancheck.types import Condition, Evidence, Finding, Score, Severity

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_ROWS = 256
_APART = 32  # rows this far apart are run together to see whether batch mates matter
_SHUFFLES = 199


@ANALYZERS.register("sensitivity")
@dataclass(frozen=True)
class Sensitivity:
    """Asks what moves the output: the latent, chance inside the model, or the rest of the batch.

    What it measures:
        ``latent_share``: how much of the output's spread comes from the latent, 1 when the same
        latent always gives the same output. Whether a sample changes with the other samples of
        its batch.

    Why it matters:
        A generator whose output does not move with the latent draws one thing. One whose output
        depends on its batch mates is usually a model saved in training mode: it looks collapsed,
        or varied, for reasons that have nothing to do with what it learned.

    When it misleads:
        Noise inside the model (StyleGAN's noise inputs, dropout) lowers the share without harm
        when it moves details only.

    What to do:
        Batch mates: export again after ``model.eval()``. Latent ignored: check that the latent
        reaches the first layer with its full scale; then it is collapse.

    References:
        Known failure reports of batch normalisation at sampling time; no paper.
    """

    name = "sensitivity"

    ignored_below: float = 1e-3
    doubted_below: float = 0.1
    changed_above: float = 1e-3

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the latent's share of the spread and a finding on each of three questions."""
        spec = study.spec
        latents = draw_latents(spec.latent_law, spec.latent_shape, _ROWS, study.seed)
        flat = latents.reshape(_ROWS, -1)
        first = _rows(study.outputs_at(flat))
        again = _rows(study.outputs_at(flat))
        alone = _rows(study.outputs_at(flat[::_APART]))
        scale = _scale(study, first)
        share, noise = latent_share(first, again, scale)
        yield Score("latent_share", share, share, share, 1.0, _ROWS)
        shown = share >= self.doubted_below or depends(first, again, study.rng(self.name))
        yield self._judge_latent(share, noise, shown)
        yield self._judge_noise(noise)
        yield self._judge_mates(float(np.abs(first[::_APART] - alone).mean()) / scale, noise)

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


def _rows(values: FloatArray) -> FloatArray:
    return values.reshape(len(values), -1).astype(np.float64)


def _scale(study: Study, outputs: FloatArray) -> float:
    """Return 255 for images, the spread of reference or outputs for vectors, never 0."""
    if study.samples.kind == "image":
        return 255.0
    return max(float(outputs.std()), float(np.abs(outputs).mean()), 1e-12)
