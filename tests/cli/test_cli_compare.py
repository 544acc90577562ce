"""``gancheck compare`` as users type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stored_reports import write_report
from typer.testing import CliRunner, Result

from gancheck.cli import app

Compare = Callable[..., Result]


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Run ``gancheck compare`` in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, ["compare", *map(str, arguments)], input=stdin)

    return invoke


def squares(name: str, seed: int, corners: int = 4, n: int = 300) -> str:
    """Write samples around some corners of a square."""
    rng = np.random.default_rng(seed)
    own = rng.integers(corners, size=n)
    points = 4 * np.stack([own % 2, own // 2], axis=1) + 0.3 * rng.standard_normal((n, 2))
    np.save(name, points.astype(np.float32))
    return name


def test_sets_are_compared_and_everything_is_written(compare: Compare) -> None:
    """The lost corner is named; page and JSON say the same; the exit code is 1 where asked."""
    arguments = [
        *(squares("a.npy", 1), squares("b.npy", 2, 3), "-r", squares("real.npy", 3, n=600)),
        *("--no-cache", "--html", "both.html", "--json", "both.json"),
    ]
    done = compare(*arguments, "--fail-if-worse")
    found = json.loads(Path("both.json").read_text(encoding="utf-8"))

    assert done.exit_code == 1, done.output
    assert "B is worse than A" in done.stdout
    assert "B lost 1 mode: cluster" in done.stdout
    assert (found["kind"], found["verdict"]) == ("comparison", "worse")
    assert found["settings"]["outputs"] == {"html": "both.html", "json": "both.json"}
    assert found["settings"]["command"].startswith("gancheck")
    assert "B is worse than A" in Path("both.html").read_text(encoding="utf-8")


def test_reports_are_compared_without_a_run(compare: Compare) -> None:
    """A fall of diversity between two reports is worse; the exit code is 0 unless asked."""
    write_report(Path("a.json"), 0.9)
    write_report(Path("b.json"), 0.8)
    done = compare("a.json", "b.json")

    assert done.exit_code == 0, done.output
    assert "B is worse than A" in done.stdout
    assert compare("a.json", "b.json", "--fail-if-worse", "-q").exit_code == 1
    assert compare("b.json", "a.json", "--fail-if-worse").exit_code == 0


def test_json_can_go_to_stdout_and_a_report_come_from_stdin(compare: Compare) -> None:
    """Nothing but the JSON is on stdout then."""
    report = write_report(Path("a.json"), 0.9).read_bytes()
    done = compare("-", "a.json", "--json", "-", stdin=report)

    assert json.loads(done.stdout)["verdict"] == "no difference"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.json", "c.json"), "samples is 1000 in A and 2000 in B"),
        (("a.json", "b.json", "-r", "a.json"), "--reference is for a run"),
        (("a.json", "b.json", "--samples", "500"), "--samples is for a run"),
        (("a.json", "nowhere.pt"), "nowhere.pt does not exist"),
        (("-", "-"), "only one of both can be read from stdin"),
        (("a.json", "b.json", "--html", "x", "--json", "x"), "both go to x"),
        (("a.json", "b.json", "--json", "b.json"), "would replace b.json"),
        (("a.json", "b.json", "--html", "mine.txt"), "was not written by gancheck"),
    ],
)
def test_what_makes_no_sense_is_refused(
    compare: Compare, arguments: tuple[str, ...], said: str
) -> None:
    """One message, exit code 2, and nothing is written."""
    write_report(Path("a.json"), 0.9)
    write_report(Path("b.json"), 0.8)
    write_report(Path("c.json"), 0.8, samples=2000)
    Path("mine.txt").write_text("my notes", encoding="utf-8")
    done = compare(*arguments)

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert not Path("x").exists()


def test_an_earlier_comparison_is_replaced(compare: Compare) -> None:
    """What gancheck wrote may be written again without --force."""
    write_report(Path("a.json"), 0.9)
    for _ in range(2):
        done = compare("a.json", "a.json", "--json", "both.json", "--html", "both.html")
        assert done.exit_code == 0, done.output
