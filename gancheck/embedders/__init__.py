"""Embedders turn samples into feature vectors; one module each, looked up by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gancheck.embedders.choice import AUTO, Choice, choose, strict
from gancheck.embedders.interface import (
    ENOUGH_INDEPENDENT,
    Embedder,
    Material,
    Restorer,
    Stateful,
)
from gancheck.errors import LoadError, UsageError
from gancheck.registry import Registry

if TYPE_CHECKING:
    from gancheck.types import Embedding, SampleSet

EMBEDDERS: Registry[type[Embedder]] = Registry("embedder", "gancheck.embedders")


def create(text: str) -> Embedder:
    """Make the embedder that ``--embedder`` names, such as ``pixels`` or ``torch:FILE``.

    Args:
        text: A name, or a name and what its `Embedder.argument` asks for, split by a colon.

    Raises:
        UsageError: The name is unknown, or its argument is missing or one too many.
    """
    name, _, argument = text.partition(":")
    if name == AUTO:
        raise UsageError(f"embedder {AUTO!r} must be resolved before it is made")
    kind = EMBEDDERS.get(name)
    if bool(kind.argument) != bool(argument):
        form = f"{name}:{kind.argument}" if kind.argument else name
        raise UsageError(f"embedder {text!r} is not complete as written", f"Write {form}.")
    make: Callable[..., Embedder] = kind
    return make(argument) if argument else make()


def prepared_for(text: str, material: Material) -> Embedding:
    """Fit the embedder that ``text`` names; what comes of it is run by all ranks of a crew.

    Raises:
        ShapeError: The material does not suit it.
        LoadError: The embedder's files cannot be read.
        UsageError: There is no such embedder.
    """
    from gancheck.embedders.sharing import shared

    return shared(text, create(text).prepare(material), material.device)


def state_of(text: str, embedding: Embedding) -> bytes | None:
    """Return what an embedding learned, None when it is made again from its name alone."""
    if isinstance(embedding, Stateful) and isinstance(create(text), Restorer):
        return embedding.to_bytes()
    return None


def restore(text: str, state: bytes | None, example: SampleSet, device: str) -> Embedding:
    """Make again, to be run by all ranks of a crew, the embedding of `restored`."""
    from gancheck.embedders.sharing import shared

    return shared(text, restored(text, state, example, device), device)


def restored(text: str, state: bytes | None, example: SampleSet, device: str) -> Embedding:
    """Make the embedding that ``text`` named when it was stored.

    Args:
        text: The embedder, as ``--embedder`` names it.
        state: What `state_of` returned.
        example: A few samples of the kind and shape it is for, to try it on.
        device: Torch device to run on.

    Raises:
        LoadError: The state is damaged, or the embedder's files are missing.
        UsageError: There is no such embedder.
    """
    embedder = create(text)
    if state is None:
        return embedder.prepare(Material(example, None, None, device=device))
    if not isinstance(embedder, Restorer):
        raise LoadError(f"embedder {text!r} cannot restore what it learned")
    return embedder.restore(state, device)


__all__ = [
    "AUTO",
    "EMBEDDERS",
    "ENOUGH_INDEPENDENT",
    "Choice",
    "Embedder",
    "Material",
    "Restorer",
    "Stateful",
    "choose",
    "create",
    "prepared_for",
    "restore",
    "restored",
    "state_of",
    "strict",
]
