"""Help: every command ends with examples that the real parser takes, readable at 80 columns."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from gancheck.cli.application import COMMANDS, EPILOG, application, overview, program
from gancheck.cli.examples import WIDTH
from gancheck.errors import ExitCode

APP = application()
ROOT: Any = get_command(APP)
EPILOGS = {"": EPILOG, **{name: command.epilog for name, command in ROOT.commands.items()}}


def lines(epilog: str) -> Iterator[str]:
    """Yield the command lines of a block of examples, continued lines joined."""
    for line in epilog.replace("\\\n", " ").splitlines():
        if line.strip().startswith("gancheck "):
            yield line.strip()


EXAMPLES = [(name, line) for name, epilog in EPILOGS.items() for line in lines(epilog)]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_ends_with_examples(name: str) -> None:
    """They are the last block, whole lines on a terminal of 80 columns, each with what it does."""
    arguments = [name, "--help"] if name else ["--help"]
    shown = CliRunner().invoke(APP, arguments, env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert shown.exit_code == 0
    block = shown.stdout.split("Examples:")[1]
    for line in EPILOGS[name].splitlines()[1:]:
        assert len(line) <= WIDTH
        assert f"{line}\n".lstrip() in "\n".join(row.strip() for row in block.splitlines()) + "\n"
    assert len(list(lines(EPILOGS[name]))) >= 1


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_examples_parse(name: str, line: str) -> None:
    """Options exist and take such values; an example of a command calls that command."""
    words = shlex.split(line)[1:]
    if words == ["--install-completion"]:
        return
    with ROOT.make_context("gancheck", list(words)) as root:
        called, command, rest = ROOT.resolve_command(root, [*root._protected_args, *root.args])
        parsed = command.make_context(called, rest, parent=root)

    assert set(parsed.params) == {param.name for param in command.params}
    assert not name or called == name


def test_the_overview_says_what_the_whole_program_says() -> None:
    """Help that reads no command's module is the same, letter for letter."""
    shown, whole = (CliRunner().invoke(app, ["--help"]) for app in (overview(), APP))
    assert shown.exit_code == 0
    assert shown.stdout == whole.stdout


@pytest.mark.parametrize(
    ("arguments", "completing", "count"),
    [
        ([], False, 0),
        (["--help"], False, 0),
        ([], True, len(COMMANDS)),
        (["gate"], False, 1),
        (["config"], False, len(COMMANDS)),
        (["--no-config", "gate"], False, len(COMMANDS)),
        (["gtae"], False, len(COMMANDS)),
    ],
)
def test_only_the_commands_that_are_needed_are_read(
    arguments: list[str], completing: bool, count: int
) -> None:
    """A first word that is a command reads that one; help and versions read none."""
    commands = program(arguments, completing=completing).registered_commands
    real = [command for command in commands if command.epilog]
    assert len(real) == count


@pytest.mark.parametrize("arguments", [["--help"], ["gate", "--help"]])
def test_exit_codes_are_in_the_help(arguments: list[str]) -> None:
    """Every code is there with its meaning."""
    shown = " ".join(CliRunner().invoke(APP, arguments).stdout.split())
    said = shown.split("Exit codes:")[1]

    for code in ExitCode:
        assert f"{int(code)} " in said[:200]
