"""Everything gancheck raises on purpose, and the exit code each ends in.

::

    GancheckError               exit 2, one message, no traceback
    ├── UsageError              a flag or a combination of flags makes no sense
    ├── LoadError               a file could not be read as what it claims to be
    │   ├── RefusedError        it could be read, but doing so is not safe
    │   └── AmbiguousError      it can be read in several ways: a flag must choose
    ├── GeneratorError          the generator ran, and its output cannot be judged
    ├── ShapeError              two things that must agree in shape do not
    ├── OutputError             a report cannot be written there
    ├── RankLost                a process that shared the work is gone
    └── NotAvailable            an analyzer lacks what it needs: it is skipped, with the reason
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns; scripts may rely on these."""

    OK = 0
    GATE_FAILED = 1
    COULD_NOT_RUN = 2
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class GancheckError(Exception):
    """Base of every error that the user can act on.

    Args:
        message: What was found and what was expected.
        hint: The flag or command that helps, or None when there is none.
    """

    exit_code = ExitCode.COULD_NOT_RUN

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(GancheckError):
    """A flag or a combination of flags makes no sense."""


class LoadError(GancheckError):
    """A file could not be read as a generator or as a set of samples."""


class RefusedError(LoadError):
    """Reading the file would run code that came with it, or trust what cannot be verified."""


class AmbiguousError(LoadError):
    """The file allows several readings and only the user can choose."""


class GeneratorError(GancheckError):
    """The generator ran, and what it returned cannot be judged."""


class ShapeError(GancheckError):
    """Samples and reference, or latents and generator, do not fit together."""


class OutputError(GancheckError):
    """A report cannot be written where it was asked for."""


class RankLost(GancheckError):  # noqa: N818 - a state of affairs, like the one below
    """A process that shared the work of the run is gone."""

    @classmethod
    def of(cls, name: str) -> RankLost:
        """Say which one."""
        return cls(
            f"{name} is gone, and the run cannot go on without it",
            "Too little memory is the usual reason. With --work-dir the next run goes on from the "
            "samples that were drawn.",
        )


class NotAvailable(GancheckError):  # noqa: N818 - a state of affairs, not a failure
    """An analyzer lacks something it needs; the run goes on without it."""
