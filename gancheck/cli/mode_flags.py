"""Flags about modes that are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

_PANEL = "Known modes"


@dataclass(frozen=True)
class ModesFlags:
    """The modes, where they are known."""

    modes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Known modes: centres (.npz, .npy), or a classifier of them (TorchScript, .pt2 or "
            "ONNX).",
            rich_help_panel=_PANEL,
        ),
    ] = None
    modes_sd: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Standard deviation of the modes around their centres.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    modes_range: Annotated[
        str,
        typer.Option(
            metavar="LOW,HIGH",
            help="Values of black and white that the classifier was trained on; auto takes those "
            "of the generator.",
            rich_help_panel=_PANEL,
        ),
    ] = "auto"

    @property
    def sd(self) -> float | None:
        """The standard deviation.

        Raises:
            UsageError: It is not above 0.
        """
        from gancheck.errors import UsageError

        if self.modes_sd is not None and not 0 < self.modes_sd < float("inf"):
            raise UsageError(
                f"--modes-sd {self.modes_sd:g} is no standard deviation", "Give a number above 0."
            )
        return self.modes_sd

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The range; None takes that of the generator.

        Raises:
            UsageError: It is no range.
        """
        from gancheck.cli import options
        from gancheck.errors import UsageError

        try:
            return options.output_range(self.modes_range)
        except UsageError as error:
            words = error.message.replace("--output-range", "--modes-range")
            raise UsageError(words, error.hint) from error
