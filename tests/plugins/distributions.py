"""Packages put on the path for one test, with the metadata that makes plugins of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_RUNNER = """
import json, sys
from typer.testing import CliRunner
from gancheck.cli.application import application
app, done = application(), []
for arguments in json.loads(sys.argv[1]):
    told = CliRunner().invoke(app, arguments, prog_name="gancheck")
    done.append({"code": told.exit_code, "out": told.stdout, "err": told.stderr})
print(json.dumps(done))
"""


def install(site: Path, name: str, version: str, plugins: Mapping[str, str]) -> None:
    """Write the metadata of a package: its name, its version, and plugin -> module."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{plugin} = {module}\n" for plugin, module in plugins.items()]
    (folder / "entry_points.txt").write_text("".join(["[gancheck.plugins]\n", *lines]))


def write(site: Path, files: Mapping[str, str]) -> None:
    """Write modules into a folder."""
    for name, text in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the blocks of CONTRIBUTING.md in one language, in order."""
    return [text for found, text in _BLOCK.findall(GUIDE) if found == language]


def named_blocks() -> dict[str, str]:
    """Return the blocks that begin with the path of the file that they are."""
    every = [*blocks("python"), *blocks("toml")]
    named = {text.partition("\n")[0].removeprefix("# "): text for text in every}
    return {name: text for name, text in named.items() if re.fullmatch(r"[\w/]+\.(py|toml)", name)}


def run(
    site: Path, folder: Path, commands: Sequence[Sequence[str]], **environment: str
) -> list[dict[str, Any]]:
    """Run commands of gancheck one after another in one process that sees the plugins of a site.

    Returns:
        Exit code, stdout and stderr of each, as ``code``, ``out`` and ``err``.
    """
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER, json.dumps(commands)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found
