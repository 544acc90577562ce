"""The documentation of an analyzer, read from its docstring into headings, text and lists."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_UNDERLINE = re.compile(r"[-=~^]{3,}$")
_BULLET = re.compile(r"(?:[-*]|\d+\.)\s+")
_CODE = re.compile(r"``(.+?)``|`([^`]+)`")
_LONGEST_HEADING = 60


class Segment(NamedTuple):
    """A run of text, set as code or not."""

    text: str
    code: bool


class Block(NamedTuple):
    """One ``heading``, ``paragraph`` or ``list``; a list has several items, the others one."""

    kind: str
    items: list[list[Segment]]


def registered_docs(names: Sequence[str]) -> Mapping[str, str]:
    """Return the docstrings of the installed analyzers among ``names``."""
    from gancheck.analyzers import ANALYZERS

    known = set(ANALYZERS.names())
    return {name: inspect.getdoc(ANALYZERS.get(name)) or "" for name in names if name in known}


def blocks(docstring: str) -> list[Block]:
    """Split a docstring into blocks; its layout is that of Google or of reStructuredText."""
    chunks = re.split(r"\n\s*\n", inspect.cleandoc(docstring).strip())
    return [block for chunk in chunks if chunk.strip() for block in _chunk(chunk)]


def _chunk(chunk: str) -> list[Block]:
    lines = inspect.cleandoc(chunk).splitlines()
    heading, rest = _heading(lines)
    if heading:
        return [Block("heading", [segments(heading)]), *(_chunk("\n".join(rest)) if rest else [])]
    first = next((at for at, line in enumerate(lines) if _BULLET.match(line)), None)
    if first is None:
        return [Block("paragraph", [segments(" ".join(lines))])]
    intro = [Block("paragraph", [segments(" ".join(lines[:first]))])] if first else []
    return [*intro, Block("list", [segments(item) for item in _items(lines[first:])])]


def _heading(lines: list[str]) -> tuple[str, list[str]]:
    """Recognise ``Title:`` above more text or alone, and a title with a line drawn under it."""
    title = lines[0].strip()
    if len(lines) > 1 and _UNDERLINE.match(lines[1].strip()):
        return title, lines[2:]
    if title.endswith(":") and len(title) <= _LONGEST_HEADING and not _BULLET.match(title):
        return title.rstrip(":"), lines[1:]
    return "", lines


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if _BULLET.match(line):
            items.append(_BULLET.sub("", line, count=1))
        else:
            items[-1] += f" {line.strip()}"
    return items


def segments(text: str) -> list[Segment]:
    """Split text at its backquotes."""
    found: list[Segment] = []
    end = 0
    for match in _CODE.finditer(text):
        found += [Segment(text[end : match.start()], False), Segment(match[1] or match[2], True)]
        end = match.end()
    return [segment for segment in [*found, Segment(text[end:], False)] if segment.text]
