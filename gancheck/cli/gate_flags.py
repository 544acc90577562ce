"""What a gate is told, from flags, the environment and a file; limits are merged by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from gancheck.cli import complete
from gancheck.cli.sources import BY_NAME, CONFIG, FLAG, VARIABLE, found
from gancheck.config import OPTIONS, variable
from gancheck.errors import UsageError

if TYPE_CHECKING:
    from gancheck.gate import Rules

GATE = "The gate"
MOST_SAMPLES = 50_000
_DIVERSITY = "diversity"
_KEYS = {option: key for key, option in OPTIONS.items()}


@dataclass(frozen=True)
class GateFlags:
    """What is asked of a report, as it was typed."""

    minimum: Annotated[
        list[str],
        typer.Option(
            "--min",
            metavar="NAME=VALUE",
            help="Least that a score, or the number of a finding, may be. Repeatable.",
            autocompletion=complete.limited,
            rich_help_panel=GATE,
        ),
    ] = field(default_factory=list)
    maximum: Annotated[
        list[str],
        typer.Option(
            "--max",
            metavar="NAME=VALUE",
            help="Most that it may be. Repeatable.",
            autocompletion=complete.limited,
            rich_help_panel=GATE,
        ),
    ] = field(default_factory=list)
    forbid: Annotated[
        list[str],
        typer.Option(
            metavar="WORD",
            help="Condition, such as missing-modes, or verdict, such as suspect, that must not be "
            "found. Repeatable.",
            autocompletion=complete.forbidden,
            rich_help_panel=GATE,
        ),
    ] = field(default_factory=list)
    level: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=LEVEL",
            help="How much the limits on a name matter: off, warn or error (the default). "
            "Repeatable.",
            autocompletion=complete.levels,
            rich_help_panel=GATE,
        ),
    ] = field(default_factory=list)
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="REPORT",
            help="Earlier report, best from gancheck baseline, for --max-drop.",
            rich_help_panel=GATE,
        ),
    ] = None
    max_drop: Annotated[
        list[str],
        typer.Option(
            metavar="VALUE",
            help="How much diversity may lose against the baseline; NAME=VALUE for another score. "
            "Repeatable.",
            autocompletion=complete.limited,
            rich_help_panel=GATE,
        ),
    ] = field(default_factory=list)
    on_inconclusive: Annotated[
        str,
        typer.Option(
            metavar="DECISION",
            help="What becomes of limits inside the interval: pass, warn or fail.",
            autocompletion=complete.decisions,
            rich_help_panel=GATE,
        ),
    ] = "warn"
    confidence: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Confidence of the bound that decides: 0.95, 0.975 or 0.99.",
            autocompletion=complete.confidences,
            rich_help_panel=GATE,
        ),
    ] = 0.95
    adaptive: Annotated[
        bool,
        typer.Option(
            "--adaptive/--no-adaptive",
            help="Draw more samples until every limit is decided, up to --max-samples.",
            rich_help_panel=GATE,
        ),
    ] = False
    max_samples: Annotated[
        int,
        typer.Option(
            min=100, metavar="N", help="Most samples of --adaptive.", rich_help_panel=GATE
        ),
    ] = MOST_SAMPLES


class Given(NamedTuple):
    """One limit or level of one name, as text, and where it came from."""

    text: str
    source: str


class Merged(NamedTuple):
    """Limits and levels by option and name, the strongest source of each."""

    by_option: Mapping[str, Mapping[str, Given]]

    def texts(self, option: str) -> dict[str, str]:
        """Return the values of an option by name."""
        return {name: given.text for name, given in self.by_option[option].items()}

    def numbers(self, option: str) -> dict[str, float]:
        """Return the values of an option by name, as numbers."""
        return {name: float(text) for name, text in self.texts(option).items()}

    def of_source(self, source: str) -> list[str]:
        """Name the options to which a source adds something."""
        return [
            option
            for option, names in self.by_option.items()
            if any(given.source == source for given in names.values())
        ]

    def as_flags(self) -> Iterator[str]:
        """Yield what was not typed, as flags."""
        for option, names in self.by_option.items():
            for name, given in names.items():
                if given.source != FLAG:
                    yield from (f"--{option}", f"{name}={given.text}")


def merged(ctx: typer.Context, said: GateFlags) -> Merged:
    """Gather the limits and levels: flags over the environment over the file, name by name.

    Raises:
        UsageError: A text is no pair of a name and a value.
    """
    typed = dict(zip(BY_NAME, (said.minimum, said.maximum, said.level, said.max_drop), strict=True))
    return Merged({option: _of_option(ctx, option, texts) for option, texts in typed.items()})


def as_rules(said: GateFlags, merged: Merged) -> Rules:
    """Read what is asked.

    Raises:
        UsageError: A word or a number makes no sense.
    """
    from gancheck.gate import rules

    return rules(
        min=merged.numbers("min"),
        max=merged.numbers("max"),
        forbid=words(said.forbid),
        max_drop=merged.numbers("max-drop") or None,
        levels=merged.texts("level"),
        on_inconclusive=said.on_inconclusive,
        confidence=said.confidence,
    )


def words(texts: list[str]) -> list[str]:
    """Read words that stand alone or, as in a variable, one after the other with commas."""
    return [word for text in texts for word in text.split(",") if word]


def _of_option(ctx: typer.Context, option: str, typed: list[str]) -> dict[str, Given]:
    config = found(ctx)
    known = None if config is None else config.gate.get(_KEYS.get(option, option))
    filed = known if isinstance(known, Mapping) else {} if known is None else {_DIVERSITY: known}
    value = os.environ.get(variable(option), "")
    there = [text.strip() for text in value.split(",") if text.strip()]
    return {
        **{name: Given(_written(one), CONFIG) for name, one in filed.items()},
        **dict(_read(option, there, VARIABLE)),
        **dict(_read(option, typed, FLAG)),
    }


def _read(option: str, texts: list[str], source: str) -> Iterator[tuple[str, Given]]:
    """Read texts of one source; what is wrong with them is said with its name."""
    place = variable(option) if source == VARIABLE else f"--{option}"
    for text in texts:
        try:
            name, value = _pair(option, text)
        except UsageError as error:
            raise UsageError(f"{place}: {error.message}", error.hint) from None
        yield name, Given(value, source)


def _pair(option: str, text: str) -> tuple[str, str]:
    from gancheck.gate import parse_pair

    if option == "level":
        return _level(text)
    if option == "max-drop" and _is_number(text):
        return _DIVERSITY, text.strip()
    name, number = parse_pair(text)
    return name, _written(number)


def _level(text: str) -> tuple[str, str]:
    name, sign, level = (part.strip() for part in text.partition("="))
    if not name or not sign:
        raise UsageError(
            f"{text!r} is no level; expected a name, and off, warn or error",
            "Write it like --level diversity=warn.",
        )
    return name, level


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _written(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)
