"""Files of arrays and facts: exact, equal for equal contents, and never read when damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.errors import LoadError
from gancheck.packed import is_marked, pack, unpack

if TYPE_CHECKING:
    from gancheck.types import AnyArray

ARRAYS: dict[str, AnyArray] = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.zeros((0, 4), dtype=np.int64),
}
FACTS = {"seed": 3, "width": 0.1 + 0.2, "names": ["one", "zwei ä"], "none": None}


def test_what_was_packed_comes_back() -> None:
    """Arrays keep type, shape and bits, empty ones too; numbers among the facts keep every bit."""
    arrays, facts = unpack(pack(ARRAYS, FACTS, "kind"), "kind", "the file")
    assert facts == FACTS
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_equal_contents_give_equal_bytes() -> None:
    """The order in which arrays and facts are named does not show."""
    turned = dict(reversed(FACTS.items()))
    again = pack(dict(reversed(list(ARRAYS.items()))), turned, "kind")
    assert again == pack(ARRAYS, FACTS, "kind")


def test_the_kind_shows_in_the_first_bytes() -> None:
    """A file is recognised by its mark, and by no part of it."""
    head = pack(ARRAYS, FACTS, "kind")[:64]
    assert is_marked(head, "kind")
    assert not is_marked(head, "kin")
    assert not is_marked(b"", "kind")


@pytest.mark.parametrize("place", [12, 60, -1, -20])
def test_one_changed_byte_is_noticed(place: int) -> None:
    """Wherever a byte changes, in the header or among the numbers, the file is refused."""
    content = bytearray(pack(ARRAYS, FACTS, "kind"))
    content[place] ^= 1
    with pytest.raises(LoadError, match="damaged"):
        unpack(bytes(content), "kind", "the file")


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_part_of_a_file_is_refused(kept: int) -> None:
    """A file that was cut off is damaged, whatever is left of it."""
    with pytest.raises(LoadError, match="the file is damaged"):
        unpack(pack(ARRAYS, FACTS, "kind")[:kept], "kind", "the file")


def test_another_kind_is_refused() -> None:
    """A file packed under one mark is not read under another."""
    with pytest.raises(LoadError, match="was not written by gancheck"):
        unpack(pack(ARRAYS, FACTS, "kind"), "other", "the file")
