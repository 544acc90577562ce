"""Analyzers measure one kind of disease each; one file each, looked up by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from gancheck.registry import Registry
from gancheck.study import Study
from gancheck.types import Evidence


@runtime_checkable
class Analyzer(Protocol):
    """A frozen dataclass: its fields are its settings, its docstring is its documentation."""

    @property
    def name(self) -> str:
        """Name in the CLI, the JSON and the docs."""

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Measure, and yield what was found.

        Raises:
            NotAvailable: The study lacks something this analyzer needs.
        """


ANALYZERS: Registry[type[Analyzer]] = Registry("analyzer", "gancheck.analyzers")

__all__ = ["ANALYZERS", "Analyzer"]
