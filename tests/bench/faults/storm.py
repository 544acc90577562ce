"""Runs killed at random moments, and the one after them."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.faults.runs import Server, parts

HEAVY = ("cuts", "sensitivity", "distance", "duplicates", "memorization")
"""Analyzers that take seconds and write nothing."""
SAMPLES = 800
NETWORK = """
import os, time
import torch

class Slow(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inside = torch.nn.Linear(4, 16)
        self.outside = torch.nn.Linear(16, 2)
        self.rows = 0

    def forward(self, z):
        most, total = (int(os.environ.get(name, "1000000")) for name in ("MOST_ROWS", "MOST_TOTAL"))
        self.rows += len(z)
        if len(z) > most or self.rows > total:
            raise torch.OutOfMemoryError("DefaultCPUAllocator: can't allocate memory")
        time.sleep(float(os.environ.get("SLEEP", "0")))
        # Row by row: a product of matrices may round a batch of another size differently.
        rows = [self.outside(torch.relu(self.inside(row[None]))) for row in z]
        return torch.cat(rows)
"""
"""A small network that can be made slow, and short of memory."""
COMMAND = (
    *("diagnose", "../model.pt", "--arch", "../network.py:Slow", "--latent-dim", "4"),
    *("--latent-law", "normal", "-r", "../real.npz", "--samples", str(SAMPLES)),
    *("--batch-size", "20", "--map", "none", "--no-html", "-q"),
)
"""A small run on them, in a folder beside them."""
_CHANGING = ("timings", "created")


@dataclass(frozen=True)
class Damage:
    """What became of some runs that were killed.

    Attributes:
        killed: Runs that were killed before their end.
        finished: Runs that came to their end first.
        same: Whether the run after them wrote the report of a run that nothing befell.
        blocks: Blocks of samples that lay there before that run.
        parts: Half-written files that lay there before that run.
        left: Half-written files that lay there after it.
        said: What that run wrote to stderr.
    """

    killed: int
    finished: int
    same: bool
    blocks: int
    parts: int
    left: int
    said: str


def storm(server: Server, folder: Path, kills: int, seed: int = 0) -> Damage:
    """Kill runs with a cache, a work folder and reports, then let one finish.

    Moments of death are spread evenly over the time that a run takes; each run finds what those
    before it left.

    Args:
        server: What starts the runs.
        folder: An empty folder.
        kills: Runs to kill.
        seed: Seed of the moments.
    """
    make_inputs(folder)
    start = time.perf_counter()
    wanted, _ = _finish(server, folder, "calm")
    lasts = time.perf_counter() - start
    place, rng = folder / "storm", random.Random(seed)
    place.mkdir()
    codes = []
    for number in range(kills):
        if number % 4 == 3:  # else a full cache and all blocks leave nothing to be torn
            shutil.rmtree(place / "cache", ignore_errors=True)
            shutil.rmtree(place / "work", ignore_errors=True)
        run = _start(server, folder, "storm")
        time.sleep(lasts * (number + rng.random()) / kills)
        run.send(signal.SIGKILL)
        codes.append(run.code())
    before, blocks = parts(place), list(place.rglob("*.block"))
    found, said = _finish(server, folder, "storm")
    return Damage(
        killed=codes.count(-signal.SIGKILL),
        finished=codes.count(0),
        same=found == wanted,
        blocks=len(blocks),
        parts=len(before),
        left=len(parts(place)),
        said=said,
    )


def make_inputs(folder: Path) -> None:
    """Write weights, the code of their network, and points of a ring."""
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * rng.integers(0, 8, 1200) / 8
    points = np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.05, (1200, 2))
    np.savez(folder / "real.npz", samples=points.astype(np.float32))
    torch.manual_seed(0)
    layers = {"inside": torch.nn.Linear(4, 16), "outside": torch.nn.Linear(16, 2)}
    torch.save(torch.nn.ModuleDict(layers).state_dict(), folder / "model.pt")
    (folder / "network.py").write_text(NETWORK)


def report(path: Path) -> dict[str, Any]:
    """Read a report without what differs between equal runs."""
    found = json.loads(path.read_text())
    kept = {name: value for name, value in found.items() if name not in _CHANGING}
    kept["settings"] = {
        name: value
        for name, value in kept["settings"].items()
        if name not in ("batch_size", "command", "outputs")
    }
    return kept


def _start(server: Server, folder: Path, name: str) -> Any:
    place = folder / name
    place.mkdir(exist_ok=True)
    cache = str(place / "cache")
    return server.start(
        place, *COMMAND, "--work-dir", "work", without=HEAVY, GANCHECK_CACHE_DIR=cache, SLEEP="0.01"
    )


def _finish(server: Server, folder: Path, name: str) -> tuple[dict[str, Any], str]:
    run = _start(server, folder, name)
    code = run.code()
    if code:
        raise RuntimeError(f"the run after the killed ones ended with {code}: {run.said()}")
    return report(folder / name / "model.gancheck.json"), run.said()
