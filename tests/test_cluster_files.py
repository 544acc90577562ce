"""The recipes for clusters: valid scripts, whose commands and flags exist."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gancheck.cli.application import application

CLUSTER = Path(__file__).resolve().parent.parent / "examples" / "cluster"
SLURM, RAY = CLUSTER / "slurm.sbatch", CLUSTER / "ray_checkpoints.py"


def known_flags() -> dict[str, set[str]]:
    """Return the flags of each command."""
    program: Any = get_command(application())
    return {
        name: {flag for parameter in command.params for flag in parameter.opts}
        for name, command in program.commands.items()
    }


def typed(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands that are typed in a text, with their flags."""
    for line in text.replace("\\\n", " ").splitlines():
        if found := re.search(r"gancheck ([a-z]+) (.*)", line):
            yield found[1], re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", found[2])


def said(tree: ast.AST) -> Iterator[list[str]]:
    """Yield the words of each command that a Python script builds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.List):
            words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            if "gancheck" in words:
                yield [word for word in words if isinstance(word, str)]


@pytest.mark.parametrize("path", sorted(CLUSTER.iterdir()), ids=lambda path: path.name)
def test_commands_that_are_typed_exist(path: Path) -> None:
    """Every command and every flag of it is one that gancheck has."""
    known = known_flags()
    commands = list(typed(path.read_text(encoding="utf-8")))

    assert commands or path == RAY
    for name, flags in commands:
        assert set(flags) <= known[name], name


def test_the_flags_of_the_ray_script_exist() -> None:
    """The script parses, calls the command, and gives it flags that it has."""
    (words,) = said(ast.parse(RAY.read_text(encoding="utf-8")))

    assert words[:2] == ["gancheck", "diagnose"]
    flags = {word for word in words if word.startswith("--")}
    assert {"--reference", "--json"} <= flags <= known_flags()["diagnose"]


def test_the_slurm_script_runs_one_checkpoint_a_task(tmp_path: Path) -> None:
    """Under a scheduler's variables it calls the command for the checkpoint of its number."""
    (tmp_path / "checkpoints.txt").write_text("runs/a/generator.pt\nruns/b/generator.pt\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gancheck").write_text('#!/bin/bash\necho "$OMP_NUM_THREADS $*"\n')
    (programs / "gancheck").chmod(0o755)
    done = subprocess.run(
        ["bash", str(SLURM)],
        cwd=tmp_path,
        env={
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "SLURM_ARRAY_TASK_ID": "1",
            "SLURM_CPUS_PER_TASK": "4",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    diagnose, gate = done.stdout.splitlines()

    assert diagnose.startswith("4 diagnose runs/b/generator.pt --reference reference.gcref")
    assert "--json reports/runs_b_generator.json" in diagnose
    assert gate.startswith("4 gate reports/runs_b_generator.json --min diversity=")
    assert subprocess.run(["bash", "-n", str(SLURM)], check=False).returncode == 0
