"""Files of tables, and what stands beside them."""

from __future__ import annotations

import json
from pathlib import Path

import gancheck
import numpy as np
import pandas as pd
import pytest
from gancheck.api import LOADERS, LoadError, LoadOptions, SampleSet, UsageError, sniff

from gancheck_tabular import TableLoader

ROWS = pd.DataFrame({"x": [1.0, 2.0, np.nan, 4.0], "word": ["a", "b", "a", None]})


def read(path: Path, *, reference: bool = False) -> SampleSet:
    """Read a table as gancheck does."""
    found = gancheck.load(path, LoadOptions(samples_only=reference))
    assert isinstance(found, SampleSet)
    return found


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_whatever_separates_it(tmp_path: Path, separator: str) -> None:
    """Comma, semicolon and tab give the same rows, which name the view that suits them."""
    path = tmp_path / "rows.csv"
    ROWS.to_csv(path, index=False, sep=separator)
    found = read(path)
    assert found.view == "tabular"
    assert [column.name for column in found.columns] == ["word", "x"]
    np.testing.assert_array_equal(found.values[:, 1], [1, 2, 0, 4])


def test_parquet_is_known_by_its_content(tmp_path: Path) -> None:
    """A Parquet file under any name gives the vectors of the same table as CSV."""
    ROWS.to_parquet(tmp_path / "rows.bin")
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    np.testing.assert_array_equal(
        read(tmp_path / "rows.bin").values, read(tmp_path / "rows.csv").values
    )


def test_other_text_is_left_to_others(tmp_path: Path) -> None:
    """A text file that is not called CSV is no table."""
    (tmp_path / "notes.txt").write_text("a,b\n1,2\n")
    assert not TableLoader().recognises(sniff(tmp_path / "notes.txt"))


def test_the_loader_comes_from_this_package() -> None:
    """Gancheck finds it through the entry point."""
    assert LOADERS.origin("table").distribution == "gancheck-tabular"


def test_no_more_rows_than_asked_for(tmp_path: Path) -> None:
    """A limit keeps a seeded random subset, in the order of the file."""
    path = tmp_path / "rows.csv"
    pd.DataFrame({"x": range(100)}).to_csv(path, index=False)
    few = gancheck.load(path, LoadOptions(limit=10, seed=3))
    again = gancheck.load(path, LoadOptions(limit=10, seed=3))
    assert isinstance(few, SampleSet)
    assert isinstance(again, SampleSet)
    assert len(few) == 10
    assert (np.diff(few.values[:, 0]) > 0).all()
    np.testing.assert_array_equal(few.values, again.values)


def test_what_is_said_beside_the_table_is_followed(tmp_path: Path) -> None:
    """`columns.json` sets kinds, leaves columns out, and makes the modes of a reference."""
    ROWS.assign(id=[7, 8, 9, 10]).to_csv(tmp_path / "rows.csv", index=False)
    said = {"label": "word", "leave_out": ["id"], "kinds": {"x": "category"}}
    (tmp_path / "columns.json").write_text(json.dumps(said))
    known = read(tmp_path / "rows.csv", reference=True)
    assert [(column.name, column.kind) for column in known.columns] == [
        ("word", "category"),
        ("x", "category"),
    ]
    assert known.labels is not None
    assert [known.label_names[label] for label in known.labels] == ["a", "b", "a", "(missing)"]
    assert read(tmp_path / "rows.csv").labels is None


@pytest.mark.parametrize(
    "said", ["{", '{"colour": 1}', '{"kinds": {"x": "colour"}}', '{"label": 3}']
)
def test_a_damaged_sidecar_is_refused(tmp_path: Path, said: str) -> None:
    """What cannot be understood is an error with an example, never ignored."""
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "rows.csv.columns.json").write_text(said)
    with pytest.raises((LoadError, UsageError), match="Write it like"):
        read(tmp_path / "rows.csv")


def test_a_label_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A reference without the label column cannot have its modes."""
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "columns.json").write_text('{"label": "species"}')
    with pytest.raises(UsageError, match="'species' is no column"):
        read(tmp_path / "rows.csv", reference=True)


def test_text_that_is_no_table_is_an_error_of_one_line(tmp_path: Path) -> None:
    """Ragged rows and bytes that are no text are refused with the reason."""
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3,4\n")
    (tmp_path / "latin.csv").write_bytes("größe\n1\n".encode("latin-1"))
    with pytest.raises(LoadError, match="cannot be read as a table"):
        read(tmp_path / "ragged.csv")
    with pytest.raises(LoadError, match="UTF-8"):
        read(tmp_path / "latin.csv")
