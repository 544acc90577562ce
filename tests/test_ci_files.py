"""The action and the examples for CI: valid, safe, and run for real as far as a machine can."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from gancheck.cli.application import application
from gancheck.config import load
from gancheck.types import Condition, Diagnosis, Severity, Verdict
from gate.reports import finding, report, score

ROOT = Path(__file__).resolve().parent.parent
CI = ROOT / "examples" / "ci"
SCHEMAS = {
    ROOT / "action.yml": "vendor.github-actions",
    CI / "github-gate.yml": "vendor.github-workflows",
    CI / "github-pull-request.yml": "vendor.github-workflows",
    CI / "gitlab-ci.yml": "vendor.gitlab-ci",
}
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def parsed(path: Path) -> Any:
    """Read a YAML file."""
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


ACTION = parsed(ROOT / "action.yml")
STEPS = {step.get("name"): step for step in ACTION["runs"]["steps"]}
SCRIPTS = [step["run"] for step in STEPS.values() if "run" in step]


@dataclass(frozen=True)
class Runner:
    """Runs a step of the action as GitHub's runner does, in a folder of its own.

    Attributes:
        folder: Where the job stands, and where the runner keeps its files.
        programs: Folders that are searched before all others.
    """

    folder: Path
    programs: tuple[Path, ...] = (Path(sys.executable).parent,)

    def run(self, step: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step, its environment filled from inputs and their defaults."""
        given = {key: item.get("default", "") for key, item in ACTION["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        known = {f"inputs.{key}": value for key, value in given.items()}
        known["github.action_path"] = str(ROOT)
        script = self.folder / "script.sh"
        script.write_text(STEPS[step]["run"], encoding="utf-8")
        environment = {
            key: EXPRESSION.sub(lambda found: known[found[1]], value)
            for key, value in STEPS[step]["env"].items()
        }
        (self.folder / "temp").mkdir(exist_ok=True)
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def environment(self) -> Mapping[str, str]:
        """Return what the runner sets."""
        places = [*map(str, self.programs), os.environ["PATH"]]
        return {
            **{key: value for key, value in os.environ.items() if "GITHUB" not in key},
            "PATH": os.pathsep.join(places),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "OMP_NUM_THREADS": "1",
        }

    @property
    def outputs(self) -> dict[str, str]:
        """What the step set, and the action hands on."""
        lines = (self.folder / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Return a runner with an empty folder."""
    return Runner(tmp_path)


def stored(folder: Path, diagnosis: Diagnosis | None = None) -> Path:
    """Write a report, of a diverse generator by default, under a name that says nothing."""
    path = folder / "a report"
    found = diagnosis or report([score(0.9), score(0.7, name="fidelity")])
    path.write_text(json.dumps(found.to_dict()), encoding="utf-8")
    return path


def collapsed() -> Diagnosis:
    """Return a report of a generator that lost two modes."""
    lost = finding(
        "modes.missing",
        2.0,
        severity=Severity.FAIL,
        title="2 of 10 modes are never drawn",
        condition=Condition.MISSING_MODES,
    )
    conditions = [Condition.MISSING_MODES]
    return report([score(0.46)], [lost], verdict=Verdict.COLLAPSED, conditions=conditions)


@pytest.mark.parametrize(("path", "schema"), SCHEMAS.items(), ids=lambda it: Path(it).name)
def test_files_are_what_their_services_read(path: Path, schema: str) -> None:
    """Each is valid by the schema that editors and linters use for it."""
    command = ["check-jsonschema", "--builtin-schema", schema, str(path)]
    tool = [sys.executable, "-m", *command]
    tool[2] = "check_jsonschema"
    done = subprocess.run(tool, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_a_broken_file_is_noticed(tmp_path: Path) -> None:
    """The check of files against schemas can fail."""
    broken = tmp_path / "action.yml"
    broken.write_text("name: x\nruns: {using: composite, steps: [{run: echo}]}\n", encoding="utf-8")
    tool = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions"]

    assert subprocess.run([*tool, str(broken)], capture_output=True, check=False).returncode == 1


def test_no_script_holds_an_expression() -> None:
    """What a workflow says reaches scripts as variables only: nothing of it can become code."""
    for name in SCHEMAS:
        for script in scripts(parsed(name)):
            assert "${{" not in script


def scripts(part: Any) -> Iterator[str]:
    """Yield every ``run`` and ``script`` of a file."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("run", "script", "before_script"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from scripts(value)
    elif isinstance(part, list):
        for item in part:
            yield from scripts(item)


def test_every_input_is_used_and_every_output_is_set() -> None:
    """Nothing that can be said is ignored, and nothing is read that nobody sets."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8").split("runs:")[1]
    used = set(re.findall(r"inputs\.([a-z-]+)", text))
    handed = {EXPRESSION.fullmatch(item["value"])[1] for item in ACTION["outputs"].values()}  # type: ignore[index]

    assert used == set(ACTION["inputs"])
    assert handed == {f"steps.gate.outputs.{name}" for name in ACTION["outputs"]}


def test_a_report_that_passes(runner: Runner) -> None:
    """Green: exit 0, outputs, one notice, a summary, and page and report for the artifact."""
    path = stored(runner.folder)
    done = runner.run("Gate", model=str(path), min="diversity=0.8\n\n  fidelity=0.5  \n")
    kept = Path(runner.outputs["report"])

    assert done.returncode == 0, done.stderr
    assert (runner.outputs["passed"], runner.outputs["diversity"]) == ("true", "0.9")
    assert kept.read_bytes() == path.read_bytes()
    assert "<html" in kept.with_suffix(".html").read_text(encoding="utf-8")[:500]
    assert "::notice title=gancheck::" in done.stdout
    summary = (runner.folder / "summary.md").read_text(encoding="utf-8")
    assert "diversity" in summary
    assert "fidelity" in summary
    assert sorted(each.name for each in kept.parent.iterdir()) == [
        "report.gancheck.html",
        "report.gancheck.json",
    ]


def test_a_report_that_fails(runner: Runner) -> None:
    """Red: exit 1, an annotation a limit, and the report is kept all the same; no page here."""
    path = stored(runner.folder, collapsed())
    done = runner.run("Gate", model=str(path), min="diversity=0.8", forbid="missing-modes", html="")

    assert done.returncode == 1
    assert done.stdout.count("::error title=gancheck") == 2
    assert (runner.outputs["passed"], runner.outputs["diversity"]) == ("false", "0.46")
    assert not Path(runner.outputs["report"]).with_suffix(".html").exists()


def test_a_baseline_and_what_becomes_of_open_questions(runner: Runner) -> None:
    """The limits on drops reach the gate, and so does the policy."""
    path, old = stored(runner.folder), runner.folder / "old.json"
    old.write_text(json.dumps(report([score(0.9)]).to_dict()), encoding="utf-8")
    drop = {"model": str(path), "baseline": str(old), "max_drop": "0.001", "html": ""}

    assert runner.run("Gate", **drop, on_inconclusive="fail").returncode == 1
    assert runner.run("Gate", **drop, on_inconclusive="pass").returncode == 0


def test_what_cannot_run_is_red(runner: Runner) -> None:
    """Unknown names and missing files end in exit 2: not passed, no report, and a reason."""
    path = stored(runner.folder)
    unknown = runner.run("Gate", model=str(path), min="diversty=0.8")
    missing = Runner(runner.folder).run("Gate", model="nothing.pt")

    assert unknown.returncode == missing.returncode == 2
    assert "diversity" in unknown.stderr
    assert runner.outputs == {"passed": "false"}


HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "x\ntouch pwned\n",
    "--output=pwned",
)


INPUTS = ("reference", "min", "max", "forbid", "baseline", "max_drop", "on_inconclusive")


@pytest.mark.parametrize("text", HOSTILE)
def test_inputs_are_never_run(runner: Runner, text: str) -> None:
    """Whatever stands in an input arrives as one argument of one flag, or one for each line."""
    shimmed = Runner(runner.folder, (shim(runner.folder, "gancheck"), *runner.programs))
    done = shimmed.run("Gate", model=text, **dict.fromkeys(INPUTS, text))
    lines = [line.strip() for line in text.splitlines()]
    wanted = [f"--{name.replace('_', '-')}={line}" for name in INPUTS[:-1] for line in lines]

    assert done.returncode == 0, done.stderr
    found = called(runner.folder)
    assert found[:2] == ["gate", "--format=github"]
    assert found[2] == f"--on-inconclusive={text}"
    assert found[3 : 3 + len(wanted)] == wanted
    assert found[-2:] == ["--", text]
    assert not (runner.folder / "pwned").exists()


def test_a_hostile_workflow_is_refused(runner: Runner) -> None:
    """The real gate takes such inputs for what they are: names of files that are not there."""
    done = runner.run("Gate", model="$(touch pwned)", args="--force")

    assert done.returncode == 2
    assert "$(touch pwned) does not exist" in done.stderr
    assert not (runner.folder / "pwned").exists()


def shim(folder: Path, name: str) -> Path:
    """Put a program of a name into a folder that only writes down what it is called with."""
    path = folder / "bin" / name
    path.parent.mkdir()
    path.write_text('#!/bin/bash\nprintf "%s\\0" "$@" > called\n', encoding="utf-8")
    path.chmod(0o755)
    return path.parent


def called(folder: Path) -> list[str]:
    """Return what a shim was called with."""
    return (folder / "called").read_text(encoding="utf-8").split("\0")[:-1]


def test_further_flags_are_split_like_words(runner: Runner) -> None:
    """Quotes keep blanks, nothing is expanded, and quotes that do not close are refused."""
    path, out = stored(runner.folder), runner.folder / "a b" / "$HOME.xml"
    out.parent.mkdir()
    args = f"--forbid suspect\n--output '{out}'"
    good = runner.run("Gate", model=str(path), args=args, html="")
    bad = runner.run("Gate", model=str(path), args="--forbid 'suspect")

    assert good.returncode == 0, good.stderr
    assert out.exists()
    assert bad.returncode == 2
    assert "::error title=gancheck::the input args" in bad.stdout


def test_a_set_of_samples_is_run(runner: Runner) -> None:
    """What is no report is diagnosed, and its report and page are kept."""
    rng = np.random.default_rng(0)
    for name, count in (("samples", 200), ("reference", 900)):
        points = rng.standard_normal((count, 2)).astype(np.float32)
        np.save(runner.folder / f"{name}.npy", points)
    done = runner.run(
        "Gate",
        model="samples.npy",
        reference="reference.npy",
        min="diversity=0.5",
        args="--samples 200 --map none --no-cache",
    )
    kept = Path(runner.outputs["report"])

    assert done.returncode == 0, done.stdout + done.stderr
    assert float(runner.outputs["diversity"]) > 0.5
    assert json.loads(kept.read_text(encoding="utf-8"))["subject"]["path"] == "samples.npy"
    assert kept.with_suffix(".html").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("version", "wanted"), [("", str(ROOT)), ("0.1.0; touch pwned", "gancheck==0.1.0; touch pwned")]
)
def test_the_right_gancheck_is_installed(runner: Runner, version: str, wanted: str) -> None:
    """The one that came with the action, or the release that was asked for: one argument of pip."""
    shimmed = Runner(runner.folder, (shim(runner.folder, "python"),))
    done = shimmed.run("Install gancheck", version=version)

    assert done.returncode == 0, done.stderr
    assert called(runner.folder) == ["-m", "pip", "install", wanted]
    assert not (runner.folder / "pwned").exists()


def parse(words: list[str]) -> None:
    """Let the real command line read arguments, without running anything."""
    command: Any = get_command(application())
    with command.make_context("gancheck", list(words)) as root:
        rest = [*root._protected_args, *root.args]
        name, called, rest = command.resolve_command(root, rest)
        called.make_context(name, rest, parent=root)


def written(path: Path) -> Iterator[str]:
    """Yield the command lines of gancheck in a file of examples."""
    if path.suffix == ".yml":
        yield from (line for line in scripts(parsed(path)) if line.startswith("gancheck "))
        return
    for block in re.findall(r"^```\n(.*?)^```", path.read_text(encoding="utf-8"), re.S | re.M):
        yield from (line for line in block.splitlines() if line.startswith("gancheck "))


LINES = [line for path in sorted(CI.iterdir()) for line in written(path)]


@pytest.mark.parametrize("line", LINES)
def test_command_lines_of_examples_parse(line: str) -> None:
    """Options exist and take such values."""
    parse(shlex.split(line)[1:])


def test_there_are_command_lines_to_check() -> None:
    """Both gates of GitLab, and both commands of the page on them."""
    assert len(LINES) == 4


@pytest.mark.parametrize("name", ["github-gate.yml", "github-pull-request.yml"])
def test_workflows_call_the_action_as_it_is(runner: Runner, name: str) -> None:
    """Inputs exist, and what the action makes of them is a command line that parses."""
    steps = next(iter(parsed(CI / name)["jobs"].values()))["steps"]
    given = next(step["with"] for step in steps if "gancheck" in step.get("uses", ""))
    inputs = {key.replace("-", "_"): str(value) for key, value in given.items()}
    shimmed = Runner(runner.folder, (shim(runner.folder, "gancheck"), *runner.programs))
    done = shimmed.run("Gate", **inputs)
    words = called(runner.folder)

    assert done.returncode == 0, done.stderr
    assert set(given) <= set(ACTION["inputs"])
    assert words[-2:] == ["--", given["model"]]
    for line in filter(None, f"{given.get('min', '')}\n{given['forbid']}".splitlines()):
        assert any(flag.endswith(f"={line}") for flag in words)
    parse(words)


def test_the_settings_file_of_the_page_is_one(tmp_path: Path) -> None:
    """The example of a pyproject.toml is read without complaint."""
    text = (CI / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", text, re.S | re.M)
    (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")

    assert load(tmp_path) is not None
