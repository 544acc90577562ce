"""What every command shares: where text goes, how errors end, who shows progress."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from gancheck.cli.faults import Terminated, cause, lost_rank, terminable
from gancheck.errors import ExitCode, GancheckError
from gancheck.plugins import PluginWarning

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn exceptions into one clear message on stderr and the exit code that stands for them."""
    try:
        with terminable(), warnings_told():
            yield
    except GancheckError as error:
        _say(error.message, error.hint)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except Terminated:
        if lost := lost_rank():
            _say(lost.message, lost.hint)
            raise typer.Exit(lost.exit_code) from None
        typer.echo("terminated", err=True)
        raise typer.Exit(ExitCode.TERMINATED) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except BrokenPipeError:  # whoever read our output has gone, such as `head`
        _drop_output()
        raise typer.Exit(ExitCode.COULD_NOT_RUN) from None
    except Exception as error:
        if known := cause(error):
            _say(*known)
            _drop_output()
            raise typer.Exit(ExitCode.COULD_NOT_RUN) from None
        traceback.print_exc()
        typer.echo("This is a bug in gancheck. Please report it with the lines above.", err=True)
        raise typer.Exit(ExitCode.BUG) from None


@contextmanager
def warnings_told() -> Iterator[None]:
    """Show warnings about plugins as lines of ours; all others as Python does."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, PluginWarning):
            from gancheck.reporters.wording import printable

            typer.echo(f"warning: {printable(str(message))}", err=True)
        else:
            before(message, category, *place, **more)

    vars(warnings)["showwarning"] = show
    try:
        yield
    finally:
        vars(warnings)["showwarning"] = before


def _say(message: str, hint: str | None) -> None:
    from gancheck.reporters.wording import printable

    typer.echo(f"error: {printable(message)}", err=True)
    if hint:
        typer.echo(f"hint: {printable(hint)}", err=True)


def _drop_output() -> None:
    """Let go of what could not be written to stdout, or the end of the process fails over it."""
    with suppress(OSError, ValueError):  # no file behind it, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console(*, no_color: bool = False) -> Console:
    """Return the console that results go to; colour only on a terminal that wants it."""
    from rich.console import Console

    return Console(no_color=True if no_color else None, highlight=False)


class ProgressBar:
    """Shows the stages of a run on stderr, on terminals only; silent elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._shown = not quiet and sys.stderr.isatty() and not os.environ.get("CI")

    def __enter__(self) -> ProgressBar:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("{task.description:<28}"),
                BarColumn(bar_width=30),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Leave the terminal to what is printed next."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Step aside for a line that is printed meanwhile."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        yield
        self._bar.start()

    def stage(self, name: str) -> None:
        """Begin a stage, with a bar that moves until it knows how far it is."""
        if self._bar is None:
            return
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=None)

    def progress(self, done: int, total: int) -> None:
        """Move the bar of the current stage."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)
