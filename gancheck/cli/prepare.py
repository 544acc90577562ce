"""``gancheck prepare``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from gancheck.cli import complete, options
from gancheck.cli.examples import Example, epilog
from gancheck.cli.session import ProgressBar, exit_codes

if TYPE_CHECKING:
    from gancheck.reference import PreparedReference, ReferenceView

HELP = (
    "Prepare reference data once, for many diagnoses.\n\n"
    "REFERENCE is a folder of images (subfolders are labels), or an .npz, .npy or tensor file. "
    "Splits it, fits the view, embeds it, tests the view, and writes all that to one .gcref file "
    "that holds no image larger than 64 px and no code. Then: gancheck diagnose MODEL --reference "
    "FILE.gcref.\n\n"
    "Equal data, options and versions give equal files."
)
EPILOG = epilog(
    Example("gancheck prepare data/", "Write data.gcref, for --reference data.gcref."),
    Example(
        "gancheck prepare faces/ -o ci/faces.gcref --resize 64,64 --samples 5000",
        "Crop and resize the images; compare with at most 5,000 of them.",
    ),
)
KIND = TyperCommand

_SUFFIX = ".gcref"
_WIDTH, _INDENT = 100, 10


def command(
    reference: Annotated[
        Path, typer.Argument(metavar="REFERENCE", help="Folder of images, or array file.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write; REFERENCE.gcref here by default."),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=100, help="Samples to compare with, at most; 5,000 more to fit on.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and the fit.")] = 0,
    embedder: Annotated[
        str,
        typer.Option(
            help="Main view, as for gancheck diagnose.", autocompletion=complete.embedders
        ),
    ] = "auto",
    resize: Annotated[
        str | None,
        typer.Option(metavar="HEIGHT,WIDTH", help="Crop and resize the images to this size."),
    ] = None,
    device: Annotated[
        str, typer.Option(help="auto, cpu or cuda.", autocompletion=complete.devices)
    ] = "auto",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is no prepared reference.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")] = False,
) -> None:
    """Read, prepare, write, and say what was done."""
    with exit_codes():
        target = output or _named_after(reference.resolve())
        _require_writable(target, force=force)
        from gancheck.gcref import to_bytes
        from gancheck.loaders.interface import LoadOptions
        from gancheck.prepare import prepare, read_reference
        from gancheck.reporters.writing import write
        from gancheck.settings import Clock, Settings

        load = LoadOptions(device=options.device(device), resize=options.resize(resize))
        settings = Settings(samples=samples, seed=seed, embedder=embedder, load=load)
        with ProgressBar(quiet=quiet) as bar:
            clock = Clock(bar)
            with clock.stage("load reference"):
                read = read_reference(reference, settings, scored_most=samples)
            prepared = prepare(read, settings, clock)
            content = to_bytes(prepared)
        write(content, target, force=True)
        if not quiet:
            for title, text in described(prepared, target, len(content)):
                typer.echo(_paragraph(title, text))


def _named_after(reference: Path) -> Path:
    stem = reference.name if reference.is_dir() else reference.stem
    return Path(stem + _SUFFIX)


def _require_writable(target: Path, *, force: bool) -> None:
    """Refuse now what could not be written after a long run.

    Raises:
        OutputError: Something that is no prepared reference is in the way.
    """
    from gancheck.loaders.sniff import PREPARED, sniff
    from gancheck.reporters.writing import require_writable

    ours = target.is_file() and target.stat().st_size > 0 and sniff(target).kind == PREPARED
    require_writable(target, force=force or ours)


def described(prepared: PreparedReference, target: Path, size: int) -> Iterator[tuple[str, str]]:
    """Yield what was done, as titles and texts."""
    known = prepared.reference
    notes = "".join(f" {note}" for note in known.notes)
    yield "read", f"{known.path}: {known.total:,} {_kind(prepared)}.{notes}"
    yield (
        "split",
        f"{len(known.scored):,} to compare with, {len(known.independent):,} to fit on "
        f"(seed {prepared.seed})",
    )
    yield "view", f"{prepared.main.embedding.name}: {prepared.reason}"
    yield "test", _tested(prepared.main)
    if prepared.strict is not prepared.main:
        yield "strict", prepared.strict.embedding.name
        yield "test", _tested(prepared.strict)
    yield "wrote", f"{target} ({size / 2**20:.1f} MiB)"


def _kind(prepared: PreparedReference) -> str:
    known = prepared.reference
    labels = known.labels()
    labelled = "" if labels is None else f", {len(set(labels.tolist()))} labels"
    if known.kind == "vector":
        return f"vectors of length {known.shape[0]}{labelled}"
    channels, height, width = known.shape
    colour = "grey" if channels == 1 else "colour"
    return f"{colour} images of {width} x {height} pixels{labelled}"


def _tested(view: ReferenceView) -> str:
    if view.trust is None:
        return "too few samples to test it on"
    said = [f"two halves of the reference score {view.trust.ceiling.value:.2f}"]
    said += [f"{change.words} {change.value:.2f}" for change in view.trust.changes]
    return "; ".join(said)


def _paragraph(title: str, text: str) -> str:
    filled = textwrap.fill(
        text, _WIDTH, initial_indent=" " * _INDENT, subsequent_indent=" " * _INDENT
    )
    return title.ljust(_INDENT) + filled[_INDENT:]
