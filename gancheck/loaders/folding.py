"""Fold what spectral norm and weight norm keep beside a weight into the plain weight.

Both store factors and compute the weight in each call. Networks that are rebuilt, and code that is
written without the wrapper, expect the weight itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    State = dict[str, torch.Tensor]

# What follows the name of the weight, for: the raw weight, left and right singular vector.
_SPECTRAL = (
    ("{}_orig", "{}_u", "{}_v"),
    ("parametrizations.{}.original", "parametrizations.{}.0._u", "parametrizations.{}.0._v"),
)
# The same for: the length, the direction.
_LENGTHS = (
    ("{}_g", "{}_v"),
    ("parametrizations.{}.original0", "parametrizations.{}.original1"),
)
_WEIGHT = "weight"


def fold(state: Mapping[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """Return a state dict of plain weights, and sentences on what was folded."""
    plain = dict(state)
    spectral = sum(_fold_spectral(plain, prefix) for prefix in _prefixes(state, _SPECTRAL))
    lengths = sum(_fold_length(plain, prefix) for prefix in _prefixes(state, _LENGTHS))
    counts = (("Spectral norm", spectral), ("Weight norm", lengths))
    notes = tuple(f"{what} was folded into {count} weights." for what, count in counts if count)
    # Weights keep their place among the names: the order of layers is read from it.
    order = list(dict.fromkeys(_plain_name(name, plain) for name in state))
    return {name: plain[name] for name in order if name in plain}, notes


def _prefixes(
    state: Mapping[str, torch.Tensor], forms: tuple[tuple[str, ...], ...]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the layers that hold all parts of a form, with the names of the parts."""
    found = []
    for form in forms:
        parts = [part.format(_WEIGHT) for part in form]
        for name in state:
            if name != parts[0] and not name.endswith("." + parts[0]):
                continue
            prefix = name.removesuffix(parts[0])
            names = tuple(prefix + part for part in parts)
            if all(item in state for item in names):
                found.append((prefix, names))
    return found


def _fold_spectral(state: State, place: tuple[str, tuple[str, ...]]) -> bool:
    prefix, names = place
    raw, left, right = (state[name] for name in names)
    matrix = _as_matrix(raw, left, right)
    if matrix is None:
        return False
    sigma = left @ (matrix @ right)
    for name in names:
        del state[name]
    state[prefix + _WEIGHT] = raw / sigma
    return True


def _as_matrix(raw: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor | None:
    """Flatten a weight with its outputs first; where both axes fit, the vectors tell which.

    The left vector was computed from the right one, so along the true axis they agree.
    """
    import torch

    best: tuple[float, torch.Tensor] | None = None
    for axis in range(min(raw.ndim, 2)):
        others = [side for side in range(raw.ndim) if side != axis]
        matrix = raw.permute(axis, *others).flatten(1)
        if matrix.shape != (left.numel(), right.numel()):
            continue
        agreement = float(torch.cosine_similarity(matrix @ right, left, dim=0))
        if best is None or agreement > best[0]:
            best = agreement, matrix
    return None if best is None else best[1]


def _fold_length(state: State, place: tuple[str, tuple[str, ...]]) -> bool:
    prefix, names = place
    length, direction = (state[name] for name in names)
    if length.ndim not in (0, direction.ndim):
        return False
    axes = [axis for axis in range(direction.ndim) if not length.ndim or length.shape[axis] == 1]
    norm = direction.pow(2).sum(dim=axes, keepdim=True).sqrt()
    for name in names:
        del state[name]
    state[prefix + _WEIGHT] = direction * (length / norm)
    return True


def _plain_name(name: str, plain: Mapping[str, torch.Tensor]) -> str:
    """Return the name that a part was folded into, or the name itself."""
    if name in plain:
        return name
    for form in (*_SPECTRAL, *_LENGTHS):
        for part in form:
            suffix = part.format(_WEIGHT)
            if name.endswith(suffix):
                return name.removesuffix(suffix) + _WEIGHT
    return name
