"""Memory is estimated before a run starts, and a run that cannot fit is refused."""

from __future__ import annotations

import pytest

from gancheck.errors import UsageError
from gancheck.memory import block_bytes, needed, parse_size, require, search_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512", 512),
        ("2G", 2 * 2**30),
        ("500M", 500 * 2**20),
        ("1.5GiB", int(1.5 * 2**30)),
        (" 3 kb ", 3 * 2**10),
        ("1t", 2**40),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    """Units from K to T, with or without B or iB, in either case, with decimals."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "much", "-1G", "1.2.3M", "5X", "1e9"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """The message repeats what was given and shows a size."""
    with pytest.raises(UsageError, match="not a size of memory") as caught:
        parse_size(text)
    assert caught.value.hint == "Write it like 2G or 500M."


def test_the_need_grows_with_samples_alone_beyond_a_floor() -> None:
    """Twice the samples take twice the memory above the fixed part."""
    floor = needed(0, 1000, 64)
    assert floor > 0
    assert needed(2000, 1000, 64) - floor == 2 * (needed(1000, 1000, 64) - floor)
    assert needed(100, 1000, 64) > needed(100, 10, 64)


def test_runs_that_fit_pass_and_others_say_what_would() -> None:
    """The refusal names a number of samples that does fit."""
    require(None, 10**9, 3 * 256 * 256, 2560)
    budget = needed(20_000, 3072, 2560)
    require(budget, 20_000, 3072, 2560)
    with pytest.raises(UsageError, match="40,000 samples") as caught:
        require(budget, 40_000, 3072, 2560)
    assert "About 10,000 of each fit" in str(caught.value.hint)
    require(budget, 2 * 10_000, 3072, 2560)


def test_a_budget_below_the_floor_fits_nothing() -> None:
    """Less than the interpreter takes leaves room for no samples, not for a negative number."""
    with pytest.raises(UsageError) as caught:
        require(2**20, 1000, 100, 100)
    assert "About 0 of each fit" in str(caught.value.hint)


def test_whole_sets_count_beside_the_samples() -> None:
    """What training and held-out sets take is in the sum, in the message and in what would fit."""
    beside = search_bytes(100 * 2**20, 1_000_000)
    assert beside > 100 * 2**20 + 16 * 1_000_000
    assert require(None, 1000, 100, 64, beside=beside) == needed(1000, 100, 64) + beside
    budget = needed(20_000, 3072, 2560)
    with pytest.raises(UsageError, match="the training and held-out sets need") as caught:
        require(budget, 20_000, 3072, 2560, beside=beside)
    fitting = int(str(caught.value.hint).split()[1].replace(",", ""))
    assert 0 < fitting < 10_000
    require(budget, 2 * fitting, 3072, 2560, beside=beside)


def test_blocks_grow_with_what_the_budget_leaves() -> None:
    """A budget that is all spent gives the smallest block, none the largest, others what fits."""
    spent = needed(1000, 100, 64) + search_bytes(0, 5000)
    tight, roomy, free = (block_bytes(b, spent) for b in (spent, spent + 2**28, None))
    assert tight < roomy < free
    assert block_bytes(spent // 2, spent) == tight
    assert block_bytes(2**40, spent) == free
    assert search_bytes(0, 0) >= 3 * tight  # and the smallest is part of what was counted
    assert roomy - tight <= 2**28 / 3
