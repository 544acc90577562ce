"""One run that looks at the latent space only: where it is cut, and a slice through it."""

from __future__ import annotations

import contextlib
import dataclasses
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gancheck.analyzers.cuts import Cuts
from gancheck.errors import NotAvailable
from gancheck.latents.pictures import Morph, morph, pictures
from gancheck.latents.search import LatentScan, scan
from gancheck.latents.slice import Slice, Wish, named_plane, resolution, take_slice
from gancheck.plain import to_json
from gancheck.preparation import build_study, gather
from gancheck.settings import Clock, Listener, Settings, Silence
from gancheck.study import Study
from gancheck.types import JSON, SCHEMA_VERSION, Cut, Finding, Score, Skipped, Subject

_CLOSER = 2  # the scan looks closer at about as many latents again
_TIMED = 64
_PACKAGES = ("gancheck", "torch", "numpy", "scipy")

Announce = Callable[[int, float], None]


@dataclass(frozen=True)
class CutReport:
    """What one look at a latent space found.

    Attributes:
        subject: The generator.
        cuts: Its surfaces, those met most often first.
        cut_mass: Share of the prior's mass inside transitions.
        slice: The slice; None where there is nothing flat to show.
        findings: What the analyzer says, with pictures.
        skipped: What could not be done, with the reason.
        settings: What the run depended on.
        versions: What it ran with.
        warnings: What the user should know.
        morph: Samples from latent to place; None where there is no slice.
    """

    subject: Subject
    cuts: tuple[Cut, ...]
    cut_mass: Score
    slice: Slice | None
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    settings: Mapping[str, JSON]
    versions: Mapping[str, str]
    warnings: tuple[str, ...]
    morph: Morph | None

    def to_dict(self) -> dict[str, JSON]:
        """Return the report as JSON; the slice as facts and lines, without its values."""
        shown = ("subject", "cuts", "cut_mass", "findings", "skipped", "settings", "versions")
        plain = {name: to_json(getattr(self, name)) for name in (*shown, "warnings")}
        facts = None if self.slice is None else to_json(self.slice.to_dict())
        return {"schema": SCHEMA_VERSION, "slice": facts, **plain}


def find_cuts(
    model: str | Path,
    reference: str | Path | None,
    settings: Settings,
    wish: Wish | None = None,
    *,
    listener: Listener | None = None,
    announce: Announce = lambda evaluations, seconds: None,
) -> CutReport:
    """Look for cuts in the latent space of a generator, and take a slice through it.

    Args:
        model: Generator file.
        reference: Reference data; without it, what lies off the data cannot be told.
        settings: What the run depends on besides its files.
        wish: Which slice to take.
        listener: Hears how the run is getting on.
        announce: Told before the work begins how many evaluations it takes, and about how many
            seconds.

    Raises:
        GancheckError: The run is not possible; `NotAvailable` where the subject is not a map.
    """
    clock, wish = Clock(listener or Silence()), wish or Wish()
    known = None if reference is None else Path(reference)
    inputs = gather(Path(model), known, settings, clock)
    start = build_study(inputs, settings, clock)
    study, analyzer = start.study, Cuts()
    with contextlib.suppress(NotAvailable):
        named_plane(study, wish)  # refuses before the long scan what does not fit the latents
    announce(*_cost(study, wish, analyzer))
    with clock.stage("scan lines"):
        found = scan(study, analyzer.effort)
    taken, skipped = _slice(study, found, wish, clock)
    shown = pictures(study, found, taken)
    said = list(analyzer.report(study, found, shown))
    return CutReport(
        subject=inputs.subject,
        cuts=tuple(one for one in said if isinstance(one, Cut)),
        cut_mass=next(one for one in said if isinstance(one, Score)),
        slice=taken,
        findings=tuple(one for one in said if isinstance(one, Finding)),
        skipped=skipped,
        settings=_settings(settings, study, known),
        versions={
            **{name: version(name) for name in _PACKAGES},
            "python": platform.python_version(),
        },
        warnings=start.warnings,
        morph=None if taken is None else morph(study, taken.plane),
    )


def with_settings(report: CutReport, more: Mapping[str, JSON]) -> CutReport:
    """Return a report with further settings, such as where it was written to."""
    return dataclasses.replace(report, settings={**report.settings, **more})


def _slice(
    study: Study, found: LatentScan, wish: Wish, clock: Clock
) -> tuple[Slice | None, tuple[Skipped, ...]]:
    with clock.stage("slice"):
        try:
            return take_slice(study, found, wish, progress=clock.listener.progress), ()
        except NotAvailable as absent:
            return None, (Skipped("slice", absent.message),)


def _cost(study: Study, wish: Wish, analyzer: Cuts) -> tuple[int, float]:
    """Return evaluations and seconds to come, from a batch that is timed after a first one.

    Raises:
        NotAvailable: The subject is a set of samples.
    """
    latents = study.generator.draw(_TIMED, study.seed).latents
    count = _CLOSER * analyzer.effort.evaluations + resolution(study, wish) ** 2
    if latents is None:
        return count, 0.0
    flat = latents.reshape(len(latents), -1)
    study.features_at(flat)
    began = time.perf_counter()
    study.features_at(flat)
    return count, count * (time.perf_counter() - began) / len(flat)


def _settings(settings: Settings, study: Study, reference: Path | None) -> dict[str, JSON]:
    return {
        "samples": len(study.samples),
        "seed": settings.seed,
        "device": settings.device,
        "embedder": study.view.name,
        "embedder_sha256": study.view.embedding.sha256,
        "reference": None if reference is None else str(reference),
        "evaluations": Cuts().effort.evaluations,
    }
