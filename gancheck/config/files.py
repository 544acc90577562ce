"""Finds the file of settings, reads it, and checks it."""

from __future__ import annotations

import difflib
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gancheck.config.kinds import GATE_SETTINGS, SETTINGS, Kind, shown
from gancheck.errors import UsageError
from gancheck.types.words import JSON

FILE, PROJECT = "gancheck.toml", "pyproject.toml"
GATE = "gate"
TRUST = "trust"
_LONGEST = 40  # characters of a wrong value that a message shows
_TABLE = re.compile(r"\s*\[\s*([^\[\]#]+?)\s*\]\s*(#.*)?$")
_ENTRY = re.compile(r"""\s*["']?([A-Za-z][\w.-]*?)["']?\s*=""")


@dataclass(frozen=True)
class Config:
    """The settings of one file.

    Attributes:
        path: The file.
        settings: Options of a run by name, with dashes; paths count from the folder of the file.
        gate: Options of the gate by name.
        lines: Lines of the keys, such as ``samples`` or ``gate.min.diversity``, all with dashes,
            where known.
        named: Whether the user named the file, rather than leaving it to be found.
    """

    path: Path
    settings: Mapping[str, JSON] = field(default_factory=dict)
    gate: Mapping[str, JSON] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    named: bool = False

    @property
    def name(self) -> str:
        """The file, for people."""
        return shown(self.path)

    def place(self, key: str) -> str:
        """Name the file, and the line of a key where it is known."""
        line = self.lines.get(key.replace("_", "-"))
        return self.name if line is None else f"{self.name}, line {line}"


def load(folder: Path, named: Path | None = None) -> Config | None:
    """Read the file that was named, else the nearest one; None where there is neither.

    Raises:
        UsageError: It cannot be read, or something in it is not as it should be.
    """
    if named is not None:
        return read(named, named=True)
    path = find(folder)
    return None if path is None else read(path)


def find(folder: Path) -> Path | None:
    """Return the nearest file with settings, from a folder upwards.

    Raises:
        UsageError: A ``pyproject.toml`` on the way seems to have settings, but cannot be read.
    """
    here = folder.resolve()
    for place in (here, *here.parents):
        if _is_file(place / FILE):
            return place / FILE
        if _is_file(place / PROJECT) and _has_settings(place / PROJECT):
            return place / PROJECT
    return None


def read(path: Path, *, named: bool = False) -> Config:
    """Read and check one file.

    Raises:
        UsageError: It cannot be read, or something in it is not as it should be.
    """
    text = _text(path)
    prefix = "tool.gancheck" if path.name == PROJECT else ""
    whole = _parsed(path, text)
    table = _inside(whole) if prefix else whole
    if table is None:
        raise UsageError(f"{shown(path)} has no table [{prefix}]", "Name another file.")
    lines = {key.replace("_", "-"): line for key, line in _lines(text, prefix)}
    reader = _Reader(path, lines)
    gate = table.pop(GATE, {})
    if not isinstance(gate, dict):
        raise reader.misfit(GATE, gate, "a table")
    return Config(
        path,
        settings=reader.checked(table, SETTINGS, ""),
        gate=reader.checked(gate, GATE_SETTINGS, f"{GATE}."),
        lines=reader.lines,
        named=named,
    )


@dataclass(frozen=True)
class _Reader:
    """Checks the tables of one file."""

    path: Path
    lines: Mapping[str, int]

    def checked(
        self, table: Mapping[str, Any], kinds: Mapping[str, Kind], room: str
    ) -> dict[str, JSON]:
        """Return the values by option name, each as its option takes it."""
        spelled: dict[str, str] = {}
        found: dict[str, JSON] = {}
        for given, value in table.items():
            name = given.replace("_", "-")
            if name in spelled:
                raise self._error(
                    f"{room}{given}", f"{spelled[name]} and {given} are one setting", "Keep one."
                )
            spelled[name] = given
            if name not in kinds:
                raise self._unknown(given, kinds, room)
            found[name] = self._taken(kinds[name], value, f"{room}{given}")
        return found

    def misfit(self, key: str, value: object, expects: str) -> UsageError:
        """Say what was found and what was expected."""
        return self._error(key, f"{key} is {_literal(value)}, expected {expects}", None)

    def _taken(self, kind: Kind, value: object, key: str) -> JSON:
        try:
            return kind.take(value, self.path.parent)
        except ValueError as error:
            if error.args:
                raise self._error(key, str(error), None) from None
            raise self.misfit(key, value, kind.expects) from None

    def _unknown(self, given: str, kinds: Mapping[str, Kind], room: str) -> UsageError:
        name = given.replace("_", "-")
        if name == TRUST and not room:
            return self._error(
                given,
                "trust is not taken from a file: it runs programs whose audit failed",
                "Give --trust on the command line, for the one model that needs it.",
            )
        elsewhere = GATE_SETTINGS if not room else SETTINGS
        if name in elsewhere:
            where = f"into the table [{GATE}]" if not room else f"outside the table [{GATE}]"
            return self._error(room + given, f"{given} is in the wrong place", f"Move it {where}.")
        known = [*kinds, *(() if room else (GATE,))]
        hint = f"{meant(name, known, 'Did you mean {}? ')}Known: {', '.join(known)}."
        return self._error(room + given, f"there is no setting called {room}{given}", hint)

    def _error(self, key: str, message: str, hint: str | None) -> UsageError:
        place = Config(self.path, lines=self.lines).place(key)
        return UsageError(f"{place}: {message}", hint)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{shown(path)} is no text; expected TOML") from None
    except FileNotFoundError:
        raise UsageError(f"{shown(path)} does not exist", "Name a file of settings.") from None
    except OSError as error:
        raise UsageError(f"cannot read {shown(path)}: {error.strerror or error}") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        found: dict[str, Any] = toml.loads(text)
    except ValueError as error:
        raise UsageError(f"{shown(path)} is not TOML: {error}") from error
    except RecursionError:
        raise UsageError(f"{shown(path)} is nested too deeply") from None
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that is closed to us holds no settings of ours
        return False


def _has_settings(project: Path) -> bool:
    """Tell whether a project's file has our table; one without is not ours to complain about."""
    try:
        content = project.read_bytes()
    except OSError:
        return False
    if b"gancheck" not in content:
        return False
    try:
        return _inside(_parsed(project, _text(project))) is not None
    except UsageError:
        if b"tool.gancheck" in content:
            raise
        return False


def _inside(project: Mapping[str, Any]) -> dict[str, Any] | None:
    tools = project.get("tool")
    found = tools.get("gancheck") if isinstance(tools, dict) else None
    return found if isinstance(found, dict) else None


def _lines(text: str, prefix: str) -> Iterator[tuple[str, int]]:
    """Yield keys below a table, and where they are; a guess that only messages rely on."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = header[1].replace('"', "").replace(" ", "")
        elif entry := _ENTRY.match(line):
            full = f"{table}.{entry[1]}" if table else entry[1]
            if not prefix:
                yield full, number
            elif full.startswith(f"{prefix}."):
                yield full[len(prefix) + 1 :], number


def meant(name: str, known: list[str], words: str) -> str:
    """Put the nearest known name into the words; nothing where none is near."""
    close = difflib.get_close_matches(name, known, n=1)
    return words.format(close[0]) if close else ""


def _literal(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
