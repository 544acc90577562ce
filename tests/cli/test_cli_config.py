"""Where settings come from, as users meet it: flags, variables, a file, defaults, and the notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored_reports import write_report
from typer.main import get_command
from typer.testing import CliRunner, Result

from gancheck.cli import flags
from gancheck.cli.application import application
from gancheck.cli.gate_flags import GateFlags
from gancheck.cli.mode_flags import ModesFlags
from gancheck.cli.sources import ConfiguredGate, ConfiguredModel, option
from gancheck.config import GATE_SETTINGS, OPTIONS, SETTINGS
from gancheck.config.kinds import DECISIONS, LEVELS
from gancheck.gate import Level, OnInconclusive
from gancheck.stored import read

Run = Callable[..., Result]
APP = application()
COMMANDS: dict[str, Any] = vars(get_command(APP))["commands"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run gancheck in a folder that holds a stored report with a diversity of 0.90."""
    monkeypatch.chdir(tmp_path)
    write_report(tmp_path / "report.json")

    def invoke(*arguments: object, **environment: str) -> Result:
        texts = [str(argument) for argument in arguments]
        return CliRunner().invoke(APP, texts, env=dict(environment))

    return invoke


def config(text: str, name: str = "gancheck.toml") -> None:
    """Write a file of settings."""
    Path(name).write_text(text, encoding="utf-8")


def settings(result: Result) -> dict[str, tuple[Any, str]]:
    """Read what ``gancheck config --json`` printed: value and origin of each setting."""
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["settings"]
    return {name: (row["value"], row["origin"]) for name, row in found.items()}


def test_keys_of_a_file_are_the_options_of_diagnose_and_gate() -> None:
    """No option is forgotten and none is invented; what lowers a guard is left out."""
    groups = (
        *(flags.ReferenceFlags, flags.RunFlags, flags.EffortFlags),
        *(flags.ModelFlags, flags.CriticFlags, ModesFlags),
    )
    names = {field.name.replace("_", "-") for group in groups for field in fields(group)}
    assert set(SETTINGS) == names - {"trust", "only-class"} | {"map", "class"}
    known = {OPTIONS.get(key, key) for key in GATE_SETTINGS}
    assert known == {option(param) for param in COMMANDS["gate"].params} & known
    assert len(known) == len(fields(GateFlags))
    models = {field.name.replace("_", "-") for field in fields(flags.ModelFlags)}
    assert set(ConfiguredModel.keys) == models - {"trust", "only-class"} | {"class"}


def test_a_file_may_say_what_a_flag_may() -> None:
    """The least values that are checked here are those of the options."""
    for param in COMMANDS["gate"].params:
        key = option(param)
        kind = {**SETTINGS, **GATE_SETTINGS}.get(key)
        least = getattr(param, "min", None)
        if kind is not None and least is not None:
            assert kind.expects.endswith(f"at least {least:g}")


def test_words_are_those_of_the_gate() -> None:
    """Levels and decisions are spelled the same in both places."""
    assert tuple(level.value for level in Level) == LEVELS
    assert tuple(decision.value for decision in OnInconclusive) == DECISIONS


def test_flags_beat_variables_beat_the_file_beat_defaults(run: Run) -> None:
    """Each source hides those behind it, option by option."""
    config("[gate]\nmin = { diversity = 0.95 }\non-inconclusive = 'fail'\nconfidence = 0.99")

    assert run("gate", "report.json").exit_code == 1
    assert run("gate", "report.json", GANCHECK_MIN="diversity=0.5").exit_code == 0
    weak = run("gate", "report.json", "--min", "diversity=0.5", GANCHECK_MIN="diversity=0.95")
    assert weak.exit_code == 0
    open_one = ("gate", "report.json", "--min", "diversity=0.9")
    assert run(*open_one).exit_code == 1
    assert run(*open_one, GANCHECK_ON_INCONCLUSIVE="warn").exit_code == 0
    assert run("--no-config", *open_one).exit_code == 0


def test_limits_are_merged_name_by_name(run: Run) -> None:
    """A flag for one name leaves the file's and the variable's limits on others standing."""
    config(
        "[gate]\nmin = { diversity = 0.1, fidelity = 0.2 }\nmax = { 'modes.missing' = 0 }\n"
        "levels = { fidelity = 'off' }\nforbid = ['missing-modes']\nmax-drop = 0.03"
    )

    result = run("gate", "report.json", "--min", "diversity=0.95", "--format", "json",
                 "--level", "diversity=warn", "--baseline", "report.json",
                 GANCHECK_MIN="coverage=0.5,diversity=0.2", GANCHECK_LEVEL="coverage=off",
                 GANCHECK_FORBID="suspect,collapsed")  # fmt: skip
    found = {
        (row["kind"], row["name"]): (row["limit"], row["level"])
        for row in json.loads(result.stdout)["gate"]["checks"]
    }
    assert found == {
        ("min", "diversity"): (0.95, "warn"),
        ("min", "fidelity"): (0.2, "off"),
        ("min", "coverage"): (0.5, "off"),
        ("max", "modes.missing"): (0.0, "error"),
        ("max-drop", "diversity"): (0.03, "warn"),
        ("forbid", "suspect"): (None, "error"),
        ("forbid", "collapsed"): (None, "error"),
    }


def test_a_run_says_what_it_takes_from_the_file_and_records_it(run: Run) -> None:
    """One line on stderr names the settings; the report and its command hold their values."""
    rng = np.random.default_rng(0)
    np.savez("set.npz", samples=rng.normal(size=(400, 2)).astype(np.float32))
    np.savez("real.npz", samples=rng.normal(size=(400, 2)).astype(np.float32))
    config("reference = 'real.npz'\nsamples = 150\nseed = 1\nmap = 'none'\n[gate]\nconfidence = 1")

    result = run("diagnose", "set.npz", "--seed", 2, "--no-html", GANCHECK_EMBEDDER="vectors")
    assert result.exit_code == 0, result.output
    assert result.stderr == "note: settings from gancheck.toml: reference, samples, map\n"
    kept = read("set.gancheck.json").settings
    assert (kept["samples"], kept["seed"], kept["reference"]) == (150, 2, "real.npz")
    for flag in ("--samples 150", "--reference real.npz", "--embedder vectors", "--map none"):
        assert flag in kept["command"]


def test_a_stored_report_does_not_use_the_settings_of_runs(run: Run) -> None:
    """They are not an error, as flags would be, and are not said to be used."""
    config("samples = 500\narch = 'evil.py:Net'\n[gate]\nadaptive = true\nforbid = ['suspect']")

    result = run("gate", "report.json")
    assert result.exit_code == 0, result.output
    assert "samples" not in result.stderr
    assert "note: settings from gancheck.toml: forbid" in result.stderr


def test_code_is_only_run_for_a_file_that_was_named(run: Run) -> None:
    """A file that was lying around cannot have a module imported; one given with --config can."""
    config("arch = 'net.py:Net'\nlatent-law = 'normal'")
    Path("net.py").write_text("raise SystemExit('imported')")
    np.savez("w.npz", samples=np.zeros((5, 2)))

    found = run("inspect", "w.npz")
    assert found.exit_code == 2
    assert "gancheck.toml, line 1: arch names code to run" in found.stderr
    assert "--config gancheck.toml" in found.stderr
    named = run("--config", "gancheck.toml", "inspect", "w.npz")
    assert "names code" not in named.stderr
    config("latent-law = 'laws:heavy'")
    assert "latent-law names code" in run("inspect", "w.npz").stderr


def test_a_bad_file_stops_what_would_use_it_and_nothing_else(run: Run) -> None:
    """Help, reports and explanations do not read it; --no-config goes on without it."""
    config("sampels = 3")

    for command in (("gate", "report.json"), ("diagnose", "x.pt"), ("config",)):
        result = run(*command)
        assert result.exit_code == 2
        assert "gancheck.toml, line 1: there is no setting called sampels" in result.stderr
        assert "Did you mean samples?" in result.stderr
    assert run("diagnose", "--help").exit_code == 0
    assert run("report", "report.json", "-t").exit_code == 0
    assert run("--no-config", "gate", "report.json").exit_code == 0
    assert run("gate", "report.json", GANCHECK_NO_CONFIG="1").exit_code == 0


def test_a_value_that_an_option_refuses_is_traced_back(run: Run) -> None:
    """The message of the option parser names the variable or the file it came from."""
    from_variable = run("gate", "report.json", GANCHECK_SAMPLES="many")
    assert from_variable.exit_code == 2
    assert "GANCHECK_SAMPLES" in from_variable.stderr
    assert run("config", GANCHECK_SAMPLES="many").exit_code == 2
    limit = run("gate", "report.json", GANCHECK_MIN="diversity")
    assert limit.exit_code == 2
    assert "error: GANCHECK_MIN:" in limit.stderr


def test_another_file_can_be_named(run: Run) -> None:
    """--config and its variable read one file; typed flags beat variables; both contradict."""
    config("seed = 1")
    config("seed = 2", "other.toml")

    assert settings(run("config", "--json"))["seed"] == (1, "gancheck.toml, line 1")
    assert settings(run("--config", "other.toml", "config", "--json"))["seed"][0] == 2
    assert settings(run("config", "--json", GANCHECK_CONFIG="other.toml"))["seed"][0] == 2
    off = run("--no-config", "config", "--json", GANCHECK_CONFIG="other.toml")
    assert settings(off)["seed"] == (0, "default")
    both = run("--config", "other.toml", "--no-config", "config")
    assert (both.exit_code, "contradict" in both.stderr) == (2, True)
    assert run("--config", "gone.toml", "config").exit_code == 2


def test_config_lists_every_setting_with_its_origin(run: Run) -> None:
    """Values as they would be used; --changed leaves out the defaults."""
    config("samples = 500\n[gate]\nmin = { diversity = 0.8 }\nforbid = ['suspect']")
    environment = {"GANCHECK_SEED": "7", "GANCHECK_MAX": "memorization=0.01"}

    whole = settings(run("config", "--json", **environment))
    assert whole["samples"] == (500, "gancheck.toml, line 1")
    assert whole["seed"] == (7, "GANCHECK_SEED")
    assert whole["gate.min.diversity"][0] == 0.8
    assert whole["gate.max.memorization"] == (0.01, "GANCHECK_MAX")
    assert whole["gate.forbid"] == (["suspect"], "gancheck.toml, line 4")
    assert whole["embedder"] == ("auto", "default")
    assert whole["gate.levels"] == (None, "default")
    asked = {key for key in ConfiguredGate.keys if key not in ("min", "max")}
    assert {name.removeprefix("gate.") for name in whole} >= asked
    changed = settings(run("config", "--json", "--changed", **environment))
    assert set(changed) == {
        "samples", "seed", "gate.min.diversity", "gate.max.memorization", "gate.forbid",
    }  # fmt: skip


def test_config_prints_a_table(run: Run) -> None:
    """One row a setting: name, value, origin."""
    config("samples = 500")
    rows = [line.split() for line in run("config").stdout.splitlines()]

    assert rows[0] == ["settings", "from", "gancheck.toml"]
    assert ["samples", "500", "gancheck.toml,", "line", "1"] in rows
    assert ["seed", "0", "default"] in rows
    assert run("--no-config", "config", "--changed").stdout == "no file of settings\n"


def test_a_variable_cannot_lower_a_guard(run: Run) -> None:
    """Isolation is only switched off where it is typed; switching it on is fine anywhere."""
    np.savez("w.npz", samples=np.zeros((5, 2)))

    result = run("inspect", "w.npz", GANCHECK_ISOLATE="false")
    assert result.exit_code == 2
    assert "--no-isolate on the command line" in result.stderr
    assert "switch" not in run("inspect", "w.npz", GANCHECK_ISOLATE="true").stderr
    assert "switch" not in run("inspect", "w.npz", "--isolate", GANCHECK_ISOLATE="0").stderr
    assert run("gate", "report.json", GANCHECK_ISOLATE="false").exit_code == 0


def test_notes_do_not_steer_the_terminal(run: Run) -> None:
    """A variable's name with an escape sequence in it is shown without it."""
    assert "\x1b" not in run("gate", "report.json", **{"GANCHECK_\x1b[2J": "1"}).stderr


def test_variables_that_nothing_reads_are_noted(run: Run) -> None:
    """A misspelled variable does not fail the gate, but is not silent either."""
    result = run("gate", "report.json", GANCHECK_MN="diversity=0.99", GANCHECK_TRUST="1")

    assert result.exit_code == 0
    assert "note: GANCHECK_MN is not a setting; did you mean GANCHECK_MIN?" in result.stderr
    assert "note: GANCHECK_TRUST is not used" in result.stderr
