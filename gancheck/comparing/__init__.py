"""Two subjects against each other: what the second lost and gained, and whether it is better."""

from __future__ import annotations

from gancheck.comparing.nouns import (
    Comparison,
    Look,
    ModeChange,
    Pairing,
    Power,
    Ruling,
    ScoreChange,
    Side,
)
from gancheck.comparing.running import compare, compare_reports

__all__ = [
    "Comparison",
    "Look",
    "ModeChange",
    "Pairing",
    "Power",
    "Ruling",
    "ScoreChange",
    "Side",
    "compare",
    "compare_reports",
]
