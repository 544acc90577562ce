"""``python -m bench.compare``: comparisons of laws whose difference is known."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck import Settings, compare

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_MODES, _DIMENSIONS = 6, 8
_EVEN = tuple(range(_MODES))
WORLDS: Mapping[str, tuple[Sequence[int], Sequence[int]]] = {
    "both healthy": (_EVEN, _EVEN),
    "both without two modes": (_EVEN[:4], _EVEN[:4]),
    "the second lost a mode": (_EVEN, _EVEN[:5]),
    "the second gained a mode": (_EVEN[:5], _EVEN),
}
"""Modes that either side draws, of six."""


def main(arguments: list[str] | None = None) -> int:
    """Run the bench, a line at a time."""
    parser = argparse.ArgumentParser(prog="bench.compare", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="comparisons a row")
    parser.add_argument("--n", type=int, default=400, help="samples of each side")
    parser.add_argument("--only", default="", help="part of the name of a row")
    asked = parser.parse_args(arguments)
    for line in rows(asked.runs, asked.n, asked.only):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


def rows(runs: int, n: int, only: str = "") -> Iterator[str]:
    """Yield how often each verdict came, for each world."""
    for name, sides in WORLDS.items():
        if only in name:
            said = Counter(verdict(run, n, sides) for run in range(runs))
            shown = ", ".join(f"{word}: {times}" for word, times in said.most_common())
            yield f"{name:<26} {shown}"


def verdict(run: int, n: int, sides: tuple[Sequence[int], Sequence[int]]) -> str:
    """Compare fresh samples of both sides against a fresh reference; return the verdict."""
    rng = np.random.default_rng([4_000_000 + run, n])
    reference = drawn(rng, 3 * n // 2, _EVEN)
    first, second = (drawn(rng, n, modes) for modes in sides)
    found = compare(first, second, reference, Settings(samples=n, cache=False, map="none"))
    return found.ruling.value


def drawn(rng: np.random.Generator, n: int, modes: Sequence[int]) -> FloatArray:
    """Draw (n, 8) points of some modes, which are four standard deviations apart on each axis."""
    centres = 4 * np.eye(_DIMENSIONS)[rng.choice(modes, n)]
    return np.asarray(centres + rng.standard_normal((n, _DIMENSIONS)), dtype=np.float32)


if __name__ == "__main__":
    sys.exit(main())
