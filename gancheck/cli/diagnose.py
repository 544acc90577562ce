"""``gancheck diagnose``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags, options
from gancheck.cli.outputs import BUDGET, Outputs, planned, print_report
from gancheck.cli.session import ProgressBar, console, exit_codes

if TYPE_CHECKING:
    from gancheck.settings import Settings
    from gancheck.types import Diagnosis

HELP = (
    "Diagnose a generator file, or a set of its samples.\n\n"
    "MODEL is a TorchScript, .pt2 or ONNX file, a state dict, a folder of images, or an .npz, "
    ".npy or tensor file of samples; its content decides, not its name. Prints the report, and "
    "writes <stem>.gancheck.html and <stem>.gancheck.json to the current folder.\n\n"
    "TorchScript and .pt2 files are programs: they are audited before they run, and refused where "
    "the audit fails. gancheck inspect MODEL shows what would be run, and how."
)


def command(
    model: flags.Model,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference", "-r", help="Real samples: folder of images, array file, or .gcref file."
        ),
    ] = None,
    holdout: Annotated[
        Path | None,
        typer.Option(
            help="Real samples the model was not trained on; --reference is then what it was "
            "trained on, and copies of it can be proven."
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=100, help="Samples to draw.", rich_help_panel=flags.RUN)
    ] = 10_000,
    seed: flags.Seed = 0,
    embedder: Annotated[
        str,
        typer.Option(
            help="View to judge in: auto, fitted, pixels, vectors, efficientnet, torch:FILE, "
            "onnx:FILE, huggingface:NAME|FOLDER.",
            rich_help_panel=flags.RUN,
        ),
    ] = "auto",
    resize: flags.Resize = None,
    device: flags.Device = "auto",
    batch_size: Annotated[
        str, typer.Option(help="auto, or rows per call.", rich_help_panel=flags.RUN)
    ] = "auto",
    max_memory: Annotated[
        str | None,
        typer.Option(help="Refuse runs that need more, such as 4G.", rich_help_panel=flags.RUN),
    ] = None,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache",
            help="Prepare the reference anew, keep nothing.",
            rich_help_panel=flags.RUN,
        ),
    ] = False,
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
    map_by: Annotated[
        str,
        typer.Option("--map", help="umap, pca or none.", rich_help_panel=flags.OUT),
    ] = "umap",
    html: flags.Html = None,
    json: Annotated[
        str | None, typer.Option(help="Path of the JSON, - for stdout.", rich_help_panel=flags.OUT)
    ] = None,
    no_html: Annotated[
        bool, typer.Option("--no-html", help="Write no page.", rich_help_panel=flags.OUT)
    ] = False,
    no_json: Annotated[
        bool, typer.Option("--no-json", help="Write no JSON.", rich_help_panel=flags.OUT)
    ] = False,
    max_report_size: flags.ReportSize = BUDGET,
    force: flags.Force = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the verdict.", rich_help_panel=flags.OUT)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Everything.", rich_help_panel=flags.OUT)
    ] = False,
    no_color: flags.NoColor = False,
) -> None:
    """Read the options, run, report."""
    with exit_codes():
        outputs = planned(
            model, html=html, json=json, no_html=no_html, no_json=no_json, force=force
        ).within(max_report_size)
        outputs.require_writable()
        from gancheck.memory import parse_size
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
            batch_size=options.batch_size(batch_size),
            max_memory=None if max_memory is None else parse_size(max_memory),
            cache=not no_cache,
            load=said.load_options(),
            discriminator=discriminator,
            discriminator_arch=discriminator_arch,
            holdout=holdout,
            map=options.map_kind(map_by),
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
        """Run, print the terminal report, then write the others, which wait for the map."""
        from gancheck.pipeline import diagnose

        command = shlex.join(["gancheck", *sys.argv[1:]])
        with ProgressBar(quiet=self.quiet or self.outputs.takes_stdout) as bar:

            def on_verdict(found: Diagnosis) -> None:
                bar.stop()
                self._print(self.outputs.named(found, command))

            diagnosis = diagnose(model, reference, settings, listener=bar, on_verdict=on_verdict)
        self.outputs.write(self.outputs.named(diagnosis, command))

    def _print(self, diagnosis: Diagnosis) -> None:
        out = console(no_color=self.no_color)
        print_report(diagnosis, self.outputs, out, quiet=self.quiet, verbose=self.verbose)
