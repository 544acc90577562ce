"""Checkpoints measured one after the other, all by the same reference, views and latents."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck.devices import full_float32
from gancheck.errors import GancheckError, LoadError, NotAvailable, UsageError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.in_memory import InMemory, guarded, located
from gancheck.measures.balance import counted
from gancheck.pipeline import settings_of, versions
from gancheck.preparation import Start, build_study, gather, prepare_once, read_prepared, read_raw
from gancheck.prepare import is_portable
from gancheck.reference import PreparedReference
from gancheck.settings import Clock, Listener, Settings, Silence
from gancheck.tracing import keeping
from gancheck.tracing.concluding import conclude
from gancheck.tracing.measuring import Measured, Outlook, latent_window, measure, moved
from gancheck.tracing.pictures import Frame, exhibits_of
from gancheck.tracing.placing import Ground, begin_ground
from gancheck.types import Checkpoint, SampleSet, Trace

if TYPE_CHECKING:
    from gancheck.loaders.in_memory import Model, Samples
    from gancheck.preparation import Inputs, Origin
    from gancheck.samplers.planes import Plane
    from gancheck.study import Study
    from gancheck.types import JSON, AnyArray

SAMPLES = 2000
"""Samples of each checkpoint, unless told otherwise."""
_AUTO, _PIXELS = "auto", "pixels"


class Tracer:
    """Measures checkpoints, and says what their sequence shows.

    The reference is prepared at the first checkpoint and used again by all others; every checkpoint
    draws the same latents. Files that were measured by an earlier trace in the same way are not
    measured again, unless the settings rule out the cache.

    Args:
        reference: Real samples, as for `gancheck.diagnose`; without them modes, diversity and the
            map are not there.
        settings: What each measurement depends on; 2,000 samples by default.
        listener: Hears how the work is getting on.

    Attributes:
        rows: The checkpoints so far, in the order in which they were added.
    """

    def __init__(
        self,
        reference: Samples | PreparedReference | None = None,
        settings: Settings | None = None,
        *,
        listener: Listener | None = None,
    ) -> None:
        self.settings = settings or Settings(samples=SAMPLES)
        if self.settings.holdout is not None:
            raise UsageError(
                "a trace does not look for copies of training data",
                "Leave out the held-out data; gancheck diagnose takes it, for one checkpoint.",
            )
        self.rows: list[Checkpoint] = []
        self._whole: list[Checkpoint] = []
        self._frames: list[Frame] = []
        self._clock = Clock(listener or Silence())
        self._origin = _origin(reference)
        self._prepared: PreparedReference | None = None
        self._common: _Common | None = None
        self._last: Outlook | None = None

    def add(
        self,
        model: Model,
        step: int,
        *,
        name: str | None = None,
        discriminator: Path | None = None,
    ) -> Checkpoint:
        """Measure one checkpoint.

        Args:
            model: A file, samples, a module, or a function from latents to samples.
            step: Its training step.
            name: What to call it; its path by default.
            discriminator: File of the discriminator of the same step.

        Returns:
            Its row. One that cannot be measured says why in ``error``.

        Raises:
            UsageError: The settings make no sense.
            GancheckError: The reference cannot be read.
        """
        start, subject = time.perf_counter(), located(model)
        settings = self._settings_for(discriminator)
        called = name or str(subject)
        with guarded(subject, settings.seed), full_float32():
            try:
                shape = None if self._is_ready else _shape(subject, settings, self._clock)
                self._prepare(subject, shape, settings)
                row, outlook = self._measure(subject, called, settings)
            except _ReferenceError as error:
                raise error.reason from None
            except UsageError:
                raise
            except GancheckError as error:
                row, outlook = Checkpoint(called, step, error=error.message), None
        row = dataclasses.replace(row, step=step, seconds=time.perf_counter() - start)
        if outlook is not None:
            if self._last is not None:
                row = dataclasses.replace(row, moved=moved(self._last, outlook))
            self._last = outlook
            self._frames.append(Frame.of(step, outlook))
        self._whole.append(row)
        self.rows.append(_lean(row))
        return self.rows[-1]

    def trace(self, losses: Mapping[str, tuple[float, ...]] | None = None) -> Trace:
        """Say what the sequence shows.

        Args:
            losses: What was logged during training, by column; ``step`` is one of them.

        Raises:
            LoadError: No checkpoint could be measured.
        """
        rows = tuple(sorted(self._whole, key=lambda row: row.step))
        common = self._common
        if common is None:
            raise _none_measured(rows)
        found = conclude(rows, common.reference_counts)
        frames = sorted(self._frames, key=lambda frame: frame.step)
        return Trace(
            checkpoints=tuple(map(_lean, rows)),
            verdict=found.verdict,
            summary=found.summary,
            conditions=found.conditions,
            findings=found.findings,
            visits=found.visits,
            turns=found.turns,
            best=found.best,
            reference_counts=common.reference_counts,
            losses=losses or {},
            exhibits=tuple(exhibits_of(frames, common.study, common.ground(), common.plane)),
            settings=common.settings,
            versions=versions(),
            timings=dict(self._clock.timings),
            warnings=common.warnings,
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    def picture(self) -> AnyArray | None:
        """Return what the first latents draw in the last checkpoint, side by side.

        Returns:
            (c, h, w) uint8; None for vectors, and before the first checkpoint.
        """
        if self._last is None or not len(self._last.pictures):
            return None
        return np.concatenate(list(self._last.pictures), axis=2)

    @property
    def _is_ready(self) -> bool:
        return self._prepared is not None or self._common is not None

    def _settings_for(self, discriminator: Path | None) -> Settings:
        chosen = discriminator or self.settings.discriminator
        return dataclasses.replace(self.settings, discriminator=chosen)

    def _prepare(
        self, subject: Path | InMemory, shape: tuple[int, ...] | None, settings: Settings
    ) -> None:
        """Prepare the reference once; what is wrong with it ends the trace, not the checkpoint."""
        if self._origin is None:
            if shape is not None and len(shape) == 3 and self.settings.embedder == _AUTO:
                # A view that is fitted on each checkpoint's own samples would compare nothing.
                self.settings = dataclasses.replace(self.settings, embedder=_PIXELS)
            return
        if self._prepared is not None or shape is None:
            return
        try:
            self._prepared = _prepared(self._origin, subject, shape, settings, self._clock)
        except GancheckError as error:
            raise _ReferenceError(error) from error

    def _measure(
        self, subject: Path | InMemory, name: str, settings: Settings
    ) -> tuple[Checkpoint, Outlook]:
        settings = dataclasses.replace(settings, embedder=self.settings.embedder)
        key = None
        if isinstance(subject, Path) and settings.cache:
            key = keeping.key(subject, settings, self._prepared)
        kept = keeping.find(key) if key is not None and self._common is not None else None
        if kept is not None:
            return dataclasses.replace(kept.checkpoint, reused=True), kept.outlook
        measured, inputs = self._fresh(subject, name, settings)
        row = dataclasses.replace(measured.checkpoint, sha256=inputs.subject.sha256)
        measured = Measured(row, measured.outlook)
        if key is not None:
            keeping.keep(key, measured)
        return measured.checkpoint, measured.outlook

    def _fresh(
        self, subject: Path | InMemory, name: str, settings: Settings
    ) -> tuple[Measured, Inputs]:
        inputs = gather(subject, self._prepared, settings, self._clock)
        start = build_study(inputs, settings, self._clock)
        if self._common is None:
            self._common = _Common.of(start, settings_of(settings, inputs, start), settings)
        study = dataclasses.replace(start.study, earlier=self._common.study)
        return measure(study, name, self._common.ground, self._clock), inputs


@dataclasses.dataclass(frozen=True, eq=False)
class _Common:
    """What all checkpoints of a trace have in common, known from the first that was measured."""

    study: Study
    plane: Plane | None
    ground: Callable[[], Ground | None]
    settings: Mapping[str, JSON]
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, start: Start, facts: Mapping[str, JSON], settings: Settings) -> _Common:
        """Keep the modes of the first study, and let go of its generator."""
        study = dataclasses.replace(start.study, sampler=None, critic=None)
        waiting = cache(begin_ground(study, settings.map))
        return cls(study, latent_window(start.study), waiting, facts, start.warnings)

    @property
    def reference_counts(self) -> tuple[int, ...]:
        """Reference samples of each mode; none where there are no modes."""
        try:
            found, names = self.study.reference_modes, self.study.modes.names
        except NotAvailable:
            return ()
        return tuple(int(count) for count in counted(found, len(names)))


class _ReferenceError(Exception):
    """The reference cannot be used; ``reason`` says why."""

    def __init__(self, reason: GancheckError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _origin(reference: Samples | PreparedReference | None) -> Origin | None:
    if reference is None or isinstance(reference, PreparedReference):
        return reference
    return located(reference)


def _options(settings: Settings) -> LoadOptions:
    return dataclasses.replace(settings.load, seed=settings.seed, limit=settings.samples)


def _shape(subject: Path | InMemory, settings: Settings, clock: Clock) -> tuple[int, ...]:
    with clock.stage("load model"):
        loaded = load(subject, _options(settings))
    return loaded.shape if isinstance(loaded, SampleSet) else loaded.spec.output_shape


def _prepared(
    origin: Origin,
    subject: Path | InMemory,
    shape: tuple[int, ...],
    settings: Settings,
    clock: Clock,
) -> PreparedReference:
    """Prepare a reference for all checkpoints.

    One that is too small to fit a view on takes the first checkpoint's samples to make up for it.
    """
    if isinstance(origin, PreparedReference):
        return origin
    found = read_prepared(origin, settings)
    if found is not None:
        return found
    with clock.stage("load reference"):
        known = read_raw(origin, shape, settings)
    pool = None
    if not is_portable(known):
        pool = gather(subject, origin, settings, clock).samples
    return prepare_once(known, pool, settings, clock)[0]


def _lean(row: Checkpoint) -> Checkpoint:
    """Leave out what only comparisons need: it is most of a row, and there are many rows."""
    lean = {name: dataclasses.replace(x, replicates=None) for name, x in row.scores.items()}
    return dataclasses.replace(row, scores=lean)


def _none_measured(rows: tuple[Checkpoint, ...]) -> GancheckError:
    if not rows:
        return UsageError("there are no checkpoints", "Name files, a folder or a pattern.")
    more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
    path, error = rows[0].path, rows[0].error
    said = error if path in error else f"{path}: {error}"
    return LoadError(
        f"no checkpoint could be measured: {said}{more}",
        f"gancheck inspect {rows[0].path} shows how it is read.",
    )
