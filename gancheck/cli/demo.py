"""``gancheck demo``."""

from __future__ import annotations

from pathlib import Path

from gancheck.cli.diagnose import Run
from gancheck.cli.outputs import planned
from gancheck.cli.session import exit_codes

HELP = """Diagnose the shipped example: a GAN trained on handwritten digits that collapsed."""

_MODEL, _REFERENCE = "mnist_collapsed.pt", "mnist_reference.npz"


def command() -> None:
    """Diagnose the collapsed digit generator against real digits."""
    with exit_codes():
        from gancheck.settings import Settings

        folder = examples()
        outputs = planned(
            Path(_MODEL), html=None, json=None, no_html=False, no_json=False, force=False
        )
        outputs.require_writable()
        run = Run(outputs, quiet=False, verbose=False, no_color=False)
        run.diagnose(folder / _MODEL, folder / _REFERENCE, Settings())


def examples() -> Path:
    """Find the digit example: inside an installed package, else beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "examples" / "mnist"
    folder = inside if inside.is_dir() else package.parent / "examples" / "mnist"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
