"""What rank 0 runs in tests, instead of gancheck: each prints one line of JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import numpy as np

from gancheck.crew import current
from gancheck.errors import ShapeError


def _told(facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def described(shared: str, part: int) -> tuple[str, int, int, int]:
    """Return what was sent, which process this is, and how large its own crew is."""
    return shared, part, os.getpid(), current().size


def roll_call() -> None:
    """Every rank tells its name; twice, and with fewer parts than ranks."""
    everybody = list(range(current().size))
    _told([current().run(described, "all", everybody), current().run(described, "one", [7])])


def failing(shared: str, part: int) -> int:
    """Fail on rank 1 in one of several ways."""
    if part != 1:
        return part
    if shared == "shape":
        raise ShapeError("two things differ", "make them agree")
    if shared == "memory":
        raise MemoryError
    if shared == "cuda":
        raise RuntimeError("CUDA out of memory")
    raise KeyError("a bug")


def failures() -> None:
    """Tasks that fail on rank 1; the crew goes on."""
    found: list[Any] = [_failed(kind) for kind in ("shape", "memory", "cuda", "bug")]
    _told([*found, current().run(failing, "shape", [0, 5, 2])])


def _failed(kind: str) -> list[Any]:
    try:
        return current().run(failing, kind, [0, 1, 2])
    except Exception as error:
        return [type(error).__name__, str(error), getattr(error, "hint", None)]


def asleep(shared: float, part: int) -> int:
    """Sleep; rank 1 says before where it is."""
    if part:
        _told({"asleep": os.getpid()})
        time.sleep(shared)
    return part


def waits() -> None:
    """Rank 1 works for a long time."""
    current().run(asleep, 60.0, [0, 1])


def ends_early() -> None:
    """The program ends with a code of its own."""
    raise SystemExit(7)


def searches() -> None:
    """Large and small searches by all ranks, beside those of one process."""
    from gancheck import neighbors
    from gancheck.crew import Alone, working_with
    from gancheck.measures.prdc import compare

    rng = np.random.default_rng(0)
    points = rng.normal(size=(701, 5)).astype(np.float32)
    others = rng.normal(size=(403, 5)).astype(np.float32)
    points[10], points[650], others[3] = points[600], points[0], points[5]
    radii = rng.uniform(0, 2, len(points))

    def found() -> dict[str, list[Any]]:
        own = neighbors.nearest(points, points, 4, exclude_self=True)
        cross = neighbors.nearest(others, points, 3)
        ways = neighbors.nearest_both_ways(others, points, (2, 3))
        blocks = neighbors.nearest_in_blocks(others, (points[:300], points[300:]), 3)
        compared = compare(points, others, 5)
        return {
            "own": [own.distances, own.indices],
            "cross": [cross.distances, cross.indices],
            "ways": [part for one in ways for part in (one.distances, one.indices)],
            "blocks": [blocks.distances, blocks.indices],
            "pairs": list(neighbors.count_pairs(others, points, 1.0)),
            "own pairs": list(neighbors.count_pairs(points, points, radii, exclude_self=True)),
            "few": [neighbors.nearest(others[:2], others[:2], 1, exclude_self=True).indices],
            "prdc": [part for mean in compared.means.values() for part in (mean.each, mean.se)],
        }

    shared = found()
    with working_with(Alone()):
        alone = found()
    _told({name: _farthest(shared[name], alone[name]) for name in alone})


def _farthest(left: list[Any], right: list[Any]) -> float:
    return max(float(np.abs(np.asarray(a) - b).max()) for a, b in zip(left, right, strict=True))


def other_weights() -> None:
    """Rank 0 has a generator in mind that is not in the file."""
    import dataclasses
    from pathlib import Path

    from gancheck.loaders import LoadOptions
    from gancheck.loaders.again import Again
    from gancheck.samplers.batches import Sampler
    from gancheck.types import Generator

    options = LoadOptions(arch="../network.py:Slow", latent_dim=4, latent_law="normal")
    opener = Again(Path("../model.pt"), options)

    class Other:
        """The same network under another hash."""

        def __init__(self, inner: Generator) -> None:
            self.inner, self.spec = inner, dataclasses.replace(inner.spec, sha256="0" * 64)

        def __call__(self, latents: Any, labels: Any = None) -> Any:
            """Run the network."""
            return self.inner(latents, labels)

    Sampler(Other(opener("cpu")), batch_size=20, opener=opener).draw(200, 0)
