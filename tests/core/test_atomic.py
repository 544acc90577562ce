"""Files appear whole or not at all, and nothing half-written stays."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gancheck.atomic import PART, begin, parts_of, sweep, write_whole

WRITER = """
import os, signal, sys, time
from pathlib import Path
from gancheck.atomic import begin
file, part = begin(Path(sys.argv[1]))
file.write(b"half")
file.flush()
print(part, flush=True)
sys.stdin.read()
"""


@contextmanager
def shorter_files(most: int) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has begun to write ``report``, and goes on until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "report")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.parametrize("sync", [True, False])
def test_a_file_is_replaced(tmp_path: Path, sync: bool) -> None:
    """The new content is there, alone, readable for whom the umask lets."""
    path = tmp_path / "report"
    for content in (b"old", b"new"):
        write_whole(path, content, sync=sync)
        assert path.read_bytes() == content
    assert [item.name for item in tmp_path.iterdir()] == ["report"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """What does not fit is not there at all: the system's own error, and the old content."""
    path = tmp_path / "report"
    write_whole(path, b"old")
    with shorter_files(1000), pytest.raises(OSError, match="too large") as caught:
        write_whole(path, bytes(5000))
    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["report"]


def test_a_folder_in_the_way_is_an_error(tmp_path: Path) -> None:
    """What cannot be replaced stays, and the part goes."""
    (tmp_path / "report").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "report", b"new")
    assert [item.name for item in tmp_path.iterdir()] == ["report"]


def test_what_is_being_written_is_not_swept_away(
    tmp_path: Path, writer: subprocess.Popen[str]
) -> None:
    """A part stays while its writer lives, and goes when that was killed."""
    sweep(parts_of(tmp_path / "report"))
    assert [item.suffix for item in tmp_path.iterdir()] == [PART]
    writer.kill()
    writer.wait()
    sweep(parts_of(tmp_path / "report"))
    assert list(tmp_path.iterdir()) == []


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    """Each has a part of its own; the last one wins, whole."""
    path = tmp_path / "report"
    (one, first), (two, second) = begin(path), begin(path)
    for file, content in ((one, b"one"), (two, b"two")):
        with file:
            file.write(content)
    assert first != second
    first.replace(path)
    second.replace(path)
    assert path.read_bytes() == b"two"


def test_only_parts_of_the_file_are_swept_away(tmp_path: Path) -> None:
    """Other dead parts, links, folders and foreign files stay."""
    kept = {".other.1.part", ".report.txt", "report.part", ".report.link.part", ".report.dir.part"}
    for name in (".report.1-ab.part", ".other.1.part", ".report.txt", "report.part"):
        (tmp_path / name).touch()
    (tmp_path / ".report.link.part").symlink_to(tmp_path / "report.part")
    (tmp_path / ".report.dir.part").mkdir()
    sweep(parts_of(tmp_path / "report"))
    assert {item.name for item in tmp_path.iterdir()} == kept
    assert list(parts_of(tmp_path / "nowhere" / "report")) == []
