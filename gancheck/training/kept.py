"""The training side where only a prepared reference was given: what that holds of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.training.tables import Table, first_seen

if TYPE_CHECKING:
    from gancheck.reference import PreparedReference
    from gancheck.types import AnyArray, IntArray


def table_of(prepared: PreparedReference) -> Table:
    """Return the features of both parts, scored ones first; samples that repeat are left out."""
    known, view = prepared.reference, prepared.main
    features = np.concatenate([view.scored.values, view.independent.values])
    hashes = np.concatenate([known.scored.hashes, known.independent.hashes])
    rows = first_seen(hashes, set())
    return Table(features[rows], rows, hashes[rows], len(features))


def names_of(prepared: PreparedReference) -> tuple[str, ...]:
    """Name the samples of both parts; those of the independent part have no names of their own."""
    known = prepared.reference
    scored = (known.scored.id_of(row) for row in range(len(known.scored)))
    return (*scored, *(f"{row} of those fitted on" for row in range(len(known.independent))))


@dataclass(frozen=True, eq=False)
class Kept:
    """What a prepared reference has to show of its samples: scored ones first."""

    prepared: PreparedReference

    def take(self, rows: IntArray) -> AnyArray | None:
        """Return samples, thumbnails of scored ones, or None where one of them has neither."""
        known = self.prepared.reference
        scored, apart = known.scored, known.independent
        if scored.samples is not None and apart.samples is not None:
            late = rows >= len(scored)
            out = np.empty((len(rows), *known.shape), dtype=scored.values.dtype)
            out[~late] = scored.values[rows[~late]]
            out[late] = apart.values[rows[late] - len(scored)]
            return out
        if scored.thumbnails is None or (rows >= len(scored)).any():
            return None
        return scored.thumbnails.take(rows)
