"""The training side where only a prepared reference was given: what that holds of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.training.tables import Table, first_seen

if TYPE_CHECKING:
    from gancheck.reference import Part, PreparedReference
    from gancheck.types import AnyArray, IntArray


def table_of(prepared: PreparedReference) -> Table:
    """Return the features of both parts, scored ones first; samples that repeat are left out."""
    known, view = prepared.reference, prepared.main
    features = np.concatenate([view.scored.values, view.independent.values])
    hashes = np.concatenate([known.scored.hashes, known.independent.hashes])
    rows = first_seen(hashes, set())
    return Table(features[rows], rows, hashes[rows], len(features))


def names_of(prepared: PreparedReference) -> tuple[str, ...]:
    """Name the samples of both parts."""
    known = prepared.reference
    parts = (known.scored, known.independent)
    return tuple(part.id_of(row) for part in parts for row in range(len(part)))


@dataclass(frozen=True, eq=False)
class Kept:
    """What a prepared reference has to show of its samples: scored ones first."""

    prepared: PreparedReference

    def take(self, rows: IntArray) -> AnyArray | None:
        """Return samples or thumbnails, or None where one of them has neither."""
        known = self.prepared.reference
        late = rows >= len(known.scored)
        chosen = rows[~late], rows[late] - len(known.scored)
        pieces = []
        for part, some in zip((known.scored, known.independent), chosen, strict=True):
            if len(some) and part.samples is None and part.thumbnails is None:
                return None
            pieces.append(_shown(part, some) if len(some) else None)
        shape = next(piece.shape[1:] for piece in pieces if piece is not None)
        out = np.empty((len(rows), *shape), dtype=next(p.dtype for p in pieces if p is not None))
        for place, piece in zip((~late, late), pieces, strict=True):
            if piece is not None:
                out[place] = piece
        return out


def _shown(part: Part, rows: IntArray) -> AnyArray:
    if part.samples is not None:
        chosen: AnyArray = part.values[rows]
        return chosen
    return part.pictures(rows)
