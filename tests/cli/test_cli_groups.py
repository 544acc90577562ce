"""Groups of flags: a command that takes them gets their options, and gets them back filled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from gancheck.cli.groups import Command, expanded


@dataclass(frozen=True)
class Colour:
    """A group."""

    hue: Annotated[str, typer.Option("--hue", "-h", help="Which colour.")] = "red"
    light: Annotated[int, typer.Option(min=0)] = 5


@dataclass(frozen=True)
class Paint(Colour):
    """A group that changes one option of another and adds one."""

    light: Annotated[int, typer.Option(min=3)] = 7
    layers: Annotated[list[str], typer.Option("--layer")] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """A group of groups."""

    paint: Paint
    fast: Annotated[bool, typer.Option("--fast")] = False


seen: list[object] = []


@expanded
def command(
    ctx: typer.Context,
    wall: Annotated[str, typer.Argument()],
    job: Job,
    twice: Annotated[bool, typer.Option("--twice")] = False,
) -> None:
    """Remember what came."""
    seen.append((ctx.params["hue"], wall, job, twice))


def run(command: Command, *arguments: str) -> tuple[int, object]:
    """Run a command; returns its exit code and what it was given."""
    app = typer.Typer()
    app.command()(command)
    seen.clear()
    code = CliRunner().invoke(app, list(arguments)).exit_code
    return code, seen[0] if seen else None


def test_groups_are_filled_from_single_options() -> None:
    """Nested and inherited fields are options like any other, in any order."""
    typed = ("--layer", "a", "north", "--fast", "-h", "blue", "--layer", "b", "--twice")

    job = Job(Paint("blue", 7, ["a", "b"]), fast=True)
    assert run(command, *typed) == (0, ("blue", "north", job, True))


def test_defaults_are_those_of_the_fields() -> None:
    """A command without flags gets the group as it is declared; lists are not shared."""
    _, first = run(command, "north")
    _, second = run(command, "north")

    assert first == second == ("red", "north", Job(Paint()), False)


@pytest.mark.parametrize("typed", [("--light", "2"), ("--hue",), ("--paint", "x")])
def test_options_keep_their_limits(typed: tuple[str, ...]) -> None:
    """An overridden option counts as it was overridden; the group itself is no option."""
    assert run(command, "north", *typed) == (2, None)


def test_one_option_cannot_be_declared_twice() -> None:
    """Two groups with the same field are a mistake that shows at once."""

    def twice(one: Colour, other: Paint) -> None:
        """Take two groups that overlap."""

    twice.__annotations__ = {"one": Colour, "other": Paint}
    with pytest.raises(ValueError, match="duplicate"):
        expanded(twice)
