"""The examples in the documentation of the public names are run, as one session."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path

import pytest

import gancheck

SHOWN = ("diagnose", "Diagnosis", "compare", "load", "Settings", "Monitor")
"""Names with an example, in the order of the session: later ones use what the first one made."""


def examples(name: str) -> list[doctest.Example]:
    """Return the examples in the documentation of a public name."""
    return doctest.DocTestParser().get_examples(inspect.getdoc(getattr(gancheck, name)) or "")


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run all examples in one namespace and an empty folder; return what went wrong, by name."""
    found: dict[str, str] = {}
    session: dict[str, object] = {"gancheck": gancheck}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("examples"))
        for name in SHOWN:
            said: list[str] = []
            test = doctest.DocTest(examples(name), session, name, None, None, None)
            doctest.DocTestRunner(verbose=False).run(test, out=said.append, clear_globs=False)
            session = test.globs
            found[name] = "".join(said)
        found["files"] = " ".join(sorted(path.name for path in Path().iterdir()))
    return found


@pytest.mark.parametrize("name", SHOWN)
def test_the_example_in_the_documentation_is_true(name: str, failures: dict[str, str]) -> None:
    """What a docstring shows is what comes out."""
    assert len(examples(name)) >= 3
    assert failures[name] == ""


def test_the_examples_write_what_they_say(failures: dict[str, str]) -> None:
    """A page and a set of samples, and nothing else."""
    assert failures["files"] == "ring.html ring.npy"


def test_an_example_that_is_wrong_is_noticed() -> None:
    """The check is able to fail."""
    said: list[str] = []
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    doctest.DocTestRunner(verbose=False).run(wrong, out=said.append)

    assert "Expected" in "".join(said)
