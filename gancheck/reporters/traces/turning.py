"""What happened at which step, and what of a long trace to show: shared by all its reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gancheck.types import Best, Checkpoint, Mode, Score, Trace

CURVES = ("diversity", "overlap")
"""Scores that are followed over the steps."""


def events(trace: Trace) -> dict[int, tuple[str, ...]]:
    """Return what each step stands out for, by step: turns first, then the best ones."""
    found: dict[int, tuple[str, ...]] = {}
    for turn in trace.turns:
        found[turn.step] = (*found.get(turn.step, ()), turn.kind)
    for best in trace.best:
        found[best.step] = (*found.get(best.step, ()), f"best {best.score}")
    return found


def dominant(checkpoint: Checkpoint) -> Mode | None:
    """Return the mode with most samples; None where modes are not known."""
    known = [mode for mode in checkpoint.modes if math.isfinite(mode.sample_share)]
    return max(known, key=lambda mode: mode.sample_share, default=None)


def score(checkpoint: Checkpoint, name: str) -> Score | None:
    """Return a score that is a number, None without one."""
    found = checkpoint.scores.get(name)
    return found if found is not None and math.isfinite(found.value) else None


def thinned(checkpoints: Sequence[Checkpoint], kept: Iterable[int], most: int) -> list[Checkpoint]:
    """Leave out checkpoints of a long trace evenly; both ends and some steps always stay.

    Args:
        checkpoints: All of them.
        kept: Steps that stay, with their neighbours.
        most: How many to show, unless the steps that stay are more.
    """
    total = len(checkpoints)
    if total <= most:
        return list(checkpoints)
    wanted = set(kept)
    marked = [at for at, one in enumerate(checkpoints) if one.step in wanted]
    shown = {at + aside for at in marked for aside in (-1, 0, 1)} | {0, total - 1}
    room = max(2, most - len(shown))
    shown |= {round(at * (total - 1) / (room - 1)) for at in range(room)}
    return [checkpoints[at] for at in sorted(shown) if 0 <= at < total]


def advice(best: Best) -> str:
    """Say which checkpoint to use: ``use step 42,000; 3 others cannot be told from it``."""
    count = len(best.tied)
    others = f"{count:,} other{'s' if count > 1 else ''} cannot be told from it"
    return f"use step {best.step:,}" + (f"; {others}" if count else "")


def described(trace: Trace) -> str:
    """Say what was traced: ``12 checkpoints, steps 50 to 600``."""
    steps = [one.step for one in trace.checkpoints]
    count = f"{len(steps):,} checkpoint{'' if len(steps) == 1 else 's'}"
    return f"{count}, steps {steps[0]:,} to {steps[-1]:,}" if steps else count
