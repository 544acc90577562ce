"""Runs cases: gancheck on files, the other measures on features, and the rulings on both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bench.accuracy.cases import Case, Real, Scale, Subject, World, stream
from bench.accuracy.judge import Ruling, diversity_ruling, peer_ruling, verdict_ruling
from bench.accuracy.lenses import Lens, lenses
from bench.accuracy.measures import MEASURES
from gancheck import Settings, diagnose
from gancheck.types import Score

if TYPE_CHECKING:
    from gancheck.types import AnyArray

GANCHECK = "gancheck"
Tell: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Reading:
    """One published number on one case: its value, its control and the ruling."""

    value: float
    control: float
    control_sd: float
    ruling: Ruling


@dataclass(frozen=True)
class Said:
    """What gancheck said: its diversity, its verdict and conditions, and the rulings on them."""

    diversity: Score
    verdict: str
    conditions: tuple[str, ...]
    seconds: float
    diversity_ruling: Ruling
    verdict_ruling: Ruling


@dataclass(frozen=True)
class Row:
    """One case, run.

    Attributes:
        world: Name of the real data.
        case: Name of the case.
        n: Samples compared by the other measures.
        truth: Overlap of both laws, None where it is not known.
        said: What gancheck said, None when it could not run.
        readings: The other measures, by lens and name.
        errors: What went wrong.
    """

    world: str
    case: str
    n: int
    truth: float | None
    said: Said | None
    readings: Mapping[str, Mapping[str, Reading]]
    errors: tuple[str, ...] = ()


@dataclass
class Bench:
    """The cases of one kind of real data, one after another."""

    world: World
    real: Real
    scale: Scale
    folder: Path
    lenses: tuple[Lens, ...] = ()
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, scale: Scale, folder: Path) -> Bench:
        """Draw the real samples and write the reference down for gancheck."""
        real = world.real(scale)
        save(folder / "reference.npz", real.reference)
        return cls(world, real, scale, folder, lenses(world, real, scale))

    def run(self, case: Case) -> Row:
        """Run one case; what fails becomes part of its row."""
        errors: list[str] = []
        rng = stream(self.scale.seed, self.world.name, case.name)
        with _noted(errors, "subject"):
            subject = case.draw(self.real, rng)
        if errors:
            return Row(self.world.name, case.name, 0, None, None, {}, tuple(errors))
        said = None
        with _noted(errors, GANCHECK):
            said = self._diagnose(case, subject)
        readings, n = self._measure(case, subject, errors)
        row = Row(self.world.name, case.name, n, subject.truth, said, readings, tuple(errors))
        self.rows[case.name] = row
        return row

    def _diagnose(self, case: Case, subject: Subject) -> Said:
        images = self.real.reference.ndim == 4
        embedder = "pixels" if images and self.scale.quick else "auto"
        settings = Settings(self.real.n, self.scale.seed, embedder, load=case.load)
        model = case.model or self.folder / "subject.npz"
        if case.model is None:
            save(model, subject.samples)
        start = time.perf_counter()
        found = diagnose(model, self.folder / "reference.npz", settings)
        diversity = found.scores["diversity"]
        better = self._better(case)
        above = better.said.diversity.value if better and better.said else None
        return Said(
            diversity,
            found.verdict.value,
            tuple(condition.value for condition in found.conditions),
            time.perf_counter() - start,
            diversity_ruling(diversity, case, above),
            verdict_ruling(found.conditions, case),
        )

    def _measure(
        self, case: Case, subject: Subject, errors: list[str]
    ) -> tuple[dict[str, dict[str, Reading]], int]:
        found: dict[str, dict[str, Reading]] = {}
        n = 0
        for lens in self.lenses:
            with _noted(errors, lens.kind):
                values, n = lens.measure(subject.samples)
                found[lens.kind] = self._judged(case, lens, values, n)
        return found, n

    def _judged(
        self, case: Case, lens: Lens, values: Mapping[str, float], n: int
    ) -> dict[str, Reading]:
        controls, better = lens.controls(n), self._better(case)
        before = better.readings.get(lens.kind, {}) if better else {}
        judged = {}
        for measure in MEASURES:
            value, band = values[measure.name], controls[measure.name]
            above = before[measure.name].value if measure.name in before else None
            ruled = peer_ruling(measure, value, band, case, above)
            judged[measure.name] = Reading(value, band.mean, band.sd, ruled)
        return judged

    def _better(self, case: Case) -> Row | None:
        """Return the row that has to read better than this case, if there is one and it ran."""
        return None if case.below is None else self.rows.get(case.below)


def run(worlds: tuple[World, ...], scale: Scale, only: str, tell: Tell) -> Iterator[Row]:
    """Run the cases whose ``world: case`` contains ``only``, whatever the case of its letters."""
    for world in worlds:
        chosen = [case for case in world.cases if _chosen(world, case, scale, only)]
        if not chosen:
            continue
        with TemporaryDirectory() as folder:
            bench = Bench.of(world, scale, Path(folder))
            for case in chosen:
                tell(f"{world.name}: {case.name}")
                yield bench.run(case)


def _chosen(world: World, case: Case, scale: Scale, only: str) -> bool:
    named = only.lower() in f"{world.name}: {case.name}".lower()
    return named and (case.quick or not scale.quick)


def save(path: Path, values: AnyArray) -> None:
    """Write samples as gancheck reads them, without labels."""
    if values.ndim == 4:
        np.savez(path, images=values)
    else:
        np.savez(path, samples=values)


@contextmanager
def _noted(errors: list[str], part: str) -> Iterator[None]:
    """Note what goes wrong inside, so that the other parts and cases go on."""
    try:
        yield
    except Exception as error:
        first = next(iter(str(error).splitlines()), "")
        errors.append(f"{part}: {type(error).__name__}: {first}")
