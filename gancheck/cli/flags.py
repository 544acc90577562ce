"""Flags that several commands share, each declared once, in groups that a command takes whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from gancheck.cli import complete, options
from gancheck.cli.mode_flags import ModesFlags

if TYPE_CHECKING:
    from gancheck.loaders.interface import LoadOptions
    from gancheck.settings import MapKind, Settings

MODEL, RUN, OUT = "Reading the model", "The run", "Output"
BUDGET = "6M"

Model: TypeAlias = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Generator file, folder or file of samples.")
]
Reference: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--reference", "-r", help="Real samples: folder of images, array file, or .gcref file."
    ),
]
Seed: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Seed of everything random.", rich_help_panel=RUN)
]
Device: TypeAlias = Annotated[
    str,
    typer.Option(help="auto, cpu or cuda.", autocompletion=complete.devices, rich_help_panel=RUN),
]
MapBy: TypeAlias = Annotated[
    str,
    typer.Option(
        "--map",
        help="umap, pca or none.",
        autocompletion=complete.maps,
        rich_help_panel=OUT,
    ),
]
Html: TypeAlias = Annotated[
    str | None, typer.Option(help="Path of the page, - for stdout.", rich_help_panel=OUT)
]
Json: TypeAlias = Annotated[
    str | None, typer.Option(help="Path of the JSON, - for stdout.", rich_help_panel=OUT)
]
Output: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="One more report, in the form of the suffix: .txt, or what plugins bring. FORM:PATH "
        "names the form; - is stdout.",
        rich_help_panel=OUT,
    ),
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

    latent_dim: Annotated[
        int | None, typer.Option(min=1, help="Length of a latent.", rich_help_panel=MODEL)
    ] = None
    latent_law: Annotated[
        str | None,
        typer.Option(
            help="auto, normal, uniform (-1..1), sphere, one of them times a factor (normal:0.7), "
            "or module:function.",
            autocompletion=complete.laws,
            rich_help_panel=MODEL,
        ),
    ] = None
    classes: Annotated[
        int | None,
        typer.Option(min=1, help="Classes of a conditional generator.", rich_help_panel=MODEL),
    ] = None
    only_class: Annotated[
        int | None,
        typer.Option(
            "--class",
            min=0,
            metavar="N",
            help="Judge one class only: every sample is drawn under this label, and compared with "
            "the reference's samples of it.",
            rich_help_panel=MODEL,
        ),
    ] = None
    label_table: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=".npy array (classes, k) whose row y is fed for label y, for networks that take "
            "a vector for each class.",
            rich_help_panel=MODEL,
        ),
    ] = None
    truncation: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="PSI",
            help="Value of the network's truncation input; 1 by default.",
            rich_help_panel=MODEL,
        ),
    ] = None
    arch: Annotated[
        str | None,
        typer.Option(
            help="Network of a state dict: module:Class or file.py:name.", rich_help_panel=MODEL
        ),
    ] = None
    arch_args: Annotated[
        str | None,
        typer.Option(
            help="Its arguments, or settings of a plugin's loader, as JSON.", rich_help_panel=MODEL
        ),
    ] = None
    key: Annotated[
        str | None,
        typer.Option(help="Part of a checkpoint to load, such as g_ema.", rich_help_panel=MODEL),
    ] = None
    output_range: Annotated[
        str, typer.Option(help="auto, -1,1 or 0,1 or 0,255.", rich_help_panel=MODEL)
    ] = "auto"
    output_shape: Annotated[
        str | None,
        typer.Option(
            metavar="C,H,W",
            help="Shape of images that the network returns as flat vectors.",
            rich_help_panel=MODEL,
        ),
    ] = None
    trust: Annotated[
        bool,
        typer.Option(
            "--trust",
            help="Run a TorchScript or .pt2 program although its audit failed.",
            rich_help_panel=MODEL,
        ),
    ] = False
    isolate: Annotated[
        bool | None,
        typer.Option(
            "--isolate/--no-isolate",
            help="Run the generator in a child process with limits on memory and time; by default "
            "only what --trust lets in.",
            rich_help_panel=MODEL,
        ),
    ] = None

    def load_options(
        self, *, device: str = "auto", resize: str | None = None, seed: int = 0
    ) -> LoadOptions:
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
            only_class=self.only_class,
            label_table=self.label_table,
            device=options.device(device),
            seed=seed,
            resize=options.resize(resize),
            trust=self.trust,
            isolate=self.isolate,
            output_shape=options.output_shape(self.output_shape),
            truncation=self.truncation,
        )

    def typed(self, *, device: str = "auto") -> dict[str, str]:
        """Return what was said, as flags and their values; a switch has an empty value."""
        said = {
            "--latent-dim": self.latent_dim,
            "--latent-law": self.latent_law,
            "--classes": self.classes,
            "--class": self.only_class,
            "--label-table": self.label_table,
            "--truncation": self.truncation,
            "--arch": self.arch,
            "--arch-args": self.arch_args,
            "--key": self.key,
            "--output-range": None if self.output_range == "auto" else self.output_range,
            "--output-shape": self.output_shape,
            "--device": None if device == "auto" else device,
        }
        switches = {"--trust": self.trust, "--isolate": self.isolate is True}
        switches["--no-isolate"] = self.isolate is False
        return {flag: str(value) for flag, value in said.items() if value is not None} | {
            flag: "" for flag, on in switches.items() if on
        }


@dataclass(frozen=True)
class ReferenceFlags:
    """What the samples are compared with."""

    reference: Reference = None
    holdout: Annotated[
        Path | None,
        typer.Option(
            help="Real samples the model was not trained on; --reference is then what it was "
            "trained on, and copies of it can be proven."
        ),
    ] = None


@dataclass(frozen=True)
class RunFlags:
    """What is drawn, and what it is seen through."""

    samples: Annotated[int, typer.Option(min=100, help="Samples to draw.", rich_help_panel=RUN)] = (
        10_000
    )
    seed: Seed = 0
    embedder: Annotated[
        str,
        typer.Option(
            help="View to judge in: auto, fitted, pixels, vectors, efficientnet, torch:FILE, "
            "onnx:FILE, huggingface:NAME|FOLDER.",
            autocompletion=complete.embedders,
            rich_help_panel=RUN,
        ),
    ] = "auto"
    labels: Annotated[
        str,
        typer.Option(
            help="How often each label is drawn: as in the reference, uniform, or auto.",
            autocompletion=complete.labels,
            rich_help_panel=RUN,
        ),
    ] = "auto"
    resize: Annotated[
        str | None,
        typer.Option(
            metavar="HEIGHT,WIDTH",
            help="Crop and resize images read from disk to this size.",
            rich_help_panel=RUN,
        ),
    ] = None
    device: Device = "auto"


@dataclass(frozen=True)
class EffortFlags:
    """What a run may take."""

    batch_size: Annotated[
        str, typer.Option(help="auto, or rows per call.", rich_help_panel=RUN)
    ] = "auto"
    max_memory: Annotated[
        str | None,
        typer.Option(help="Refuse runs that need more, such as 4G.", rich_help_panel=RUN),
    ] = None
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache", help="Prepare the reference anew, keep nothing.", rich_help_panel=RUN
        ),
    ] = False
    work_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep the samples here as they are drawn: a run that was stopped goes on where it "
            "stopped. Each model and seed gets a folder in it.",
            rich_help_panel=RUN,
        ),
    ] = None


@dataclass(frozen=True)
class CriticFlags:
    """The discriminator, if it was kept."""

    discriminator: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Discriminator that the generator was trained against: TorchScript, .pt2 or ONNX.",
            rich_help_panel=RUN,
        ),
    ] = None
    discriminator_arch: Annotated[
        str | None,
        typer.Option(
            help="Network of the discriminator's weights: module:Class or file.py:name.",
            rich_help_panel=RUN,
        ),
    ] = None


@dataclass(frozen=True)
class DiagnosisFlags:
    """Everything that a diagnosis depends on besides the model and its map."""

    data: ReferenceFlags = field(default_factory=ReferenceFlags)
    run: RunFlags = field(default_factory=RunFlags)
    effort: EffortFlags = field(default_factory=EffortFlags)
    model: ModelFlags = field(default_factory=ModelFlags)
    critic: CriticFlags = field(default_factory=CriticFlags)
    known: ModesFlags = field(default_factory=ModesFlags)

    def settings(self, map_kind: MapKind) -> Settings:
        """Read the texts.

        Raises:
            UsageError: One of them makes no sense; the message names the flag.
        """
        from gancheck.memory import parse_size
        from gancheck.settings import Settings

        most = self.effort.max_memory
        return Settings(
            samples=self.run.samples,
            seed=self.run.seed,
            embedder=self.run.embedder,
            batch_size=options.batch_size(self.effort.batch_size),
            max_memory=None if most is None else parse_size(most),
            cache=not self.effort.no_cache,
            load=self.model.load_options(device=self.run.device, resize=self.run.resize),
            discriminator=self.critic.discriminator,
            discriminator_arch=self.critic.discriminator_arch,
            holdout=self.data.holdout,
            map=map_kind,
            work_dir=self.effort.work_dir,
            labels=options.labels(self.run.labels),
            modes=self.known.modes,
            modes_sd=self.known.sd,
            modes_range=self.known.value_range,
        )


@dataclass(frozen=True)
class OutputFlags:
    """Which reports of a diagnosis are written, and what is printed of it."""

    map_by: MapBy = "umap"
    html: Html = None
    json: Json = None
    output: Output = None
    no_html: Annotated[
        bool, typer.Option("--no-html", help="Write no page.", rich_help_panel=OUT)
    ] = False
    no_json: Annotated[
        bool, typer.Option("--no-json", help="Write no JSON.", rich_help_panel=OUT)
    ] = False
    max_report_size: ReportSize = BUDGET
    force: Force = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the verdict.", rich_help_panel=OUT)
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Everything.", rich_help_panel=OUT)
    ] = False
    no_color: NoColor = False
