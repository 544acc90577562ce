"""Where reports may be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_diagnosis import inconclusive

from gancheck.errors import OutputError
from gancheck.reporters import REPORTERS
from gancheck.reporters.writing import is_report, write


@pytest.mark.parametrize("name", ["html", "json", "terminal"])
def test_own_reports_are_replaced(name: str, tmp_path: Path) -> None:
    """Running twice needs no flag, whatever the form."""
    path = tmp_path / "report"
    write(REPORTERS.get(name).render(inconclusive()), path, force=False)
    assert is_report(path)
    write("gancheck 9.9  again", path, force=False)
    assert path.read_text("utf-8") == "gancheck 9.9  again"


@pytest.mark.parametrize(
    "content",
    [
        b"my notes",
        b'{"schema": 1, "verdict": "guilty"}',
        b'{"schema": 1, "verdict": "guilty", "versions": {"court": 2}}',
        b"[1, 2]",
        b"<!doctype html><title>gancheck</title>",
        b"gancheck is what I want to try",
        b"\x89PNG\xff\xfe",
    ],
)
def test_foreign_files_are_kept(content: bytes, tmp_path: Path) -> None:
    """Anything else stays as it is, and the message names the flag; the flag replaces it."""
    path = tmp_path / "report.html"
    path.write_bytes(content)
    with pytest.raises(OutputError) as caught:
        write("new", path, force=False)
    assert "--force" in str(caught.value.hint)
    assert path.read_bytes() == content
    write("new", path, force=True)
    assert path.read_text("utf-8") == "new"


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    """Files that are no text go the same way."""
    write(b"\x00\xff\r\n", tmp_path / "binary", force=False)
    assert (tmp_path / "binary").read_bytes() == b"\x00\xff\r\n"


def test_empty_files_hold_nothing_to_lose(tmp_path: Path) -> None:
    """A file made by mktemp can be filled."""
    path = tmp_path / "empty"
    path.touch()
    write("new", path, force=False)
    assert path.read_text("utf-8") == "new"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    """A report may be asked for in a folder that is not there yet."""
    write("new", tmp_path / "a" / "b" / "report.json", force=False)
    assert (tmp_path / "a" / "b" / "report.json").read_text("utf-8") == "new"


def test_folders_and_impossible_paths_are_refused_in_words(tmp_path: Path) -> None:
    """A folder, or a path through a file, ends in a message and not in a traceback."""
    with pytest.raises(OutputError, match="is a folder"):
        write("new", tmp_path, force=True)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        write("new", tmp_path / "file" / "report.json", force=True)


def test_interrupted_write_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last step fails, the old report is whole and nothing half-written lies about."""
    path = tmp_path / "report.txt"
    path.write_text("gancheck 0.1 old", "utf-8")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutputError, match="No space left on device"):
        write("new", path, force=False)
    assert path.read_text("utf-8") == "gancheck 0.1 old"
    assert [item.name for item in tmp_path.iterdir()] == ["report.txt"]


def test_what_a_killed_run_left_half_written_is_removed(tmp_path: Path) -> None:
    """The next run of the same report clears up after it, and leaves other files alone."""
    (tmp_path / ".report.json.1234-ab.part").write_text('{"half": ')
    (tmp_path / ".other.json.1234-ab.part").write_text("{}")
    write("new", tmp_path / "report.json", force=False)
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.json",
        ".other.json.1234-ab.part",
    }


def test_links_are_followed(tmp_path: Path) -> None:
    """A report behind a link is replaced, the link stays."""
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.touch()
    link.symlink_to(target)
    write("new", link, force=False)
    assert link.is_symlink()
    assert target.read_text("utf-8") == "new"


def test_names_that_are_no_text_can_be_written(tmp_path: Path) -> None:
    """A file name with undecodable bytes does not keep the report from being written."""
    path = tmp_path / "report.json"
    write('{"path": "\udc80"}', path, force=False)
    assert path.read_text("utf-8") == '{"path": "\\udc80"}'
