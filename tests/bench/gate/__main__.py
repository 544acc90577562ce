"""``python -m bench.gate``: how often gates fail at their limit, and whether reruns agree."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.gate.rerun import Reruns, rerun, sentence
from bench.gate.simulate import BEYOND, Row, rows
from gancheck import __version__

HEADINGS = (
    "law",
    "n",
    "truth",
    "mean",
    "sd",
    "standard error said",
    "at the limit: fails",
    "passes",
    f"{BEYOND:g} sd below: fails",
    f"{BEYOND:g} sd above: passes",
)


def main(arguments: list[str] | None = None) -> int:
    """Run the bench."""
    asked = _parse(arguments)
    start = time.perf_counter()

    def tell(text: str) -> None:
        sys.stderr.write(f"{time.perf_counter() - start:6.0f} s  {text}\n")

    reruns = rerun(asked.reruns, tell) if asked.reruns else None
    found = []
    for row in rows(asked.gates, asked.seed, asked.only, tell):
        tell(_line(_cells(row)))
        found.append(row)
    page = markdown(found, reruns, asked.seed)
    sys.stdout.write(page)
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "RESULTS.md").write_text(page, encoding="utf-8")
    kept = {
        "gancheck": __version__,
        "seed": asked.seed,
        "rows": [asdict(one) for one in found],
        "reruns": None if reruns is None else asdict(reruns),
    }
    text = json.dumps(kept, indent=1)
    (asked.output / "results.json").write_text(text + "\n", encoding="utf-8")
    return 0


def markdown(found: Sequence[Row], reruns: Reruns | None, seed: int) -> str:
    """Return the table as a page."""
    gates = max((one.gates for one in found), default=0)
    lines = [
        "# Gates at their limit, and beyond",
        "",
        f"gancheck {__version__}, seed {seed}, {gates:,} gates a row, each with a reference and "
        "samples of its own. Made by `make bench-gate`.",
        "",
        "A gate at 95% may fail at most 5% of the time when what the score reads on average is the "
        f"limit itself; {BEYOND:g} standard deviations below it, normal theory has it fail 80.4% "
        "of the time. `truth` is the overlap of the laws, and what `mean` differs from it is the "
        "bias of the score. `sd` is its spread from gate to gate, `standard error said` what the "
        "runs claimed for it. The last rows hold a candidate against a baseline; the limit is the "
        "drop that is allowed, and a dash stands where it would be below nothing.",
        "",
        _line(HEADINGS),
        _line("---" for _ in HEADINGS),
        *(_line(_cells(one)) for one in found),
        "",
    ]
    if reruns is not None:
        lines += [sentence(reruns), ""]
    return "\n".join(lines)


def _cells(one: Row) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.n:,}",
        f"{one.truth:.3f}",
        f"{one.mean:.3f}",
        f"{one.sd:.4f}",
        f"{one.said:.4f}",
        *(
            "-" if math.isnan(share) else f"{share:.1%}"
            for share in (one.fails_at, one.passes_at, one.fails_beyond, one.passes_beyond)
        ),
    )


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gate", description=__doc__)
    parser.add_argument("--gates", type=int, default=1000, help="gates of each law (1000)")
    parser.add_argument("--reruns", type=int, default=200, help="reruns of one gate (200)")
    parser.add_argument("--only", default="", metavar="TEXT", help="laws whose name contains it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent, help="folder of the results"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
