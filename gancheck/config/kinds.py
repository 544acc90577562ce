"""What each setting takes, and how the file may write it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from gancheck.types.words import JSON

LEVELS = ("off", "warn", "error")
DECISIONS = ("pass", "warn", "fail")
MAPS = ("umap", "pca", "none")
LABELS = ("auto", "reference", "uniform")
_CODE_FILE = re.compile(r"(.+\.py)(:.+)", re.DOTALL)
_VIEW_FILE = re.compile(r"(torch|onnx|huggingface):(.+)", re.DOTALL)

Take: TypeAlias = Callable[[Any, Path], JSON]


@dataclass(frozen=True)
class Kind:
    """What a key takes.

    Attributes:
        expects: The same in words.
        take: Turns what the file holds, and the folder of the file, into what the option takes;
            raises ``ValueError`` where it does not fit.
    """

    expects: str
    take: Take


def shown(path: Path) -> str:
    """Name a file as seen from here, where that is shorter."""
    whole, here = path.absolute(), Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)


def _text_of(value: Any, _folder: Path) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError
    return value


def _switch(value: Any, _folder: Path) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _only_on(value: Any, _folder: Path) -> bool:
    if value is False:
        raise ValueError(
            "isolate = false is not taken from a file: --no-isolate is for the command line"
        )
    return _switch(value, _folder)


def _number(value: Any, _folder: Path, least: float = -math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError
    if value < least:
        raise ValueError
    return value


def _above_0(value: Any, folder: Path) -> float:
    if _number(value, folder) <= 0:
        raise ValueError
    return float(value)


def _whole(value: Any, _folder: Path, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError
    return value


def _whole_or_auto(value: Any, folder: Path) -> str:
    return "auto" if value == "auto" else str(_whole(value, folder, 1))


def _numbers(value: Any, folder: Path) -> str:
    """Take ``"-1,1"`` as well as ``[-1, 1]``."""
    if isinstance(value, list) and value:
        return ",".join(f"{_number(one, folder):g}" for one in value)
    return _text_of(value, folder)


def _object(value: Any, folder: Path) -> str:
    if isinstance(value, dict):
        return json.dumps(value, default=_no_json)
    return _text_of(value, folder)


def _no_json(_value: object) -> str:
    raise ValueError


def _word(value: Any, _folder: Path, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ValueError
    return str(value)


def _words(value: Any, folder: Path) -> list[str]:
    if not isinstance(value, list):
        raise ValueError
    return [_text_of(one, folder) for one in value]


def _pairs(value: Any, folder: Path) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError
    return {name: _number(one, folder) for name, one in _flat(value)}


def _number_or_pairs(value: Any, folder: Path) -> JSON:
    return _pairs(value, folder) if isinstance(value, dict) else _number(value, folder)


def _levels(value: Any, folder: Path) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError
    return {name: _word(one, folder, LEVELS) for name, one in _flat(value)}


def _flat(table: Mapping[str, Any], room: str = "") -> Iterator[tuple[str, Any]]:
    """Read ``modes.missing = 0`` as one name, with or without quotes around it."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{room}{name}.")
        else:
            yield f"{room}{name}", value


def _path(value: Any, folder: Path) -> str:
    return shown(folder / Path(_text_of(value, folder)).expanduser())


def _view(value: Any, folder: Path) -> str:
    found = _VIEW_FILE.fullmatch(_text_of(value, folder))
    if not found:
        return str(value)
    kind, rest = found[1], found[2]
    is_name = kind == "huggingface" and not (folder / rest).exists()
    return str(value) if is_name else f"{kind}:{_path(rest, folder)}"


def _code(value: Any, folder: Path) -> str:
    found = _CODE_FILE.fullmatch(_text_of(value, folder))
    return f"{_path(found[1], folder)}{found[2]}" if found else str(value)


def _at_least(least: int) -> Kind:
    return Kind(f"a whole number of at least {least}", partial(_whole, least=least))


def _one_of(words: tuple[str, ...]) -> Kind:
    return Kind(f"one of {', '.join(words)}", partial(_word, words=words))


_TEXT = Kind("text", _text_of)
_PATH = Kind("the path of a file or folder", _path)
_CODE = Kind("module:name or file.py:name", _code)
_SWITCH = Kind("true or false", _switch)

SETTINGS: Mapping[str, Kind] = {
    "reference": _PATH,
    "holdout": _PATH,
    "samples": _at_least(100),
    "seed": _at_least(0),
    "embedder": Kind("the name of a view", _view),
    "resize": Kind("[height, width]", _numbers),
    "device": _TEXT,
    "batch-size": Kind('"auto" or a whole number of at least 1', _whole_or_auto),
    "max-memory": Kind('a size such as "4G"', _text_of),
    "no-cache": _SWITCH,
    "work-dir": _PATH,
    "latent-dim": _at_least(1),
    "latent-law": _TEXT,
    "classes": _at_least(1),
    "class": _at_least(0),
    "label-table": _PATH,
    "labels": _one_of(LABELS),
    "truncation": Kind("a number of at least 0", partial(_number, least=0.0)),
    "arch": _CODE,
    "arch-args": Kind("a table, or JSON as text", _object),
    "key": _TEXT,
    "output-range": Kind('"auto" or [low, high]', _numbers),
    "output-shape": Kind("[channels, height, width]", _numbers),
    "isolate": Kind("true", _only_on),
    "discriminator": _PATH,
    "discriminator-arch": _CODE,
    "modes": _PATH,
    "modes-sd": Kind("a number above 0", _above_0),
    "modes-range": Kind("[low, high]", _numbers),
    "map": _one_of(MAPS),
}
"""Options of a run that a file may give, by name."""

GATE_SETTINGS: Mapping[str, Kind] = {
    "min": Kind("a table of names and numbers", _pairs),
    "max": Kind("a table of names and numbers", _pairs),
    "forbid": Kind("a list of words", _words),
    "levels": Kind(f"a table of names and levels ({', '.join(LEVELS)})", _levels),
    "baseline": _PATH,
    "max-drop": Kind("a number, or a table of names and numbers", _number_or_pairs),
    "on-inconclusive": _one_of(DECISIONS),
    "confidence": Kind("a number: 0.95, 0.975 or 0.99", _number),
    "adaptive": _SWITCH,
    "max-samples": _at_least(100),
}
"""Options of the gate that a file may give in its table ``gate``, by name."""
