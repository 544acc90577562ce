"""What the discriminator that a generator was trained against says of both sides."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.asking import Asked
from gancheck.errors import NotAvailable
from gancheck.measures.judgements import (
    LOG2,
    SATURATED,
    jensen_shannon,
    minimax_gradient,
    nonsaturating_gradient,
    permutation_p_value,
    share_above,
)
from gancheck.samplers.planes import Plane, coordinate_plane, spanned_plane
from gancheck.stats import proportion_interval, tails_of
from gancheck.study import Study
from gancheck.types import (
    Condition,
    Evidence,
    Exhibit,
    Finding,
    Score,
    Severity,
)

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_SIDES = (160, 64)  # points along a slice of two latent dimensions, and of more
_MARGIN = 0.15  # of the data's extent, on each side of the picture
_MARKS = 500


@ANALYZERS.register("discriminator")
@dataclass(frozen=True)
class Discriminator:
    """Asks the discriminator of the training what it makes of generated and real samples.

    What it measures:
        ``saturated_outputs``: share of generated samples of which it is certain, D below 0.01 or
        above 0.99. ``minimax_gradient``: mean of D(G(z)), the factor that a generator's gradient
        has under log(1 - D); ``nonsaturating_gradient``: mean of 1 - D(G(z)), the same under
        -log D. ``jensen_shannon``: a lower bound of the divergence of both laws, in nats, after
        its logits are recalibrated on one half of the samples and judged on the other; it cannot
        exceed log 2 = 0.693. Whether it prefers the scored part of the reference to the part that
        was set aside.

    Why it matters:
        A discriminator that is certain of every sample gives a generator trained with the minimax
        loss next to no gradient: it stops learning where it stands, often in a few modes.

    When it misleads:
        It has to be the state of the same training step: a later discriminator knows the generator
        better. A converged one does not mark cuts of the latent space, whose samples it judges
        like all others: half real. It has an opinion only on what it was shown. Critics of
        Wasserstein losses have no probability: of them only the divergence and the preference for
        a part mean anything. A single file cannot show how either side got there. The parts of
        the reference are drawn at random: they differ to a discriminator only when it was trained
        on one and not on the other; that they agree proves nothing.

    What to do:
        Train with the non-saturating loss, slow the discriminator down, or smooth it: gradient
        penalty, spectral normalisation, instance noise. Overfit: more data, or augment what the
        discriminator is shown.

    References:
        Goodfellow et al. 2014 (minimax and non-saturating losses, Jensen-Shannon divergence);
        Arjovsky and Bottou 2017 (vanishing gradients); Karras et al. 2020 (overfitting).
    """

    name = "discriminator"

    certain_above: float = 0.8
    gradient_below: float = 0.02
    real_certain_above: float = 0.5
    overfit_p_below: float = 0.01
    overfit_above: float = 0.05

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the scores, and findings on saturation, divergence and overfitting."""
        asked = Asked.of(study)
        yield from self._saturation(study, asked)
        if asked.real is not None:
            yield from self._divergence(study, asked, asked.real)
        if asked.real is not None and asked.apart is not None:
            yield self._overfit(study, asked.real, asked.apart)

    def _saturation(self, study: Study, asked: Asked) -> Iterator[Evidence]:
        made, n = asked.generated, len(asked.generated)
        certain = int((np.abs(made) > SATURATED).sum())
        share = proportion_interval(certain, n)
        gradients = minimax_gradient(made), nonsaturating_gradient(made)
        tails = tails_of(lambda confidence: proportion_interval(certain, n, confidence))
        yield Score("saturated_outputs", certain / n, *share, 0.0, n, tails=tails)
        names = ("minimax_gradient", "nonsaturating_gradient")
        for name, value in zip(names, gradients, strict=True):
            yield Score(name, value, value, value, 0.5, n)
        rejected = float((made < -SATURATED).mean())
        real = None if asked.real is None else float((asked.real > SATURATED).mean())
        vanishing = rejected >= self.certain_above and gradients[0] < self.gradient_below
        severity = Severity.NOTE if vanishing or share.low > 0.5 else Severity.OK
        if vanishing and real is not None and real >= self.real_certain_above:
            severity = Severity.WARN
        yield Finding(
            id="discriminator.saturation",
            analyzer=self.name,
            severity=severity,
            title=f"the discriminator is certain of {certain / n:.0%} of the generated samples"
            + (", that they are generated" if vanishing else ""),
            detail=_about_gradients(asked, gradients, real, vanishing),
            condition=Condition.SATURATED_DISCRIMINATOR,
            value=certain / n,
            interval=share,
            limit=f"<= {self.certain_above:g}",
            exhibits=tuple(_pictures(study, asked)),
        )

    def _divergence(self, study: Study, asked: Asked, real: FloatArray) -> Iterator[Evidence]:
        found = jensen_shannon(real, asked.generated, study.seed)
        n = min(len(real), len(asked.generated))
        yield Score("jensen_shannon", found.value, *found.interval, 0.0, n, tails=found.tails)
        order = share_above(real, asked.generated)
        turned = order < 0.4
        detail = (
            f"A lower bound, as far as this discriminator can tell both apart. A real sample is "
            f"called more real than a generated one in {order:.0%} of all pairs."
        )
        if found.at_ceiling:
            detail = f"This is its ceiling, log 2: both sides have nothing in common. {detail}"
        if turned:
            detail += " Its sign seems turned, or it is not shown the range that it was trained on."
        yield Finding(
            id="discriminator.divergence",
            analyzer=self.name,
            severity=Severity.NOTE if found.at_ceiling or turned else Severity.OK,
            title=f"Jensen-Shannon divergence of at least {found.value:.3f} nats of {LOG2:.3f}",
            detail=detail,
            value=found.value,
            interval=found.interval,
            limit=f"< {LOG2:.3f}",
        )

    def _overfit(self, study: Study, real: FloatArray, apart: FloatArray) -> Finding:
        order = share_above(real, apart)
        p_value = permutation_p_value(real, apart, study.rng(self.name))
        differs = p_value < self.overfit_p_below and abs(order - 0.5) > self.overfit_above
        preferred = "is scored" if order > 0.5 else "was set aside"
        return Finding(
            id="discriminator.overfit",
            analyzer=self.name,
            severity=Severity.NOTE if differs else Severity.OK,
            title=f"it calls the part of the reference that {preferred} more real, in "
            f"{max(order, 1 - order):.0%} of pairs"
            if differs
            else "it calls both parts of the reference equally real",
            detail=f"Permutation test of the scored part against the one set aside: p = "
            f"{p_value:.3g}. "
            + (
                "It was trained on one of them and has learned it by heart."
                if differs
                else "It was trained on both, on neither, or did not overfit."
            ),
            value=p_value,
            limit=f">= {self.overfit_p_below:g}",
        )


def _about_gradients(
    asked: Asked, gradients: tuple[float, float], real: float | None, vanishing: bool
) -> str:
    form = "probabilities" if asked.probabilities else "logits"
    parts = [
        f"Its outputs were read as {form}. A generator's gradient is scaled by "
        f"{gradients[0]:.2g} under the minimax loss and by {gradients[1]:.2g} under the "
        "non-saturating one."
    ]
    if real is not None:
        parts.append(f"It is certain of {real:.0%} of the reference, that they are real.")
    elif vanishing:
        parts.append("Without a reference nobody can tell whether it calls everything generated.")
    if vanishing and real is not None:
        parts.append(
            "A generator learns next to nothing from it under the minimax loss."
            if real > 0
            else "It calls the reference generated, too: check that it is shown the right range."
        )
    return " ".join(parts)


def _pictures(study: Study, asked: Asked) -> Iterator[Exhibit]:
    """Yield D(G(z)) over a slice of the latent space, and D(x) where samples are points."""
    with contextlib.suppress(NotAvailable):
        yield _latent_picture(study, asked)
    if study.spec.output_shape == (2,) and not study.discriminator.conditional:
        yield _sample_picture(study, asked)


def _latent_picture(study: Study, asked: Asked) -> Exhibit:
    window = _window(study)
    side = _SIDES[0] if study.dimension == 2 else _SIDES[1]
    said = asked.over_latents(study, window.at(window.grid(side)))
    return exhibits.heatmap(
        "D(G(z)): what the discriminator says over the latent space",
        f"Probability of being real over {window.chosen}. A converged discriminator says about a "
        "half everywhere, also on the cuts.",
        said.reshape(side, side),
        window.extent,
        unit="D(G(z))",
        axes=window.axes,
    )


def _window(study: Study) -> Plane:
    """Return the whole latent space where it is a plane, else a random plane."""
    law, dimension = study.spec.latent_law, study.dimension
    if dimension == 2:
        return coordinate_plane(law, dimension, (0, 1))
    return spanned_plane(law, np.empty((0, dimension)), "a random plane", study.seed)


def _sample_picture(study: Study, asked: Asked) -> Exhibit:
    points = study.samples.values
    shown = [points]
    if study.reference_parts is not None:
        with contextlib.suppress(NotAvailable):
            shown.append(study.reference_parts.scored.values)
    low = np.min([part.min(axis=0) for part in shown], axis=0)
    high = np.max([part.max(axis=0) for part in shown], axis=0)
    margin = _MARGIN * np.maximum(high - low, 1e-6)
    low, high, side = low - margin, high + margin, _SIDES[0]
    ticks = [np.linspace(low[axis], high[axis], side) for axis in (0, 1)]
    grid = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2).astype(np.float32)
    said = asked.probability(study.discriminator(grid))
    return exhibits.heatmap(
        "D(x): what the discriminator says over the space of samples",
        "Probability of being real. Red: generated samples.",
        said.reshape(side, side),
        (float(low[0]), float(high[0]), float(low[1]), float(high[1])),
        unit="D(x)",
        axes=("x1", "x2"),
        marks=points[:_MARKS],
    )
