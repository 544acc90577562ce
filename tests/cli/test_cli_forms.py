"""One more report in the form that a path asks for, from a run or from a stored report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from example_diagnosis import collapsed
from typer.testing import CliRunner, Result

from gancheck.cli import app
from gancheck.cli.forms import Wanted, wanted
from gancheck.errors import UsageError
from gancheck.reporters import REPORTERS
from gancheck.types import Diagnosis


@dataclass(frozen=True)
class Words:
    """A form of a plugin."""

    name: str = "words"
    suffix: str = ".words"

    def render(self, diagnosis: Diagnosis) -> str:
        """Return the verdict."""
        return f"{diagnosis.verdict.value}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stored report, and a form of a plugin."""
    (tmp_path / "a.json").write_text(json.dumps(collapsed().to_dict()), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    REPORTERS.discover()
    monkeypatch.setitem(REPORTERS._items, "words", Words())
    return tmp_path


def report(*arguments: str) -> Result:
    """Run ``gancheck report``."""
    return CliRunner().invoke(app, ["report", *arguments])


@pytest.mark.parametrize(
    ("text", "form", "target"),
    [
        ("x.words", "words", "x.words"),
        ("x.txt", "terminal", "x.txt"),
        ("folder/x.html", "html", "folder/x.html"),
        ("words:x.txt", "words", "x.txt"),
        ("words:-", "words", "-"),
        ("c:x.json", "json", "c:x.json"),
    ],
)
def test_the_suffix_or_a_name_says_the_form(
    folder: Path, text: str, form: str, target: str
) -> None:
    """What stands before a colon is a form only if there is one of that name."""
    assert wanted(text) == Wanted(REPORTERS.get(form), target)


def test_what_no_form_is_for_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown suffix lists the forms; a suffix of two asks which."""
    with pytest.raises(UsageError, match="no form has that suffix") as caught:
        wanted("x.docx")
    assert "words (.words)" in (caught.value.hint or "")
    monkeypatch.setitem(REPORTERS._items, "others", Words("others"))
    with pytest.raises(UsageError, match="others and words") as caught:
        wanted("x.words")
    assert caught.value.hint == "Say which: --output others:x.words."


def test_a_stored_report_takes_the_form(folder: Path) -> None:
    """Only that file is written, unless a page is asked for as well; stdout works, too."""
    result = report("a.json", "-o", "x.words")
    assert result.exit_code == 0, result.output
    assert (folder / "x.words").read_text(encoding="utf-8") == "collapsed\n"
    assert {path.name for path in folder.iterdir()} == {"a.json", "x.words"}

    assert report("a.json", "-o", "words:-").stdout == "collapsed\n"
    assert report("a.json", "-o", "x.txt", "--html", "x.html").exit_code == 0
    assert (folder / "x.html").exists()
    assert "COLLAPSED" in (folder / "x.txt").read_text(encoding="utf-8").upper()


def test_foreign_files_are_kept(folder: Path) -> None:
    """A file that gancheck did not write is replaced with --force only."""
    (folder / "x.words").write_text("mine", encoding="utf-8")
    refused = report("a.json", "-o", "x.words")
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert report("a.json", "-o", "x.words", "--force").exit_code == 0


def test_the_form_is_for_one_report(folder: Path) -> None:
    """Several reports have one page, and no other form."""
    result = report("a.json", "a.json", "-o", "x.words")
    assert result.exit_code == 2
    assert "--output is for one report" in result.stderr


def test_two_reports_of_a_run_cannot_go_to_one_place(folder: Path) -> None:
    """Refused before anything is run."""
    run = ["diagnose", "a.json", "--no-html", "--json", "x.json", "-o", "x.json"]
    result = CliRunner().invoke(app, run)
    assert result.exit_code == 2
    assert "--json and --output both go to x.json" in result.stderr
