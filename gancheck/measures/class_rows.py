"""The classes of a conditional generator, one row each, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.measures.conditioning import Conditioning
from gancheck.measures.obedience import Obedience
from gancheck.measures.per_class import LEAST, NARROW_BELOW, Variety, collapsed, narrow, variety
from gancheck.neighbors import distinct

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

_FEW = 20
_MOVES_FROM = 0.1  # of the standard deviation of real samples
_REPEATING = 0.25  # share of distinct samples; decides alone where there is no reference


@dataclass(frozen=True, eq=False)
class Sides:
    """Samples and real samples, with their classes.

    Attributes:
        samples: (n, d) features.
        asked: (n,) label that each was drawn under.
        reference: (m, d) features of the scored reference; None where there are no labels to
            compare by.
        labels: (m,) their labels.
        names: Name of each label value; labels that are not in it are named by their number.
        tolerance: Distance below which two samples are the same.
        device: Torch device.
    """

    samples: FloatArray
    asked: IntArray
    reference: FloatArray | None
    labels: IntArray | None
    names: tuple[str, ...]
    tolerance: float
    device: str = "cpu"

    def name(self, label: int) -> str:
        """Name a class: its number, and its name where that is another."""
        given = self.names[label] if 0 <= label < len(self.names) else ""
        return str(label) if given in ("", str(label)) else f"{label} ({given})"


@dataclass(frozen=True, eq=False)
class Probed:
    """What the latent does in the classes that were tried.

    Attributes:
        moved: Share of the spread of all outputs that the latent makes in each.
        still: Classes in which every latent gives the same output.
    """

    moved: Mapping[int, float]
    still: frozenset[int]

    @classmethod
    def of(cls, found: Conditioning, kept: IntArray) -> Probed:
        """Give what was found the numbers of the classes."""
        moved = {int(label): float(x) for label, x in zip(kept, found.latent_shares, strict=True)}
        return cls(moved, frozenset(int(kept[at]) for at in found.collapsed))


@dataclass(frozen=True)
class Row:
    """What is known of one class.

    Attributes:
        label: Its number.
        name: Its name.
        asked: Share of the samples that was drawn under it.
        obeyed: Share of those that look like it, None where that is not known.
        drawn_as: The class that most of them look like, where the label is not obeyed; else empty.
        disobeyed: Whether the label is shown not to be obeyed.
        variety: How it compares with real samples; None where it was not compared.
        distinct: Share of distinct samples, None without samples.
        moved: Share of the spread of all outputs that the latent makes inside it, None where it
            was not tried.
        still: Whether every latent gives the same output, and real samples vary ten times as much.
        lost: Whether it has collapsed.
        narrow: Whether it obeys its label and is shown to have lost half of its variety.
    """

    label: int
    name: str
    asked: float
    obeyed: float | None = None
    drawn_as: str = ""
    disobeyed: bool = False
    variety: Variety | None = None
    distinct: float | None = None
    moved: float | None = None
    still: bool = False
    lost: bool = False
    narrow: bool = False

    @property
    def status(self) -> str:
        """What is wrong with it, in words; empty where nothing is."""
        drawn = f"drawn as {self.drawn_as}" if self.drawn_as else "label not obeyed"
        said = (
            "one output" if self.still else "collapsed" if self.lost else "",
            "narrow" if self.narrow and not self.lost else "",
            drawn if self.disobeyed else "",
        )
        return ", ".join(word for word in said if word)

    @property
    def rank(self) -> tuple[float, ...]:
        """A key by which the worst class comes first."""
        varied = 2.0 if self.variety is None else self.variety.diversity
        moved = 2.0 if self.moved is None else self.moved
        flags = (not self.still, not self.lost, not self.disobeyed, not self.narrow)
        return (*(float(flag) for flag in flags), varied, moved, float(self.label))


@dataclass(frozen=True, eq=False)
class Judged:
    """All classes.

    Attributes:
        rows: One for each, by number.
        compared: Whether there were real samples to compare with.
        obedience: How labels are obeyed; None where that is not known.
    """

    rows: tuple[Row, ...]
    compared: bool
    obedience: Obedience | None


def matched(
    own: tuple[str, ...], known: tuple[str, ...]
) -> tuple[tuple[str, ...], IntArray | None]:
    """Number the labels of samples as the reference does, where both sides share names.

    Names that only samples have come after those of the reference. Where no name is shared, as of
    prompts and folders, numbers tell which label is which, and None stands for them.
    """
    if not set(own) & set(known):
        return own or known, None
    names = tuple(dict.fromkeys((*known, *own)))
    number = {name: at for at, name in enumerate(names)}
    return names, np.array([number[name] for name in own])


def numbered(labels: IntArray, numbers: IntArray | None) -> IntArray:
    """Return labels by the numbers that they have beside real samples."""
    return labels if numbers is None else numbers[labels]


def judged(
    sides: Sides, count: int | None, obeyed: Obedience | None, probed: Probed | None
) -> Judged:
    """Judge every class.

    Args:
        sides: Samples and real samples.
        count: Number of classes; None takes those that samples have.
        obeyed: How labels are obeyed, by the same numbers.
        probed: What the latent does in each class that was tried.
    """
    labels = [int(one) for one in (np.unique(sides.asked) if count is None else range(count))]
    mine = _grouped(sides.asked)
    real = {} if sides.labels is None else _grouped(sides.labels)
    drawn_as = _disobeyed(obeyed)
    own = [_variety(sides, mine, real, (label, label)) for label in labels]
    # A class that is drawn as another one is held against that one: what it lacks is not variety.
    home = [
        _variety(sides, mine, real, (label, drawn_as[label]))
        if drawn_as.get(label, -1) >= 0
        else found
        for label, found in zip(labels, own, strict=True)
    ]
    gone, thin = collapsed(home), narrow(home)
    ignored = obeyed is not None and obeyed.ignored
    shares = {} if obeyed is None else dict(enumerate(obeyed.shares))
    rows = []
    for at, label in enumerate(labels):
        row = _row(sides, label, mine.get(label), own[at])
        still = probed is not None and label in probed.still and not _varies(home[at])
        share, to = float(shares.get(label, np.nan)), drawn_as.get(label)
        rows.append(
            replace(
                row,
                obeyed=None if np.isnan(share) else share,
                drawn_as="" if to is None or to < 0 else sides.name(to),
                disobeyed=to is not None,
                moved=None if probed is None else probed.moved.get(label),
                still=still,
                lost=row.lost or bool(gone[at]) or still,
                narrow=bool(thin[at]) and to is None and not ignored,
            )
        )
    return Judged(tuple(rows), sides.reference is not None, obeyed)


def _varies(found: Variety | None) -> bool:
    """Tell whether a class that hardly moves beside others moves beside its own real samples."""
    return found is not None and (found.diversity >= NARROW_BELOW or found.spread >= _MOVES_FROM)


def _row(sides: Sides, label: int, rows: IntArray | None, found: Variety | None) -> Row:
    """Describe a class by its samples alone; without a reference, repeats tell what is lost."""
    if rows is None:
        return Row(label, sides.name(label), 0.0)
    unique = _distinct(sides.samples[rows], sides.tolerance, sides.device) / len(rows)
    return Row(
        label,
        sides.name(label),
        len(rows) / len(sides.asked),
        variety=found,
        distinct=unique,
        lost=sides.reference is None and len(rows) >= LEAST and unique <= _REPEATING,
    )


def _grouped(labels: IntArray) -> Mapping[int, IntArray]:
    """Return the rows of each label, rising."""
    order = np.argsort(labels, kind="stable")
    values, starts = np.unique(labels[order], return_index=True)
    parts = np.split(order, starts[1:])
    return {int(value): rows for value, rows in zip(values, parts, strict=True)}


def _variety(
    sides: Sides,
    mine: Mapping[int, IntArray],
    real: Mapping[int, IntArray],
    classes: tuple[int, int],
) -> Variety | None:
    """Compare the samples of one class with real samples of one, its own or another."""
    label, like = classes
    if sides.reference is None or label not in mine or like not in real:
        return None
    theirs, own = sides.reference[real[like]], sides.samples[mine[label]]
    return variety(theirs, own, tolerance=sides.tolerance, device=sides.device)


def _distinct(points: FloatArray, radius: float, device: str) -> int:
    """Count the distinct points; of a few, without the cost of a search."""
    if len(points) > _FEW:
        return len(distinct(points, radius, device=device))
    kept: list[FloatArray] = []
    for point in points.astype(np.float64):
        if all(np.linalg.norm(point - other) > radius for other in kept):
            kept.append(point)
    return len(kept)


def _disobeyed(found: Obedience | None) -> Mapping[int, int]:
    """Return the classes that are not obeyed, and which other most of their samples look like."""
    if found is None:
        return {}
    return {int(label): found.mostly(int(label)) for label in np.flatnonzero(found.disobeyed)}
