"""Stored reports for tests of the command line, written by hand: no run is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gancheck.types import Diagnosis, Finding, Interval, Score, Severity, Subject, Tails, Verdict

SETTINGS = {
    "samples": 1000,
    "compared": 1000,
    "seed": 0,
    "embedder": "pixels",
    "embedder_sha256": "e" * 64,
    "strict_embedder": "pixels",
    "strict_embedder_sha256": "e" * 64,
    "reference": "real.npz",
    "reference_sha256": "a" * 64,
    "command": "gancheck diagnose G.pt --reference real.npz",
}


def diagnosis(diversity: float = 0.9, **settings: Any) -> Diagnosis:
    """Return a report of a generator with a diversity known to about 0.03."""
    return Diagnosis(
        subject=Subject("G.pt", "torchscript", "ab", (8,), "normal", None, "vector", (2,)),
        verdict=Verdict.HEALTHY,
        summary=("No sign of collapse.",),
        conditions=(),
        scores={"diversity": _score(diversity)},
        modes=(),
        cuts=(),
        findings=(
            Finding("modes.missing", "modes", Severity.OK, "every mode is drawn", value=0.0),
        ),
        exhibits=(),
        skipped=(),
        settings={**SETTINGS, **settings},
        versions={"gancheck": "0.1.0"},
        timings={"total": 1.0},
        created="2026-01-02T03:04:05+00:00",
    )


def _score(value: float) -> Score:
    two, narrow, wide = (Interval(value - half, value + half) for half in (0.02, 0.017, 0.024))
    return Score(
        "diversity", value, *two, ceiling=0.98, n=1000, k=5, view="pixels",
        tails=Tails(narrow, wide),
    )  # fmt: skip


def write_report(path: Path, diversity: float = 0.9, **settings: Any) -> Path:
    """Write such a report as a file."""
    path.write_text(json.dumps(diagnosis(diversity, **settings).to_dict()), encoding="utf-8")
    return path
