"""Which files are checkpoints, and which training step each is of."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from gancheck.errors import UsageError

ENDINGS = (".pt", ".pth", ".pt2", ".onnx", ".safetensors", ".ckpt", ".bin", ".pkl", ".npz", ".npy")
"""Files of a folder that are taken for checkpoints."""
_DIGITS = re.compile(r"\d+")
_WORDS = ("step", "steps", "iter", "iters", "iteration", "it", "kimg", "tick", "epoch", "ep", "e")
_NAMED = re.compile(r"([a-z]+)[-_=.]?0*$", re.IGNORECASE)
_MAGIC = "*?["


class NothingFound(UsageError):  # noqa: N818 - it reads as what it is
    """A pattern matches no file."""


@dataclass(frozen=True)
class Found:
    """A checkpoint: its file, or folder of samples, and its training step."""

    path: Path
    step: int


def find(sources: Sequence[str | Path]) -> tuple[Found, ...]:
    """Find checkpoints and order them by their steps.

    Args:
        sources: Files, patterns such as ``run/G_*.pt``, or folders. A folder that holds files with
            the endings of checkpoints stands for these; any other folder is one set of samples.

    Returns:
        Checkpoints by rising step. The step is the number in which the names differ; where several
        do, the one that is called step, iteration, kimg or epoch, else the last. Where names have
        no such number it is the place in their natural order, from 1.

    Raises:
        UsageError: A pattern or a folder matches nothing, or two files are of the same step.
    """
    paths = list(dict.fromkeys(path for source in sources for path in _expanded(source)))
    ordered = sorted(paths, key=natural)
    steps = _steps([path.as_posix() for path in ordered])
    found = sorted(zip(steps, ordered, strict=True), key=lambda pair: pair[0])
    for (step, one), (other_step, other) in pairwise(found):
        if step == other_step:
            raise UsageError(
                f"{one} and {other} are both of step {step}",
                "Give a pattern that matches one file a step, such as 'run/G_*.pt'.",
            )
    return tuple(Found(path, step) for step, path in found)


def beside(checkpoints: Iterable[Found], others: Sequence[Found]) -> Iterator[Path | None]:
    """Yield the file of the same step for each checkpoint, None where there is none."""
    known = {other.step: other.path for other in others}
    yield from (known.get(one.step) for one in checkpoints)


def natural(path: Path) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts names as people do: 9 before 10."""
    parts = re.split(r"(\d+)", path.as_posix())
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts)


def _expanded(source: str | Path) -> Iterator[Path]:
    path = Path(source)
    if path.is_dir():
        inside = [one for one in path.iterdir() if _is_checkpoint(one)]
        yield from inside or [path]
    elif path.exists() or not any(sign in str(source) for sign in _MAGIC):
        yield path
    else:
        matched = [Path(name) for name in glob.glob(str(source), recursive=True)]  # noqa: PTH207 - any place
        if not matched:
            raise NothingFound(f"{source} matches no file", "Quote the pattern, and check it.")
        yield from matched


def _is_checkpoint(path: Path) -> bool:
    """Tell files by their endings; those that are being written begin with a dot."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()


def _steps(names: Sequence[str]) -> list[int]:
    """Return the step that each name tells, or the places of all where one tells none."""
    shapes = {_DIGITS.sub("0", name) for name in names}
    if len(shapes) > 1:
        told = [_last(name) for name in names]
    else:
        column = _column(names)
        told = [None if column is None else int(_DIGITS.findall(name)[column]) for name in names]
    steps = [step for step in told if step is not None]
    return steps if len(steps) == len(names) else list(range(1, len(names) + 1))


def _column(names: Sequence[str]) -> int | None:
    """Choose among the numbers of names that are alike but for these."""
    rows = [_DIGITS.findall(name) for name in names]
    count = len(rows[0]) if rows else 0
    varying = [at for at in range(count) if len({int(row[at]) for row in rows}) > 1]
    if len(names) == 1:
        within = len(_DIGITS.findall(Path(names[0]).name))
        varying = list(range(count - within, count))
    words = _words(names[0]) if rows else []
    for word in _WORDS:
        called = [at for at in varying if words[at] == word]
        if called:
            return called[-1]
    return varying[-1] if varying else None


def _words(name: str) -> list[str]:
    """Return the word before each number of a name, in lower case."""
    found = []
    for number in _DIGITS.finditer(name):
        word = _NAMED.search(name[: number.start()])
        found.append(word[1].lower() if word else "")
    return found


def _last(name: str) -> int | None:
    """Return the number that is called a step in the file's own name, else the last in it."""
    numbers = _DIGITS.findall(Path(name).name)
    words = _words(Path(name).name)
    for word in _WORDS:
        if word in words:
            return int(numbers[words.index(word)])
    return int(numbers[-1]) if numbers else None
