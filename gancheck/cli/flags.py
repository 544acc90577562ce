"""Flags that several commands share, each declared once, and what they say of a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from gancheck.cli import options

if TYPE_CHECKING:
    from gancheck.loaders.interface import LoadOptions

MODEL, RUN, OUT = "Reading the model", "The run", "Output"

Model: TypeAlias = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Generator file, folder or file of samples.")
]
Seed: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Seed of everything random.", rich_help_panel=RUN)
]
Device: TypeAlias = Annotated[str, typer.Option(help="auto, cpu or cuda.", rich_help_panel=RUN)]
Resize: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="HEIGHT,WIDTH",
        help="Crop and resize images read from disk to this size.",
        rich_help_panel=RUN,
    ),
]
LatentDim: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Length of a latent.", rich_help_panel=MODEL)
]
LatentLaw: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="auto, normal, uniform (-1..1), sphere, one of them times a factor (normal:0.7), or "
        "module:function.",
        rich_help_panel=MODEL,
    ),
]
Classes: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Classes of a conditional generator.", rich_help_panel=MODEL),
]
Truncation: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        metavar="PSI",
        help="Value of the network's truncation input; 1 by default.",
        rich_help_panel=MODEL,
    ),
]
Arch: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Network of a state dict: module:Class or file.py:name.", rich_help_panel=MODEL
    ),
]
ArchArgs: TypeAlias = Annotated[
    str | None, typer.Option(help="Its arguments as JSON.", rich_help_panel=MODEL)
]
Key: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Part of a checkpoint to load, such as g_ema.", rich_help_panel=MODEL),
]
OutputRange: TypeAlias = Annotated[
    str, typer.Option(help="auto, -1,1 or 0,1 or 0,255.", rich_help_panel=MODEL)
]
OutputShape: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="C,H,W",
        help="Shape of images that the network returns as flat vectors.",
        rich_help_panel=MODEL,
    ),
]
Trust: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Run a TorchScript or .pt2 program although its audit failed.",
        rich_help_panel=MODEL,
    ),
]
Isolate: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--isolate/--no-isolate",
        help="Run the generator in a child process with limits on memory and time; by default "
        "only what --trust lets in.",
        rich_help_panel=MODEL,
    ),
]
Discriminator: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Discriminator that the generator was trained against: TorchScript, .pt2 or ONNX.",
        rich_help_panel=RUN,
    ),
]
DiscriminatorArch: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Network of the discriminator's weights: module:Class or file.py:name.",
        rich_help_panel=RUN,
    ),
]
Html: TypeAlias = Annotated[
    str | None, typer.Option(help="Path of the page, - for stdout.", rich_help_panel=OUT)
]
ReportSize: TypeAlias = Annotated[
    str,
    typer.Option(
        "--max-report-size",
        metavar="SIZE",
        help="Largest page; beyond it thumbnails, then points are reduced, and it is said.",
        rich_help_panel=OUT,
    ),
]
Force: TypeAlias = Annotated[
    bool,
    typer.Option("--force", help="Replace files that gancheck did not write.", rich_help_panel=OUT),
]
NoColor: TypeAlias = Annotated[
    bool, typer.Option("--no-color", help="No colour.", rich_help_panel=OUT)
]


@dataclass(frozen=True)
class ModelFlags:
    """What the flags say of a model, as they were typed."""

    latent_dim: int | None = None
    latent_law: str | None = None
    classes: int | None = None
    truncation: float | None = None
    arch: str | None = None
    arch_args: str | None = None
    key: str | None = None
    output_range: str = "auto"
    output_shape: str | None = None
    trust: bool = False
    isolate: bool | None = None
    device: str = "auto"
    resize: str | None = None
    seed: int = 0

    def load_options(self) -> LoadOptions:
        """Read the texts.

        Raises:
            UsageError: One of them makes no sense; the message names the flag.
        """
        from gancheck.loaders.interface import LoadOptions

        return LoadOptions(
            arch=self.arch,
            arch_args=options.arch_args(self.arch_args),
            key=self.key,
            latent_dim=self.latent_dim,
            latent_law=options.latent_law(self.latent_law),
            output_range=options.output_range(self.output_range),
            classes=self.classes,
            device=options.device(self.device),
            seed=self.seed,
            resize=options.resize(self.resize),
            trust=self.trust,
            isolate=self.isolate,
            output_shape=options.output_shape(self.output_shape),
            truncation=self.truncation,
        )

    def typed(self) -> dict[str, str]:
        """Return what was said, as flags and their values; a switch has an empty value."""
        said = {
            "--latent-dim": self.latent_dim,
            "--latent-law": self.latent_law,
            "--classes": self.classes,
            "--truncation": self.truncation,
            "--arch": self.arch,
            "--arch-args": self.arch_args,
            "--key": self.key,
            "--output-range": None if self.output_range == "auto" else self.output_range,
            "--output-shape": self.output_shape,
            "--device": None if self.device == "auto" else self.device,
            "--resize": self.resize,
        }
        switches = {"--trust": self.trust, "--isolate": self.isolate is True}
        switches["--no-isolate"] = self.isolate is False
        return {flag: str(value) for flag, value in said.items() if value is not None} | {
            flag: "" for flag, on in switches.items() if on
        }
