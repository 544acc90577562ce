"""Reports made by hand: what gates are held against in tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gancheck.types import (
    Condition,
    Diagnosis,
    Finding,
    Interval,
    Mode,
    Replicates,
    Score,
    Severity,
    Skipped,
    Subject,
    Tails,
    Verdict,
)

Z95, Z975, Z99 = 1.6448536, 1.9599640, 2.3263479
SETTINGS: Mapping[str, Any] = {
    "samples": 10_000,
    "compared": 10_000,
    "seed": 0,
    "embedder": "fitted",
    "embedder_sha256": "e" * 64,
    "strict_embedder": "pixels",
    "strict_embedder_sha256": "5" * 64,
    "reference": "reference.gcref",
    "reference_sha256": "a" * 64,
    "command": "gancheck gate G.pt --reference reference.gcref",
}


def score(value: float, se: float = 0.01, name: str = "diversity", **fields: Any) -> Score:
    """Make a score with normal bounds at every confidence."""

    def around(z: float) -> Interval:
        return Interval(value - z * se, value + z * se)

    made = Score(name, value, *around(Z975), ceiling=0.97, n=10_000, k=5, view="fitted")
    return replace(made, tails=Tails(around(Z95), around(Z99)), **fields)


def without_tails(value: float, low: float, high: float, name: str = "diversity") -> Score:
    """Make a score that only has its two-sided 95% interval."""
    return Score(name, value, low, high, n=10_000)


def paired(value: float, first: Sequence[float], second: Sequence[float]) -> Score:
    """Make a score that was computed from both halves of its rows."""
    return replace(score(value), replicates=Replicates(tuple(first), tuple(second)))


def finding(name: str = "modes.missing", value: float | None = 0.0, **fields: Any) -> Finding:
    """Make a finding that all is well."""
    plain = Finding(name, name.partition(".")[0], Severity.OK, "every mode is drawn", value=value)
    return replace(plain, **fields)


def report(
    scores: Iterable[Score] = (),
    findings: Iterable[Finding] = (),
    *,
    verdict: Verdict = Verdict.HEALTHY,
    conditions: Iterable[Condition] = (),
    skipped: Iterable[Skipped] = (),
    settings: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Diagnosis:
    """Make a report of 10,000 samples against as many."""
    plain = Diagnosis(
        subject=Subject("G.pt", "torchscript", "ab", (64,), "normal", None, "image", (1, 28, 28)),
        verdict=verdict,
        summary=("No sign of collapse.",),
        conditions=tuple(conditions),
        scores={one.name: one for one in scores},
        modes=(),
        cuts=(),
        findings=tuple(findings),
        exhibits=(),
        skipped=tuple(skipped),
        settings={**SETTINGS, **(settings or {})},
        versions={"gancheck": "0.1.0"},
        timings={"sample": 1.5, "total": 2.5},
        created="2026-03-14T15:09:26+00:00",
    )
    return replace(plain, **fields)


def lost_mode(label: str, share: float = 0.1, at: int = 0) -> Mode:
    """Make a mode that is never drawn."""
    return Mode(at, label, share, 0.0, 0.0, 0.0001, "missing")
