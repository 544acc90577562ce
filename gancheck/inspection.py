"""What a file is and how it would be read, without a diagnosis and without sampling in bulk."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from gancheck import __version__
from gancheck.gcref import read
from gancheck.loaders import LoadOptions, load, sniff
from gancheck.loaders.hashing import hash_file
from gancheck.loaders.inventory import Inventory, take_inventory
from gancheck.loaders.sniff import PREPARED
from gancheck.plain import to_json
from gancheck.types import Concern, Condition, GeneratorSpec, SampleSet, Severity

if TYPE_CHECKING:
    from gancheck.reference import PreparedReference
    from gancheck.types import JSON

SCHEMA_VERSION = 1
Kind: TypeAlias = Literal["unread", "generator", "samples", "reference"]

_FLAG = re.compile(r"`(--[a-z-]+) ([^` ]+)`")
_SHOWN = ("latent_shape", "latent_law", "classes", "output_kind", "output_shape", "output_range")
_SHOWN_TOO = ("differentiable", "call", "backend", "trusted", "isolated")


@dataclass(frozen=True)
class FileFacts:
    """What a file is before it is loaded.

    Attributes:
        path: The file or folder.
        looks_like: What its content says that it is, in words.
        sha256: Its hash, hexadecimal; empty for a folder.
        size: Its bytes, None for a folder.
        tensors: What it holds, None where that cannot be told without running it.
    """

    path: Path
    looks_like: str
    sha256: str
    size: int | None
    tensors: Inventory | None


@dataclass(frozen=True)
class Inspection:
    """What a file is and how it would be read.

    Attributes:
        file: What it is before it is loaded.
        kind: What it was loaded as.
        format: Name of the loader that read it.
        sha256: Hash of the content, also of a folder's.
        holds: Facts about samples or a prepared reference, by name.
        spec: What is known of the generator, None for anything else.
        notes: What was inferred or chosen, in sentences.
        next: The command to run next.
    """

    file: FileFacts
    kind: Kind
    format: str
    sha256: str
    holds: Mapping[str, JSON] = field(default_factory=dict)
    spec: GeneratorSpec | None = None
    notes: tuple[str, ...] = ()
    next: str = ""

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """What was measured of the generator."""
        return self.spec.concerns if self.spec is not None else ()

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON contract of ``gancheck inspect``."""
        return {
            "schema": SCHEMA_VERSION,
            "inspected": str(self.file.path),
            "kind": self.kind,
            "format": self.format,
            "looks_like": self.file.looks_like,
            "sha256": self.sha256,
            "bytes": self.file.size,
            "tensors": _plain_tensors(self.file.tensors),
            "generator": _plain_spec(self.spec),
            "holds": to_json(self.holds),
            "concerns": to_json(self.concerns),
            "notes": list(self.notes),
            "next": self.next,
            "versions": {"gancheck": __version__},
        }


def look_at(path: Path) -> FileFacts:
    """Tell what a file is and list its tensors; nothing of it is run.

    Raises:
        LoadError: It does not exist, or is a damaged archive.
    """
    sniffed = sniff(path)
    if path.is_dir():
        return FileFacts(path, sniffed.looks_like, "", None, None)
    tensors = take_inventory(path, sniffed.kind)
    return FileFacts(path, sniffed.looks_like, hash_file(path), path.stat().st_size, tensors)


def inspect(
    file: FileFacts, options: LoadOptions, said: Mapping[str, str] | None = None
) -> Inspection:
    """Load a file, which probes a generator with a few hundred latents.

    Args:
        file: What `look_at` returned.
        options: How to load it.
        said: The same as flags and their values, to be repeated in the next command.

    Raises:
        GancheckError: As `gancheck.loaders.load`.
    """
    if sniff(file.path).kind == PREPARED:
        return _of_reference(file, read(file.path, options.device))
    loaded = load(file.path, options)
    if isinstance(loaded, SampleSet):
        return _of_samples(file, loaded, said or {})
    spec = loaded.spec
    flags = {**(said or {}), **remedies(spec.concerns)}
    return Inspection(
        file=file,
        kind="generator",
        format=spec.format,
        sha256=spec.sha256,
        spec=spec,
        notes=spec.notes,
        next=_command(str(file.path), "DATA", flags),
    )


def remedies(concerns: tuple[Concern, ...]) -> dict[str, str]:
    """Return the flag that corrects a wrong latent law, as its concern names it first."""
    for concern in concerns:
        wrong = concern.condition is Condition.WRONG_LATENT_LAW
        found = _FLAG.search(concern.detail)
        if wrong and found and concern.severity >= Severity.WARN:
            return {found[1]: found[2]}
    return {}


def _of_samples(file: FileFacts, samples: SampleSet, said: Mapping[str, str]) -> Inspection:
    labels = None if samples.labels is None else sorted({int(label) for label in samples.labels})
    holds = {
        "count": len(samples),
        "shape": samples.shape,
        "labels": None if labels is None else len(labels),
        "label_names": samples.label_names,
    }
    return Inspection(
        file=file,
        kind="samples",
        format=samples.format,
        sha256=samples.sha256,
        holds=holds,
        notes=samples.notes,
        next=_command(str(file.path), "DATA", said),
    )


def _of_reference(file: FileFacts, prepared: PreparedReference) -> Inspection:
    known = prepared.reference
    labels = known.labels()
    views = [prepared.main, *([prepared.strict] if prepared.strict is not prepared.main else [])]
    holds = {
        "count": known.total,
        "shape": known.shape,
        "labels": None if labels is None else len({int(label) for label in labels}),
        "scored": len(known.scored),
        "independent": len(known.independent),
        "seed": prepared.seed,
        "source": known.path,
        "source_sha256": known.sha256,
        "views": [view.embedding.name for view in views],
        "reason": prepared.reason,
        "prepared_by": f"gancheck {prepared.version}",
    }
    return Inspection(
        file=file,
        kind="reference",
        format="prepared reference",
        sha256=file.sha256,
        holds=holds,
        notes=known.notes,
        next=_command("MODEL", str(file.path), {}),
    )


def _command(model: str, reference: str, flags: Mapping[str, str]) -> str:
    words = ["gancheck", "diagnose", model]
    for flag, value in flags.items():
        # A value that begins with a dash would be read as a flag of its own.
        joined = [f"{flag}={value}"] if value.startswith("-") else [flag, value]
        words += joined if value else [flag]
    return shlex.join([*words, "--reference", reference])


def _plain_tensors(tensors: Inventory | None) -> JSON:
    if tensors is None:
        return None
    return {
        "count": len(tensors.tensors),
        "parameters": tensors.parameters,
        "dtypes": tensors.dtypes,
        "biggest": [dataclasses.asdict(tensor) for tensor in tensors.biggest],
    }


def _plain_spec(spec: GeneratorSpec | None) -> JSON:
    if spec is None:
        return None
    return {name: to_json(getattr(spec, name)) for name in (*_SHOWN, *_SHOWN_TOO)}
