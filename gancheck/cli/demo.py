"""``gancheck demo``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from typer.core import TyperCommand

from gancheck.cli.diagnose import Run
from gancheck.cli.examples import Example, epilog
from gancheck.cli.flags import OutputFlags
from gancheck.cli.outputs import planned
from gancheck.cli.session import exit_codes

HELP = """Diagnose the shipped example: a GAN trained on handwritten digits that collapsed."""
EPILOG = epilog(
    Example("gancheck demo", "Show what a report of a collapsed generator looks like."),
)
KIND = TyperCommand

_MODEL, _REFERENCE = "mnist_collapsed.pt", "mnist_reference.npz"


def command() -> None:
    """Diagnose the collapsed digit generator against real digits."""
    with exit_codes():
        from gancheck.settings import Settings

        folder = examples()
        outputs = planned(Path(_MODEL), OutputFlags())
        outputs.require_writable()
        command = shlex.join(["gancheck", *sys.argv[1:]])
        Run(outputs).diagnose(folder / _MODEL, folder / _REFERENCE, Settings(), command)


def examples() -> Path:
    """Find the digit example: inside an installed package, else beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "examples" / "mnist"
    folder = inside if inside.is_dir() else package.parent / "examples" / "mnist"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
