"""Reads tables from CSV and Parquet files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gancheck.api import LOADERS, LoadError, LoadOptions, SampleSet, Sniffed, UsageError, hash_file

from gancheck_tabular.encoding import MISSING, Table, encode
from gancheck_tabular.kinds import Choices

if TYPE_CHECKING:
    import pandas as pd
    from gancheck.api import IntArray

VIEW = "tabular"
FORMAT = "table"
MOST_LABELS = 200
_PARQUET = b"PAR1"
_SUFFIXES = (".csv", ".tsv")
_SEPARATORS = ",;\t|"
_STREAM = 31


@dataclasses.dataclass(frozen=True)
class TableLoader:
    """Reads a table: each row is a sample.

    Parquet is recognised by its content, CSV by the ending of its name. Pickles are never read: a
    synthesizer that was saved as one is sampled in Python, with `gancheck_tabular.diagnose`.
    """

    name = FORMAT

    def recognises(self, sniffed: Sniffed) -> bool:
        """Tell whether it is Parquet, or text that is called CSV."""
        if sniffed.head.startswith(_PARQUET):
            return True
        named = sniffed.path.suffix.lower() in _SUFFIXES
        return named and sniffed.kind in ("text", "unknown")

    def load(self, path: Path, options: LoadOptions) -> SampleSet:
        """Read the rows, a seeded random subset where there are more than asked for.

        Raises:
            LoadError: It is damaged, or lacks something only the user can supply.
            UsageError: The label of ``columns.json`` is not a column.
        """
        frame = _read(path)
        choices, said = Choices.beside(path)
        notes = (f"What {said} says of the columns was followed.",) if said else ()
        found = sample_set(frame, choices, str(path), hash_file(path), options.samples_only)
        found = dataclasses.replace(found, notes=(*found.notes, *notes))
        if options.limit is None or options.limit >= len(found):
            return found
        rng = np.random.default_rng([options.seed, _STREAM])
        return found.take(np.sort(rng.permutation(len(found))[: options.limit]))


LOADERS.register(FORMAT)(TableLoader())


def sample_set(
    frame: pd.DataFrame, choices: Choices, origin: str, sha256: str, labelled: bool
) -> SampleSet:
    """Turn a table into samples that name their columns and the view that suits them.

    Args:
        frame: One row for each sample.
        choices: What the user says about columns.
        origin: Where it came from, for people.
        sha256: Hash of the file; the kinds of the columns are hashed along.
        labelled: Whether the label column makes modes: a reference's does. A sample's label is
            what it was asked for, and nobody asked a synthesizer.

    Raises:
        LoadError: It cannot be encoded.
        UsageError: The label is not a column.
    """
    table = encode(frame, choices)
    labels: IntArray | None = None
    names: tuple[str, ...] = ()
    if labelled and choices.label is not None:
        labels, names = _labels(table, choices.label)
    return SampleSet(
        values=table.values,
        origin=origin,
        format=FORMAT,
        labels=labels,
        label_names=names,
        sha256=_hashed(sha256, table, choices),
        notes=table.notes,
        columns=table.columns,
        view=VIEW,
    )


def _labels(table: Table, label: str) -> tuple[IntArray, tuple[str, ...]]:
    """Number the words of a column, (n,) int64, and name them."""
    names_there = [column.name for column in table.columns]
    if label not in names_there:
        raise UsageError(
            f"the label {label!r} is no column that is looked at",
            f"These are: {', '.join(names_there)}.",
        )
    place = names_there.index(label)
    column = table.columns[place]
    if column.kind == "category":
        named = {0: MISSING, **column.words}
        values, numbers = np.unique(table.codes(place), return_inverse=True)
        names = tuple(named[int(value)] for value in values)
    else:
        values, numbers = np.unique(table.numbers(place), return_inverse=True)
        names = tuple(MISSING if np.isnan(value) else f"{value:g}" for value in values)
    if len(names) > MOST_LABELS:
        raise LoadError(
            f"the label {label!r} has {len(names):,} values, where {MOST_LABELS} are the most",
            "Choose a column with fewer, or none: gancheck then finds clusters.",
        )
    return np.asarray(numbers, dtype=np.int64).reshape(-1), names


def _hashed(sha256: str, table: Table, choices: Choices) -> str:
    """Hash content and kinds together: the same file read in another way is another input."""
    import hashlib

    said = f"{sha256}\0{table.mark}\0{choices.label}"
    return hashlib.sha256(said.encode()).hexdigest()


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        with path.open("rb") as stream:
            head = stream.read(len(_PARQUET))
        if head == _PARQUET:
            return pd.read_parquet(path)
        return pd.read_csv(path, sep=_separator(path), low_memory=False)
    except ImportError as error:
        raise LoadError(
            f"{path} is a Parquet file, and reading those needs pyarrow",
            'Install it with pip install "gancheck-tabular[parquet]".',
        ) from error
    except UnicodeDecodeError as error:
        raise LoadError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from error
    except (ValueError, OSError) as error:  # pandas' and pyarrow's own errors are ValueErrors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(f"{path} cannot be read as a table: {reason}") from error


def _separator(path: Path) -> str:
    """Choose what the first line has most of."""
    with path.open(encoding="utf-8") as stream:
        first = stream.readline()
    return max(_SEPARATORS, key=first.count)
