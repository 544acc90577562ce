"""The part of RESULTS.md on stacked digits: what is counted, and what papers count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import mean

import numpy as np

from examples.remedies.judging import Outcome
from examples.remedies.published import PUBLISHED_STACKS, PublishedStacks, Spread
from examples.remedies.stacked import ACCURACY, REFERENCE, STACKED, STACKS, SURE
from gancheck.measures.captured import null_of

_THREE = ("modes", "reverse KL", "effective")
_HEADINGS = ("our system", "paper", "row", *_THREE, *(f"our {name}" for name in _THREE))

_HOW = (
    "Three digits are the colours of one picture, and each of the 1,000 triples is a mode (Metz et "
    f"al. 2017). Modes are counted on {STACKS:,} generated stacks by a classifier of single "
    f"digits, which names {ACCURACY:.1%} of digits right that it was not trained on.\n\n"
    "- `modes`, `reverse KL` and `effective modes` come from gancheck's diagnosis, which counts "
    "stacks whose triple has a probability of at least 0.9. `sure` is their share. `by chance` is "
    "the divergence that as many stacks in perfect proportions would have.\n"
    "- `of all` counts every stack by its likeliest triple, as the published tables do. Strokes "
    "that are no digit fall into many classes, so that bad pictures capture modes: read it beside "
    "`sure`.\n"
    f"- `diversity` is held against {REFERENCE:,} stacks of digits that were not learned from, at "
    "equal n, which is less than that. It is the overlap of the two laws, so that it falls with "
    "the quality of single stacks, too.\n"
    f"- The last row is what fresh real digits would give: of them {SURE:.0%} are sure."
)
_WHY = (
    "Beside published numbers, with every stack counted. Data and budget differ, so that rows of "
    "one system are not to be compared across: the papers take the 60,000 digits of MNIST, larger "
    "networks or longer trainings. Ours take 6,000 digits, a generator of some 110,000 weights, a "
    "discriminator as wide as that, and minutes on one core. A discriminator of a quarter of the "
    "width, with which PacGAN sees most collapse, was tried and left no digit readable after 800 "
    "rounds. A generator that has not yet learned to write captures many modes by chance where one "
    "that writes a few digits well does not, which is why our modes may be the more and our `sure` "
    "so low. Ours are to be compared with each other."
)


def divergence_of_chance(n: int) -> float:
    """Return the reverse KL that n stacks in perfect proportions have on average.

    It is about ``(m - 1) / 2n`` for m modes, and less than that where n is not far above m.
    """
    return null_of(np.full(STACKED.classes, 1 / STACKED.classes), n).mean


def stacked_section(outcomes: Sequence[Outcome], table: str) -> str:
    """Return the section: the table of the runs, and published rows beside ours."""
    rows = [_line(_beside(row, mine)) for row in PUBLISHED_STACKS if (mine := _ours(row, outcomes))]
    parts = ["## Stacked MNIST, reduced", _HOW, table]
    if rows:
        parts += [_WHY, "\n".join([_line(_HEADINGS), _line("---" for _ in _HEADINGS), *rows])]
    return "\n\n".join(parts)


def _ours(row: PublishedStacks, outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if one.system == row.system]


def _beside(row: PublishedStacks, mine: Sequence[Outcome]) -> tuple[str, ...]:
    """Write a published row, and the means of ours."""
    modes = mean(one.modes_of_all or 0 for one in mine)
    divergences = [one.reverse_kl_of_all for one in mine if one.reverse_kl_of_all is not None]
    divergence = mean(divergences) if divergences else math.inf
    theirs = (_written(row.modes, 1), _written(row.divergence, 2), _used(row.divergence.value))
    ours = (f"{modes:.1f}", f"{divergence:.2f}", _used(divergence))
    return (row.system, row.paper, row.row, *theirs, *ours)


def _used(divergence: float) -> str:
    """Write the modes that are used in effect: m exp(-KL)."""
    return f"{STACKED.classes * math.exp(-divergence):.0f}"


def _written(number: Spread, digits: int) -> str:
    text = f"{number.value:.{digits}f}"
    return text if number.spread is None else f"{text} ± {number.spread:g}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
