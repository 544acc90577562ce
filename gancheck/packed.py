"""Arrays and plain facts in one safetensors file: nothing in it can be run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import LoadError

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray

REFERENCE = "gancheck-reference"
"""The mark of a prepared reference."""
_DIGEST = "digest"
_LENGTH = 8  # bytes that say how long the header of a safetensors file is


def pack(arrays: Mapping[str, AnyArray], facts: Mapping[str, JSON], mark: str) -> bytes:
    """Write arrays and JSON facts; equal contents give equal bytes.

    Args:
        arrays: Named arrays of any shape, numbers only.
        facts: What is known of them; goes into the metadata as JSON.
        mark: The one key of the metadata, by which the kind of file is recognised. A second key
            would be written in an order that changes from run to run.
    """
    from safetensors.numpy import save

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    signed = {**facts, _DIGEST: _digest(whole, facts)}
    return save(whole, metadata={mark: json.dumps(signed, sort_keys=True)})


def unpack(content: bytes, mark: str, what: str) -> tuple[dict[str, AnyArray], dict[str, JSON]]:
    """Read what `pack` wrote.

    Args:
        content: The whole file.
        mark: The key it was written under.
        what: What the content is, for the message.

    Raises:
        LoadError: It is of another kind, or not what was written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        length = int.from_bytes(content[:_LENGTH], "little")
        header = json.loads(content[_LENGTH : _LENGTH + length])
        facts = json.loads(header["__metadata__"][mark])
        known = facts.pop(_DIGEST)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadError(f"{what} is damaged, or was not written by gancheck: {error}") from error
    if known != _digest(arrays, facts):
        raise LoadError(f"{what} is damaged: its content does not have the hash that it names")
    return arrays, facts


def is_marked(head: bytes, mark: str) -> bool:
    """Tell from the first bytes of a file whether `pack` wrote it under that mark."""
    return head[_LENGTH:].startswith(b'{"__metadata__":{"' + mark.encode() + b'":')


def _digest(arrays: Mapping[str, AnyArray], facts: Mapping[str, JSON]) -> str:
    total = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"\0{name}\0{array.dtype.str}{array.shape}".encode())
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()
