"""What two runs must have in common before their numbers say anything about each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters import facts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gancheck.types import Diagnosis, Score

_SHORT = 12  # digits of a hash that tell two files apart


class Field(NamedTuple):
    """A thing about the runs that is not the same for all of them; one text a run."""

    name: str
    texts: tuple[str, ...]
    decides: bool


def differing(diagnoses: Sequence[Diagnosis]) -> list[Field]:
    """Return what the runs do not have in common, those first that numbers depend on."""
    rows = [
        Field(name, tuple(text(diagnosis) or "none" for diagnosis in diagnoses), decides)
        for name, text, decides in _FIELDS
    ]
    return [row for row in rows if len(set(row.texts)) > 1]


def obstacles(one: Diagnosis, other: Diagnosis) -> list[str]:
    """Name what keeps anything that depends on reference or view from being compared."""
    said = [_apart(one, other, "reference"), *(_apart(one, other, name) for name in _VIEWS)]
    return list(dict.fromkeys(filter(None, said)))


def score_obstacles(one: Diagnosis, other: Diagnosis, name: str) -> list[str]:
    """Name what keeps a score that both runs have from being compared."""
    here, there = one.scores[name], other.scores[name]
    said = [_apart(one, other, "reference")]
    if here.view != there.view:
        said.append("embedder")
    else:
        said += [_apart(one, other, view) for view in _views(one, here)]
    sizes = [_setting(_size(one))(run) for run in (one, other)]
    said += ["n" if sizes[0] != sizes[1] else "", "k" if here.k != there.k else ""]
    return list(dict.fromkeys(filter(None, said)))


def _size(diagnosis: Diagnosis) -> str:
    """Name the setting that says at what n a run compared; a score's own n may also be a result."""
    return "samples" if diagnosis.settings.get("compared") is None else "compared"


def _views(diagnosis: Diagnosis, score: Score) -> list[str]:
    """Return the view that a score was measured in, or all views if it names none."""
    named = [name for name in _VIEWS if score.view and diagnosis.settings.get(name) == score.view]
    return named or list(_VIEWS)


def _apart(one: Diagnosis, other: Diagnosis, name: str) -> str:
    """Name a reference or a view that differs, or may differ; empty if it is the same."""
    word = "reference" if name == "reference" else "embedder"
    given = [bool(diagnosis.settings.get(name)) for diagnosis in (one, other)]
    hashes = [str(diagnosis.settings.get(f"{name}_sha256") or "") for diagnosis in (one, other)]
    if given[0] != given[1]:
        return word
    if not given[0] or (all(hashes) and hashes[0] == hashes[1]):
        return ""
    return word if all(hashes) else f"{word} (hash unknown)"


def _named(name: str) -> Callable[[Diagnosis], str]:
    """Return what writes the name and the hash of a reference or a view."""

    def text(diagnosis: Diagnosis) -> str:
        said = str(diagnosis.settings.get(name) or "")
        known = str(diagnosis.settings.get(f"{name}_sha256") or "")[:_SHORT]
        return f"{said} ({known})" if said and known else said

    return text


def _setting(name: str) -> Callable[[Diagnosis], str]:
    def text(diagnosis: Diagnosis) -> str:
        found = diagnosis.settings.get(name)
        return "" if found is None else f"{found:,}" if isinstance(found, int) else str(found)

    return text


_VIEWS = ("embedder", "strict_embedder")
_FIELDS: tuple[tuple[str, Callable[[Diagnosis], str], bool], ...] = (
    ("reference", _named("reference"), True),
    ("embedder", _named("embedder"), True),
    ("strict embedder", _named("strict_embedder"), True),
    ("compared at n", _setting("compared"), True),
    ("samples", _setting("samples"), True),
    ("gancheck", facts.version, False),
    ("model", lambda one: f"{one.subject.path} ({one.subject.sha256[:_SHORT]})", False),
    ("latents", lambda one: facts.latents(one.subject), False),
    ("seed", _setting("seed"), False),
    ("device", _setting("device"), False),
)
