"""``python -m fuzz``: damage files of every format, and list those that are more than refused."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzz.runner import Tally, Worker, run
from fuzz.seeds import FORMATS, mutants

_HEADING = f"{'format':20} {'files':>6} {'ok':>6} {'refused':>8} {'findings':>9} {'s':>6} {'MB':>6}"


def main(arguments: list[str] | None = None) -> int:
    """Run the fuzzer; 1 when it found something."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="files of each format")
    parser.add_argument("--format", choices=FORMATS, action="append", help="only this one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    asked = parser.parse_args(arguments)
    found = 0
    sys.stdout.write(_HEADING + "  worst file\n")
    worker = Worker()
    for name in asked.format or FORMATS:
        kept: Path = asked.keep / name
        kept.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        with TemporaryDirectory() as seeds:
            count = max(1, round(asked.count * FORMATS[name].share))
            files = mutants(FORMATS[name], Path(seeds), count, asked.seed)
            tally = run(FORMATS[name], files, kept, worker)
        sys.stdout.write(_line(name, tally, time.perf_counter() - start))
        sys.stdout.flush()
        found += len(tally.findings)
        _tell(kept, tally)
    worker.close()
    return 1 if found else 0


def _line(name: str, tally: Tally, elapsed: float) -> str:
    outcomes = tally.outcomes
    return (
        f"{name:20} {outcomes.total():6} {outcomes['ok']:6} {outcomes['refused']:8} "
        f"{len(tally.findings):9} {elapsed:6.0f} {tally.megabytes:6.0f}  {tally.seconds:.2f} s\n"
    )


def _tell(kept: Path, tally: Tally) -> None:
    """Write what was found beside the files; remove the folder where there is nothing."""
    if not tally.findings:
        kept.rmdir()
        return
    text = "\n".join(f"{item.path.name} {item.origin}\n{item.what}\n" for item in tally.findings)
    (kept / "findings.txt").write_text(text, encoding="utf-8")
    for item in tally.findings[:5]:
        last = item.what.strip().splitlines()[-1]
        sys.stdout.write(f"  {item.path} ({item.origin}): {last[:160]}\n")


if __name__ == "__main__":
    sys.exit(main())
