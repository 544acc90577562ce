"""Gates in test suites: what passes, what fails and how it reads, and what is never green."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancheck import Settings
from gancheck.errors import GancheckError, LoadError, UsageError
from gancheck.gate import State
from gancheck.testing import GateFailed, GateWarning, assert_diverse
from gancheck.types import Condition, Diagnosis, Finding, Severity, Skipped, Verdict
from gate.reports import finding, lost_mode, report, score

REFERENCE = np.random.default_rng(1).standard_normal((1200, 2)).astype(np.float32)
QUICK = Settings(samples=200, map="none", cache=False)


class Scaled(nn.Module):
    """Draws the law of the reference times a factor: 1 is perfect, 0.3 is collapsed."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(factor * torch.eye(2))

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z @ self.weight


def lost() -> Finding:
    """Return what a report says of modes that are never drawn."""
    return finding(
        "modes.missing",
        2.0,
        severity=Severity.FAIL,
        title="2 of 10 modes are never drawn: 4, 8",
        condition=Condition.MISSING_MODES,
    )


def collapsed() -> Diagnosis:
    """Return a report of a generator that lost two modes."""
    return report(
        [score(0.46)],
        [lost()],
        verdict=Verdict.COLLAPSED,
        conditions=[Condition.MISSING_MODES],
        summary=("The samples reproduce 46% of the reference's variety.",),
        modes=(lost_mode("4"), lost_mode("8", at=1)),
    )


def stored(diagnosis: Diagnosis, folder: Path) -> Path:
    """Write a report."""
    path = folder / "report.json"
    path.write_text(json.dumps(diagnosis.to_dict()), encoding="utf-8")
    return path


def test_a_module_is_run_and_judged() -> None:
    """A perfect module passes and is left in training mode; a collapsed one fails."""
    good = Scaled(1.0).train()
    result = assert_diverse(good, REFERENCE, settings=QUICK, at_least=0.7)
    with pytest.raises(GateFailed) as caught:
        assert_diverse(Scaled(0.3), REFERENCE, settings=QUICK, at_least=0.7)

    assert result.passed
    assert good.training
    assert caught.value.diagnosis.subject.path == "Scaled (in memory)"


def test_a_file_is_run_and_judged(tmp_path: Path) -> None:
    """A path that is no report is a model or samples; they are diagnosed."""
    np.save(tmp_path / "samples.npy", np.tile(REFERENCE[:2], (100, 1)))
    with pytest.raises(GateFailed, match="below the limit"):
        assert_diverse(tmp_path / "samples.npy", REFERENCE, settings=QUICK)


def test_a_failure_says_what_broke_and_what_was_found() -> None:
    """The text holds the gate's report, the lost modes, and the sentences of the diagnosis."""
    with pytest.raises(AssertionError) as caught:
        assert_diverse(collapsed(), forbid="missing-modes")
    text = str(caught.value)

    assert text.splitlines()[0].startswith("gate FAILED: ")
    assert "0.46" in text
    assert ">= 0.80" in text
    assert "missing-modes" in text
    assert "reproduce 46% of the reference's variety" in text
    assert "FAIL modes.missing: 2 of 10 modes are never drawn: 4, 8" in text


def test_a_stored_report_is_judged_like_its_diagnosis(tmp_path: Path) -> None:
    """As path, as text and as object: the same outcomes."""
    path = stored(report([score(0.9)]), tmp_path)
    results = [assert_diverse(each) for each in (path, str(path), report([score(0.9)]))]

    assert results[0].outcomes == results[1].outcomes == results[2].outcomes
    assert results[0].outcomes[0].state is State.PASSED


def test_a_limit_inside_the_interval_warns_fails_or_passes() -> None:
    """What becomes of the undecided is the caller's choice; the default says so and goes on."""
    undecided = report([score(0.81, 0.02)])
    with pytest.warns(GateWarning, match="would decide") as caught:
        assert assert_diverse(undecided).outcomes[0].state is State.INCONCLUSIVE
    with pytest.raises(GateFailed):
        assert_diverse(undecided, on_inconclusive="fail")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert assert_diverse(undecided, on_inconclusive="pass").passed

    assert caught[0].filename == __file__


def test_what_was_not_measured_is_never_green() -> None:
    """A skipped score raises, with the reason; not as a failed assertion."""
    found = report(skipped=[Skipped("coverage", "needs reference data (--reference)")])
    with pytest.raises(GancheckError, match="needs reference data") as caught:
        assert_diverse(found)

    assert not isinstance(caught.value, AssertionError)


def test_limits_of_all_kinds_are_held() -> None:
    """Other scores, numbers of findings, conditions and losses against a baseline all count."""
    found = report([score(0.9), score(0.4, name="fidelity")], [finding("modes.missing", 1.0)])
    for limits in (
        {"min": {"fidelity": 0.5}},
        {"max": {"modes.missing": 0}},
        {"min": {"diversity": 0.95}},
        {"baseline": report([score(0.99)]), "max_drop": 0.01},
    ):
        with pytest.raises(GateFailed):
            assert_diverse(found, **limits)
    assert assert_diverse(found, at_least=None, min={"fidelity": 0.3}).passed
    assert assert_diverse(found, min={"diversity": 0.7}).outcomes[0].limit.value == 0.7


def test_a_baseline_is_read_from_its_file(tmp_path: Path) -> None:
    """The file is named in the result."""
    path = stored(report([score(0.9)]), tmp_path)
    result = assert_diverse(report([score(0.9)]), baseline=path, max_drop=0.1)

    assert result.baseline == str(path)


def test_nonsense_is_refused(tmp_path: Path) -> None:
    """Unknown names, impossible limits and files that are neither are errors of usage."""
    with pytest.raises(UsageError, match="missing-mods"):
        assert_diverse(collapsed(), forbid=["missing-mods"])
    with pytest.raises(UsageError, match="80"):
        assert_diverse(collapsed(), at_least=80)
    (tmp_path / "other.json").write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(LoadError, match="no report"):
        assert_diverse(tmp_path / "other.json")
    with pytest.raises(LoadError, match="does not exist"):
        assert_diverse(tmp_path / "nothing.pt")


def test_a_failure_survives_the_way_to_another_process() -> None:
    """Test runners that run in parallel send exceptions between processes."""
    with pytest.raises(GateFailed) as caught:
        assert_diverse(collapsed())
    again = pickle.loads(pickle.dumps(caught.value))

    assert str(again) == str(caught.value)
    assert again.result.outcomes == caught.value.result.outcomes


def test_a_failing_test_reads_well(tmp_path: Path) -> None:
    """A test runner shows the gate's report and the user's line, and no line of gancheck's."""
    path = stored(collapsed(), tmp_path)
    (tmp_path / "test_generator.py").write_text(
        "from gancheck.testing import assert_diverse\n\n"
        f"def test_diverse():\n    assert_diverse({str(path)!r})\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_generator.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "gate FAILED: diversity 0.46" in done.stdout
    assert ">       assert_diverse(" in done.stdout or ">   assert_diverse(" in done.stdout
    assert "gancheck/testing.py" not in done.stdout


def test_a_report_is_judged_without_torch_and_without_a_test_runner(tmp_path: Path) -> None:
    """Neither is imported, and nothing breaks where pytest is not installed."""
    path = stored(report([score(0.9)]), tmp_path)
    code = (
        "import sys\nsys.modules['pytest'] = None\n"
        "from gancheck.testing import assert_diverse\n"
        f"print(assert_diverse({str(path)!r}).passed, {{'torch', 'numpy'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "True set()"
