"""One line a checkpoint, whose columns stay where they are from the first line to the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import VERDICT_STYLES, Column, Ink, plain, row, taken
from gancheck.reporters.traces.turning import dominant, score

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gancheck.types import Checkpoint, Verdict

_LEVELS, _PLAIN_LEVELS = "▁▂▃▄▅▆▇█", "_.-=+*#"
_SPELLED = 100  # cells from which a verdict is a word beside its sign
_WORDY = 118  # cells from which bar and mode have more room
_STEP = 9  # cells of a step where none is known beforehand
_LEGEND = "x collapsed   ! suspect   v healthy   ? inconclusive   - failed"


@dataclass(frozen=True)
class Lines:
    """Lays checkpoints out in columns.

    Attributes:
        ink: What the console can show.
        columns: Sign, step, diversity, interval, bar, mode and share, moved, and the notes.
        spelled: Whether verdicts are words.
    """

    ink: Ink
    columns: tuple[Column, ...]
    spelled: bool

    @classmethod
    def of(cls, ink: Ink, steps: Sequence[int] = ()) -> Lines:
        """Choose columns for a console.

        Args:
            ink: What the console can show.
            steps: Steps that will come, if they are known.
        """
        longest = max((len(f"{step:,}") for step in steps), default=_STEP)
        wide, spelled = ink.width >= _WORDY, ink.width >= _SPELLED
        fixed = (
            Column("", 14 if spelled else 3),
            Column("step", max(4, longest), "right"),
            Column("div.", 4, "right"),
            Column("95% interval", 12),
            Column("", 8 if wide else 4),
            Column("mostly", 16 if wide else 10),
            Column("", 4, "right"),
            Column("moved", 5, "right"),
        )
        return cls(ink, (*fixed, Column("", max(4, ink.width - taken(fixed)))), spelled)

    def heading(self) -> list[RenderableType]:
        """Return the titles of the columns, and what the signs mean where they stand alone."""
        legend = [] if self.spelled else [plain(f" {_LEGEND}", "dim")]
        return [*legend, self.ink.heading(self.columns), self.ink.rule()]

    def line(self, checkpoint: Checkpoint, events: Sequence[str] = ()) -> RenderableType:
        """Return one checkpoint on one line; what does not fit is counted."""
        if checkpoint.error:
            return self._failed(checkpoint)
        return row(self._cells(checkpoint, events), self.columns)

    def _cells(self, checkpoint: Checkpoint, events: Sequence[str]) -> list[Text]:
        *_, bar, mode, _, _, notes = (column.width for column in self.columns)
        diversity, most = score(checkpoint, "diversity"), dominant(checkpoint)
        said = [*events, *(condition.value for condition in checkpoint.conditions)]
        return [
            _sign(checkpoint.verdict, spelled=self.spelled),
            plain(f"{checkpoint.step:,}", "bold" if events else ""),
            plain("-" if diversity is None else f"{diversity.value:.2f}", "bold"),
            plain("" if diversity is None else f"[{diversity.low:.2f}, {diversity.high:.2f}]"),
            plain("" if diversity is None else self.ink.bar(_inside(diversity.value), bar), "blue"),
            plain("" if most is None else cropped(most.label, mode)),
            plain("" if most is None else f"{most.sample_share:.0%}"),
            plain("" if checkpoint.moved is None else f"{checkpoint.moved:.2f}"),
            plain(fitted(said, notes), "yellow" if events else "dim"),
        ]

    def _failed(self, checkpoint: Checkpoint) -> RenderableType:
        """Return the reason over all columns behind the step."""
        first, step = self.columns[:2]
        reason = self.ink.width - taken((first, step))
        word = " - FAILED" if self.spelled else " -"
        cells = [
            plain(word, "red"),
            plain(f"{checkpoint.step:,}"),
            plain(cropped(" ".join(checkpoint.error.split()), reason), "red"),
        ]
        return row(cells, [first, step, Column("", reason)])


def sparkline(values: Sequence[float | None], ink: Ink, width: int) -> str:
    """Draw values of 0..1 as signs of rising height; of neighbours that share one, the lowest.

    Args:
        values: What to draw, None for a gap.
        ink: What the console can show.
        width: Signs at most.
    """
    levels = _LEVELS if ink.blocks else _PLAIN_LEVELS
    count = min(width, len(values))
    parts = [
        values[at * len(values) // count : (at + 1) * len(values) // count] for at in range(count)
    ]
    lows = [min((one for one in part if one is not None), default=None) for part in parts]
    return "".join(
        " " if low is None else levels[min(len(levels) - 1, int(_inside(low) * len(levels)))]
        for low in lows
    )


def cropped(text: str, width: int) -> str:
    """Cut text that is too long, and show that it was."""
    text = wording.printable(text).replace("\n", " ")
    return text if len(text) <= width else f"{text[: max(0, width - 2)]}.."


def fitted(words: Sequence[str], width: int) -> str:
    """Join as many words as fit, and count the others: ``missing-modes +2``."""
    for count in range(len(words), 0, -1):
        left = len(words) - count
        joined = ", ".join(words[:count]) + (f" +{left}" if left else "")
        if len(joined) <= width:
            return joined
    return cropped(words[0], width) if len(words) == 1 else f"+{len(words)}" if words else ""


def _sign(verdict: Verdict | None, *, spelled: bool) -> Text:
    if verdict is None:
        return plain(" ?")
    mark = wording.VERDICTS[verdict]
    style = VERDICT_STYLES[verdict]
    return plain(f" {mark.symbol} {mark.word if spelled else ''}".rstrip(), _ink_of(style))


def _ink_of(style: str) -> str:
    """Return the colour of a bar as a colour of text: a column of bars would shout."""
    return style.rpartition(" on ")[2]


def _inside(value: float) -> float:
    return min(1.0, max(0.0, value))
