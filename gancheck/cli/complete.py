"""What the shell offers as values of options; nothing heavy is imported to say it."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_REGISTERED = re.compile(r'^@?([A-Z_]+)\.register\("([a-z0-9_-]+)"\)', re.MULTILINE)
_PACKAGE = Path(__file__).resolve().parents[1]
_REGISTRIES = {
    "analyzers": "ANALYZERS",
    "embedders": "EMBEDDERS",
    "reporters/gates": "GATE_REPORTERS",
    "samplers": "LAWS",
}
"""What a registry is called where things are registered, by the room of the built-in ones."""


def _one_of(*words: str) -> Callable[[], list[str]]:
    def known() -> list[str]:
        return list(words)

    return known


devices = _one_of("auto", "cpu", "cuda")
maps = _one_of("umap", "pca", "none")
labels = _one_of("auto", "reference", "uniform")


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
    return registered("reporters/gates")


def laws() -> list[str]:
    """Return the laws that latents can be drawn from."""
    return ["auto", *registered("samplers")]


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
    own = sorted((_PACKAGE / room).glob("*.py"))
    files = [*own, *_files_of_plugins()]
    texts = (file.read_text("utf-8", "replace") for file in files)
    found = [one for text in texts for one in _REGISTERED.findall(text)]
    return sorted({name for registry, name in found if registry == _REGISTRIES[room]})


def _files_of_plugins() -> Iterator[Path]:
    """Yield the modules of the plugins that are switched on; those that cannot be found are none.

    Finding a package on the path imports nothing of it.
    """
    from gancheck.plugins import PLUGINS

    with suppress(Exception):  # whatever is wrong, the shell wants names
        for origin, _ in PLUGINS.chosen():
            spec = importlib.util.find_spec(origin.module.partition(".")[0])
            for place in (spec and spec.submodule_search_locations) or ():
                yield from sorted(Path(place).rglob("*.py"))
            if spec and spec.origin and spec.origin.endswith(".py"):
                yield Path(spec.origin)
