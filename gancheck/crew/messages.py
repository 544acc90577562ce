"""What ranks send each other: pickles, between processes that one user started for one run."""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gancheck.errors import GancheckError


@dataclass(frozen=True)
class Answer:
    """What became of a part.

    Attributes:
        value: The result; None where there is an error.
        error: Why there is none.
        trace: Where the error came from, for those who look for a bug.
    """

    value: Any = None
    error: Exception | None = None
    trace: str = ""

    def opened(self) -> Any:
        """Return the result, or raise the error."""
        if self.error is None:
            return self.value
        if self.trace:
            raise self.error from _Elsewhere(self.trace)
        raise self.error


class _Elsewhere(Exception):  # noqa: N818 - it only carries a text
    """The traceback of another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def attempted(task: Callable[[Any, Any], Any], shared: Any, part: Any) -> Answer:
    """Do a part; what it raises is the answer."""
    try:
        return Answer(task(shared, part))
    except Exception as error:
        return Answer(error=error)


def portable(answer: Answer, rank: int) -> Answer:
    """Turn the answer of another rank into one that can be sent, and that names the rank."""
    error = answer.error
    if error is None:
        return answer
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    said = f"rank {rank}: {error}"
    if isinstance(error, GancheckError) and _survives(error):
        return Answer(error=error)
    if isinstance(error, MemoryError):
        return Answer(error=MemoryError(said), trace=trace)
    return Answer(error=RuntimeError(f"rank {rank}: {type(error).__name__}: {error}"), trace=trace)


def written(value: Any) -> memoryview:
    """Pickle something, without a second copy of it."""
    file = io.BytesIO()
    pickle.dump(value, file, protocol=5)
    return file.getbuffer()


def read(content: memoryview) -> Any:
    """Read what `written` returned."""
    return pickle.loads(content)


def _survives(error: Exception) -> bool:
    """Tell whether an exception can be sent; those of plugins may not."""
    try:
        again = pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return type(again) is type(error) and str(again) == str(error)
