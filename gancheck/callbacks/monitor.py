"""A training watched from inside: the rows of a trace while it runs, the whole trace at its end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, SupportsFloat, TypeAlias

from gancheck.errors import UsageError

if TYPE_CHECKING:
    from gancheck.loaders.in_memory import Samples
    from gancheck.reference import PreparedReference
    from gancheck.settings import MapKind, Settings
    from gancheck.tracing import Tracer
    from gancheck.types import AnyArray, Checkpoint, Trace

    GeneratorLike: TypeAlias = Callable[..., object]
    Log: TypeAlias = Callable[[Mapping[str, float], int], object]

PREFIX = "gancheck/"
_PICTURE = PREFIX + "latents"
_LOSSES_EACH = 50  # between two measurements
_MOST_LOSSES = 4000  # beyond them every other one is let go


class Writer(Protocol):
    """What is used of TensorBoard's ``SummaryWriter``."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> object:
        """Log a number."""

    def add_image(self, tag: str, img_tensor: AnyArray, global_step: int) -> object:
        """Log a picture (c, h, w), uint8."""


class Monitor:
    """Measures a generator every so many steps of its training, always by the same latents.

    ::

        with Monitor(generator, "digits.gcref", every=5000, html="run.html") as monitor:
            for step in range(steps):
                ...
                monitor.step(step, loss_d=loss_d, loss_g=loss_g)

    The reference is read and prepared at the first measurement, and used again by the next ones.
    The generator, and all random numbers, are left as they were found, so that a training takes the
    same course as without. A measurement that fails is a row with its reason; the training goes on.

    Args:
        generator: What is measured; None where `step` is always given it, as with averaged weights
            that are made anew.
        reference: Real samples, as for `gancheck.diagnose`.
        every: Steps from one measurement to the next.
        settings: What each measurement depends on; 2,000 samples and no map by default.
        log: Called with scores by their names, such as ``gancheck/diversity``, and the step.
        writer: A TensorBoard ``SummaryWriter``, or what has its ``add_scalar`` and ``add_image``.
        html: Page to write at the end.
        json: JSON to write at the end; ``gancheck report`` makes pages of it.

    Attributes:
        rows: The measurements so far.
        seconds: Time that they took.

    Raises:
        UsageError: A number or a setting is not one that can be asked for.

    Example:
        A training of four steps, each of which teaches the generator two more places of the ring
        of `gancheck.diagnose`:

        >>> def growing(latents):
        ...     return on_a_ring((2 * step * latents[:, 0].sigmoid()).floor(), latents[:, 1:])
        >>> monitor = gancheck.Monitor(growing, reference, every=2, settings=settings)
        >>> for step in (1, 2, 3, 4):
        ...     row = monitor.step(step, loss_d=0.7)
        >>> [row.step for row in monitor.rows]
        [2, 4]
        >>> few, more = (row.scores["diversity"].value for row in monitor.rows)
        >>> few < more
        True
    """

    def __init__(
        self,
        generator: GeneratorLike | None,
        reference: Samples | PreparedReference | None,
        *,
        every: int,
        settings: Settings | None = None,
        log: Log | None = None,
        writer: Writer | None = None,
        html: str | Path | None = None,
        json: str | Path | None = None,
    ) -> None:
        from gancheck.settings import Settings
        from gancheck.tracing import SAMPLES, Tracer

        if every < 1:
            raise UsageError(f"every={every} steps", "Give a whole number of steps.")
        if settings is None:
            kind: MapKind = "none" if html is None and json is None else "umap"
            settings = Settings(samples=SAMPLES, map=kind)
        self.tracer: Tracer = Tracer(reference, settings)
        self.generator = generator
        self.every = every
        self.seconds = 0.0
        self._log, self._writer = log, writer
        self._html, self._json = html, json
        self._losses: list[dict[str, float]] = []
        self._stride, self._noted = max(1, every // _LOSSES_EACH), -1
        self._begun = time.perf_counter()
        self._last: tuple[GeneratorLike, int] | None = None
        self._measured: int | None = None

    @property
    def rows(self) -> tuple[Checkpoint, ...]:
        """The measurements so far."""
        return tuple(self.tracer.rows)

    @property
    def cost(self) -> float:
        """Share of the time since the monitor was made that went into measuring, 0..1."""
        return self.seconds / max(time.perf_counter() - self._begun, 1e-9)

    def is_due(self, step: int) -> bool:
        """Tell whether to measure: another multiple of ``every`` was reached, or passed."""
        return step // self.every > (0 if self._measured is None else self._measured // self.every)

    def step(
        self, step: int, generator: GeneratorLike | None = None, **losses: SupportsFloat
    ) -> Checkpoint | None:
        """Note the losses of a step, and measure if it is one to measure at.

        Args:
            step: Steps done.
            generator: What to measure; the one that the monitor was made with by default.
            losses: Numbers by name, such as ``loss_d``; tensors of one element will do.

        Returns:
            The measurement; None where nothing was measured.
        """
        chosen = generator or self.generator
        if chosen is None:
            raise UsageError("there is no generator to measure", "Call step(step, generator).")
        self._last = (chosen, step)
        self._note(step, losses)
        return self.measure(chosen, step) if self.is_due(step) else None

    __call__ = step

    def measure(self, generator: GeneratorLike, step: int) -> Checkpoint:
        """Measure a generator now.

        Raises:
            GancheckError: The reference cannot be read, or a setting makes no sense.
        """
        self._measured = step
        start = time.perf_counter()
        row = self.tracer.add(generator, step, name=f"step {step}")
        self.seconds += time.perf_counter() - start
        scores = scores_of(row)
        if scores:
            scores[PREFIX + "cost"] = self.cost
        if self._log is not None and scores:
            self._log(scores, step)
        if self._writer is not None:
            self._write(self._writer, scores, step)
        return row

    def trace(self) -> Trace:
        """Say what the measurements show together.

        Raises:
            LoadError: None of them succeeded.
        """
        names = list(dict.fromkeys(name for row in self._losses for name in row))
        losses = {name: tuple(row.get(name, math.nan) for row in self._losses) for name in names}
        return self.tracer.trace(losses if len(names) > 1 else None)

    def finish(self) -> Trace | None:
        """Measure the generator of the last step, write what was asked for, and return the trace.

        Returns:
            The trace; None where nothing was ever measured.

        Raises:
            OutputError: A file cannot be written.
        """
        if self._last is not None and self._last[1] != self._measured:
            self.measure(*self._last)
        if all(row.error for row in self.rows):
            return None
        trace = self.trace()
        self._save(trace)
        return trace

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish; after a loop that broke, write what was measured before."""
        if kind is None:
            self.finish()
        elif any(not row.error for row in self.rows):
            self._save(self.trace())

    def _note(self, step: int, losses: Mapping[str, SupportsFloat]) -> None:
        """Keep some losses between two measurements: reading one from a GPU waits for it."""
        if not losses or step // self._stride <= self._noted:
            return
        self._noted = step // self._stride
        self._losses.append({"step": float(step), **{k: float(v) for k, v in losses.items()}})
        if len(self._losses) > _MOST_LOSSES:
            self._losses = self._losses[::2]
            self._stride *= 2
            self._noted //= 2

    def _write(self, writer: Writer, scores: Mapping[str, float], step: int) -> None:
        for name, value in scores.items():
            writer.add_scalar(name, value, step)
        picture = self.tracer.picture()
        if picture is not None:
            writer.add_image(_PICTURE, picture, step)

    def _save(self, trace: Trace) -> None:
        from gancheck.reporters.traces.page import render
        from gancheck.reporters.traces.text import as_json
        from gancheck.reporters.writing import write
        from gancheck.stored import trace_as_stored

        known = trace_as_stored(trace)
        if self._json is not None:
            write(as_json(known), Path(self._json), force=False)
        if self._html is not None:
            write(render(known), Path(self._html), force=False)


def scores_of(row: Checkpoint) -> dict[str, float]:
    """Return what is logged of a measurement, by name; nothing of one that failed."""
    found: dict[str, Any] = {name: score.value for name, score in row.scores.items()}
    diversity = row.scores.get("diversity")
    if diversity is not None:
        found |= {"diversity_low": diversity.low, "diversity_high": diversity.high}
    found["moved"] = row.moved
    found["seconds"] = None if row.error else row.seconds
    return {
        PREFIX + name: float(value)
        for name, value in found.items()
        if value is not None and math.isfinite(value)
    }
