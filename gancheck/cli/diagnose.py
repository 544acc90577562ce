"""``gancheck diagnose``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import options
from gancheck.cli.outputs import Outputs, planned, print_report
from gancheck.cli.session import ProgressBar, console, exit_codes

if TYPE_CHECKING:
    from gancheck.settings import Settings

HELP = (
    "Diagnose a generator file, or a set of its samples.\n\n"
    "MODEL is a TorchScript, .pt2 or ONNX file, a state dict, a folder of images, or an .npz, "
    ".npy or tensor file of samples; its content decides, not its name. Prints the report, and "
    "writes <stem>.gancheck.html and <stem>.gancheck.json to the current folder.\n\n"
    "TorchScript, .pt2 and ONNX files are programs: diagnose only files whose source you trust."
)

_MODEL, _RUN, _OUT = "Reading the model", "The run", "Output"


def command(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Generator file, folder or file of samples.")
    ],
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference", "-r", help="Real samples: folder of images, array file, or .gcref file."
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=100, help="Samples to draw.", rich_help_panel=_RUN)
    ] = 10_000,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of everything random.", rich_help_panel=_RUN)
    ] = 0,
    embedder: Annotated[
        str,
        typer.Option(
            help="View to judge in: auto, fitted, pixels, vectors, efficientnet, torch:FILE, "
            "onnx:FILE, huggingface:NAME|FOLDER.",
            rich_help_panel=_RUN,
        ),
    ] = "auto",
    resize: Annotated[
        str | None,
        typer.Option(
            metavar="HEIGHT,WIDTH",
            help="Crop and resize images read from disk to this size.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.", rich_help_panel=_RUN)] = "auto",
    batch_size: Annotated[
        str, typer.Option(help="auto, or rows per call.", rich_help_panel=_RUN)
    ] = "auto",
    max_memory: Annotated[
        str | None,
        typer.Option(help="Refuse runs that need more, such as 4G.", rich_help_panel=_RUN),
    ] = None,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache", help="Prepare the reference anew, keep nothing.", rich_help_panel=_RUN
        ),
    ] = False,
    latent_dim: Annotated[
        int | None, typer.Option(min=1, help="Length of a latent.", rich_help_panel=_MODEL)
    ] = None,
    latent_law: Annotated[
        str | None,
        typer.Option(
            help="auto, normal, uniform (-1..1), sphere or module:function.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    classes: Annotated[
        int | None,
        typer.Option(min=1, help="Classes of a conditional generator.", rich_help_panel=_MODEL),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option(
            help="Network of a state dict: module:Class or file.py:name.", rich_help_panel=_MODEL
        ),
    ] = None,
    arch_args: Annotated[
        str | None, typer.Option(help="Its arguments as JSON.", rich_help_panel=_MODEL)
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="Part of a checkpoint to load, such as g_ema.", rich_help_panel=_MODEL),
    ] = None,
    output_range: Annotated[
        str, typer.Option(help="auto, -1,1 or 0,1 or 0,255.", rich_help_panel=_MODEL)
    ] = "auto",
    html: Annotated[
        str | None, typer.Option(help="Path of the page, - for stdout.", rich_help_panel=_OUT)
    ] = None,
    json: Annotated[
        str | None, typer.Option(help="Path of the JSON, - for stdout.", rich_help_panel=_OUT)
    ] = None,
    no_html: Annotated[
        bool, typer.Option("--no-html", help="Write no page.", rich_help_panel=_OUT)
    ] = False,
    no_json: Annotated[
        bool, typer.Option("--no-json", help="Write no JSON.", rich_help_panel=_OUT)
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Replace files that gancheck did not write.", rich_help_panel=_OUT
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the verdict.", rich_help_panel=_OUT)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Everything.", rich_help_panel=_OUT)
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colour.", rich_help_panel=_OUT)
    ] = False,
) -> None:
    """Read the options, run, report."""
    with exit_codes():
        outputs = planned(
            model, html=html, json=json, no_html=no_html, no_json=no_json, force=force
        )
        outputs.require_writable()
        from gancheck.loaders.interface import LoadOptions
        from gancheck.memory import parse_size
        from gancheck.settings import Settings

        settings = Settings(
            samples=samples,
            seed=seed,
            embedder=embedder,
            batch_size=options.batch_size(batch_size),
            max_memory=None if max_memory is None else parse_size(max_memory),
            cache=not no_cache,
            load=LoadOptions(
                arch=arch,
                arch_args=options.arch_args(arch_args),
                key=key,
                latent_dim=latent_dim,
                latent_law=options.latent_law(latent_law),
                output_range=options.output_range(output_range),
                classes=classes,
                device=options.device(device),
                resize=options.resize(resize),
            ),
        )
        run = Run(outputs, quiet=quiet, verbose=verbose, no_color=no_color)
        run.diagnose(model, reference, settings)


class Run:
    """One diagnosis from the command line, from start to written reports."""

    def __init__(self, outputs: Outputs, *, quiet: bool, verbose: bool, no_color: bool) -> None:
        self.outputs = outputs
        self.quiet = quiet
        self.verbose = verbose
        self.no_color = no_color

    def diagnose(self, model: Path, reference: Path | None, settings: Settings) -> None:
        """Run, write the reports, print the terminal report."""
        from gancheck.pipeline import diagnose

        with ProgressBar(quiet=self.quiet or self.outputs.takes_stdout) as bar:
            diagnosis = diagnose(model, reference, settings, listener=bar)
        complete = self.outputs.write(diagnosis, shlex.join(["gancheck", *sys.argv[1:]]))
        out = console(no_color=self.no_color)
        print_report(complete, self.outputs, out, quiet=self.quiet, verbose=self.verbose)
