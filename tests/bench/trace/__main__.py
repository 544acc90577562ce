"""``python -m bench.trace``: how often a trace sees what is there, and what is not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from bench.trace.spiral import spiral
from bench.trace.trainings import LAWS, QUIET, counts, healthy_level, hopping, jitter
from gancheck.measures import hopping as hops
from gancheck.measures.turning import turns

_STEP = 10
_FIRST_SEED = 1_000_000  # far from those that the thresholds were chosen on


def main(arguments: list[str] | None = None) -> int:
    """Run the bench, a line at a time."""
    parser = argparse.ArgumentParser(prog="bench.trace", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="traces a row")
    parser.add_argument("--only", default="", help="onset, false, hopping or spiral")
    asked = parser.parse_args(arguments)
    parts = {
        "onset": lambda: planted_onsets(asked.runs),
        "false": lambda: false_onsets(asked.runs),
        "hopping": lambda: hopping_rows(asked.runs),
        "spiral": spiral,
    }
    for name, part in parts.items():
        if asked.only in ("", name):
            for line in part():
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    return 0


def planted_onsets(runs: int) -> Iterator[str]:
    """Plant a fall at a random step, and count how often it is dated within one checkpoint."""
    yield f"planted falls dated within one checkpoint, of {runs}, at jitter .01 / .03 / .05"
    for count in (10, 20, 50, 100):
        for drop in (0.3, 0.5, 0.8):
            found = [onset_share(runs, count, drop, sd) for sd in (0.01, 0.03, 0.05)]
            shown = " / ".join(f"{share:.1%}" for share in found)
            yield f"  {count:>4} checkpoints, fall of {drop:.1f}:  {shown}"


def onset_share(runs: int, count: int, drop: float, sd: float) -> float:
    """Return the share of planted falls that are dated within one checkpoint."""
    hits = 0
    for run in range(runs):
        rng = np.random.default_rng([_FIRST_SEED + run, count, int(10 * drop), int(100 * sd)])
        at = int(rng.integers(1, count))
        levels = np.full(count, rng.uniform(drop + 0.05, 0.95))
        levels[at:] -= drop
        noise = jitter(rng, count, sd, rng.choice([0.0, 0.4]), heavy=bool(rng.random() < 0.3))
        found = turns(_steps(count), np.clip(levels + noise, 0, 1), np.full(count, 0.01))
        hits += any(one.kind == "onset" and abs(one.index - at) <= 1 for one in found)
    return hits / runs


def false_onsets(runs: int) -> Iterator[str]:
    """Count trainings without a collapse in which one is seen, the worst kind of jitter."""
    yield f"healthy traces with an onset, of {runs}: worst of levels, jitter of .02 and .04, tails"
    for count in (5, 10, 20, 50, 100, 200):
        shares = {rho: worst_false_share(runs, count, rho) for rho in (0.0, 0.4, 0.7)}
        shown = ", ".join(f"rho {rho}: {share:.1%}" for rho, share in shares.items())
        yield f"  {count:>4} checkpoints:  {shown}"


def worst_false_share(runs: int, count: int, rho: float) -> float:
    """Return the share of healthy traces with an onset, for the worst of twelve kinds."""
    kinds = [
        (sd, heavy, shape)
        for sd in (0.02, 0.04)
        for heavy in (False, True)
        for shape in ("flat", "rising", "straight")
    ]
    shares = []
    for kind, (sd, heavy, shape) in enumerate(kinds):
        wrong = 0
        for run in range(runs):
            rng = np.random.default_rng([_FIRST_SEED + run, count, int(10 * rho), kind])
            values = healthy_level(rng, count, shape) + jitter(rng, count, sd, rho, heavy=heavy)
            found = turns(_steps(count), np.clip(values, 0, 1), np.full(count, 0.01))
            wrong += any(one.kind == "onset" for one in found)
        shares.append(wrong / runs)
    return max(shares)


def hopping_rows(runs: int) -> Iterator[str]:
    """Count hopping that is not there, and planted places that come back in order."""
    yield f"traces called mode hopping, of {runs}; all of their checkpoints count as collapsed"
    for name, shares in QUIET.items():
        wrong = {}
        for law, base in LAWS.items():
            seen = [_seen(_rng(run, law, 1), base, shares) for run in range(runs)]
            wrong[law] = sum(found.shown for found in seen)
        yield f"  {name:<20} " + ", ".join(f"{law}: {times}" for law, times in wrong.items())
    for law, base in LAWS.items():
        right = 0
        for run in range(runs):
            rng = _rng(run, law, 2)
            planted, places = hopping(rng, int(rng.integers(10, 61)), base)
            found = _hopping_of(rng, planted, base)
            right += found.places == places
        yield f"  planted, {law:<11} all places in order: {right}"


def _seen(rng: np.random.Generator, base: np.ndarray, shares: object) -> hops.Hopping:
    drawn = shares(rng, int(rng.integers(10, 61)), base)  # type: ignore[operator]
    return _hopping_of(rng, drawn, base)


def _hopping_of(rng: np.random.Generator, shares: np.ndarray, base: np.ndarray) -> hops.Hopping:
    n, kept = int(rng.choice([1000, 2000])), float(rng.choice([0.0, 0.5, 0.95]))
    low = np.ones(len(shares), dtype=bool)
    return hops.hopping(counts(rng, shares, n, kept), rng.multinomial(2000, base), low)


def _rng(run: int, law: str, part: int) -> np.random.Generator:
    return np.random.default_rng([_FIRST_SEED + run, part, *law.encode()])


def _steps(count: int) -> np.ndarray:
    return np.arange(count) * _STEP


if __name__ == "__main__":
    sys.exit(main())
