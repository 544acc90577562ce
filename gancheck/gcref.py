"""The file of a prepared reference, ``*.gcref``: one safetensors file, which cannot carry code.

Arrays (features, labels, hashes, thumbnails, what the views learned, and the vectors themselves
where the reference holds vectors) are its tensors; everything else is JSON in its metadata. Equal
references give equal bytes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck.embedders import restore, state_of
from gancheck.errors import GancheckError, LoadError, UsageError
from gancheck.measures.trust import Change, Trust
from gancheck.packed import REFERENCE, pack, unpack
from gancheck.reference import Part, PreparedReference, Reference, ReferenceView
from gancheck.thumbnails import Thumbnails
from gancheck.types import Features, SampleSet

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray

FORMAT = 2
"""Version of the file; raise it when older files can no longer be read, or newer ones differ."""
_AGAIN = "Prepare it again: gancheck prepare REFERENCE -o FILE.gcref."
_EXAMPLES = 2
_MOST_VALUES = 1 << 26  # of one sample: an image of 4000 x 4000 pixels has fewer


def to_bytes(prepared: PreparedReference) -> bytes:
    """Write a prepared reference.

    Raises:
        UsageError: One of its views cannot be restored from what would be written.
    """
    known = prepared.reference
    views = {"main": prepared.main}
    if prepared.strict is not prepared.main:
        views["strict"] = prepared.strict
    arrays: dict[str, AnyArray] = {}
    for name, part in (("scored", known.scored), ("independent", known.independent)):
        arrays.update(_part_arrays(name, part))
        arrays[f"{name}.hashes"] = part.hashes
    for name, view in views.items():
        arrays.update(_view_arrays(name, view, known))
    thumbnails = known.scored.thumbnails
    if thumbnails is not None:
        arrays.update(_thumbnail_arrays(thumbnails))
    apart = known.independent.thumbnails
    if apart is not None and apart.tiles is not None:
        arrays["independent.images"] = apart.tiles
    facts = {
        "format": FORMAT,
        "gancheck": prepared.version,
        "path": known.path,
        "sha256": known.sha256,
        "total": known.total,
        "kind": known.kind,
        "shape": list(known.shape),
        "notes": list(known.notes),
        "seed": prepared.seed,
        "reason": prepared.reason,
        "sizes": [len(known.scored), len(known.independent)],
        "label_names": list(known.scored.label_names),
        "ids": list(known.scored.ids),
        "independent_ids": list(known.independent.ids),
        "thumbnails": None if thumbnails is None else list(thumbnails.shape),
        "views": {name: _view_facts(view) for name, view in views.items()},
    }
    return pack(arrays, facts, REFERENCE)


def from_bytes(
    content: bytes, device: str = "cpu", *, what: str, embedder: str | None = None
) -> PreparedReference:
    """Read what `to_bytes` wrote.

    Args:
        content: The whole file.
        device: Torch device of the views.
        what: Name of the file, for messages.
        embedder: The main view as the user names it now, None for as it was named then. Another
            view is refused; the same network in another file is not.

    Raises:
        LoadError: The file is damaged, or of another format; a view is not what it was.
        UsageError: The embedder contradicts the file.
    """
    arrays, facts = unpack(content, REFERENCE, f"the prepared reference {what}")
    if facts.get("format") != FORMAT:
        raise LoadError(
            f"{what} is a prepared reference of format {facts.get('format')}; this version of "
            f"gancheck reads format {FORMAT}",
            _AGAIN,
        )
    try:
        known = _reference(arrays, facts)
        stored = facts["views"]
        named = _agreed(embedder, stored["main"]["text"], what)
        main = _view("main", named, stored["main"], arrays, known, device)
        strict = main
        if "strict" in stored:
            text = _plain(stored["strict"]["text"], what)
            strict = _view("strict", text, stored["strict"], arrays, known, device)
        return PreparedReference(
            known, main, strict, facts["reason"], facts["seed"], facts["gancheck"]
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise LoadError(
            f"the prepared reference {what} is incomplete: {error!r}", _AGAIN
        ) from error


def read(path: Path, device: str = "cpu", *, embedder: str | None = None) -> PreparedReference:
    """Read a ``.gcref`` file; see `from_bytes`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror or error}") from error
    return from_bytes(content, device, what=str(path), embedder=embedder)


def _part_arrays(name: str, part: Part) -> Mapping[str, AnyArray]:
    arrays: dict[str, AnyArray] = {}
    if part.labels is not None:
        arrays[f"{name}.labels"] = np.asarray(part.labels, dtype=np.int64)
    if part.kind == "vector":
        arrays[f"{name}.values"] = part.values
    return arrays


def _view_arrays(name: str, view: ReferenceView, known: Reference) -> Mapping[str, AnyArray]:
    arrays = {
        f"{name}.scored": view.scored.values,
        f"{name}.independent": view.independent.values,
    }
    state = state_of(view.text, view.embedding)
    if state is not None:
        arrays[f"{name}.state"] = np.frombuffer(state, dtype=np.uint8)
    try:
        again = restore(view.text, state, _examples(known.shape), "cpu")
    except GancheckError as error:
        raise _not_storable(view.text) from error
    if again.sha256 != view.embedding.sha256:
        raise _not_storable(view.text)
    return arrays


def _not_storable(text: str) -> UsageError:
    return UsageError(
        f"the view {text!r} cannot be stored: what it learned is not among what it writes down",
        "Leave --embedder out, or give the reference itself with --reference.",
    )


def _thumbnail_arrays(thumbnails: Thumbnails) -> Mapping[str, AnyArray]:
    if thumbnails.tiles is not None:
        return {"thumbnails": thumbnails.tiles}
    return {
        f"thumbnails.{number:04}": np.frombuffer(sheet, dtype=np.uint8)
        for number, sheet in enumerate(thumbnails.sheets)
    }


def _view_facts(view: ReferenceView) -> Mapping[str, JSON]:
    return {
        "text": view.text,
        "name": view.embedding.name,
        "sha256": view.embedding.sha256,
        "tolerance": view.tolerance,
        "trust": None if view.trust is None else dataclasses.asdict(view.trust),
    }


def _reference(arrays: Mapping[str, AnyArray], facts: Mapping[str, JSON]) -> Reference:
    scored = dataclasses.replace(
        _part("scored", facts["sizes"][0], tuple(facts["ids"]), arrays, facts),
        thumbnails=_thumbnails(arrays, facts),
    )
    apart = _part("independent", facts["sizes"][1], tuple(facts["independent_ids"]), arrays, facts)
    tiles = arrays.get("independent.images")
    if tiles is not None:
        if tiles.shape != (len(apart), *apart.shape):
            raise ValueError("images of another number or shape")
        channels, height, width = apart.shape
        small = Thumbnails(len(tiles), (channels, height, width), tiles)
        apart = dataclasses.replace(apart, thumbnails=small)
    return Reference(
        scored,
        apart,
        facts["path"],
        facts["sha256"],
        facts["total"],
        tuple(facts["notes"]),
    )


def _part(
    name: str,
    size: int,
    ids: tuple[str, ...],
    arrays: Mapping[str, AnyArray],
    facts: Mapping[str, JSON],
) -> Part:
    names, labels = tuple(facts["label_names"]), arrays.get(f"{name}.labels")
    values = arrays.get(f"{name}.values")
    held = None
    if values is not None:
        held = SampleSet(values, facts["path"], "gcref", labels=labels, label_names=names, ids=ids)
    hashes = arrays[f"{name}.hashes"]
    return Part(size, tuple(facts["shape"]), labels, names, ids, held, stored_hashes=hashes)


def _thumbnails(arrays: Mapping[str, AnyArray], facts: Mapping[str, JSON]) -> Thumbnails | None:
    if facts["thumbnails"] is None:
        return None
    channels, height, width = facts["thumbnails"]
    sheets = [name for name in sorted(arrays) if name.startswith("thumbnails.")]
    return Thumbnails(
        facts["sizes"][0],
        (channels, height, width),
        arrays.get("thumbnails"),
        tuple(arrays[name].tobytes() for name in sheets),
    )


def _plain(text: str, what: str) -> str:
    """Return the strict view, which never is a file or a model by name."""
    if ":" in text:
        raise LoadError(f"{what} names {text} as its strict view, which no version writes", _AGAIN)
    return text


def _agreed(asked: str | None, stored: str, what: str) -> str:
    """Return the main view as it is to be named: as the user does, if that is the same kind.

    A view that is a file or a model by name is only loaded when the user names it: a reference
    that was passed on must not make this machine run or fetch what it says.
    """
    if asked is None and ":" in stored:
        raise UsageError(
            f"{what} was prepared for the view {stored}, which loads what it names",
            f"Pass --embedder {stored} if you want that.",
        )
    if asked is None or asked == stored:
        return stored
    if asked.partition(":")[0] != stored.partition(":")[0] or ":" not in asked:
        raise UsageError(
            f"--embedder {asked} contradicts {what}, which was prepared for {stored}",
            f"Leave --embedder out, or prepare it again with --embedder {asked}.",
        )
    return asked


def _view(
    name: str,
    text: str,
    facts: Mapping[str, JSON],
    arrays: Mapping[str, AnyArray],
    known: Reference,
    device: str,
) -> ReferenceView:
    state = arrays.get(f"{name}.state")
    sha256 = facts["sha256"]
    embedding = restore(
        text, None if state is None else state.tobytes(), _examples(known.shape), device
    )
    if embedding.sha256 != sha256:
        kind = LoadError if text == facts["text"] else UsageError
        raise kind(
            f"the view {text!r} is not the one that the reference was prepared with: its sha256 "
            f"is {embedding.sha256[:12]}, and the file names {sha256[:12]}",
            _AGAIN,
        )
    scored, independent = (
        Features(arrays[f"{name}.{part}"], facts["name"], sha256)
        for part in ("scored", "independent")
    )
    return ReferenceView(
        text, embedding, scored, independent, facts["tolerance"], _trust(facts["trust"])
    )


def _trust(facts: JSON) -> Trust | None:
    if facts is None:
        return None
    changes = tuple(Change(**change) for change in facts["changes"])
    return Trust(Change(**facts["ceiling"]), changes, facts["n"])


def _examples(shape: tuple[int, ...]) -> SampleSet:
    """Return samples to try a restored view on: noise, whatever they stand for."""
    if prod(shape) > _MOST_VALUES:
        raise ValueError(f"samples of shape {shape}")
    rng = np.random.default_rng(0)
    kind = np.uint8 if len(shape) == 3 else np.float32
    values = rng.integers(0, 256, (_EXAMPLES, *shape)).astype(kind)
    return SampleSet(values, "examples", "made")
