"""Where the results of ``gancheck cuts`` go besides the terminal."""

from __future__ import annotations

import json as encoding
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags

if TYPE_CHECKING:
    from gancheck.cutting import CutReport

STDOUT = "-"


@dataclass(frozen=True)
class Targets:
    """Where the results go besides the terminal.

    Attributes:
        png: Path of the drawn slice.
        animate: Path of the animation.
        html: Path of the page.
        json: Path of the JSON, ``-`` for stdout.
        force: Whether to replace files that gancheck did not write.
    """

    png: Annotated[
        Path | None, typer.Option(help="Draw the slice to this file.", rich_help_panel=flags.OUT)
    ] = None
    animate: Annotated[
        Path | None,
        typer.Option(
            help="Points moving from latent to sample: .gif or .webp.", rich_help_panel=flags.OUT
        ),
    ] = None
    html: Annotated[
        Path | None, typer.Option(help="Write the page to this file.", rich_help_panel=flags.OUT)
    ] = None
    json: flags.Json = None
    force: flags.Force = False

    def require_writable(self) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            UsageError: Two results want one file, or a picture a form that it cannot have.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.errors import UsageError
        from gancheck.reporters.writing import is_own_picture, require_writable

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
            own = is_own_picture(path) if form in ("png", "animation") else _is_look(path)
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
        named = None if self.json in (None, STDOUT) else Path(str(self.json))
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

        if form == "json" and self.json == STDOUT:
            typer.echo(content, nl=False)
        else:
            write(content, self._files()[form], force=True)


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
