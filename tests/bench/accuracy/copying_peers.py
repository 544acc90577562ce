"""What is published about copying, each in the few lines of its formula.

All take training points, held-out points and samples as features (n, d). None has a law under
honesty that holds for every honest generator: that is what the bench shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray, IntArray

_AXES = 64
_CELLS = 3
_LEAST = 20  # samples that a cell needs to be counted
_EPOCHS = 50
_RATE = 0.5
_BROAD = 0.1  # how much nearer than they are points count to the broad Gaussian of the fit


class Published(NamedTuple):
    """The three published numbers of one draw."""

    auth: float
    c_t: float
    gap: float


def published(
    training: FloatArray, held_out: FloatArray, samples: FloatArray, most: int = 2000
) -> Published:
    """Read all three; the generalisation gap, quadratic in time, on ``most`` of each."""
    few = (training[:most], held_out[:most], samples[:most])
    return Published(
        auth_pct(training, samples),
        c_t(training, held_out, samples),
        generalisation_gap(*few),
    )


def auth_pct(training: FloatArray, samples: FloatArray) -> float:
    """Return the percentage of authentic samples (Alaa et al. 2022).

    A sample is authentic when it lies farther from its nearest training point than that has its
    own nearest training point.
    """
    from gancheck.neighbors import nearest

    found = nearest(samples, training, 1)
    own = nearest(training, training, 1, exclude_self=True).distances[:, 0]
    return 100 * float((found.distances[:, 0] > own[found.indices[:, 0]]).mean())


def c_t(training: FloatArray, held_out: FloatArray, samples: FloatArray, seed: int = 0) -> float:
    """Return the data-copying statistic C_T (Meehan et al. 2020); far below 0 means copying.

    In each of three k-means cells of the training points, distances to the nearest training point
    of the samples are ranked against those of the held-out points. Cells with 20 samples or more
    are averaged, weighted by their held-out points. Above 64 dimensions, principal axes first.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    sides = [np.asarray(side, dtype=np.float64) for side in (training, held_out, samples)]
    if training.shape[1] > _AXES:
        axes = PCA(_AXES, random_state=seed).fit(sides[0])
        sides = [axes.transform(side) for side in sides]
    cells = KMeans(_CELLS, n_init=10, random_state=seed).fit(sides[0])
    return c_t_of_cells(sides, [cells.predict(side) for side in sides])


def c_t_of_cells(sides: Sequence[FloatArray], cells: Sequence[IntArray]) -> float:
    """Return C_T of training points, held-out points and samples whose cells are known."""
    scores, weights = [], []
    for cell in np.unique(cells[0]):
        training, held_out, samples = (
            side[which == cell] for side, which in zip(sides, cells, strict=True)
        )
        if len(samples) > _LEAST and len(held_out):
            gaps = [_least_distances(part, training) for part in (samples, held_out)]
            scores.append(rank_z(*gaps))
            weights.append(len(held_out))
    return float(np.average(scores, weights=weights)) if scores else math.nan


def rank_z(distances: FloatArray, others: FloatArray) -> float:
    """Return the z-score of Mann and Whitney's U of (m,) distances over (n,) others."""
    from scipy.stats import rankdata

    m, n = len(distances), len(others)
    ranks = rankdata(np.concatenate([distances, others]))[:m]
    wins = float(ranks.sum()) - m * (m + 1) / 2
    return (wins - m * n / 2 + 0.5) / math.sqrt(m * n * (m + n + 1) / 12)


def generalisation_gap(training: FloatArray, held_out: FloatArray, samples: FloatArray) -> float:
    """Return the generalisation gap of FLD (Jiralerspong et al. 2023); below 0 means overfitting.

    An isotropic Gaussian stands at each sample, as wide as makes the training points likeliest;
    the gap is the negative log-likelihood of the training points minus that of the held-out ones,
    in hundredths of a nat per dimension. Features are brought to the mean and the spread of the
    held-out points.
    """
    import torch

    middle, spread = held_out.mean(axis=0), held_out.std(axis=0, ddof=1)
    shown = [
        torch.as_tensor((side - middle) / spread, dtype=torch.float32)
        for side in (training, held_out, samples)
    ]
    dimension = training.shape[1]
    squared = [torch.cdist(side, shown[2]) ** 2 for side in shown[:2]]
    broad = (1 - _BROAD) ** 2 * ((shown[0] - shown[0].mean(dim=0)) ** 2).sum(dim=1)
    widths = _fitted_widths(squared[0], broad, dimension)
    mine, theirs = (-float(likelihood(part, widths, dimension).mean()) for part in squared)
    return float(100 * (mine - theirs) / dimension)


def _fitted_widths(squared: torch.Tensor, broad: torch.Tensor, dimension: int) -> torch.Tensor:
    """Return the log variance of each Gaussian (m,), fitted by 50 steps of Adam.

    A broad Gaussian at the mean takes the training points that no sample is near.
    """
    import torch

    widths = ((squared.min(dim=0).values + 1e-3) / dimension).log().requires_grad_()
    wide = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([widths, wide], lr=_RATE)
    for _ in range(_EPOCHS):
        optimizer.zero_grad()
        at_samples = likelihood(squared, widths, dimension)
        anywhere = _log_normal(broad[:, None], wide, dimension)[:, 0]
        loss = -torch.logaddexp(at_samples, anywhere).mean() / dimension
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        widths.data.clamp_(-40, 20)
    return widths.detach()


def likelihood(squared: torch.Tensor, widths: torch.Tensor, dimension: int) -> torch.Tensor:
    """Return the log-likelihood (n,) of points under equal shares of isotropic Gaussians.

    Args:
        squared: (n, m) squared distances of the points to the middles of the Gaussians.
        widths: (m,) log variances.
        dimension: Of the space they lie in.
    """
    each = _log_normal(squared, widths, dimension)
    return each.logsumexp(dim=1) - math.log(len(widths))


def _log_normal(squared: torch.Tensor, widths: torch.Tensor, dimension: int) -> torch.Tensor:
    constant = dimension * math.log(2 * math.pi)
    return -0.5 * (squared * (-widths).exp() + dimension * widths + constant)


def _least_distances(points: FloatArray, training: FloatArray) -> AnyArray:
    from gancheck.neighbors import nearest

    return nearest(points, training, 1).distances[:, 0]
