"""Several diagnoses beside each other: what differs, and what of it can be compared."""

from __future__ import annotations

from gancheck.reporters.side_by_side.comparison import Comparison, build

__all__ = ["Comparison", "build"]
