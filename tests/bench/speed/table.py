"""What was measured, as ratios: absolute times say more of the machine than of the code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.speed.run import Took


@dataclass(frozen=True)
class Contest:
    """Two jobs that answer the same question.

    Attributes:
        title: What is asked.
        ours: Job of gancheck.
        peer: Job of the other package.
        products: Products of n x n x d that the question needs: a set against itself needs half
            of one, since distances are symmetric; both sides against each other need one.
    """

    title: str
    ours: str
    peer: str
    products: float


CONTESTS = (
    Contest("PRDC, neighbours, duplicates : prdc's PRDC", "everything", "prdc", 2.0),
    Contest("neighbours across : faiss", "neighbours", "faiss", 1.0),
    Contest("neighbours within : faiss", "own_neighbours", "faiss_own", 0.5),
    Contest("Vendi : vendi-score", "vendi", "vendi_score", 0.0),
    Contest("Vendi : vendi-score, dual", "vendi", "vendi_score_dual", 0.0),
)
HEADINGS = (
    "question",
    "times faster",
    "in CPU time",
    "peak memory",
    "beside inputs",
    "share of the limit",
)


def row(contest: Contest, took: Mapping[str, Took]) -> tuple[str, ...] | None:
    """Return one line of the table, None where our job did not run."""
    ours, peer = took.get(contest.ours, Took()), took.get(contest.peer, Took())
    if ours.result is None:
        return None
    share = "-"
    limit = took.get("product", Took())
    if contest.products and limit.result is not None:
        share = f"{contest.products * limit.cpu / ours.cpu:.0%}"
    if peer.result is None:
        return contest.title, *["did not run"] * 4, share
    return (
        contest.title,
        f"{peer.wall / ours.wall:.1f}",
        f"{peer.cpu / ours.cpu:.1f}",
        f"{ours.peak / peer.peak:.2f}",
        f"{_beside(ours) / max(1, _beside(peer)):.2f}",
        share,
    )


def growth(took: Mapping[int, Took]) -> list[tuple[str, ...]]:
    """Return a line for each n: cost and memory relative to the smallest."""
    (least, first), *_ = sorted(took.items())
    return [
        (
            f"{n:,}",
            f"{each.cpu / first.cpu:.1f}",
            f"{(n / least) ** 2:.1f}",
            f"{each.peak / 2**20:,.0f} MiB",
            f"{_beside(each) / 2**20:,.0f} MiB",
        )
        for n, each in sorted(took.items())
    ]


def _beside(took: Took) -> int:
    return took.peak - took.before


def text(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Lay out a table in columns."""
    every = [headings, *rows]
    widths = [max(len(line[at]) for line in every) for at in range(len(headings))]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in every
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
