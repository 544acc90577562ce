"""One table of all rows: on a terminal, in Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from bench.accuracy.cases import Scale
from bench.accuracy.judge import SDS, Ruling
from bench.accuracy.measures import MEASURES, Measure
from bench.accuracy.run import GANCHECK, Reading, Row
from gancheck import __version__

if TYPE_CHECKING:
    from rich.table import Table

    from gancheck.types import JSON

WRONG: tuple[Ruling, ...] = ("missed", "false")
MARK = "!"
_QUICK = (
    "A quick run: gancheck looked at pixels too, not through the view that it fits by default, in "
    "which noise and blur are no loss of variety."
)
HEADINGS = (
    "case",
    "n",
    "truth",
    "diversity",
    "verdict",
    *(measure.name for measure in MEASURES),
    "missed by",
    "false alarm by",
)


def cells(row: Row) -> tuple[str, ...]:
    """Write one row; numbers of several lenses stand above each other, wrong ones are marked."""
    truth = "" if row.truth is None else f"{row.truth:.2f}"
    said = ("could not run", "") if row.said is None else _said(row)
    readings = (
        "\n".join(_reading(measure, lens[measure.name]) for lens in row.readings.values())
        for measure in MEASURES
    )
    return (
        f"{row.world}: {row.case}",
        f"{row.n:,}",
        truth,
        *said,
        *readings,
        "\n".join((*wrong(row, "missed", 1), *row.errors)),
        "\n".join(wrong(row, "false", 1)),
    )


def wrong(row: Row, ruling: Ruling, letters: int | None = None) -> list[str]:
    """Name what was wrong on a row; a measure that was wrong through one lens only names it.

    Args:
        row: The row.
        ruling: ``missed`` or ``false``.
        letters: How much of the name of a lens to print, None for all of it.
    """
    found = []
    if row.said and row.said.diversity_ruling == ruling:
        found.append(f"{GANCHECK} diversity")
    if row.said and row.said.verdict_ruling == ruling:
        found.append(f"{GANCHECK} verdict")
    for measure in MEASURES:
        lenses = [
            kind for kind, them in row.readings.items() if them[measure.name].ruling == ruling
        ]
        if lenses and len(lenses) == len(row.readings):
            found.append(measure.name)
        else:
            found.extend(f"{measure.name} ({kind[:letters]})" for kind in lenses)
    return found


def totals(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Count the rulings on each measure, by ``name`` or ``name (lens)``."""
    counts: dict[str, dict[str, int]] = {}

    def count(name: str, ruling: Ruling) -> None:
        of_one = counts.setdefault(name, dict.fromkeys(("caught", "missed", "quiet", "false"), 0))
        if ruling != "unjudged":
            of_one[ruling] += 1

    for row in rows:
        if row.said:
            count(f"{GANCHECK} diversity", row.said.diversity_ruling)
            count(f"{GANCHECK} verdict", row.said.verdict_ruling)
        for kind, them in row.readings.items():
            for name, reading in them.items():
                count(f"{name} ({kind})", reading.ruling)
    return counts


def rich_table(rows: Sequence[Row]) -> Table:
    """Return the table for a terminal; wrong numbers are red, and marked for those without."""
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=True, header_style="bold")
    for heading in HEADINGS:
        left = heading in ("case", "verdict", "missed by", "false alarm by")
        width = 20 if heading == "verdict" else None  # the longest condition
        table.add_column(heading, justify="left" if left else "right", min_width=width)
    for row in rows:
        texts = [Text(cell) for cell in cells(row)]
        for text in texts:
            text.highlight_regex(rf"\S+{MARK}", "bold red")
        table.add_row(*texts)
    for name in ("missed", "false"):
        table.add_row(*_footer(rows, name), style="bold")
    return table


def markdown(rows: Sequence[Row], scale: Scale) -> str:
    """Return the table and how to read it, as a page."""
    lines = [
        "# Known diagnoses: what gancheck says, and what other measures say",
        "",
        f"gancheck {__version__}; n = {scale.n:,}, {scale.repeats} repetitions behind each "
        f"control, seed {scale.seed}. Made by `make bench-accuracy`.",
        *(["", _QUICK] if scale.quick else []),
        "",
        *_rule(),
        "",
        _line(HEADINGS),
        _line("---" for _ in HEADINGS),
        *(_line(cells(row)) for row in rows),
        *(_line(f"**{cell}**" if cell else "" for cell in _footer(rows, name)) for name in WRONG),
        "",
        "## The measures",
        "",
        *(f"- **{one.name}**: {one.source}. {_claims(one.claims)}" for one in MEASURES),
        "",
    ]
    return "\n".join(lines)


def to_json(rows: Sequence[Row], scale: Scale) -> JSON:
    """Return everything: sizes, rows with controls and rulings, and counts."""
    return {
        "gancheck": __version__,
        "scale": {
            "n": scale.n,
            "repeats": scale.repeats,
            "seed": scale.seed,
            "quick": scale.quick,
            "digits": "shipped" if scale.digits is None else scale.digits.name,
        },
        "rows": [
            {
                **asdict(row),
                "missed_by": wrong(row, "missed"),
                "false_alarm_by": wrong(row, "false"),
            }
            for row in rows
        ],
        "totals": totals(rows),
    }


def _said(row: Row) -> tuple[str, str]:
    assert row.said is not None
    score, said = row.said.diversity, row.said
    number = _number(score.value, said.diversity_ruling)
    verdict = said.verdict + _mark(said.verdict_ruling)
    return (
        f"{number}\n[{score.low:.2f}, {score.high:.2f}]",
        "\n".join((verdict, *said.conditions)),
    )


def _reading(measure: Measure, reading: Reading) -> str:
    if measure.counts:
        return f"{reading.value:.0f}{_mark(reading.ruling)}"
    return _number(reading.value, reading.ruling)


def _number(value: float, ruling: Ruling) -> str:
    return (f"{value:.3g}" if abs(value) >= 10 else f"{value:.2f}") + _mark(ruling)


def _mark(ruling: Ruling) -> str:
    return MARK if ruling in WRONG else ""


def _footer(rows: Sequence[Row], ruling: Ruling) -> tuple[str, ...]:
    """Write how often each column was wrong, of how many times that it was asked."""
    counts, other = totals(rows), {"missed": "caught", "false": "quiet"}[ruling]

    def share(name: str) -> str:
        of_one = counts.get(name, {})
        asked = of_one.get(ruling, 0) + of_one.get(other, 0)
        return f"{of_one[ruling]}/{asked}" if asked else ""

    kinds = dict.fromkeys(kind for row in rows for kind in row.readings)
    columns = (
        "\n".join(filter(None, (_by_lens(kind, share(f"{one.name} ({kind})")) for kind in kinds)))
        for one in MEASURES
    )
    title = {"missed": "missed, of diseased cases", "false": "false alarms, of sound cases"}[ruling]
    both = (share(f"{GANCHECK} diversity"), share(f"{GANCHECK} verdict"))
    return (title, "", "", *both, *columns, "", "")


def _by_lens(kind: str, text: str) -> str:
    return f"{kind[0]}: {text}" if text else ""


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(text.replace("\n", "<br>") for text in texts) + " |"


def _claims(claims: frozenset[str]) -> str:
    return f"Asked about {' and '.join(sorted(claims))}."


def _rule() -> list[str]:
    return [
        "Truth is the overlap of both laws, 1 minus their total variation distance, where it is "
        "known. Numbers of images are read on pixels (p, 32 principal axes) above, and on the 1280 "
        "features of EfficientNet-Lite0 (e) below; vectors (v) are read as they are.",
        "",
        f"A measure *alarms* when its number lies more than {SDS:.0f} standard deviations beyond "
        "what it reads on real samples against other real samples, at the same size and in the "
        "same features, and on the sick side. It *missed* a case when something is wrong that it "
        "speaks about and it does not alarm, or does not read worse when latents are pulled in. "
        "It is a *false alarm* when nothing is wrong of all that it speaks about and it alarms. "
        "Everything else is not judged. The diversity of gancheck is held against 1 by its own "
        f"interval, its verdict by the conditions it names. Wrong numbers are marked {MARK}. Who "
        "uses a published measure has no such control at hand: the rule is kind to them.",
    ]
