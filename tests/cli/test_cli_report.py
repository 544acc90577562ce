"""``gancheck report`` as users type it: pages again, side by side, sizes, refusals."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from gancheck.cli import app

Report = Callable[..., Result]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Diagnose a small set of images once: ``set.gancheck.json`` and its page."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 200, 8, 8), dtype=np.uint8)
    for name, values in zip(("set.npz", "real.npz"), images, strict=True):
        np.savez(folder / name, images=values)
    arguments = [
        *("diagnose", folder / "set.npz", "-r", folder / "real.npz", "--embedder", "pixels"),
        *("--no-cache", "--map", "none", "-q"),
        *("--html", folder / "set.gancheck.html", "--json", folder / "set.gancheck.json"),
    ]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def report(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Run ``gancheck report`` in a folder that holds only the stored report."""
    monkeypatch.chdir(tmp_path)
    Path("set.gancheck.json").write_bytes((run / "set.gancheck.json").read_bytes())

    def invoke(*arguments: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, ["report", *map(str, arguments)], input=stdin)

    return invoke


def edited(**changed: Any) -> str:
    """Write the stored report again with other values at its top, as ``other.json``."""
    contract = json.loads(Path("set.gancheck.json").read_text(encoding="utf-8"))
    Path("other.json").write_text(json.dumps({**contract, **changed}), encoding="utf-8")
    return "other.json"


def pictured(count: int) -> dict[str, Any]:
    """Return a grid of pictures of noise, which nothing makes smaller."""
    rng = np.random.default_rng(0)
    tiles = []
    for _ in range(count):
        content = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(content, "PNG")
        uri = f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
        tiles.append({"image": uri, "caption": ""})
    payload = {"tiles": tiles, "role": "samples"}
    return {"kind": "grid", "title": "Noise", "caption": "", "payload": payload}


def fails(result: Result, *words: str) -> None:
    """Check for exit 2 and one short message without traceback that holds the words."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2
    for word in words:
        assert word in result.stderr


def test_the_page_comes_out_as_it_was(report: Report, run: Path) -> None:
    """From the JSON alone the page is written again, byte for byte, and its place is printed."""
    result = report("set.gancheck.json")

    assert result.exit_code == 0, result.output
    assert Path("set.gancheck.html").read_bytes() == (run / "set.gancheck.html").read_bytes()
    assert "set.gancheck.html (" in result.stdout
    assert "diversity" in result.stdout
    assert result.stderr == ""


def test_terminal_prints_the_whole_report_and_writes_nothing(report: Report) -> None:
    """``--terminal`` shows checks and scores; a page comes only when it is asked for."""
    result = report("set.gancheck.json", "--terminal")

    assert "coverage.diversity" in result.stdout
    assert [path.name for path in Path().iterdir()] == ["set.gancheck.json"]
    assert report("set.gancheck.json", "-t", "--html", "x.html").exit_code == 0
    assert Path("x.html").exists()


def test_dashes_are_stdin_and_stdout(report: Report) -> None:
    """A report can be piped through: stdout is the page and nothing else."""
    whole = Path("set.gancheck.json").read_bytes()
    piped = report("-", "--html", "-", stdin=whole)
    report("set.gancheck.json")

    assert piped.stdout_bytes == Path("set.gancheck.html").read_bytes()


def test_several_reports_make_one_page_and_a_table(report: Report) -> None:
    """The same run twice is the same in every number, and both are on the page."""
    result = report("set.gancheck.json", edited(created="later"))

    assert result.exit_code == 0, result.output
    assert "The same in all runs: diversity" in " ".join(result.stdout.split())
    page = Path("side-by-side.gancheck.html").read_text(encoding="utf-8")
    assert "2 runs side by side" in page
    assert "A: samples" in page
    assert "B: samples" in page


def test_six_reports_are_the_most(report: Report) -> None:
    """More than fit beside each other are refused before anything is written."""
    fails(report(*["set.gancheck.json"] * 7), "2 to 6")
    assert not Path("side-by-side.gancheck.html").exists()


def test_foreign_files_and_the_report_itself_are_not_overwritten(report: Report) -> None:
    """Neither somebody's file nor the JSON that is being read is replaced."""
    Path("set.gancheck.html").write_text("mine")

    fails(report("set.gancheck.json"), "--force")
    assert Path("set.gancheck.html").read_text() == "mine"
    assert report("set.gancheck.json", "--force").exit_code == 0
    fails(report("set.gancheck.json", "--html", "set.gancheck.json"), "--html")
    Path("page").write_bytes(Path("set.gancheck.json").read_bytes())
    Path("page.html").write_bytes(Path("set.gancheck.json").read_bytes())
    fails(report("page.html", "--html", "./page.html", "--force"), "page.html")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"remember the milk", "not JSON"),
        (b"", "empty"),
        (b"[" * 100_000, "nested"),
        (b'{"schema": 9, "versions": {}}', "schema 9"),
        (b'{"schema": 1, "versions": {}, "x": 1e999}', "too large"),
        (b"\xff\xfe\x00", "odd.json"),
    ],
)
def test_what_is_no_report_is_exit_2(report: Report, content: bytes, word: str) -> None:
    """One message, no traceback, nothing written."""
    Path("odd.json").write_bytes(content)

    fails(report("odd.json"), "odd.json", word)
    assert not Path("odd.html").exists()


def test_a_missing_report_and_no_report_are_exit_2(report: Report) -> None:
    """The path is named; without any path the usage is shown."""
    fails(report("nowhere.json"), "nowhere.json", "does not exist")
    assert report().exit_code == 2


def test_keys_of_a_newer_version_are_said_to_be_left_out(report: Report) -> None:
    """The page is written all the same, and stderr names what it lacks."""
    result = report(edited(mood="bad"))

    assert result.exit_code == 0
    assert "note:" in result.stderr
    assert "mood" in result.stderr


def test_a_large_page_is_reduced_and_it_is_said(report: Report) -> None:
    """Beyond the budget pictures go first; the page stays below it and stderr says what went."""
    name = edited(exhibits=[pictured(60)])
    result = report(name, "--max-report-size", "900K")

    assert result.exit_code == 0, result.output
    assert Path("other.html").stat().st_size <= 900_000
    assert "reduced to fit 900 kB" in result.stderr
    assert "at most 32 pictures in a grid" in result.stderr
    page = Path("other.html").read_text(encoding="utf-8")
    assert "Reduced to keep the page small" in page
    assert "without its pictures" in page


@pytest.mark.parametrize("size", ["much", "0", "-1M", "6 apples", "9999999G"])
def test_a_budget_that_is_no_size_is_refused(report: Report, size: str) -> None:
    """The message shows how a size is written."""
    fails(report("set.gancheck.json", f"--max-report-size={size}"), "--max-report-size", "6M")


def test_a_budget_too_small_for_any_page_names_the_least(report: Report) -> None:
    """An impossible budget is exit 2, with what would do; the old page stays."""
    result = report("set.gancheck.json", "--max-report-size", "2K")

    assert result.exit_code == 2
    least = result.stderr.split("--max-report-size ")[1].split()[0]
    assert not Path("set.gancheck.html").exists()
    assert report("set.gancheck.json", "--max-report-size", least).exit_code == 0


def test_a_damaged_picture_does_not_take_the_page_with_it(report: Report) -> None:
    """Data that cannot be drawn leave their words on the page."""
    odd = {"kind": "grid", "title": "Odd grid", "caption": "", "payload": {"tiles": [7]}}
    result = report(edited(exhibits=[odd]))

    assert result.exit_code == 0, result.output
    assert "Odd grid" in Path("other.html").read_text(encoding="utf-8")


def test_hostile_words_neither_run_nor_steer(report: Report) -> None:
    """Markup of a report shows as text, and escape sequences do not reach the terminal."""
    evil = "<script>alert(1)</script>\x1b]0;title\x07\x1b[2J"
    scores = {"diversity": {"name": evil, "value": 0.5, "low": 0.4, "high": None}}
    changed = edited(summary=[evil], warnings=[evil], scores=scores)
    result = report(changed, "-t", "--html", "x.html")
    assert result.exit_code == 0, result.output
    page = Path("x.html").read_text(encoding="utf-8")

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout


def test_the_message_of_a_refusal_does_not_steer_either(report: Report) -> None:
    """A file name with an escape sequence in it is named without it."""
    result = report("\x1b[2J.json")

    assert result.exit_code == 2
    assert "\x1b" not in result.stderr


def test_rendering_again_needs_no_torch(report: Report) -> None:
    """Neither the model nor the library that would run it is touched."""
    code = (
        "import sys\nfrom gancheck.cli import main\n"
        "sys.argv = ['gancheck', 'report', 'set.gancheck.json', '-t', '--html', 'x.html']\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        "print([m for m in ('torch', 'umap', 'sklearn', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
    assert Path("x.html").exists()
