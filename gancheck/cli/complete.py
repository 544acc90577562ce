"""What the shell offers as values of options; nothing heavy is imported to say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

_REGISTERED = re.compile(r'^@?[A-Z]+\.register\("([a-z0-9_-]+)"\)', re.MULTILINE)
_PACKAGE = Path(__file__).resolve().parents[1]


def _one_of(*words: str) -> Callable[[], list[str]]:
    def known() -> list[str]:
        return list(words)

    return known


devices = _one_of("auto", "cpu", "cuda")
maps = _one_of("umap", "pca", "none")
labels = _one_of("auto", "reference", "uniform")
laws = _one_of("auto", "normal", "uniform", "sphere")


def limited() -> list[str]:
    """Return everything that a limit can be put on, with the sign that comes next."""
    from gancheck.gate.catalogue import FINDINGS, SCORES

    return [f"{name}=" for name in (*SCORES, *FINDINGS)]


def forbidden() -> list[str]:
    """Return the conditions and verdicts that can be forbidden."""
    from gancheck.gate.catalogue import WORDS

    return list(WORDS)


def levels(incomplete: str) -> list[str]:
    """Return names that may have a level; the levels themselves behind a name."""
    from gancheck.config import LEVELS

    name, sign, _ = incomplete.partition("=")
    if sign:
        return [f"{name}={level}" for level in LEVELS]
    return [*limited(), *(f"{word}=" for word in forbidden())]


def decisions() -> list[str]:
    """Return what may become of the undecided."""
    from gancheck.config import DECISIONS

    return list(DECISIONS)


def confidences() -> list[str]:
    """Return the confidences that reports hold bounds for."""
    from gancheck.gate.limits import CONFIDENCES

    return [f"{one:g}" for one in CONFIDENCES]


def forms() -> list[str]:
    """Return the forms in which a gate can be written."""
    from gancheck.reporters.gates import GATE_REPORTERS

    return GATE_REPORTERS.names()


def embedders() -> list[str]:
    """Return views by name, and what files of networks begin with."""
    with_file = ("torch", "onnx", "huggingface")
    known = [name + ":" if name in with_file else name for name in registered("embedders")]
    return ["auto", *known]


def explained() -> list[str]:
    """Return the analyzers and conditions that ``gancheck explain`` knows."""
    from gancheck.types.words import Condition

    conditions = [condition.value for condition in Condition]
    return list(dict.fromkeys([*registered("analyzers"), *conditions]))


def recipes() -> list[str]:
    """Return the repositories that ``gancheck export-help`` knows."""
    from gancheck.export_recipes import recipe_names

    return recipe_names()


def registered(room: str) -> list[str]:
    """Return the names under which the modules of a room register, and those of plugins.

    The modules are read, not imported: most need torch.
    """
    files = sorted((_PACKAGE / room).glob("*.py"))
    found = [name for file in files for name in _REGISTERED.findall(file.read_text("utf-8"))]
    return sorted({*found, *_plugins(room)})


def _plugins(room: str) -> Iterator[str]:
    from importlib.metadata import entry_points

    for plugin in entry_points(group=f"gancheck.{room}"):
        yield plugin.name
