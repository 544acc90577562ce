"""A gate and a monitor for trainings with Lightning.

::

    from gancheck.callbacks import DiversityGate
    from gancheck.callbacks.lightning import DiversityGateCallback

    gate = DiversityGate("digits.gcref", at_least=0.8, every=5000)
    trainer = Trainer(callbacks=[DiversityGateCallback(gate)])

    monitor = Monitor(None, "digits.gcref", every=5000, html="run.html")
    trainer = Trainer(callbacks=[MonitorCallback(monitor)])

Works with ``lightning``, and with ``pytorch_lightning`` where only that is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from gancheck.callbacks.loop import scores_of
from gancheck.callbacks.monitor import scores_of as measured_scores
from gancheck.errors import GancheckError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning.pytorch import Callback, LightningModule, Trainer

    from gancheck.callbacks.loop import DiversityGate, GeneratorLike
    from gancheck.callbacks.monitor import Monitor

    Find: TypeAlias = str | Callable[[LightningModule], GeneratorLike] | None
else:
    try:
        from lightning.pytorch import Callback
    except ImportError:
        try:
            from pytorch_lightning import Callback
        except ImportError as missing:
            raise ImportError(
                "gancheck.callbacks.lightning needs Lightning: pip install lightning"
            ) from missing

_NAMES = ("generator", "netG")


class DiversityGateCallback(Callback):
    """Logs scores while a generator is trained, and fails ``fit`` if it ends up collapsed.

    It measures on global rank zero, after the batch in which the gate's next multiple of steps is
    reached and at the end of the training. Scores go to every logger of the trainer, under names
    such as ``gancheck/diversity``, and on the way to the callback metrics, which checkpoints can
    be chosen by.

    Args:
        gate: What is asked for, and how often is measured.
        generator: Where the generator is: name of an attribute of the Lightning module, such as
            ``model.generator``, or a function of the module. By default its ``generator``, its
            ``netG``, or else the module itself.
    """

    def __init__(self, gate: DiversityGate, generator: Find = None) -> None:
        super().__init__()
        self.gate = gate
        self.generator = generator

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, *_batch: object, **_more: object
    ) -> None:
        """Measure, if the step is one to measure at."""
        step = trainer.global_step
        if not trainer.is_global_zero or not self.gate.is_due(step):
            return
        scores = self.gate.step(generator_of(pl_module, self.generator), step)
        if scores is not None:
            pl_module.log_dict(
                dict(scores), on_step=True, on_epoch=False, logger=False, rank_zero_only=True
            )
            _log(trainer, scores, step)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Hold the trained generator against the limits.

        Raises:
            GateFailed: A limit is broken, on rank zero; an ``AssertionError`` on the others.
            GancheckError: Something that a limit needs could not be measured.
        """
        __tracebackhide__ = True
        failure: Exception | None = None
        if trainer.is_global_zero:
            try:
                self._finish(trainer, pl_module)
            except (AssertionError, GancheckError) as error:
                failure = error
        # The others wait here meanwhile, and none of them goes on after a failure.
        said = trainer.strategy.broadcast(None if failure is None else str(failure))
        if failure is not None:
            raise failure
        if said is not None:
            raise AssertionError(said)

    def _finish(self, trainer: Trainer, pl_module: LightningModule) -> None:
        __tracebackhide__ = True
        before, step = self.gate.diagnosis, trainer.global_step
        try:
            self.gate.finish(generator_of(pl_module, self.generator), step)
        finally:
            found = self.gate.diagnosis
            if found is not None and found is not before:
                _log(trainer, scores_of(found, self.gate.bounded), step)


class MonitorCallback(Callback):
    """Measures a generator while it is trained, and ends in the trace of its training.

    It measures on global rank zero, after the batch in which the monitor's next multiple of steps
    is reached, and at the end. Scores go to every logger of the trainer; numbers that the module
    logs are drawn beside them.

    Args:
        monitor: What is measured, how often, and what is written at the end.
        generator: Where the generator is, as for `DiversityGateCallback`.
    """

    def __init__(self, monitor: Monitor, generator: Find = None) -> None:
        super().__init__()
        self.monitor = monitor
        self.generator = generator

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, *_batch: object, **_more: object
    ) -> None:
        """Measure, if the step is one to measure at."""
        if not trainer.is_global_zero:
            return
        step, logged = trainer.global_step, trainer.logged_metrics
        losses = {name: value for name, value in logged.items() if "loss" in name}
        row = self.monitor.step(step, generator_of(pl_module, self.generator), **losses)
        if row is not None:
            _log(trainer, measured_scores(row), step)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure the trained generator, and write the trace."""
        if trainer.is_global_zero:
            self.monitor.finish()


def generator_of(module: LightningModule, find: Find) -> GeneratorLike:
    """Return the generator of a Lightning module.

    Raises:
        UsageError: There is none of that name.
    """
    if find is None:
        named = (getattr(module, name, None) for name in _NAMES)
        return next((found for found in named if callable(found)), module)
    if not isinstance(find, str):
        return find(module)
    found: Any = module
    for part in find.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        parts = ", ".join(name for name, _ in module.named_children())
        raise UsageError(
            f"{type(module).__name__} has no generator called {find!r}", f"It has: {parts}."
        )
    generator: GeneratorLike = found
    return generator


def _log(trainer: Trainer, scores: Mapping[str, float], step: int) -> None:
    for logger in trainer.loggers:
        logger.log_metrics(dict(scores), step=step)
