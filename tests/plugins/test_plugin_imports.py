"""Plugins live on the public API alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributions import ROOT

import gancheck
from gancheck import api

PUBLIC = {"gancheck": gancheck.__all__, "gancheck.api": api.__all__}
FILES = sorted(
    path
    for path in (ROOT / "plugins").glob("*/**/*.py")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)


def beyond_the_api(text: str) -> Iterator[str]:
    """Yield every name that a module takes from gancheck and that is not public."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
            yield from (name for name in named if _is_ours(name) and name not in PUBLIC)
        elif isinstance(node, ast.ImportFrom) and _is_ours(node.module or "") and not node.level:
            for alias in node.names:
                known = [*PUBLIC.get(node.module or "", ()), *_modules(node.module)]
                if alias.name not in known:
                    yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Constant) and _is_deeper_module(node.value):
            yield str(node.value)  # for importlib


def _is_deeper_module(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"gancheck(\.[a-z_]+)+", value):
        return False
    place = ROOT.joinpath(*value.split("."))
    return value not in PUBLIC and (place.is_dir() or place.with_suffix(".py").is_file())


def _is_ours(module: str) -> bool:
    return module.startswith("gancheck.") or module == "gancheck"


def _modules(module: str | None) -> list[str]:
    return ["api"] if module == "gancheck" else []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "plugins")))
def test_a_plugin_imports_the_public_api_only(path: Path) -> None:
    """Its modules, its tests and its examples: `gancheck` and `gancheck.api`, nothing deeper."""
    assert not list(beyond_the_api(path.read_text(encoding="utf-8")))


def test_there_are_plugins_to_look_at() -> None:
    """The rule above is not empty: the tutorial is there, with its test and its example."""
    names = {path.name for path in FILES}
    assert {"gancheck_hello.py", "test_gancheck_hello.py", "hello.py"} <= names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import gancheck.loaders", ["gancheck.loaders"]),
        ("from gancheck.types import Finding", ["gancheck.types.Finding"]),
        ("from gancheck import registry", ["gancheck.registry"]),
        ("from gancheck.api import nonsense", ["gancheck.api.nonsense"]),
        ("import importlib\nimportlib.import_module('gancheck.cli')", ["gancheck.cli"]),
        ("import gancheck\nfrom gancheck.api import Finding\nimport gancheck_hello", []),
        ("from gancheck import api, diagnose", []),
        ("group, file = 'gancheck.things', 'gancheck.toml'", []),
    ],
)
def test_the_rule_can_fail(text: str, found: list[str]) -> None:
    """Each way around the API is seen, and none where there is none."""
    assert list(beyond_the_api(text)) == found


def test_the_api_is_whole_and_sorted() -> None:
    """Every name of `gancheck.api` is there, once, in order; others are refused as such."""
    assert len(set(api.__all__)) == len(api.__all__)
    words = [name for name in api.__all__ if not name.isupper()]
    assert words == sorted(words, key=lambda name: (name[0].islower(), name))
    assert dir(api) == sorted(api.__all__)
    for name in api.__all__:
        assert getattr(api, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = api.nonsense
