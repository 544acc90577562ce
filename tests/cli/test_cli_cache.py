"""``gancheck cache`` as users type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gancheck.cli.application import application
from gancheck.errors import ExitCode

KEY = "a" * 64
APP = application(["cache", "explain"])
Run = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds a reference of 2 KiB, and something of the user's."""
    folder = tmp_path / "cache" / "references"
    folder.mkdir(parents=True)
    (folder / f"{KEY}.gcref").write_bytes(bytes(2048))
    (folder / "mine.gcref").write_text("mine")
    monkeypatch.setenv("GANCHECK_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run(*arguments: str) -> Result:
    """Run ``gancheck cache``."""
    return CliRunner().invoke(APP, ["cache", *arguments])


@pytest.mark.parametrize("arguments", [(), ("info",)])
def test_info_says_where_how_much_and_how_old(place: Path, arguments: tuple[str, ...]) -> None:
    """One line for the folder and one for each kind; nothing is removed."""
    result = run(*arguments)

    assert result.exit_code == ExitCode.OK
    where, references, features, traces = result.stdout.splitlines()
    assert where == str(place)
    assert references.startswith("  references   1 file     2 KiB of at most 2.0 GiB")
    assert "oldest used 20" in references
    assert features.split()[:3] == ["features", "0", "files"]
    assert traces.split()[:3] == ["traces", "0", "files"]
    assert len(list((place / "references").iterdir())) == 2


def test_clear_says_what_was_removed_and_keeps_the_rest(place: Path) -> None:
    """What gancheck wrote goes, what it did not stays, and a second time there is nothing."""
    result = run("clear")

    assert result.exit_code == ExitCode.OK
    assert "references   1 file removed, 2 KiB" in result.stdout
    assert [path.name for path in (place / "references").iterdir()] == ["mine.gcref"]
    assert "references   0 files removed" in run("clear").stdout


def test_json_holds_the_same(place: Path) -> None:
    """Scripts get folder, files, bytes, limit and the oldest use, and nothing else on stdout."""
    shown = json.loads(run("info", "--json").stdout)

    assert (shown["schema"], shown["folder"], shown["removed"]) == (1, str(place), False)
    known = shown["kinds"]["references"]
    assert known["folder"] == str(place / "references")
    assert (known["files"], known["bytes"], known["limit_bytes"]) == (1, 2048, 2 * 2**30)
    assert known["oldest_used"].endswith("+00:00")
    assert shown["kinds"]["features"]["oldest_used"] is None
    cleared = json.loads(run("clear", "--json").stdout)
    assert (cleared["removed"], cleared["kinds"]["references"]["files"]) == (True, 1)


def test_a_cache_that_is_not_there_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking does not make the folder; neither does clearing it."""
    monkeypatch.setenv("GANCHECK_CACHE_DIR", str(tmp_path / "none"))
    for action in ("info", "clear"):
        result = run(action)
        assert result.exit_code == ExitCode.OK
        assert "references   0 files" in result.stdout
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_removed_is_one_message(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is named, with exit code 2."""

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    result = run("clear")

    assert result.exit_code == ExitCode.COULD_NOT_RUN
    assert f"{KEY}.gcref: Permission denied" in result.stderr
    assert "Traceback" not in result.stderr


def test_another_word_is_refused(place: Path) -> None:
    """A mistyped action removes nothing."""
    result = run("clean")

    assert result.exit_code == ExitCode.COULD_NOT_RUN
    assert "clear" in result.stderr
    assert len(list((place / "references").iterdir())) == 2
