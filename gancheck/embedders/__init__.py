"""Embedders turn samples into feature vectors; one module each, looked up by name."""

from __future__ import annotations

from collections.abc import Callable

from gancheck.embedders.choice import AUTO, Choice, choose, strict
from gancheck.embedders.interface import Embedder, Material
from gancheck.errors import UsageError
from gancheck.registry import Registry

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


__all__ = ["AUTO", "EMBEDDERS", "Choice", "Embedder", "Material", "choose", "create", "strict"]
