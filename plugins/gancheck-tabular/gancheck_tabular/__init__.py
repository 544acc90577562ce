"""Tables for gancheck: CSV and Parquet samples, synthesizers, and what goes wrong with them.

Importing this package registers its loader, its view and its analyzers with gancheck. It imports
neither pandas nor torch; both are loaded when a table is first read.
"""

from __future__ import annotations

from gancheck_tabular.diagnosing import diagnose, drawn, to_samples
from gancheck_tabular.duplicated import TableRows
from gancheck_tabular.kinds import Choices, TableColumn
from gancheck_tabular.loader import TableLoader
from gancheck_tabular.marginals import TableColumns
from gancheck_tabular.pairwise import TablePairs
from gancheck_tabular.vanished import TableCategories
from gancheck_tabular.view import Tabular

__all__ = [
    "Choices",
    "TableCategories",
    "TableColumn",
    "TableColumns",
    "TableLoader",
    "TablePairs",
    "TableRows",
    "Tabular",
    "diagnose",
    "drawn",
    "to_samples",
]
