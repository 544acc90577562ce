"""``gancheck cuts``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import complete, flags, options
from gancheck.cli.cuts_files import STDOUT, Targets
from gancheck.cli.examples import Example, epilog
from gancheck.cli.groups import expanded
from gancheck.cli.session import ProgressBar, console, exit_codes
from gancheck.cli.sources import ConfiguredModel, announce, command_line

if TYPE_CHECKING:
    from gancheck.cutting import CutReport
    from gancheck.latents.slice import Wish
    from gancheck.settings import Settings
    from gancheck.types import FloatArray

HELP = (
    "Show where the latent space of a generator is cut.\n\n"
    "Scans lines for places where neighbouring latents land far apart, sorts them into surfaces, "
    "and draws a slice with the cut lines in red: the whole space of two latents, else the plane "
    "that shows most, or the one asked for. --reference adds what lies off the data.\n\n"
    "Options for reading the model are those of gancheck diagnose."
)
EPILOG = epilog(
    Example(
        "gancheck cuts model.pt --latent-law uniform -r data.npz --html cuts.html",
        "Find the cuts, and draw the plane that shows most of them.",
    ),
    Example(
        "gancheck cuts model.pt --plane 1,2 --png slice.png --animate morph.gif",
        "Draw the plane of the first two latent coordinates.",
    ),
)
KIND = ConfiguredModel
SLICE = "The slice"


@dataclass(frozen=True)
class SliceFlags:
    """Which plane is shown."""

    plane: Annotated[
        str | None,
        typer.Option(
            metavar="I,J", help="Two latent coordinates, counted from 1.", rich_help_panel=SLICE
        ),
    ] = None
    through: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Array of two or three latents to show.", rich_help_panel=SLICE
        ),
    ] = None
    at: Annotated[
        str | None,
        typer.Option(
            metavar="Z,Z,...", help="Latent in the centre; the origin.", rich_help_panel=SLICE
        ),
    ] = None
    resolution: Annotated[
        int | None,
        typer.Option(
            min=16,
            max=2000,
            help="Cells along each edge; 400 for points in the plane, fewer for images.",
            rich_help_panel=SLICE,
        ),
    ] = None


@dataclass(frozen=True)
class ScanFlags(flags.RunFlags):
    """What is drawn for a scan: fewer samples than for a diagnosis."""

    samples: Annotated[
        int, typer.Option(min=100, help="Samples to compare with.", rich_help_panel=flags.RUN)
    ] = 2_000
    embedder: Annotated[
        str,
        typer.Option(
            help="View to measure jumps in.",
            autocompletion=complete.embedders,
            rich_help_panel=flags.RUN,
        ),
    ] = "auto"


@dataclass(frozen=True)
class CutsFlags:
    """Everything that a scan depends on besides the model and the plane."""

    run: ScanFlags
    model: flags.ModelFlags
    critic: flags.CriticFlags

    def settings(self) -> Settings:
        """Read the texts.

        Raises:
            UsageError: One of them makes no sense; the message names the flag.
        """
        from gancheck.settings import Settings

        return Settings(
            samples=self.run.samples,
            seed=self.run.seed,
            embedder=self.run.embedder,
            load=self.model.load_options(device=self.run.device, resize=self.run.resize),
            discriminator=self.critic.discriminator,
            discriminator_arch=self.critic.discriminator_arch,
            labels=options.labels(self.run.labels),
        )


@expanded
def command(
    ctx: typer.Context,
    model: flags.Model,
    shown: SliceFlags,
    said: CutsFlags,
    targets: Targets,
    reference: flags.Reference = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the result.", rich_help_panel=flags.OUT)
    ] = False,
    no_color: flags.NoColor = False,
) -> None:
    """Read the options, scan, draw."""
    with exit_codes():
        targets.require_writable()
        announce(ctx, KIND.keys)
        settings, wish = said.settings(), wished(shown)
        report = _run(model, reference, settings, wish, quiet=quiet or targets.json == STDOUT)
        written = targets.write(report, command_line(ctx))
        if targets.json != STDOUT:
            from gancheck.reporters.terminal.latent import print_cuts

            print_cuts(written, console(no_color=no_color))


def wished(said: SliceFlags) -> Wish:
    """Read ``--plane``, ``--through``, ``--at`` and ``--resolution``.

    Raises:
        UsageError: One of them makes no sense, or two of them contradict each other.
        LoadError: The file of latents cannot be read.
    """
    from gancheck.errors import UsageError
    from gancheck.latents.slice import Wish

    if said.through is not None and (said.plane is not None or said.at is not None):
        raise UsageError(
            "--through names the whole plane", "Leave out --plane and --at, or --through."
        )
    pair = None
    if said.plane is not None:
        one, other = (int(x) - 1 for x in _numbers(said.plane, "--plane", "1,2", whole=2))
        pair = one, other
    import numpy as np

    middle = None if said.at is None else np.array(_numbers(said.at, "--at", "0,0"))
    named = None if said.through is None else _latents(said.through)
    return Wish(pair, named, middle, said.resolution)


def _numbers(text: str, flag: str, such_as: str, whole: int | None = None) -> list[float]:
    from math import isfinite

    from gancheck.errors import UsageError

    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    wrong = not found or not all(map(isfinite, found))
    if whole is not None:
        wrong = wrong or len(found) != whole or not all(x.is_integer() for x in found)
    if wrong:
        raise UsageError(f"{flag} {text!r} is not a list of numbers", f"Write {flag} {such_as}.")
    return found


def _latents(path: Path) -> FloatArray:
    """Read two or three latents, one a row."""
    import numpy as np

    from gancheck.errors import LoadError, UsageError

    try:
        found = np.load(path, allow_pickle=False)
        array = found[found.files[0]] if hasattr(found, "files") else found
    except (OSError, ValueError, IndexError, EOFError) as error:
        raise LoadError(
            f"cannot read latents from {path}: {error}", "--through takes an .npy or .npz file."
        ) from error
    flat = array.reshape(len(array), -1) if array.ndim > 1 else array[None]
    if flat.dtype.kind not in "fiu" or not np.isfinite(flat).all():
        raise UsageError(f"{path} holds no finite numbers", "--through takes latents, one a row.")
    return np.asarray(flat, dtype=np.float64)


def _run(
    model: Path, reference: Path | None, settings: Settings, wish: Wish, *, quiet: bool
) -> CutReport:
    from gancheck.cutting import find_cuts

    def announce(evaluations: int, seconds: float) -> None:
        if not quiet:
            typer.echo(f"about {evaluations:,} evaluations, {_time(seconds)}", err=True)

    with ProgressBar(quiet=quiet) as bar:
        return find_cuts(model, reference, settings, wish, listener=bar, announce=announce)


def _time(seconds: float) -> str:
    return (
        f"{seconds / 60:.0f} min or more" if seconds >= 90 else f"{max(seconds, 1):.0f} s or more"
    )
