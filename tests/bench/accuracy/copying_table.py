"""The table of copying: on a terminal, in Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from bench.accuracy.copying import LEVEL, Row
from gancheck import __version__

if TYPE_CHECKING:
    from rich.table import Table

    from gancheck.types import JSON

HEADINGS = (
    "generator",
    "seen",
    "|T|, |H|, n",
    "runs",
    f"p <= {LEVEL} (near)",
    f"p <= {LEVEL}",
    "flags",
    "false",
    "power",
    "share (truth)",
    "interval holds",
    "AuthPct",
    "C_T",
    "FLD gap",
)


def cells(row: Row) -> tuple[str, ...]:
    """Write one row."""
    if row.published is None:
        others = ("", "", "")
    else:
        one = row.published
        others = (f"{one.auth:.0f}%", f"{one.c_t:.1f}", f"{one.gap:.1f}")
    return (
        row.name,
        row.view,
        " / ".join(f"{size:,}" for size in row.sizes),
        str(row.runs),
        *(("", "") if row.rival else (f"{row.detected_near:.1%}", f"{row.detected:.1%}")),
        f"{row.flagged:.1f}",
        f"{row.false_share:.1%}",
        "" if row.power is None else f"{row.power:.1%}",
        "" if row.rival else f"{row.share:.2%} ({row.truth:.1%})",
        "" if row.rival else f"{row.covered:.0%}",
        *others,
    )


def rich_table(rows: Sequence[Row]) -> Table:
    """Return the table for a terminal."""
    from rich.table import Table

    table = Table(header_style="bold")
    for heading in HEADINGS:
        left = heading in ("generator", "seen")
        table.add_column(heading, justify="left" if left else "right")
    for row in rows:
        table.add_row(*cells(row))
    return table


def markdown(rows: Sequence[Row], seed: int) -> str:
    """Return the table and how to read it, as a page."""
    lines = [
        "# Copying: what is found, and what only looks like it",
        "",
        f"gancheck {__version__}, seed {seed}. Made by `make bench-accuracy ARGS=--copies`.",
        "",
        *_rule(),
        "",
        _line(HEADINGS),
        _line("---" for _ in HEADINGS),
        *(_line(cells(row)) for row in rows),
        "",
    ]
    return "\n".join(lines)


def to_json(rows: Sequence[Row], seed: int) -> JSON:
    """Return every number of the table."""
    return {"gancheck": __version__, "seed": seed, "rows": [asdict(row) for row in rows]}


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(text.replace("|", r"\|") for text in texts) + " |"


def _rule() -> list[str]:
    return [
        "T is the training set, H the held-out set, n the number of samples. Copies on Gaussians "
        "carry noise of sd .05 in every coordinate, on digits noise as told, as a share of the "
        "range. `p <= 0.05 (near)` is the share of runs in which the relabelling test on distances "
        "finds copying, the next column that of the test on both scales, which also looks at "
        "samples twice as near to their twin as to any other real sample; where nothing is copied, "
        "at most 5% should. `flags` is the mean number of samples named "
        "as copies, `false` the mean share of wrong ones among them (0 where none is flagged; "
        "bound: 10%), `power` the share of copies that are named. `interval holds` is the share "
        "of 95% intervals around the share of copies that hold the truth.",
        "",
        "AuthPct (Alaa et al. 2022), C_T (Meehan et al. 2020; far below 0 is read as copying) and "
        "the generalisation gap of FLD (Jiralerspong et al. 2023; below 0 is read as overfitting; "
        "at most 2,000 points of each kind) are means over the first few runs.",
    ]
