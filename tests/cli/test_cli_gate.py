"""``gancheck gate`` on stored reports, as users type it: limits, forms, files, refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from stored_reports import write_report
from typer.testing import CliRunner, Result

from gancheck.cli.application import application
from gancheck.reporters.gates import GATE_REPORTERS

Gate = Callable[..., Result]
APP = application(["gate"])
FORMS = ("text", "github", "junit", "json", "markdown")


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Run ``gancheck gate`` in a folder that holds ``report.json`` with a diversity of 0.90."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    write_report(tmp_path / "report.json")

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(APP, ["gate", *map(str, arguments)], input=stdin)

    return run


def fails(result: Result, *words: str) -> None:
    """Check for exit 2, nothing on stdout, and one short message with the words."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("limits", "code", "word"),
    [
        (("--min", "diversity=0.8"), 0, "passed"),
        (("--min", "diversity=0.95"), 1, "FAILED"),
        (("--min", "diversity=0.9"), 0, "INCONCLUSIVE"),
        (("--min", "diversity=0.9", "--on-inconclusive", "fail"), 1, "FAILED"),
        (("--min", "diversity=0.9", "--on-inconclusive", "pass"), 0, "passed"),
        (("--max", "diversity=0.8"), 1, "FAILED"),
        (("--min", "diversity=0.95", "--level", "diversity=warn"), 0, "passed with warnings"),
        (("--max", "modes.missing=0"), 0, "passed"),
        (("--forbid", "suspect"), 0, "passed"),
        (("--max", "memorization=0.01"), 2, "COULD NOT RUN"),
        ((), 0, "No limit was given"),
    ],
)
def test_limits_decide(gate: Gate, limits: tuple[str, ...], code: int, word: str) -> None:
    """Each limit ends in its exit code, and the first line says so."""
    result = gate("report.json", *limits)

    assert result.exit_code == code, result.output
    assert word in result.stdout
    assert "Traceback" not in result.stderr


def test_the_confidence_moves_the_bound(gate: Gate) -> None:
    """Between the bounds at 95% and 99% the same limit passes at one and is open at the other."""
    limit = ("report.json", "--min", "diversity=0.88", "--on-inconclusive", "fail")

    assert gate(*limit).exit_code == 0
    assert gate(*limit, "--confidence", "0.99").exit_code == 1


def test_a_report_is_known_by_its_content(gate: Gate) -> None:
    """Neither the name nor leading blanks matter, and stdin brings a report as well."""
    whole = Path("report.json").read_bytes()
    Path("model.pt").write_bytes(b"\n  " + whole)

    assert gate("model.pt", "--min", "diversity=0.8").exit_code == 0
    assert gate("-", "--min", "diversity=0.95", stdin=whole).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.pt",), ("nowhere.pt", "does not exist")),
        (("report.json", "--min", "diversty=0.8"), ("diversty", "Did you mean 'diversity'?")),
        (("report.json", "--min", "diversity"), ("--min", "diversity=0.8")),
        (("report.json", "--min", "diversity=80"), ("0.8",)),
        (("report.json", "--forbid", "mising-modes"), ("missing-modes",)),
        (("report.json", "--level", "diversity"), ("--level", "off, warn or error")),
        (("report.json", "--on-inconclusive", "wrn"), ("warn",)),
        (("report.json", "--confidence", "0.9"), ("0.95",)),
        (("report.json", "--format", "junti"), ("Did you mean 'junit'?",)),
        (("report.json", "--max-drop", "0.03"), ("--baseline",)),
        (("report.json", "--max-drop", "-0.03", "--baseline", "report.json"), ("0.03",)),
        (("report.json", "--baseline", "report.json"), ("--max-drop",)),
        (("report.json", "--baseline", "old.json", "--max-drop", "0.1"), ("gancheck baseline",)),
        (("report.json", "--samples", "500"), ("--samples", "nothing is run")),
        (("report.json", "-r", "real.npz"), ("--reference", "nothing is run")),
        (("report.json", "--trust"), ("--trust",)),
        (("report.json", "--adaptive"), ("--adaptive",)),
        (("report.json", "--html", "x.html"), ("--html",)),
        (("model.npz", "--max-samples", "900"), ("--adaptive",)),
        (("report.json", "--json", "-"), ("stdout",)),
        (("report.json", "--json", "x", "-o", "x"), ("two results",)),
    ],
)
def test_what_makes_no_sense_is_refused(
    gate: Gate, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """Each refusal is one message that names what was given and what would do."""
    Path("model.npz").write_bytes(b"PK")

    fails(gate(*arguments), *words)


def test_a_length_that_looks_like_a_brace_is_no_report(gate: Gate) -> None:
    """A tensor file whose header length begins with the byte of ``{`` is read as a model."""
    Path("w.safetensors").write_bytes(b" {\0\0\0\0\0\0" + b"x" * 50)

    result = gate("w.safetensors")
    assert result.exit_code == 2
    assert "JSON" not in result.stderr


def test_json_that_is_no_report_is_refused(gate: Gate) -> None:
    """An object without our keys is not taken for a model either."""
    Path("other.json").write_text('{"a": 1}')

    fails(gate("other.json"), "no report")


def test_drops_are_held_against_a_baseline(gate: Gate, tmp_path: Path) -> None:
    """The difference decides; limits of other names can stand beside it."""
    write_report(tmp_path / "old.json", diversity=0.99)
    against = ("report.json", "--baseline", "old.json")

    assert gate(*against, "--max-drop", "0.2").exit_code == 0
    assert gate(*against, "--max-drop", "0.01").exit_code == 1
    assert gate(*against, "--max-drop", "diversity=0.01").exit_code == 1


@pytest.mark.parametrize("field", ["samples", "seed", "reference_sha256", "embedder_sha256"])
def test_a_baseline_of_another_kind_is_exit_2(gate: Gate, tmp_path: Path, field: str) -> None:
    """The field that differs is named."""
    write_report(tmp_path / "old.json", **{field: 7})

    fails(gate("report.json", "--baseline", "old.json", "--max-drop", "0.1"), field)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_goes_to_the_file_and_the_text_to_stdout(gate: Gate, form: str) -> None:
    """With --output the file holds what stdout would, and stdout what people read."""
    limit = ("report.json", "--min", "diversity=0.95", "--format", form)
    bare = gate(*limit)
    filed = gate(*limit, "--output", "out/gate")

    assert (bare.exit_code, filed.exit_code) == (1, 1)
    assert Path("out/gate").read_text(encoding="utf-8") == bare.stdout
    assert filed.stdout.startswith("gate FAILED: diversity")
    assert gate(*limit, "--output", "-").stdout == bare.stdout


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("limit", ["0.8", "0.9", "0.95"])
def test_own_files_are_replaced(gate: Gate, form: str, limit: str) -> None:
    """Whatever an earlier gate wrote, of any form and result, makes way."""
    asked = ("report.json", "--min", f"diversity={limit}", "--format", form, "-o", "gate.out")
    first = gate(*asked).exit_code

    assert first in (0, 1)
    assert gate(*asked).exit_code == first


@pytest.mark.parametrize("foreign", ["mine", '{"gate": {}}', "<a/>", "run: gancheck gate m.pt"])
def test_foreign_files_are_not(gate: Gate, foreign: str) -> None:
    """Somebody's file stops the gate before anything else; --force replaces it."""
    Path("mine").write_text(foreign)
    asked = ("report.json", "--min", "diversity=0.8", "-o", "mine")

    fails(gate(*asked), "mine", "--force")
    assert Path("mine").read_text() == foreign
    assert gate(*asked, "--force").exit_code == 0
    assert Path("mine").read_text() != foreign


def test_the_forms_that_the_help_names_are_those_there_are() -> None:
    """A new reporter is to be mentioned."""
    assert sorted(FORMS) == GATE_REPORTERS.names()


def test_junit_on_stdout_parses_and_is_red(gate: Gate) -> None:
    """A failing gate is a failure for whoever reads the XML."""
    root = ElementTree.fromstring(
        gate("report.json", "--min", "diversity=0.95", "--format", "junit").stdout
    )

    assert len(root.findall(".//failure")) == 1


def test_github_gets_annotations_and_a_summary(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Markdown is added below what the summary holds already."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    result = gate("report.json", "--min", "diversity=0.95", "--format", "github")
    assert result.stdout.startswith("::error title=gancheck")
    assert summary.read_text().startswith("before\n")
    assert "FAILED" in summary.read_text()
    gate("report.json", "--min", "diversity=0.95", "--format", "markdown")
    assert summary.read_text().count("FAILED") == 1


def test_a_summary_that_cannot_be_written_is_a_note(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result of the gate stands, and stderr says what is missing; so with a full one."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    result = gate("report.json", "--min", "diversity=0.8", "--format", "github")
    assert result.exit_code == 0
    assert "note: cannot write to $GITHUB_STEP_SUMMARY" in result.stderr

    full = tmp_path / "full.md"
    full.write_bytes(b"x" * 1_048_500)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(full))
    assert "is full" in gate("report.json", "--format", "github").stderr
    assert full.stat().st_size == 1_048_500


def test_equal_reports_give_equal_results(gate: Gate) -> None:
    """The same report and limits give the same bytes, whatever the form."""
    for form in FORMS:
        asked = ("report.json", "--min", "diversity=0.9", "--format", form)
        assert gate(*asked).stdout == gate(*asked).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["gate", "report.json", "--min", "diversity=0.8", "-o", "gate.xml", "--format", "junit"],
        ["gate", "report.json", "--baseline", "report.json", "--max-drop", "0.1"],
        ["baseline", "report.json"],
    ],
)
def test_a_stored_report_needs_no_heavy_library(gate: Gate, arguments: list[str]) -> None:
    """Neither torch, numpy nor scipy are imported, so that the gate starts at once."""
    code = (
        "import sys\nfrom gancheck.cli import main\n"
        f"sys.argv = ['gancheck', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        "heavy = ('torch', 'numpy', 'scipy', 'sklearn', 'umap', 'onnxruntime', 'PIL', 'jinja2')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_the_json_form_says_what_the_exit_code_says(gate: Gate) -> None:
    """A script can read the result instead of the code."""
    for limit, code in (("0.8", 0), ("0.95", 1)):
        result = gate("report.json", "--min", f"diversity={limit}", "--format", "json")
        assert json.loads(result.stdout)["gate"]["exit_code"] == result.exit_code == code
