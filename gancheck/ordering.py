"""An order of samples that depends on what they are, not on how they were stored."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray, SampleSet


def content_order(values: AnyArray, seed: int) -> IntArray:
    """Return the rows of an array in a random order that any permutation of them shares.

    Rows are sorted by a seeded hash of their bytes. Equal rows are numbered before hashing, so
    that copies scatter over the whole order instead of staying together.

    Args:
        values: (n, ...) array.
        seed: Another seed, another order.
    """
    rows = np.ascontiguousarray(values).reshape(len(values), -1)
    seen: defaultdict[bytes, int] = defaultdict(int)
    keys = []
    for row in rows:
        content = hashlib.blake2b(row.tobytes(), digest_size=16).digest()
        numbered = content + seed.to_bytes(8, "little", signed=True)
        numbered += seen[content].to_bytes(8, "little")
        seen[content] += 1
        keys.append(hashlib.blake2b(numbered, digest_size=16).digest())
    return np.asarray(sorted(range(len(rows)), key=keys.__getitem__), dtype=np.int64)


def shuffled(samples: SampleSet, seed: int) -> SampleSet:
    """Return samples read from disk in content order, each still under its own id."""
    ids = samples.ids or tuple(str(row) for row in range(len(samples)))
    order = content_order(samples.values, seed)
    return dataclasses.replace(samples, ids=ids).take(order)
