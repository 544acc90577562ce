"""Show how a usual number misleads: ``python -m examples.traps NAME``.

Prints what the usual number says beside what gancheck says, and writes gancheck's page,
``NAME.gancheck.html``. ``--list`` says which traps there are.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from examples.traps import TRAPS
from examples.traps.trap import SUFFIX
from gancheck import GancheckError


def main(arguments: list[str] | None = None) -> int:
    """Show one trap; 2 where that was not possible."""
    asked = _parse(arguments)
    if asked.list:
        for trap in TRAPS.values():
            print(f"{trap.name}\n{_wrapped(trap.claim, '    ')}\n")
        return 0
    trap = TRAPS[asked.name]
    page = asked.out / f"{trap.name}{SUFFIX}"
    try:
        table = trap.show(page, asked.samples or trap.samples, asked.seed)
    except GancheckError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return int(error.exit_code)
    print(f"{_wrapped(trap.claim)}\n\n{table.text()}\n\n{_wrapped(table.note)}\n\nPage: {page}")
    return 0


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 88, initial_indent=indent, subsequent_indent=indent)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.traps", description=__doc__)
    parser.add_argument("name", nargs="?", choices=TRAPS, metavar="NAME", help="see --list")
    parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="for the page")
    parser.add_argument("--samples", type=_count, help="replace the number of samples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="say which traps there are")
    asked = parser.parse_args(arguments)
    if asked.name is None and not asked.list:
        parser.error("name a trap; --list says which there are")
    return asked


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number of samples, got {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
