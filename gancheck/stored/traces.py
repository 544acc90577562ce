"""A trace read back: the JSON of ``gancheck trace`` into the `Trace` that it was written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gancheck.errors import LoadError
from gancheck.plain import MisfitError, from_json
from gancheck.stored.diagnoses import with_open_score
from gancheck.stored.parsing import newer, readable
from gancheck.types import JSON, Checkpoint, Trace


@dataclass(frozen=True)
class StoredTrace:
    """A trace as it was found.

    Attributes:
        trace: What it says.
        name: The file it came from, for people.
        size: Its size in bytes.
        left_out: Places of keys that this version does not know.
    """

    trace: Trace
    name: str
    size: int
    left_out: tuple[str, ...] = ()


def built_trace(found: Mapping[str, JSON], name: str, size: int) -> StoredTrace:
    """Build a trace from its contract.

    Raises:
        LoadError: It is not one that this version understands.
    """
    try:
        trace, left_out = _built(found)
    except MisfitError as error:
        raise LoadError(
            f"{name} is no trace as gancheck writes it: {error}", newer(found)
        ) from error
    return StoredTrace(trace, name, size, left_out)


def trace_as_stored(trace: Trace) -> Trace:
    """Return the trace as it comes back from its own JSON; see `gancheck.stored.as_stored`."""
    try:
        return _built(readable(trace.to_dict()))[0]
    except MisfitError:
        return trace


def _built(found: Mapping[str, JSON]) -> tuple[Trace, tuple[str, ...]]:
    trace, left_out = from_json(Trace, found)
    _require_sense(trace)
    rows = tuple(_with_open_scores(row) for row in trace.checkpoints)
    return replace(trace, checkpoints=rows), left_out


def _require_sense(trace: Trace) -> None:
    for at, row in enumerate(trace.checkpoints):
        for mode in row.modes:
            for share in (mode.reference_share, mode.sample_share, mode.low, mode.high):
                if not -1e-6 <= share <= 1 + 1e-6:
                    raise MisfitError(f"checkpoints[{at}] holds {share:g}, expected shares")
    steps = [row.step for row in trace.checkpoints]
    if steps != sorted(steps):
        raise MisfitError("checkpoints are not in the order of their steps")
    columns = {len(column) for column in trace.losses.values()}
    if len(columns) > 1:
        raise MisfitError("losses holds columns of different lengths")


def _with_open_scores(row: Checkpoint) -> Checkpoint:
    return replace(row, scores={name: with_open_score(score) for name, score in row.scores.items()})
