"""``gancheck cuts``."""

from __future__ import annotations

import json as encoding
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags
from gancheck.cli.session import ProgressBar, console, exit_codes

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
_STDOUT = "-"
SLICE = "The slice"


def command(
    model: flags.Model,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference", "-r", help="Real samples: folder of images, array file, or .gcref file."
        ),
    ] = None,
    plane: Annotated[
        str | None,
        typer.Option(
            metavar="I,J", help="Two latent coordinates, counted from 1.", rich_help_panel=SLICE
        ),
    ] = None,
    through: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Array of two or three latents to show.", rich_help_panel=SLICE
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="Z,Z,...", help="Latent in the centre; the origin.", rich_help_panel=SLICE
        ),
    ] = None,
    resolution: Annotated[
        int | None,
        typer.Option(
            min=16,
            max=2000,
            help="Cells along each edge; 400 for points in the plane, fewer for images.",
            rich_help_panel=SLICE,
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=100, help="Samples to compare with.", rich_help_panel=flags.RUN)
    ] = 2_000,
    seed: flags.Seed = 0,
    embedder: Annotated[
        str, typer.Option(help="View to measure jumps in.", rich_help_panel=flags.RUN)
    ] = "auto",
    resize: flags.Resize = None,
    device: flags.Device = "auto",
    latent_dim: flags.LatentDim = None,
    latent_law: flags.LatentLaw = None,
    classes: flags.Classes = None,
    truncation: flags.Truncation = None,
    arch: flags.Arch = None,
    arch_args: flags.ArchArgs = None,
    key: flags.Key = None,
    output_range: flags.OutputRange = "auto",
    output_shape: flags.OutputShape = None,
    trust: flags.Trust = False,
    isolate: flags.Isolate = None,
    discriminator: flags.Discriminator = None,
    discriminator_arch: flags.DiscriminatorArch = None,
    png: Annotated[
        Path | None, typer.Option(help="Draw the slice to this file.", rich_help_panel=flags.OUT)
    ] = None,
    animate: Annotated[
        Path | None,
        typer.Option(
            help="Points moving from latent to sample: .gif or .webp.", rich_help_panel=flags.OUT
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the page to this file.", rich_help_panel=flags.OUT)
    ] = None,
    json: Annotated[
        str | None, typer.Option(help="Path of the JSON, - for stdout.", rich_help_panel=flags.OUT)
    ] = None,
    force: flags.Force = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the result.", rich_help_panel=flags.OUT)
    ] = False,
    no_color: flags.NoColor = False,
) -> None:
    """Read the options, scan, draw."""
    with exit_codes():
        targets = Targets(html, json, png, animate, force)
        targets.require_writable()
        from gancheck.settings import Settings

        said = flags.ModelFlags(
            latent_dim=latent_dim,
            latent_law=latent_law,
            classes=classes,
            truncation=truncation,
            arch=arch,
            arch_args=arch_args,
            key=key,
            output_range=output_range,
            output_shape=output_shape,
            trust=trust,
            isolate=isolate,
            device=device,
            resize=resize,
        )
        settings = Settings(
            samples=samples,
            seed=seed,
            embedder=embedder,
            load=said.load_options(),
            discriminator=discriminator,
            discriminator_arch=discriminator_arch,
        )
        wish = wished(plane, through, at, resolution)
        report = _run(model, reference, settings, wish, quiet=quiet or json == _STDOUT)
        complete = targets.write(report, shlex.join(["gancheck", *sys.argv[1:]]))
        if json != _STDOUT:
            from gancheck.reporters.terminal.latent import print_cuts

            print_cuts(complete, console(no_color=no_color))


@dataclass(frozen=True)
class Targets:
    """Where the results go besides the terminal.

    Attributes:
        html: Path of the page.
        json: Path of the JSON, ``-`` for stdout.
        png: Path of the drawn slice.
        animate: Path of the animation.
        force: Whether to replace files that gancheck did not write.
    """

    html: Path | None
    json: str | None
    png: Path | None
    animate: Path | None
    force: bool

    def require_writable(self) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            UsageError: Two results want one file, or a picture a form that it cannot have.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.errors import UsageError
        from gancheck.reporters.writing import require_writable

        if self.animate is not None and self._form not in ("gif", "webp"):
            raise UsageError(
                f"--animate {self.animate} is neither .gif nor .webp", "Give it one of these names."
            )
        if self.png is not None and self.png.suffix.lower() != ".png":
            raise UsageError(f"--png {self.png} does not end in .png", "Give it such a name.")
        paths = [path.resolve() for path in self._files().values()]
        if len(set(paths)) < len(paths):
            raise UsageError("two of the results go to one file", "Give each a path of its own.")
        for form, path in self._files().items():
            own = _is_picture(path) if form in ("png", "animation") else _is_look(path)
            require_writable(path, force=self.force or own)

    def write(self, report: CutReport, command: str) -> CutReport:
        """Write everything that was asked for; returns the report with the paths.

        Raises:
            NotAvailable: There is no slice to draw.
        """
        from gancheck.cutting import with_settings

        written = {form: str(path) for form, path in self._files().items()}
        complete = with_settings(report, {"outputs": written, "command": command})
        for form, content in self._contents(complete).items():
            self._put(content, form)
        return complete

    @property
    def _form(self) -> str:
        return "" if self.animate is None else self.animate.suffix.lower().lstrip(".")

    def _files(self) -> dict[str, Path]:
        named = None if self.json in (None, _STDOUT) else Path(str(self.json))
        wanted = {"html": self.html, "json": named, "png": self.png, "animation": self.animate}
        return {form: path for form, path in wanted.items() if path is not None}

    def _contents(self, report: CutReport) -> Mapping[str, str | bytes]:
        found: dict[str, str | bytes] = {}
        if self.json is not None:
            text = encoding.dumps(report.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
            found["json"] = text + "\n"
        if self.html is not None:
            from gancheck.reporters.html.cuts import render

            found["html"] = render(report)
        return found | _pictures(report, self.png is not None, self._form)

    def _put(self, content: str | bytes, form: str) -> None:
        from gancheck.reporters.writing import write

        if form == "json" and self.json == _STDOUT:
            typer.echo(content, nl=False)
        else:
            write(content, self._files()[form], force=True)


def wished(plane: str | None, through: Path | None, at: str | None, resolution: int | None) -> Wish:
    """Read ``--plane``, ``--through``, ``--at`` and ``--resolution``.

    Raises:
        UsageError: One of them makes no sense, or two of them contradict each other.
        LoadError: The file of latents cannot be read.
    """
    from gancheck.errors import UsageError
    from gancheck.latents.slice import Wish

    if through is not None and (plane is not None or at is not None):
        raise UsageError(
            "--through names the whole plane", "Leave out --plane and --at, or --through."
        )
    pair = None
    if plane is not None:
        one, other = (int(x) - 1 for x in _numbers(plane, "--plane", "1,2", whole=2))
        pair = one, other
    import numpy as np

    middle = None if at is None else np.array(_numbers(at, "--at", "0,0"))
    return Wish(pair, None if through is None else _latents(through), middle, resolution)


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


def _pictures(report: CutReport, drawn: bool, form: str) -> dict[str, bytes]:
    from gancheck.errors import NotAvailable

    found: dict[str, bytes] = {}
    if not drawn and not form:
        return found
    if report.slice is None or report.morph is None:
        raise NotAvailable(report.skipped[0].reason, "Leave out --png and --animate.")
    if drawn:
        from gancheck.reporters.pictures.still import slice_png

        found["png"] = slice_png(report.slice, Path(report.subject.path).name)
    if form:
        from gancheck.reporters.pictures.moving import animation

        found["animation"] = animation(report.morph, form)
    return found


def _is_look(path: Path) -> bool:
    """Tell whether a file is the JSON of an earlier look."""
    try:
        found = encoding.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"schema", "cuts", "slice", "versions"} <= found.keys()


def _is_picture(path: Path) -> bool:
    """Tell whether a picture names gancheck as its maker."""
    try:
        return b"gancheck" in path.read_bytes()
    except OSError:
        return False
