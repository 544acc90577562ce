"""Repeats a comparison and sums up what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.accuracy.cases import stream
from bench.accuracy.run import save
from bench.null.laws import Law
from gancheck import Diagnosis, Settings, diagnose
from gancheck.types import Severity

KINDS = ("same law", "three of ten modes dropped")


@dataclass(frozen=True)
class Outcome:
    """What one run said.

    Attributes:
        truth: The overlap of both laws.
        value: The diversity.
        low: Lower end of its interval.
        high: Upper end of its interval.
        verdict: The verdict.
        flagged: Analyzers with a finding of WARN or FAIL.
    """

    truth: float
    value: float
    low: float
    high: float
    verdict: str
    flagged: frozenset[str]

    @classmethod
    def of(cls, diagnosis: Diagnosis, truth: float) -> Outcome:
        """Keep what is counted of a diagnosis."""
        score = diagnosis.scores["diversity"]
        flagged = {one.analyzer for one in diagnosis.findings if one.severity >= Severity.WARN}
        return cls(
            truth, score.value, score.low, score.high, diagnosis.verdict.value, frozenset(flagged)
        )


@dataclass(frozen=True)
class Summary:
    """Many runs of one comparison.

    Attributes:
        law: Name of the real data.
        kind: ``same law``, or what was dropped.
        runs: How many.
        truth: Mean overlap of the laws.
        mean: Mean diversity.
        sd: Its standard deviation over runs.
        half_width: Mean half width of its interval.
        covered: Share of the intervals that hold the truth.
        flagged: Share of the runs in which each analyzer warned or failed.
        verdicts: How often each verdict was given.
    """

    law: str
    kind: str
    runs: int
    truth: float
    mean: float
    sd: float
    half_width: float
    covered: float
    flagged: Mapping[str, float]
    verdicts: Mapping[str, int]

    @classmethod
    def of(cls, law: str, kind: str, outcomes: Sequence[Outcome]) -> Summary:
        """Sum up at least one run."""
        values = np.array([one.value for one in outcomes])
        held = [one.low <= one.truth <= one.high for one in outcomes]
        flags = Counter(name for one in outcomes for name in one.flagged)
        return cls(
            law=law,
            kind=kind,
            runs=len(outcomes),
            truth=float(np.mean([one.truth for one in outcomes])),
            mean=float(values.mean()),
            sd=float(values.std(ddof=1)) if len(values) > 1 else 0.0,
            half_width=float(np.mean([(one.high - one.low) / 2 for one in outcomes])),
            covered=float(np.mean(held)),
            flagged={name: flags[name] / len(outcomes) for name in sorted(flags)},
            verdicts=dict(Counter(one.verdict for one in outcomes).most_common()),
        )


def outcomes(law: Law, kind: str, runs: int, seed: int) -> Iterator[Outcome]:
    """Compare fresh pairs of a law, each in files as a user would."""
    with TemporaryDirectory() as folder:
        reference, samples = Path(folder) / "reference.npz", Path(folder) / "samples.npz"
        for run in range(runs):
            pair = law.draw(stream(seed, law.name, kind, str(run)), kind != KINDS[0])
            save(reference, pair.reference)
            save(samples, pair.samples)
            settings = Settings(len(pair.samples), seed + run, law.view)
            yield Outcome.of(diagnose(samples, reference, settings), pair.truth)


def summaries(
    laws: Sequence[Law], runs: int, seed: int, tell: Callable[[str], None]
) -> Iterator[Summary]:
    """Repeat every comparison of every law."""
    for law in laws:
        for kind in KINDS:
            tell(f"{law.name}: {kind}, {runs} runs")
            yield Summary.of(law.name, kind, list(outcomes(law, kind, runs, seed)))
