"""A short run of the fuzzer in each format; ``make fuzz`` is the long one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.runner import Worker, run
from fuzz.seeds import FORMATS, Format, mutants

COUNT = 40


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A process that reads damaged files."""
    started = Worker()
    yield started
    started.close()


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_are_read_or_refused(name: str, worker: Worker, tmp_path: Path) -> None:
    """No damage ends in a traceback, a crash, a long wait or a lot of memory."""
    kind = FORMATS[name]
    count = max(10, round(COUNT * kind.share))
    tally = run(kind, mutants(kind, tmp_path, count, seed=1), tmp_path, worker)
    assert not tally.findings
    assert tally.outcomes.total() == count
    assert tally.outcomes["refused"]


def test_a_crash_is_a_finding(worker: Worker, tmp_path: Path) -> None:
    """Code that brings its process down, or raises what it should not, does not go unnoticed."""
    (tmp_path / "odd.py").write_text(
        "import ctypes\n"
        "def crash():\n    ctypes.string_at(0)\n"
        "def leave():\n    raise SystemExit(3)\n"
    )
    healthy = next(mutants(FORMATS["safetensors"], tmp_path, 1, seed=0))
    original = (tmp_path / "g.safetensors").read_bytes()
    for maker, outcome in (("crash", "crash"), ("leave", "traceback")):
        kind = Format((), options={"arch": f"{tmp_path / 'odd.py'}:{maker}"})
        tally = run(kind, [(healthy[0], original)], tmp_path, worker)
        assert tally.outcomes == {outcome: 1}
        assert tally.findings[0].path.exists()
