"""``gancheck trace``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags, options
from gancheck.cli.examples import Example, epilog
from gancheck.cli.groups import expanded
from gancheck.cli.session import ProgressBar, console, exit_codes
from gancheck.cli.sources import Configured, announce, command_line
from gancheck.cli.trace_files import TraceTargets
from gancheck.config import SETTINGS

if TYPE_CHECKING:
    from gancheck.reporters.traces.terminal import Live
    from gancheck.settings import Settings
    from gancheck.tracing import Tracer
    from gancheck.tracing.steps import Found
    from gancheck.types import Checkpoint, Trace

HELP = (
    "Follow a training through its checkpoints.\n\n"
    "CHECKPOINTS are files, folders or quoted patterns, in any format that gancheck diagnose "
    "takes; they are ordered by the number in their names that differs. Every one draws the same "
    "latents and is seen through one view. Tells when diversity fell, whether the generator hops "
    "from mode to mode, and which checkpoint to use. Writes trace.gancheck.html and "
    "trace.gancheck.json to the current folder.\n\n"
    "What was measured by an earlier trace is used again. A checkpoint that cannot be measured is "
    "one line with its reason; the rest go on."
)
EPILOG = epilog(
    Example("gancheck trace 'run/G_*.pt' -r data/", "Trace a training that is done."),
    Example(
        "gancheck trace run/ -r data.gcref --follow --stream trace.jsonl",
        "Measure checkpoints as they are saved, until interrupted.",
    ),
    Example(
        "gancheck trace 'G_*.pt' -r data/ --discriminator 'D_*.pt' --animate run.webp",
        "Show both players, as an animation too.",
    ),
)
THE_TRACE = "The trace"
_OTHERWISE = ("samples", "holdout", "work-dir", "discriminator")


class ConfiguredTrace(Configured):
    """A command that takes from a file what means the same for one checkpoint and for many."""

    keys = tuple(key for key in SETTINGS if key not in _OTHERWISE)


KIND = ConfiguredTrace


@dataclass(frozen=True)
class FewerFlags(flags.RunFlags):
    """What is drawn from each checkpoint: fewer samples than for a diagnosis."""

    samples: Annotated[
        int,
        typer.Option(min=100, help="Samples of each checkpoint.", rich_help_panel=flags.RUN),
    ] = 2_000


@dataclass(frozen=True)
class TrainingFlags:
    """What is known of the training besides its checkpoints."""

    discriminator: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            help="Discriminators of the same steps: a folder or a quoted pattern.",
            rich_help_panel=THE_TRACE,
        ),
    ] = None
    discriminator_arch: Annotated[
        str | None,
        typer.Option(
            help="Network of their weights: module:Class or file.py:name.",
            rich_help_panel=THE_TRACE,
        ),
    ] = None
    losses: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV with a column of steps and others of numbers, to be drawn beside the rest.",
            rich_help_panel=THE_TRACE,
        ),
    ] = None
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Wait for more checkpoints; reports are written anew after each. Ctrl-C ends it.",
            rich_help_panel=THE_TRACE,
        ),
    ] = False
    idle: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            metavar="SECONDS",
            help="With --follow: end when no checkpoint came for so long.",
            rich_help_panel=THE_TRACE,
        ),
    ] = None


@dataclass(frozen=True)
class TraceFlags:
    """Everything that a trace depends on besides its checkpoints."""

    training: TrainingFlags = field(default_factory=TrainingFlags)
    reference: flags.Reference = None
    run: FewerFlags = field(default_factory=FewerFlags)
    batch_size: Annotated[
        str, typer.Option(help="auto, or rows per call.", rich_help_panel=flags.RUN)
    ] = "auto"
    max_memory: Annotated[
        str | None,
        typer.Option(help="Refuse runs that need more, such as 4G.", rich_help_panel=flags.RUN),
    ] = None
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache", help="Measure everything anew, keep nothing.", rich_help_panel=flags.RUN
        ),
    ] = False
    map_by: flags.MapBy = "umap"
    model: flags.ModelFlags = field(default_factory=flags.ModelFlags)

    def settings(self, *, drawn: bool) -> Settings:
        """Read the texts.

        Raises:
            UsageError: One of them makes no sense; the message names the flag.
        """
        from gancheck.memory import parse_size
        from gancheck.settings import Settings

        most = self.max_memory
        return Settings(
            samples=self.run.samples,
            seed=self.run.seed,
            embedder=self.run.embedder,
            batch_size=options.batch_size(self.batch_size),
            max_memory=None if most is None else parse_size(most),
            cache=not self.no_cache,
            load=self.model.load_options(device=self.run.device, resize=self.run.resize),
            discriminator_arch=self.training.discriminator_arch,
            map=options.map_kind(self.map_by) if drawn else "none",
            labels=options.labels(self.run.labels),
        )


@expanded
def command(
    ctx: typer.Context,
    checkpoints: Annotated[
        list[str],
        typer.Argument(metavar="CHECKPOINTS", help="Files, folders or quoted patterns."),
    ],
    said: TraceFlags,
    targets: TraceTargets,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the verdict.", rich_help_panel=flags.OUT)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Everything.", rich_help_panel=flags.OUT)
    ] = False,
    no_color: flags.NoColor = False,
) -> None:
    """Find the checkpoints, measure one after the other, report."""
    with exit_codes():
        from gancheck.errors import UsageError
        from gancheck.tracing import Tracer

        if said.training.idle is not None and not said.training.follow:
            raise UsageError("--idle goes with --follow", "Add --follow, or leave it out.")
        targets.require_writable()
        announce(ctx, KIND.keys)
        run = Run(targets, command_line(ctx), quiet, verbose, no_color)
        source = Source(checkpoints, said.training)
        with ProgressBar(quiet=quiet or targets.takes_stdout) as bar:
            tracer = Tracer(said.reference, said.settings(drawn=targets.draws), listener=bar)
            run.measure(tracer, source, bar)
        run.finish(tracer, source)


@dataclass(frozen=True)
class Source:
    """Where checkpoints, discriminators and losses come from."""

    checkpoints: Sequence[str]
    training: TrainingFlags

    def __iter__(self) -> Iterator[tuple[Found, Path | None]]:
        """Yield checkpoints with their discriminators; while following, as they appear.

        Raises:
            UsageError: Nothing is there, or discriminators are of none of the steps.
        """
        from gancheck.errors import UsageError
        from gancheck.tracing.following import follow
        from gancheck.tracing.steps import beside, find

        if self.training.follow:
            for one in follow(self.checkpoints, idle=self.training.idle):
                yield one, next(beside([one], self._critics()))
            return
        found = find(self.checkpoints)
        critics = list(beside(found, self._critics()))
        if self.training.discriminator is not None and not any(critics):
            raise UsageError(
                f"no discriminator of {self.training.discriminator} is of a step of these "
                "checkpoints",
                "Their names have to hold the same numbers.",
            )
        yield from zip(found, critics, strict=True)

    def steps(self) -> list[int]:
        """Return the steps that are known before the first is measured."""
        from gancheck.tracing.steps import find

        return [] if self.training.follow else [one.step for one in find(self.checkpoints)]

    def losses(self) -> Mapping[str, tuple[float, ...]]:
        """Read what was logged so far."""
        from gancheck.tracing.losses import read_losses

        return {} if self.training.losses is None else read_losses(self.training.losses)

    def _critics(self) -> Sequence[Found]:
        from gancheck.tracing.following import patient

        pattern = self.training.discriminator
        return () if pattern is None else patient([pattern], waiting=self.training.follow)


@dataclass(frozen=True)
class Run:
    """One trace from the command line, from start to written reports."""

    targets: TraceTargets
    command: str
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    def measure(self, tracer: Tracer, source: Source, bar: ProgressBar) -> None:
        """Measure what there is, line by line; what was measured is reported even if interrupted.

        Raises:
            KeyboardInterrupt: It was interrupted, and not because following had to end somehow.
        """
        follows = source.training.follow
        if not follows:
            source.losses()  # refused now rather than after a long run
        self.targets.begin()
        live = self._live(source)
        try:
            for found, critic in source:
                row = tracer.add(found.path, found.step, discriminator=critic)
                self.targets.add(row)
                with bar.aside():
                    live(row)
                if follows and any(not one.error for one in tracer.rows):
                    self.targets.write(self._trace(tracer, source))
        except KeyboardInterrupt:
            if follows:
                return
            if any(not one.error for one in tracer.rows):
                self.targets.write(self._trace(tracer, source))
            raise

    def finish(self, tracer: Tracer, source: Source) -> None:
        """Print what the sequence shows, and write the reports."""
        trace = self._trace(tracer, source)
        if not self.targets.takes_stdout:
            from gancheck.reporters.traces.terminal import print_trace

            out = console(no_color=self.no_color)
            print_trace(trace, out, verbose=self.verbose, listed=False)
        self.targets.write(trace)

    def _trace(self, tracer: Tracer, source: Source) -> Trace:
        return self.targets.named(tracer.trace(source.losses()), self.command)

    def _live(self, source: Source) -> Callable[[Checkpoint], None]:
        """Return what prints a row as soon as it is there."""
        if self.quiet or self.targets.takes_stdout:
            return lambda row: None
        from gancheck.reporters.traces.terminal import Live

        printer: Live = Live(console(no_color=self.no_color), source.steps())
        return printer.add
