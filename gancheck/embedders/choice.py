"""Which embedder suits which samples when nobody chose one, and why."""

from __future__ import annotations

from typing import NamedTuple

from gancheck.types import OutputKind

AUTO = "auto"
MIN_REFERENCE = 1200
"""Smallest reference that can spare the independent part a view is fitted on."""
SMALL_SIDE = 32
"""Largest side of images whose pixels are worth comparing one by one."""


class Choice(NamedTuple):
    """An embedder as ``--embedder`` would name it, and the sentence that justifies it."""

    text: str
    reason: str


def choose(
    kind: OutputKind,
    shape: tuple[int, ...],
    reference_n: int | None,
    *,
    source: str = "a reference of {} images",
    suited: str = "",
) -> Choice:
    """Return the embedder that ``auto`` stands for.

    Args:
        kind: ``image`` or ``vector``.
        shape: Shape of one sample, (c, h, w) or (d,).
        reference_n: Size of the reference or of what takes its place; None when there is neither.
        source: What that is, in words with a place for its size.
        suited: The embedder that the samples name as theirs; empty where they name none.
    """
    if suited or kind == "vector":
        return strict(kind, shape, suited)
    if reference_n is not None and reference_n >= MIN_REFERENCE:
        return Choice(
            "fitted",
            f"{source.format(f'{reference_n:,}')} is enough to fit a view that ignores small "
            "rotations, shifts, blur and noise",
        )
    text, reason = strict(kind, shape)
    if reference_n is None:
        return Choice(text, f"there is no reference to fit a view on; {reason}")
    return Choice(
        text,
        f"{source.format(f'{reference_n:,}')} is too small to fit a view on "
        f"({MIN_REFERENCE:,} are needed); {reason}",
    )


def strict(kind: OutputKind, shape: tuple[int, ...], suited: str = "") -> Choice:
    """Return the view in which fidelity counts: nothing is ignored on purpose.

    Args:
        kind: ``image`` or ``vector``.
        shape: Shape of one sample, (c, h, w) or (d,).
        suited: The embedder that the samples name as theirs; empty where they name none.
    """
    if suited:
        return Choice(suited, f"{suited!r} is the view that samples of this kind were made for")
    if kind == "vector":
        return Choice("vectors", "vectors are compared coordinate by coordinate")
    side = max(shape[1:])
    if side <= SMALL_SIDE:
        return Choice("pixels", f"images of {side} px are small enough to compare by their pixels")
    return Choice(
        "efficientnet", f"images of {side} px are compared by the features of a pretrained network"
    )
