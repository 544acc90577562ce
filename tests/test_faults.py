"""Whole runs that something befalls: signals, full disks, lost processes, too little memory.

Each is a process of its own that runs the command line; see `bench.faults.server`. What is asked
every time: one clear message, the exit code that stands for it, nothing half-written, nobody left.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.faults.runs import Server, parts, serving
from bench.faults.storm import COMMAND, HEAVY, report, storm
from forking.programs import Program, parent_of, until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")
REPORT = "model.gancheck.json"
NOWHERE = "/proc/gancheck"  # where not even root can make a folder
DISK_BYTES = 1 << 14


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What runs are started from."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def calm(server: Server, inputs: Path) -> dict[str, Any]:
    """The report of a run that nothing befell, without a cache and a work folder."""
    folder = inputs / "calm"
    folder.mkdir()
    assert begin(server, folder, "--no-cache").code() == 0
    return report(folder / REPORT)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[tuple[Path, int | None]]:
    """A folder on a disk of 16 KiB; or any folder, and the length that no file may exceed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        mounted = not subprocess.run(mount, check=False, capture_output=True).returncode
    except FileNotFoundError:
        mounted = False
    yield folder, None if mounted else DISK_BYTES
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def begin(server: Server, place: Path, *arguments: object, **settings: Any) -> Program:
    """Start the small run in a folder, with its cache beside it."""
    known = {"without": HEAVY, "GANCHECK_CACHE_DIR": str(place.parent / "cache"), **settings}
    return server.start(place, *COMMAND, *arguments, **known)


def fails(run: Program, code: int, *words: str) -> None:
    """Check the exit code, the message, and that there is no traceback in it."""
    assert run.code() == code, run.said()
    said = run.said()
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) <= 3
    for word in words:
        assert word in said


def test_too_little_memory_for_a_batch_costs_time_only(
    server: Server, place: Path, calm: dict[str, Any]
) -> None:
    """A generator that can take 64 rows of 300 is asked for less, and the report is equal."""
    run = begin(server, place, "--batch-size", 300, MOST_ROWS="64")

    assert run.code() == 0, run.said()
    assert report(place / REPORT) == calm


def test_too_little_memory_for_one_sample_is_one_message(server: Server, place: Path) -> None:
    """A generator that leaks until a single row is too much ends with exit code 2."""
    run = begin(server, place, MOST_TOTAL="1000")

    fails(run, 2, "not enough memory", "a single sample")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "terminated\n")],
)
def test_a_run_that_is_stopped_says_so_and_the_next_goes_on(
    server: Server,
    place: Path,
    calm: dict[str, Any],
    number: signal.Signals,
    code: int,
    said: str,
) -> None:
    """Stopped while it draws, it leaves whole blocks; they are used, and the report is equal."""
    run = begin(server, place, "--work-dir", "work", SLEEP="0.02")
    until(lambda: len(list(place.rglob("*.block"))) > 5)
    run.send(number)

    assert (run.code(), run.said()) == (code, said)
    assert not (place / REPORT).exists()
    assert not parts(place.parent)
    drawn = {path: path.stat().st_mtime_ns for path in place.rglob("*.block")}
    again = begin(server, place, "--work-dir", "work")
    assert again.code() == 0, again.said()
    assert 5 < len(drawn) < 40
    assert all(path.stat().st_mtime_ns == when for path, when in drawn.items())
    assert report(place / REPORT) == calm


def test_a_full_disk_is_one_message_and_the_old_report_stays(
    server: Server, place: Path, full_disk: tuple[Path, int | None]
) -> None:
    """Where the report does not fit, exit code 2 says why, and what was there is whole."""
    disk, most = full_disk
    target = disk / "report.json"
    target.write_text("gancheck 0.1 old")
    run = begin(server, place, "--json", target, most_bytes=most)

    fails(run, 2, f"cannot write {target}", "No space left" if most is None else "too large")
    assert [path.name for path in disk.iterdir()] == ["report.json"]
    assert target.read_text() == "gancheck 0.1 old"


def test_a_full_cache_is_one_warning(
    server: Server, place: Path, full_disk: tuple[Path, int | None]
) -> None:
    """The run goes on without the cache, and what it prints says so once."""
    disk, most = full_disk
    limits: dict[str, Any] = {"GANCHECK_CACHE_DIR": str(disk)}
    if most is not None:
        limits["most_bytes"] = most
    run = begin(server, place, "--no-json", **limits)

    assert run.code() == 0, run.said()
    assert " ".join(run.stdout.read_text().split()).count("could not be kept in") == 1
    assert not parts(disk)


def test_a_full_work_folder_stops_the_run(
    server: Server, place: Path, full_disk: tuple[Path, int | None]
) -> None:
    """Samples that cannot be kept where that was asked for end the run; it can go on from them."""
    disk, most = full_disk
    if most is not None:
        (disk / "work").touch()  # no file is long enough to fill anything
    run = begin(server, place, "--work-dir", disk / "work")

    fails(run, 2, "samples cannot be written" if most is None else "--work-dir")
    assert not parts(disk)
    assert not (place / REPORT).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--json", f"{NOWHERE}/report.json"), ("cannot write", NOWHERE)),
        (("--work-dir", NOWHERE), ("--work-dir", NOWHERE)),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_one_message(
    server: Server, place: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """Whether for reports or for samples, it is refused with exit code 2."""
    fails(begin(server, place, *arguments), 2, *words)
    assert list(place.iterdir()) == []


def test_a_cache_that_cannot_be_made_is_one_warning(
    server: Server, place: Path, calm: dict[str, Any]
) -> None:
    """Without a place to keep things the run is as ever, but for a sentence."""
    run = begin(server, place, GANCHECK_CACHE_DIR=NOWHERE)

    assert run.code() == 0, run.said()
    found = report(place / REPORT)
    assert len(found["warnings"]) == len(calm["warnings"]) + 1
    assert found["scores"] == calm["scores"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_behind_stdout_is_one_message(server: Server, place: Path) -> None:
    """What is printed is a result too: when it cannot be, the run has failed."""
    for form in (("--json", "-"), ()):
        fails(begin(server, place, *form, stdout=Path("/dev/full")), 2, "No space left on device")


def test_what_a_full_disk_takes_half_of_is_no_success(server: Server, place: Path) -> None:
    """JSON that stdout has room for the beginning of ends in exit code 2, also unbuffered."""
    run = begin(server, place, "--json", "-", most_bytes=3000, stdout=place / "half")

    fails(run, 2, "File too large")


def test_a_killed_map_costs_the_map_only(server: Server, place: Path) -> None:
    """The process that draws the map is killed: the run ends well, with a plainer map."""
    run = _with_a_map(server, place)
    child = until(run.children)[0]
    os.kill(child, signal.SIGKILL)

    assert run.code() == 0, run.said()
    shown = report(place / "cloud.gancheck.json")["exhibits"]
    assert any("was killed" in str(exhibit) for exhibit in shown)
    assert "Traceback" not in run.said()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_run(server: Server, place: Path, number: signal.Signals) -> None:
    """The process that draws the map goes with its parent, however that ends, and says nothing."""
    run = _with_a_map(server, place)
    child = until(run.children)[0]
    if number == signal.SIGINT:
        run.interrupt()
    else:
        run.send(number)

    assert run.code() == (130 if number == signal.SIGINT else -signal.SIGKILL)
    until(lambda: parent_of(child) is None)
    assert run.said() == ("interrupted\n" if number == signal.SIGINT else "")
    assert not list(place.iterdir())


def test_a_killed_generator_ends_the_run(server: Server, place: Path) -> None:
    """The child that a generator is isolated in is killed: exit code 2, and nothing is left."""
    (place / "tmp").mkdir()
    run = begin(
        *(server, place, "--isolate", "--samples", 20_000, "--batch-size", 1),
        *("--work-dir", "work"),
        TMPDIR=str(place / "tmp"),
    )
    until(lambda: len(list(place.rglob("*.block"))) > 5)
    for child in run.children():
        os.kill(child, signal.SIGKILL)

    fails(run, 2, "the child process that ran", "was killed")
    assert not parts(place)
    assert sorted(path.name for path in place.iterdir()) == ["tmp", "work"]
    assert list((place / "tmp").iterdir()) == []


def test_killed_runs_do_no_harm(server: Server, tmp_path: Path) -> None:
    """Runs killed at random moments leave nothing that the next one trips over."""
    found = storm(server, tmp_path, kills=4)

    assert found.killed > 0
    assert found.same
    assert found.left == 0
    assert "Traceback" not in found.said


def _with_a_map(server: Server, place: Path) -> Program:
    """Start a run on samples of five dimensions, whose map is drawn by a process."""
    points = np.random.default_rng(0).normal(size=(600, 5)).astype(np.float32)
    path = place.parent / "cloud.npz"
    np.savez(path, samples=points)
    return server.start(
        place,
        *("diagnose", path, "-r", path, "--samples", 200, "--no-html", "--no-cache", "-q"),
        without=HEAVY,
    )
