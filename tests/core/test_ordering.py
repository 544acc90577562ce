"""The order of samples comes from what they are, not from how they were stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.ordering import content_order, shuffled
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_any_permutation_ends_in_the_same_order(kind: type) -> None:
    """Stored in another order, with copies among them, the same rows come out in the same order."""
    rng = np.random.default_rng(0)
    values: AnyArray = (rng.random((200, 2, 3, 3)) * 255).astype(kind)
    values[50:80] = values[0]
    mixed = values[rng.permutation(200)]
    np.testing.assert_array_equal(values[content_order(values, 3)], mixed[content_order(mixed, 3)])


def test_every_row_is_listed_once() -> None:
    """The order is a permutation, also with copies and with a negative seed."""
    values = np.zeros((30, 2), dtype=np.float32)
    np.testing.assert_array_equal(np.sort(content_order(values, -5)), np.arange(30))


def test_seeds_choose_the_order() -> None:
    """Another seed gives another order, and neither is the stored one."""
    values = np.arange(100, dtype=np.float32)[:, None]
    one, other = content_order(values, 0), content_order(values, 1)
    assert (one != other).any()
    assert (one != np.arange(100)).any()


def test_copies_scatter() -> None:
    """Half of the rows are one image; among the first 200 of 1000 they are about a half, too."""
    values = np.arange(1000, dtype=np.float32)[:, None]
    values[:500] = -1
    first = values[content_order(values, 0)[:200], 0]
    assert 70 <= (first == -1).sum() <= 130


def test_samples_keep_their_names_and_labels() -> None:
    """Shuffled samples carry file names, or row numbers, and labels along."""
    values = np.arange(20, dtype=np.float32)[:, None]
    mixed = shuffled(SampleSet(values, "here", "arrays", labels=np.arange(20)), 0)
    assert mixed.ids == tuple(str(int(v)) for v in mixed.values[:, 0])
    assert mixed.labels is not None
    np.testing.assert_array_equal(mixed.labels, mixed.values[:, 0])
    named = shuffled(SampleSet(values, "here", "folder", ids=tuple("abcdefghijklmnopqrst")), 0)
    assert named.ids == tuple("abcdefghijklmnopqrst"[int(v)] for v in named.values[:, 0])
