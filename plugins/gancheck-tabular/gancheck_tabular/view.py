"""Mixed columns as one space in which every column weighs the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from gancheck.api import EMBEDDERS, LoadError, Material, ShapeError

from gancheck_tabular.encoding import Table, mark_of
from gancheck_tabular.kinds import TableColumn
from gancheck_tabular.loader import VIEW
from gancheck_tabular.weights import NumberWeights, Weights, WordWeights

if TYPE_CHECKING:
    from gancheck.api import AnyArray, FloatArray

_ENOUGH = 30
_FORMAT = "gancheck-tabular view 1"


@EMBEDDERS.register(VIEW)
@dataclass(frozen=True)
class Tabular:
    """Compares rows of a table, column by column: numbers by their ranks, words by being equal.

    A number becomes the normal score of its rank, so that heavy tails and values that many rows
    share do not drown the rest. A word becomes one coordinate of its own. Every column is scaled
    such that two random real rows differ in it by 2 in the mean square, as in Gower's coefficient
    (1971); the weights of multiple correspondence analysis (Pages 2004) would let columns with
    many words, and rare words in them, outweigh all others. Missing is a value of its own. A word
    that was not seen lies as far away as it is unlikely to meet one, after Good and Turing (1953).
    """

    argument: ClassVar[str] = ""

    def prepare(self, material: Material) -> TabularView:
        """Rank the numbers and count the words of the independent part.

        Raises:
            ShapeError: The samples are not rows of a table, or there are too few to learn from.
        """
        columns = tuple(one for one in material.samples.columns if isinstance(one, TableColumn))
        if not columns:
            raise ShapeError(
                "embedder 'tabular' looks at tables, and these samples are not rows of one",
                "Give CSV or Parquet files, or leave out --embedder.",
            )
        source = Table(material.to_learn_from(VIEW, _ENOUGH), columns)
        return TabularView(
            columns,
            tuple(
                WordWeights.fit(source.codes(place))
                if column.kind == "category"
                else NumberWeights.fit(source.numbers(place))
                for place, column in enumerate(columns)
            ),
        )

    def restore(self, content: bytes, device: str) -> TabularView:
        """Read what `TabularView.to_bytes` wrote; it runs on the CPU whatever the device.

        Raises:
            LoadError: The content is damaged.
        """
        return TabularView.from_bytes(content)


@dataclass(frozen=True, eq=False)
class TabularView:
    """A fitted view: columns, and how each is weighed."""

    columns: tuple[TableColumn, ...]
    weights: tuple[Weights, ...]

    @property
    def name(self) -> str:
        """Name, and number of columns of each sort."""
        words = sum(column.kind == "category" for column in self.columns)
        return f"{VIEW} ({len(self.columns) - words} of numbers, {words} of categories)"

    @cached_property
    def sha256(self) -> str:
        """Hash of columns and weights."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def __call__(self, values: AnyArray) -> FloatArray:
        """Embed encoded rows (n, 2 c + 1) to (n, dim) float32.

        Raises:
            ShapeError: They are rows of another table.
        """
        self._require_rows(np.asarray(values))
        table = Table(values, self.columns)
        return np.hstack(
            [
                weights(table.codes(place))
                if isinstance(weights, WordWeights)
                else weights(table.numbers(place))
                for place, weights in enumerate(self.weights)
            ]
        ).astype(np.float32)

    def _require_rows(self, values: AnyArray) -> None:
        fits = values.ndim == 2 and values.shape[1] == 2 * len(self.columns) + 1
        if fits and bool((values[:, -1] == mark_of(self.columns)).all()):
            return
        named = ", ".join(f"{column.name} ({column.kind})" for column in self.columns)
        raise ShapeError(
            f"the view was made for a table with other columns: {named}",
            "Give tables with the same columns, with values of one kind in each.",
        )

    def to_bytes(self) -> bytes:
        """Write columns and weights as JSON; equal views give equal bytes."""
        said = {
            "format": _FORMAT,
            "columns": [[column.name, column.kind] for column in self.columns],
            "weights": [weights.to_json() for weights in self.weights],
        }
        return json.dumps(said, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> TabularView:
        """Read what `to_bytes` wrote.

        Raises:
            LoadError: The content is damaged.
        """
        try:
            said = json.loads(content)
            if said["format"] != _FORMAT:
                raise LoadError("a stored view 'tabular' is of another version", "Prepare it anew.")
            columns = tuple(TableColumn(name, kind) for name, kind in said["columns"])
            weights = tuple(
                WordWeights.from_json(one)
                if column.kind == "category"
                else NumberWeights.from_json(one)
                for column, one in zip(columns, said["weights"], strict=True)
            )
        except (ValueError, KeyError, TypeError) as error:
            raise LoadError("a stored view 'tabular' is damaged", "Prepare it anew.") from error
        return cls(columns, weights)
