"""Rows become vectors that two tables agree on, and come back as what they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from gancheck.api import LoadError, NotAvailable, SampleSet

from gancheck_tabular import Choices
from gancheck_tabular.encoding import Table, code_of, encode

FRAME = pd.DataFrame(
    {
        "when": ["2024-02-29", None, "1969-12-31"],
        "price": [0.5, np.nan, -3.0],
        "sold": [True, False, True],
        "kind": ["a", "b", None],
    }
)


def test_kinds_are_inferred() -> None:
    """Text is words, truth values are words, dates are dates, all else is numbers."""
    kinds = {column.name: column.kind for column in encode(FRAME, Choices()).columns}
    assert kinds == {"kind": "category", "price": "number", "sold": "category", "when": "date"}


def test_every_cell_comes_back() -> None:
    """Numbers, days since 1970, words and missing values can all be read from the vectors."""
    table = encode(FRAME, Choices())
    assert table.values.shape == (3, 9)
    np.testing.assert_array_equal(table.numbers(1), [0.5, np.nan, -3.0])
    np.testing.assert_array_equal(table.numbers(3), [19782.0, np.nan, -1.0])
    words = table.columns[0].words
    assert [words.get(int(code)) for code in table.codes(0)] == ["a", "b", None]


def test_words_agree_between_tables_that_never_met() -> None:
    """A word has one code, wherever it stands, whatever other words there are."""
    one, other = encode(FRAME, Choices()), encode(FRAME.iloc[::-1].assign(kind="b"), Choices())
    assert one.codes(0)[1] == other.codes(0)[0] == code_of("b")


def test_the_order_of_columns_does_not_matter() -> None:
    """Columns are sorted by their names."""
    turned = encode(FRAME[list(reversed(FRAME.columns))], Choices())
    np.testing.assert_array_equal(turned.values, encode(FRAME, Choices()).values)


def test_ten_thousand_words_keep_apart() -> None:
    """Codes have 48 bits, in two halves that float32 holds: words of real tables do not collide."""
    names = [f"word {number}" for number in range(10_000)]
    table = encode(pd.DataFrame({"name": names}), Choices())
    assert len(np.unique(table.codes(0))) == 10_000
    assert any("Nearly every value" in note for note in table.notes)


def test_whole_numbers_that_are_words_read_alike() -> None:
    """A code of 3 is the word 3, also where missing values made it 3.0."""
    said = Choices(kinds={"zip": "category"})
    whole = encode(pd.DataFrame({"zip": [3, 4]}), said)
    pointed = encode(pd.DataFrame({"zip": [3.0, np.nan]}), said)
    assert whole.codes(0)[0] == pointed.codes(0)[0]
    assert pointed.codes(0)[1] == 0


def test_the_mark_tells_tables_apart() -> None:
    """Other names or other kinds give another last number in every row."""
    marks = {
        float(encode(frame, Choices()).values[0, -1])
        for frame in (FRAME, FRAME.rename(columns={"kind": "sort"}), FRAME.assign(kind=1.0))
    }
    assert len(marks) == 3


@pytest.mark.parametrize(
    ("frame", "choices", "said"),
    [
        (pd.DataFrame({"x": [1.0, np.inf]}), Choices(), "infinite"),
        (pd.DataFrame({"x": ["a", "b"]}), Choices(kinds={"x": "number"}), "said to hold numbers"),
        (pd.DataFrame({"x": ["a", "b"]}), Choices(kinds={"x": "date"}), "said to hold dates"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), Choices(), "two columns called 'x'"),
        (pd.DataFrame({"x": [1.0]}), Choices(leave_out=("x",)), "no columns"),
    ],
)
def test_what_cannot_be_encoded_is_named(frame: pd.DataFrame, choices: Choices, said: str) -> None:
    """Each refusal says which column it is about, and what helps."""
    with pytest.raises(LoadError, match=said):
        encode(frame, choices)


def test_an_index_that_was_written_along_is_left_out() -> None:
    """The first column of `to_csv` without a name numbers the rows and says nothing."""
    table = encode(pd.DataFrame({"Unnamed: 0": [0, 1], "x": [5.0, 6.0]}), Choices())
    assert [column.name for column in table.columns] == ["x"]


def test_samples_that_are_no_table_are_not_taken_for_one() -> None:
    """Plain vectors raise `NotAvailable`, so that analyzers of tables are skipped."""
    with pytest.raises(NotAvailable, match="tables"):
        Table.of(SampleSet(np.zeros((3, 5), np.float32), "here", "npy"))
