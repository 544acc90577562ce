"""The five most certain copies on a terminal."""

from __future__ import annotations

import dataclasses
import io

import pytest
from example_diagnosis import collapsed, healthy
from rich.cells import cell_len
from rich.console import Console

from gancheck.reporters.terminal import print_report
from gancheck.types import Copy, Diagnosis

PAIRS = (
    Copy("41", "train/00017.png", "exact", 0.0, 3.25),
    Copy("9", "train/00203.png", "near", 0.31, 2.9),
    Copy("730", "train/00008.png", "near", 0.44, 3.0),
    Copy("12", "train/00911.png", "close", 0.81, 2.2, 1.5),
    Copy("7", "train/00912.png", "close", 0.92, 2.1, 1.2),
    Copy("8", "train/00913.png", "close", 0.93, 2.0, 1.1),
    Copy("6", "train/00914.png", "close", 0.94, 2.0, 1.0),
)


def printed(diagnosis: Diagnosis, width: int = 80) -> list[str]:
    """Print a report into lines."""
    page = io.StringIO()
    console = Console(file=page, width=width, no_color=True, _environ={})
    print_report(diagnosis, console)
    return page.getvalue().splitlines()


def with_copies(*copies: Copy) -> Diagnosis:
    """Return the collapsed example with copies."""
    return dataclasses.replace(collapsed(), copies=copies)


def test_the_five_most_certain_pairs_are_named_with_kind_and_distances() -> None:
    """Each has sample, original, kind and both distances, in the order of the list."""
    lines = printed(with_copies(*PAIRS))
    start = next(i for i, line in enumerate(lines) if "copy of" in line)
    assert lines[start].split() == ["sample", "copy", "of", "kind", "distance", "held", "out"]
    rows = [line.split() for line in lines[start + 2 : start + 7]]
    assert rows[0] == ["41", "train/00017.png", "exact", "0", "3.25"]
    assert rows[3] == ["12", "train/00911.png", "close", "0.81", "2.20"]
    assert [row[0] for row in rows] == [copy.sample for copy in PAIRS[:5]]


def test_the_others_are_counted_by_kind() -> None:
    """What is not shown is counted, and where to find it is said."""
    text = "\n".join(printed(with_copies(*PAIRS)))
    assert "2 more copies: 2 close  (all in the JSON report)" in text
    assert "00913" not in text
    assert "more cop" not in "\n".join(printed(with_copies(*PAIRS[:5])))


def test_without_held_out_data_there_is_no_such_column() -> None:
    """An uncalibrated run has one distance."""
    lines = printed(with_copies(Copy("1", "2", "exact", 0.0)))
    head = next(line for line in lines if "copy of" in line)
    assert "held out" not in head


def test_without_copies_nothing_is_printed() -> None:
    """A healthy generator has no such table."""
    assert not any("copy of" in line for line in printed(healthy()))


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_long_and_hostile_names_stay_inside_the_width(width: int) -> None:
    """Long paths lose their middle, control characters have no power, brackets stay brackets."""
    long = "samples/" + "x" * 200 + "/7.png"
    lines = printed(
        with_copies(
            Copy(long, "train/" + "y" * 300 + ".png", "near", 123.456, 456.789),
            Copy("[red]a\x1b[31m.png", "b", "exact", 0.0, 1.0),
        ),
        width,
    )
    assert max(cell_len(line) for line in lines) <= width
    assert "\x1b" not in "".join(lines)
    assert any("samp" in line for line in lines)


def test_both_ends_of_a_long_name_are_shown() -> None:
    """Folder and number tell files apart; the middle does not."""
    long = Copy("first/" + "x" * 100 + "/00042.png", "2", "near", 0.5, 2.0)
    (line,) = [line for line in printed(with_copies(long), 120) if "00042.png" in line]
    assert "first/" in line
    assert "..." in line
