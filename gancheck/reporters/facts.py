"""What was diagnosed, against what and how: the lines above every verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gancheck.reporters.slimming import REDUCED
from gancheck.reporters.wording import duration

if TYPE_CHECKING:
    from gancheck.types import JSON, Diagnosis, Score, Subject

_WHOLE = "total"


def view(diagnosis: Diagnosis) -> str:
    """Name the embedder that saw the samples, the strict one included where it is another."""
    names = [diagnosis.settings.get("embedder"), diagnosis.settings.get("strict_embedder")]
    named = dict.fromkeys(str(name) for name in names if name)
    return " + ".join(named) or next((s.view for s in diagnosis.scores.values() if s.view), "")


def reference(diagnosis: Diagnosis) -> str:
    """Name the reference, or say that there is none."""
    return str(diagnosis.settings.get("reference") or "") or "no reference"


def latents(subject: Subject) -> str:
    """Describe the latents, such as ``64 normal``; empty for samples that were read."""
    if subject.latent_shape is None:
        return ""
    size = "x".join(str(side) for side in subject.latent_shape)
    classes = f", {subject.classes} classes" if subject.classes else ""
    return f"{size} {subject.latent_law or ''}".strip() + classes


def sizes(diagnosis: Diagnosis) -> str:
    """Say how many samples were judged, how many the reference holds, and how many met."""
    drawn, real = diagnosis.settings.get("samples"), diagnosis.settings.get("reference_n")
    parts = (_counted(drawn, "samples"), _counted(real, "reference"))
    both = " / ".join(part for part in parts if part)
    met = diagnosis.settings.get("compared")
    return f"{both}, compared at {met:,} each" if isinstance(met, int) else both


def whole_time(timings: Mapping[str, float]) -> float:
    """Return the seconds of the whole run: as measured, else the sum of its parts."""
    return float(timings.get(_WHOLE, sum(timings.values())))


def timed_parts(timings: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """Return name, seconds and share of the whole of each part, in the order they ran."""
    whole = whole_time(timings) or 1.0
    return [(k, float(v), float(v) / whole) for k, v in timings.items() if k != _WHOLE]


def took(diagnosis: Diagnosis) -> str:
    """Say how long the run took, and on what."""
    device = diagnosis.settings.get("device")
    time = duration(whole_time(diagnosis.timings)) if diagnosis.timings else ""
    return f"{time} on {device}" if time and device else time


def limit(diagnosis: Diagnosis, score: str) -> float | None:
    """Return what a score was held against, None when nothing was asked of it."""
    limits = _mapping(diagnosis.settings.get("limits"))
    found = limits.get(score)
    return float(found) if isinstance(found, (int, float)) else None


def headline(diagnosis: Diagnosis) -> Score | None:
    """Return the score beside the verdict: diversity, or None when it could not be measured."""
    return diagnosis.scores.get("diversity")


def outputs(diagnosis: Diagnosis) -> dict[str, str]:
    """Return where the reports of this run went: form -> path."""
    written = _mapping(diagnosis.settings.get("outputs"))
    return {str(form): str(path) for form, path in written.items() if path}


def version(diagnosis: Diagnosis) -> str:
    """Return the version of gancheck that reached the verdict."""
    return diagnosis.versions.get("gancheck", "")


def limits_of_method(diagnosis: Diagnosis) -> list[str]:
    """Say what no number of this run can tell."""
    seen, met = view(diagnosis), diagnosis.settings.get("compared")
    found = []
    if seen:
        found.append(f"Everything is seen through {seen}: what that does not see is not found.")
    if isinstance(met, int):
        found.append(
            f"The scores hold for {met:,} samples a side, this view and this reference. Across "
            "other sizes, views or references they cannot be compared."
        )
    if not diagnosis.settings.get("reference"):
        found.append("Without a reference nobody can tell which modes are missing.")
    found.append("Intervals are 95% intervals of one number: of twenty, about one misses.")
    reduced = diagnosis.settings.get(REDUCED)
    if reduced:
        found.append(f"Reduced to keep the page small: {reduced}. The JSON report has everything.")
    return found


def flat(settings: Mapping[str, JSON], prefix: str = "") -> list[tuple[str, str]]:
    """Write nested settings as dotted names; the command stands on its own."""
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += flat(value, f"{name}.")
        elif name != "command" and value is not None:
            rows.append((name, str(value)))
    return rows


def _mapping(found: JSON) -> Mapping[str, JSON]:
    return found if isinstance(found, Mapping) else {}


def _counted(count: JSON, noun: str) -> str:
    return f"{count:,} {noun}" if isinstance(count, int) else ""
