"""The spiral's two trainings, saved every few steps by their own trainer, and traced."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from gancheck import LoadOptions, Settings
from gancheck.tracing import Tracer
from gancheck.tracing.steps import find

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "spiral"
RUNS = (("collapsed", 10, None), ("better", 1000, None))


def spiral() -> Iterator[str]:
    """Train both, and say what is found: a quarter of an hour for the second."""
    for name, every, steps in RUNS:
        with TemporaryDirectory() as folder:
            train(name, every, Path(folder), steps)
            tracer = traced(Path(folder) / "checkpoints" / name)
            trace = tracer.trace()
            yield f"spiral, {name}: {len(trace.checkpoints)} checkpoints, {trace.verdict.value}"
            yield from (f"  {one.severity.name} {one.title}" for one in trace.findings)
            places = " ".join(visit.label.removeprefix("cluster ") for visit in trace.visits)
            yield f"  visited: {places or 'nothing'}"


def train(name: str, every: int, folder: Path, steps: int | None = None) -> None:
    """Run the example's trainer, saving every so many steps."""
    more = [] if steps is None else ["--steps", str(steps)]
    command = [sys.executable, "-W", "ignore", str(EXAMPLES / "train.py"), "--only", name]
    save = ["--save-every", str(every), "--out", str(folder), *more]
    subprocess.run([*command, *save], check=True, stdout=subprocess.DEVNULL)


def traced(folder: Path, samples: int = 2000) -> Tracer:
    """Trace the generators of a folder."""
    settings = Settings(
        samples=samples, cache=False, map="none", load=LoadOptions(latent_law="uniform")
    )
    tracer = Tracer(EXAMPLES / "spiral_reference.npz", settings)
    for one in find([str(folder / "generator_*.pt")]):
        tracer.add(one.path, one.step)
    return tracer
