"""How much memory a run will need, said before it starts."""

from __future__ import annotations

import re

from gancheck.errors import UsageError

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?\s*$", re.IGNORECASE)
_WORKING = 400 * 2**20  # interpreter, libraries and one tile of everything that is tiled
_COPIES = 3  # values, one float working copy of a part of them, pictures
_BLOCK_COPIES = 6  # of points while they are searched: moved to their mean, squared, in float64
_SMALLEST_BLOCK, _LARGEST_BLOCK = 8 * 2**20, 256 * 2**20
_INDEX = 300  # of each sample of a set: hash, row number, file name, and what finds repeats


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


def require(
    budget: int | None, n: int, bytes_each: int, dimensions: int, *, beside: int = 0
) -> int:
    """Refuse a run that would not fit, and return what it will take, in bytes.

    Args:
        budget: Bytes that the run may take; None for no limit.
        n: Samples and reference samples together.
        bytes_each: Size of one sample.
        dimensions: Feature dimensions of all views together.
        beside: Bytes that whole training and held-out sets take, see `search_bytes`.

    Raises:
        UsageError: It would need more than the budget; the message says what would fit.
    """
    wanted = needed(n, bytes_each, dimensions) + beside
    if budget is None or wanted <= budget:
        return wanted
    each = needed(1, bytes_each, dimensions) - needed(0, bytes_each, dimensions)
    fitting = max(0, (budget - beside - _WORKING) // each)
    sets = " and the training and held-out sets" if beside else ""
    raise UsageError(
        f"{n:,} samples and reference samples{sets} need about {wanted / 2**30:.1f} GiB, above "
        "--max-memory",
        f"About {fitting // 2:,} of each fit (--samples); the least is "
        f"{(needed(200, bytes_each, dimensions) + beside) / 2**30:.1f} GiB.",
    )


def search_bytes(held: int, count: int) -> int:
    """Estimate what whole training and held-out sets take, wherever their features lie.

    Args:
        held: Bytes of those samples that cannot be read in pieces.
        count: Samples of both sets.
    """
    return held + _INDEX * count + _BLOCK_COPIES * _SMALLEST_BLOCK


def block_bytes(budget: int | None, taken: int) -> int:
    """Return how large a block of points may be that a search holds at once, in bytes.

    Args:
        budget: Bytes that the run may take; None for no limit.
        taken: Bytes that everything takes with the smallest blocks, see `require`.
    """
    if budget is None:
        return _LARGEST_BLOCK
    fitting = _SMALLEST_BLOCK + max(0, budget - taken) // _BLOCK_COPIES
    return min(fitting, _LARGEST_BLOCK)
