"""``gancheck export-help``."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer
from typer.core import TyperCommand

from gancheck.cli import complete
from gancheck.cli.examples import Example, epilog
from gancheck.cli.session import exit_codes

HELP = (
    "Print how to bring the generator of a popular repository to gancheck.\n\n"
    "Without a name, lists what there is a recipe for. A recipe is Python to copy, and the command "
    "to run next; any-module is the one for everything else."
)
EPILOG = epilog(
    Example("gancheck export-help", "List the repositories with a recipe."),
    Example("gancheck export-help stylegan2-ada", "Print the Python to copy."),
)
KIND = TyperCommand
_WIDTH, _INDENT = 100, 24


def command(
    repo: Annotated[
        str | None,
        typer.Argument(
            metavar="REPO",
            help="Name of a repository, such as fastgan.",
            autocompletion=complete.recipes,
        ),
    ] = None,
) -> None:
    """Print one recipe, or one line about each."""
    with exit_codes():
        from gancheck.export_recipes import find_recipe, recipe_names

        if repo is None:
            for name in recipe_names():
                typer.echo(_line(name, find_recipe(name).summary))
            return
        recipe = find_recipe(repo)
        for line in textwrap.wrap(recipe.about, _WIDTH - 2):
            typer.echo(f"# {line}")
        typer.echo(f"\n{recipe.body}")


def _line(name: str, text: str) -> str:
    filled = textwrap.fill(
        text, _WIDTH, initial_indent=" " * _INDENT, subsequent_indent=" " * _INDENT
    )
    return name.ljust(_INDENT) + filled[_INDENT:]
