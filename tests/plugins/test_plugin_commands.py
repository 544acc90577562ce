"""Plugins on the command line: listed, warned of, refused, turned off, completed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from distributions import install, run, write

from gancheck.cli import complete

FORM = """
from gancheck.api import GATE_REPORTERS

@GATE_REPORTERS.register("{name}")
class Form:
    name, suffix = "{name}", ".form"

    @staticmethod
    def render(result):
        return "{name}: " + result.sentence
"""
HEAVY = """
import torch
from gancheck.api import EMBEDDERS

@EMBEDDERS.register("arcsinh")
class Arcsinh:
    argument = ""
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a plugin that is whole, one that is broken, and one that brings nothing."""
    found = tmp_path / "site"
    install(found, "good-forms", "1.0", {"good": "good_forms"})
    install(found, "bad-forms", "2.0", {"bad": "bad_forms"})
    install(found, "no-forms", "3.0", {"idle": "no_forms"})
    write(
        found,
        {
            "good_forms.py": FORM.format(name="signs"),
            "bad_forms.py": "raise RuntimeError('no \\x1b[31mforms')",
            "no_forms.py": "",
        },
    )
    return found


def test_a_broken_plugin_is_one_line_and_the_rest_is_listed(site: Path, tmp_path: Path) -> None:
    """One warning in the whole run, with name, package and error; the table has what is whole."""
    listed, asked, again = run(
        site, tmp_path, [["plugins"], ["plugins", "--json"], ["explain", "coverage"]]
    )

    said = "plugin 'bad' (bad-forms 2.0) could not be imported: RuntimeError: no "
    assert listed["err"].startswith(f"warning: {said}")
    assert listed["err"].count("\n") == 1
    assert "\x1b" not in listed["err"] + listed["out"]
    assert f"broken: {said}" in listed["out"]
    assert "plugin 'idle' (no-forms 3.0) registers nothing\n" in listed["out"]
    (row,) = [line.split() for line in listed["out"].splitlines() if " signs " in line]
    assert row == ["signs", "gate", "format", "good-forms", "1.0", "-"]
    found = json.loads(asked["out"])
    assert [one["name"] for one in found["plugins"]] == ["signs"]
    assert [one["plugin"] for one in found["broken"]] == ["bad"]
    assert again["err"] == ""
    assert [listed["code"], asked["code"], again["code"]] == [0, 0, 0]


def test_two_of_one_name_end_the_run(site: Path, tmp_path: Path) -> None:
    """Exit code 2, and an error that names both packages."""
    install(site, "other-forms", "0.5", {"other": "other_forms"})
    write(site, {"other_forms.py": FORM.format(name="signs"), "bad_forms.py": ""})
    (told,) = run(site, tmp_path, [["plugins"]])

    assert told["code"] == 2
    both = "gate format 'signs' is brought by good-forms 1.0 and by other-forms 0.5"
    assert told["err"].startswith(f"error: {both}\nhint: Uninstall one of them")


def test_without_plugins_the_built_in_things_are_counted(site: Path, tmp_path: Path) -> None:
    """One line where there is nothing to list; what is turned off is named, and not imported."""
    off, everything = run(
        site, tmp_path, [["plugins"], ["plugins", "--all", "--json"]], GANCHECK_PLUGINS="0"
    )

    assert off["err"] == ""
    first, second = off["out"].splitlines()
    assert first == (
        "turned off by GANCHECK_PLUGINS=0: bad (bad-forms 2.0), good (good-forms 1.0), "
        "idle (no-forms 3.0)"
    )
    assert second.startswith("no plugin is on; gancheck itself brings ")
    rows = json.loads(everything["out"])["plugins"]
    assert {row["origin"] for row in rows} == {"gancheck"}
    assert {row["name"]: row["settings"] for row in rows}["coverage"]["warn_below"] == 0.8
    kinds = {row["kind"] for row in rows}
    assert len(kinds) == 7
    for kind in kinds:
        count = sum(row["kind"] == kind for row in rows)
        assert f"{count} {kind}s" in second


def test_names_of_plugins_are_completed_without_importing_them(tmp_path: Path) -> None:
    """The shell gets a name from a plugin that needs torch, and torch is not imported for it."""
    install(tmp_path, "heavy", "1.0", {"heavy": "heavy_views"})
    write(tmp_path, {"heavy_views.py": HEAVY})
    code = (
        "import sys\nfrom gancheck.cli import complete\n"
        "print(complete.embedders(), 'torch' in sys.modules, 'heavy_views' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    found = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "GANCHECK_PLUGINS": switch},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for switch in ("1", "0")
    ]

    assert "'arcsinh'" in found[0]
    assert found[0].endswith("False False\n")
    assert "'arcsinh'" not in found[1]


def test_every_room_is_read_for_completion() -> None:
    """The registries of the built-in things are called what completion takes them to be called."""
    assert complete.forms() == ["github", "json", "junit", "markdown", "text"]
    assert complete.laws() == ["auto", "normal", "sphere", "uniform"]
