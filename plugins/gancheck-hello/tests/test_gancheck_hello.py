"""The analyzer is silent on a healthy generator, and speaks on its own disease."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import gancheck
import numpy as np
import pytest
from gancheck.api import ANALYZERS, AnyArray, Condition, Diagnosis, Finding, Severity, Verdict

from gancheck_hello import Brightness, brightness, difference

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "hello.py"
SETTINGS = gancheck.Settings(samples=500, embedder="pixels", map="none", cache=False)


def pictures(seed: int, *, nights: float = 0.5) -> AnyArray:
    """Draw (500, 1, 8, 8) uint8 pictures, some of them dark."""
    rng = np.random.default_rng(seed)
    sky = np.where(rng.random(500) < nights, 40, 200)
    noise = rng.normal(0, 20, (500, 1, 8, 8))
    return (sky[:, None, None, None] + noise).clip(0, 255).astype(np.uint8)


def shift_in(diagnosis: Diagnosis) -> Finding:
    """Return what the analyzer found."""
    return next(one for one in diagnosis.findings if one.id == "brightness.shift")


def test_gancheck_finds_the_analyzer() -> None:
    """Installing the package is all that it takes; it comes from this distribution."""
    assert ANALYZERS.get("brightness") is Brightness
    assert ANALYZERS.origin("brightness").distribution == "gancheck-hello"


def test_a_healthy_generator_is_as_bright_as_the_reference() -> None:
    """Samples of the same law raise nothing, and the verdict stays healthy."""
    diagnosis = gancheck.diagnose(pictures(1), pictures(2), SETTINGS)
    found = shift_in(diagnosis)

    assert diagnosis.verdict is Verdict.HEALTHY, diagnosis.summary
    assert found.severity is Severity.OK
    assert found.value is not None
    assert abs(found.value) < 15


def test_lost_nights_are_found() -> None:
    """A generator that draws no dark picture is off, by about half the distance of both skies."""
    diagnosis = gancheck.diagnose(pictures(1, nights=0), pictures(2), SETTINGS)
    found = shift_in(diagnosis)

    assert found.severity is Severity.WARN
    assert found.value == pytest.approx(80, abs=10)
    assert found.exhibits[0].kind == "histogram"
    assert Condition.OFF_DISTRIBUTION in diagnosis.conditions
    assert diagnosis.verdict is Verdict.COLLAPSED


def test_vectors_and_runs_without_a_reference_are_skipped() -> None:
    """Where it cannot measure it says why, and the run goes on."""
    vectors = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    for given, reference in ((vectors, vectors + 0.1), (pictures(1), None)):
        settings = gancheck.Settings(samples=200, map="none", cache=False)
        skipped = gancheck.diagnose(given, reference, settings).skipped
        assert "brightness" in [one.analyzer for one in skipped]


def test_the_measure_is_what_a_slow_loop_says() -> None:
    """The vectorised mean is the mean; the interval holds the shift and narrows with n."""
    few, many = pictures(3)[:100], pictures(4)
    slow = [sum(int(value) for value in one.ravel()) / one.size for one in few]
    assert brightness(few) == pytest.approx(slow)

    shift, interval = difference(brightness(few), brightness(many))
    same, narrower = difference(brightness(many), brightness(many))
    assert interval.low < shift < interval.high
    assert same == 0
    assert narrower.high - narrower.low < interval.high - interval.low


def test_it_is_documented() -> None:
    """The docstring has the headings that ``gancheck explain`` and the report show."""
    said = inspect.getdoc(Brightness) or ""
    for heading in ("What it measures:", "Why it matters:", "When it misleads:", "What to do:"):
        assert heading in said


def test_the_example_ends_in_a_page(tmp_path: Path) -> None:
    """The example finds the lost nights and writes a page that shows them."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("collapsed: samples are ")
    assert "How bright the pictures are" in (tmp_path / "hello.html").read_text(encoding="utf-8")
