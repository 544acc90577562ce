"""The nouns of gancheck: frozen dataclasses and a few small protocols, no I/O.

Shapes are written ``(n, d)`` for vectors and ``(n, c, h, w)`` for images. Images live on the
0..255 scale everywhere after loading: as uint8 in a `SampleSet`, as float where rounding would
hide what is being measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gancheck.types.evidence import (
    Copy,
    Cut,
    Diagnosis,
    Evidence,
    Exhibit,
    Finding,
    Mode,
    Rate,
    Replicates,
    Score,
    Skipped,
    Tails,
)
from gancheck.types.subjects import (
    Column,
    Concern,
    Embedding,
    Features,
    Generator,
    GeneratorSpec,
    SampleSet,
    Subject,
)
from gancheck.types.traces import Best, Checkpoint, Judged, Trace, Turn, TurnKind, Visit
from gancheck.types.words import (
    JSON,
    SCHEMA_VERSION,
    Condition,
    CopyKind,
    CutKind,
    Interval,
    ModeStatus,
    OutputKind,
    Severity,
    Verdict,
)

if TYPE_CHECKING:
    from gancheck.types.words import AnyArray, FloatArray, IntArray

__all__ = [
    "JSON",
    "SCHEMA_VERSION",
    "AnyArray",
    "Best",
    "Checkpoint",
    "Column",
    "Concern",
    "Condition",
    "Copy",
    "CopyKind",
    "Cut",
    "CutKind",
    "Diagnosis",
    "Embedding",
    "Evidence",
    "Exhibit",
    "Features",
    "Finding",
    "FloatArray",
    "Generator",
    "GeneratorSpec",
    "IntArray",
    "Interval",
    "Judged",
    "Mode",
    "ModeStatus",
    "OutputKind",
    "Rate",
    "Replicates",
    "SampleSet",
    "Score",
    "Severity",
    "Skipped",
    "Subject",
    "Tails",
    "Trace",
    "Turn",
    "TurnKind",
    "Verdict",
    "Visit",
]
