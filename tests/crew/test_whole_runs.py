"""Whole runs by several ranks: the report of one process, and one clear end whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.faults.runs import parts
from bench.faults.storm import COMMAND, HEAVY, report
from crew.ranks import Server, free_port
from forking.programs import TESTS, until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--master-port")
SMALL = (
    *("diagnose", "tiny.pt", "-r", "tiny.npz", "--samples", 400, "--batch-size", 50),
    *("--embedder", "pixels", "--map", "none", "--no-html", "-q", "--no-cache"),
)


class Tiny(torch.nn.Module):
    """Blobs of 8x8 pixels, some places of which are never used."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = torch.nn.Linear(6, 32)
        self.outside = torch.nn.Linear(32, 64)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Map (n, 6) to (n, 1, 8, 8)."""
        return torch.tanh(self.outside(torch.relu(self.inside(latents)))).view(-1, 1, 8, 8)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a generator of small images, and real ones."""
    folder = tmp_path_factory.mktemp("images")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(Tiny().eval(), torch.zeros(2, 6))  # type: ignore[no-untyped-call]
    traced.save(str(folder / "tiny.pt"))
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (750, 1, 8, 8)) * (rng.random((750, 1, 1, 8)) < 0.5)
    np.savez(folder / "tiny.npz", samples=values.astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def alone(ranks: Server, images: Path) -> dict[str, Any]:
    """The report of one process."""
    (one,) = ranks.start(1, images, *SMALL, "--json", "one.json")
    assert one.code() == 0, one.said()
    return report(images / "one.json")


@pytest.fixture(scope="module")
def in_small_batches(ranks: Server, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The report of one process that embeds in batches as small as those that ranks share."""
    log = tmp_path_factory.mktemp("log") / "tasks"
    (one,) = ranks.start(1, images, *SMALL, "--json", "batches.json", TASKS_TO=str(log))
    assert one.code() == 0, one.said()
    return report(images / "batches.json")


def differences(left: Any, right: Any, where: str = "") -> Iterator[str]:
    """Name what differs between two reports by more than 1e-5."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted({*left, *right}):
            yield from differences(left.get(name), right.get(name), f"{where}.{name}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, (one, two) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, two, f"{where}[{number}]")
    elif isinstance(left, float) and isinstance(right, float):
        if not abs(left - right) <= 1e-5 * max(1.0, abs(left)):
            yield f"{where}: {left} and {right}"
    elif left != right:
        yield f"{where}: {left!r} and {right!r}"


def ranks_of(found: dict[str, Any]) -> int | None:
    """Take the number of ranks out of a report."""
    settings: dict[str, int | None] = found["settings"]
    return settings.pop("ranks", None)


@pytest.mark.parametrize("size", [2, 4])
def test_ranks_find_what_one_process_finds(
    ranks: Server, images: Path, in_small_batches: dict[str, Any], size: int, tmp_path: Path
) -> None:
    """Drawing, embedding and every search are shared, and each number is the same."""
    log = tmp_path / "tasks"
    crew = ranks.start(size, images, *SMALL, "--json", f"{size}.json", TASKS_TO=str(log))
    codes = [rank.code() for rank in crew]
    found = report(images / f"{size}.json")

    assert codes == [0] * size
    assert "".join(rank.said() for rank in crew[1:]) == ""
    assert ranks_of(found) == size
    assert list(differences(in_small_batches, found)) == []
    counted = log.read_text().splitlines()
    for task in ("draw_share", "embed_share", "_own_share", "_exact_share"):
        assert f"{task} {size}" in counted


def test_torchrun_starts_ranks(images: Path, alone: dict[str, Any]) -> None:
    """The command as users type it: exit code 0, one report on stdout, the same numbers."""
    done = torchrun(images, 2, *SMALL, "--json", "torchrun.json")
    found = report(images / "torchrun.json")

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("COLLAPSED") == 1
    assert ranks_of(found) == 2
    assert list(differences(alone, found)) == []


def test_torchrun_ends_all_when_one_is_killed(images: Path, tmp_path: Path) -> None:
    """Rank 1 kills itself in the middle: rank 0 says who is gone and ends with exit code 2."""
    code = tmp_path / "code.py"
    code.write_text(
        "import os, signal, runpy, sys\n"
        "from gancheck.samplers import sharing\n"
        "if os.environ['RANK'] == '1':\n"
        "    sharing.Sampler.pieces = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv[0] = 'gancheck'\n"
        "runpy.run_module('gancheck', run_name='__main__', alter_sys=True)\n"
    )
    done = torchrun(images, 2, *SMALL, "--json", tmp_path / "torn.json", script=code)

    assert done.returncode == 1, done.stderr  # torchrun's own
    assert "error: rank 1 (process " in done.stderr
    assert "exitcode  : 2 " in done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["code.py"]


def torchrun(
    folder: Path, size: int, *arguments: object, script: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``torchrun --nproc-per-node SIZE -m gancheck ARGUMENTS``."""
    run = ["-m", "gancheck"] if script is None else [str(script)]
    given = [str(one) for one in arguments]
    return subprocess.run(
        [*TORCHRUN, str(free_port()), "--nproc-per-node", str(size), *run, *given],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_rank_that_is_killed_leaves_nothing_behind(ranks: Server, place: Path) -> None:
    """Killed while samples are drawn: exit code 2, whole blocks only, nobody left; then resumed."""
    command = (*COMMAND, "--work-dir", "work")
    cache = str(place.parent / "cache")
    crew = ranks.start(3, place, *command, without=HEAVY, SLEEP="0.02", GANCHECK_CACHE_DIR=cache)
    until(lambda: len(list(place.rglob("*.block"))) > 5)
    crew[1].send(signal.SIGKILL)

    assert crew[0].code() == 2
    assert crew[0].said().startswith("error: rank 1")
    assert len(crew[0].said().splitlines()) == 2
    assert crew[2].code() in (0, 2)
    assert not parts(place.parent)
    assert [path.name for path in place.iterdir()] == ["work"]
    drawn = list(place.rglob("*.block"))
    again = ranks.start(3, place, *command, without=HEAVY, GANCHECK_CACHE_DIR=cache)
    assert [rank.code() for rank in again] == [0] * 3, again[0].said()
    assert 5 < len(drawn) < 40
    assert len(list(place.rglob("*.block"))) == 40


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "terminated\n")],
)
def test_rank_0_that_is_stopped_takes_all_with_it(
    ranks: Server, place: Path, number: signal.Signals, code: int, said: str
) -> None:
    """Stopped by whoever started it: its own code and message, and nothing from the others."""
    crew = ranks.start(2, place, *COMMAND, "--work-dir", "work", without=HEAVY, SLEEP="0.02")
    until(lambda: len(list(place.rglob("*.block"))) > 5)
    crew[0].send(number)

    assert (crew[0].code(), crew[0].said()) == (code, said)
    assert (crew[1].code(), crew[1].said()) == (0, "")


def test_too_little_memory_on_a_rank_costs_time_only(ranks: Server, place: Path) -> None:
    """A generator that takes 64 rows of 200 is asked for less, by every rank for itself."""
    reports: list[dict[str, Any]] = []
    for size, most in ((1, "1000"), (2, "64")):
        made = place / f"{size}.json"
        crew = ranks.start(
            *(size, place, *COMMAND, "--batch-size", 200, "--no-cache", "--json", made),
            without=HEAVY,
            MOST_ROWS=most,
        )
        assert [rank.code() for rank in crew] == [0] * size, crew[0].said()
        reports.append(report(made))

    assert ranks_of(reports[1]) == 2
    assert list(differences(reports[0], reports[1])) == []


def test_another_file_on_another_machine_is_told(ranks: Server, place: Path) -> None:
    """A rank that reads other weights than rank 0 ends the run, and is named."""
    crew = ranks.start(2, place, program="other_weights")

    assert crew[0].code() == 2
    assert "rank 1 read another generator than rank 0" in crew[0].said()
    assert crew[1].code() == 0


def test_nobody_comes(ranks: Server, tmp_path: Path) -> None:
    """Variables of a crew that is not there: one message after the time that was given."""
    (first,) = ranks.start(2, tmp_path, "--version", missing=1, GANCHECK_RANK_TIMEOUT="0.5")

    assert first.code() == 2
    assert "rank 0 of 2 waited 0.5 seconds for the others at 127.0.0.1:" in first.said()
    assert "Traceback" not in first.said()


def test_a_time_that_is_none_is_refused(ranks: Server, tmp_path: Path) -> None:
    """A typing error in the variable is one message."""
    (first,) = ranks.start(2, tmp_path, "--version", missing=1, GANCHECK_RANK_TIMEOUT="soon")

    assert first.code() == 2
    assert first.said() == "error: GANCHECK_RANK_TIMEOUT='soon' is not a number of seconds\n"


def test_the_console_script_is_alone(tmp_path: Path) -> None:
    """A training script that hands its variables on gets an ordinary gancheck."""
    variables = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "gancheck"), "--version"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert done.stdout.startswith("gancheck ")


@pytest.mark.parametrize(
    ("arguments", "code"), [(("--help",), 0), (("diagnose", "absent.pt"), 2), (("nonsense",), 2)]
)
def test_what_ends_at_once_ends_all(
    ranks: Server, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    """Help and errors are told once, by rank 0."""
    crew = ranks.start(2, tmp_path, *arguments)

    assert [rank.code() for rank in crew] == [code, 0]
    assert crew[1].said() + crew[1].printed() == ""
