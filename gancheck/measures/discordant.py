"""Whether one of two paired shares is below a multiple of the other.

Two generators that were fed with the same latents give pairs of samples, and pairs that agree say
nothing about a difference. McNemar (1947) therefore counts the pairs that do not agree: were both
shares equal, each would fall on either side with a chance of one half. Against a multiple r < 1 of
the first share, `q_b < r q_a` reads `(1 - r) p_both + p_only_b < r p_only_a`: the pairs that agree
count with weight 1 - r for the second side, those of the first with weight r.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray


def paired_ratio_p_values(
    both: AnyArray, only_a: AnyArray, only_b: AnyArray, ratio: float
) -> FloatArray:
    """Test whether each share on side B is at least a multiple of its share on side A.

    The weighted counts take the place of the two counts of a sign test, whose tail is the
    regularised incomplete beta function and needs no whole numbers. At ratio 1 this is McNemar's
    exact test. Below 1 the weights, each at most 1, vary less than counts of their size do, so that
    the p-values are too large rather than too small.

    Args:
        both: (m,) pairs with both sides in the mode.
        only_a: (m,) pairs with side A alone in it.
        only_b: (m,) pairs with side B alone in it.
        ratio: Multiple of the share of A, above 0 and at most 1.

    Returns:
        (m,) one-sided p-values; 1 where nothing speaks for a smaller share of B.

    Raises:
        ValueError: The ratio is out of range.
    """
    from scipy.special import betainc

    if not 0 < ratio <= 1:
        raise ValueError(f"no test against {ratio} times a share")
    against = ratio * np.asarray(only_a, dtype=np.float64)
    favour = np.asarray(only_b) + (1 - ratio) * np.asarray(both, dtype=np.float64)
    tail = betainc(np.maximum(against, 1e-12), favour + 1, 0.5)
    return np.asarray(np.where(against > 0, tail, 1.0))
