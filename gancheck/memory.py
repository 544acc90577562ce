"""How much memory a run will need, said before it starts."""

from __future__ import annotations

import re

from gancheck.errors import UsageError

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?\s*$", re.IGNORECASE)
_WORKING = 400 * 2**20  # interpreter, libraries and one tile of everything that is tiled
_COPIES = 3  # values, one float working copy of a part of them, pictures


def parse_size(text: str) -> int:
    """Turn ``2G``, ``500M`` or ``1.5GiB`` into bytes.

    Raises:
        UsageError: It is not a size.
    """
    found = _SIZE.match(text)
    if not found:
        raise UsageError(f"{text!r} is not a size of memory", "Write it like 2G or 500M.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def needed(n: int, bytes_each: int, dimensions: int) -> int:
    """Estimate the peak memory of a run in bytes.

    Args:
        n: Samples and reference samples together.
        bytes_each: Size of one sample.
        dimensions: Feature dimensions of all views together.
    """
    return _WORKING + n * (_COPIES * bytes_each + 4 * _COPIES * dimensions)


def require(budget: int | None, n: int, bytes_each: int, dimensions: int) -> None:
    """Refuse a run that would not fit.

    Raises:
        UsageError: It would need more than the budget; the message says what would fit.
    """
    if budget is None or needed(n, bytes_each, dimensions) <= budget:
        return
    each = needed(1, bytes_each, dimensions) - needed(0, bytes_each, dimensions)
    fitting = max(0, (budget - _WORKING) // each)
    raise UsageError(
        f"{n:,} samples and reference samples need about "
        f"{needed(n, bytes_each, dimensions) / 2**30:.1f} GiB, above --max-memory",
        f"About {fitting // 2:,} of each fit (--samples); the least is "
        f"{needed(200, bytes_each, dimensions) / 2**30:.1f} GiB.",
    )
