"""How to bring the generators of popular repositories into a form that gancheck reads.

A recipe is one file in ``gancheck/recipes``: Python to copy, with a docstring that says when to use
it, and the command to run next as its last lines.
"""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from gancheck.errors import UsageError

_SUFFIX = ".txt"


@dataclass(frozen=True)
class Recipe:
    """Code to copy.

    Attributes:
        name: Name of the repository, short.
        code: The whole file.
    """

    name: str
    code: str

    @cached_property
    def about(self) -> str:
        """When and how to use it, in one paragraph."""
        return " ".join((ast.get_docstring(ast.parse(self.code)) or "").split())

    @property
    def summary(self) -> str:
        """The first sentence."""
        return self.about.partition(". ")[0].rstrip(".:") + "."

    @property
    def body(self) -> str:
        """The code without its docstring."""
        start = ast.parse(self.code).body[0].end_lineno or 0
        return "\n".join(self.code.splitlines()[start:]).strip("\n")


def recipe_names() -> list[str]:
    """Return the name of every recipe, sorted."""
    entries = (files("gancheck") / "recipes").iterdir()
    return sorted(e.name.removesuffix(_SUFFIX) for e in entries if e.name.endswith(_SUFFIX))


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name, in upper or lower case.

    Raises:
        UsageError: There is none; the message lists near misses and all names.
    """
    known = recipe_names()
    wanted = name.lower().rstrip("/").rpartition("/")[2]
    if wanted not in known:
        close = [other for other in known if wanted and wanted in other]
        close += difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
        guess = f"Did you mean {close[0]!r}? " if close else ""
        raise UsageError(f"there is no recipe for {name!r}", f"{guess}Known: {', '.join(known)}.")
    text = (files("gancheck") / "recipes" / (wanted + _SUFFIX)).read_text(encoding="utf-8")
    return Recipe(wanted, text)
