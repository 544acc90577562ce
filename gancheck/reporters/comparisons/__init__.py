"""Two subjects against each other, on a terminal and as JSON."""

from __future__ import annotations

from gancheck.reporters.comparisons.terminal import print_comparison, print_ruling
from gancheck.reporters.comparisons.text import as_json

__all__ = ["as_json", "print_comparison", "print_ruling"]
