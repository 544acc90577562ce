"""What a child process and its parent say to each other: JSON and plain arrays, never a pickle.

A message is the length of its header, the header in JSON, and the bytes of the arrays that the
header lists. The child runs a program that nobody vouches for, so whoever reads its messages
checks every length and type before it believes them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from gancheck.plain import to_json
from gancheck.types import Concern, Condition, GeneratorSpec, Severity

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray

MOST_HEADER = 1 << 20
_TYPES = ("<f4", "<i8")
_LENGTH = struct.Struct("<I")
_MOST_AXES = 8
_MOST_TEXT = 4000
_MOST_ITEMS = 200
_PARTS = 3  # of the listing of one array: name, type, shape


class BrokenMessageError(ValueError):
    """The other side does not keep to the protocol."""


@dataclass(frozen=True)
class Message:
    """Facts and arrays that belong together."""

    facts: Mapping[str, JSON]
    arrays: Mapping[str, AnyArray] = field(default_factory=dict)


def send(stream: BinaryIO, message: Message) -> None:
    """Write one message and flush it."""
    arrays = {name: _plain(array) for name, array in message.arrays.items()}
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    header = json.dumps({"facts": dict(message.facts), "arrays": listed}).encode()
    stream.write(_LENGTH.pack(len(header)) + header)
    for array in arrays.values():
        stream.write(array.tobytes())
    stream.flush()


def receive(stream: BinaryIO, most_bytes: int) -> Message:
    """Read one message.

    Args:
        stream: Where it comes from.
        most_bytes: How much the arrays may hold together.

    Raises:
        EOFError: The other side has closed the stream.
        BrokenMessageError: What came is no message, or a larger one than that.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > MOST_HEADER:
        raise BrokenMessageError(f"a header of {length} bytes")
    facts, listed = _header(_exactly(stream, length))
    arrays: dict[str, AnyArray] = {}
    for entry in listed:
        name, dtype, shape = _listing(entry)
        size = 1
        for side in shape:
            size *= side
        size *= np.dtype(dtype).itemsize
        most_bytes -= size
        if most_bytes < 0:
            raise BrokenMessageError(f"arrays larger than asked for: {name!r} has {size} bytes")
        arrays[name] = np.frombuffer(_exactly(stream, size), dtype=dtype).reshape(shape)
    return Message(facts, arrays)


def spec_to_json(spec: GeneratorSpec) -> dict[str, JSON]:
    """Write what is known of a generator, with all digits of its numbers."""
    plain: dict[str, JSON] = to_json(spec)
    plain["concerns"] = [{**to_json(concern), "value": concern.value} for concern in spec.concerns]
    plain["output_range"] = None if spec.output_range is None else list(spec.output_range)
    return plain


def spec_from_json(plain: JSON) -> GeneratorSpec:
    """Read what `spec_to_json` wrote, believing nothing of it.

    Raises:
        BrokenMessageError: A field is missing, of another type, or larger than any honest one.
    """
    try:
        return GeneratorSpec(
            **{item.name: _READERS.get(item.name, text_of)(plain[item.name]) for item in _FIELDS}
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise BrokenMessageError(f"a description that is none: {error!r}") from error


def text_of(value: object) -> str:
    """Return a text of the other side, cut to a length and rid of control characters.

    Raises:
        BrokenMessageError: It is no text.
    """
    if not isinstance(value, str):
        raise BrokenMessageError(f"{type(value).__name__} where a text was expected")
    return "".join(
        letter for letter in value[:_MOST_TEXT] if letter.isprintable() or letter == "\n"
    )


def _plain(array: AnyArray) -> AnyArray:
    wanted = "<i8" if np.issubdtype(array.dtype, np.integer) else "<f4"
    return np.ascontiguousarray(array, dtype=wanted)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise EOFError(f"{len(content)} of {size} bytes")
    return content


def _header(content: bytes) -> tuple[Mapping[str, JSON], list[JSON]]:
    try:
        header = json.loads(content)
        facts, listed = header["facts"], header["arrays"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenMessageError(f"a header that is none: {error!r}") from error
    if not isinstance(facts, dict) or not isinstance(listed, list):
        raise BrokenMessageError("a header without facts")
    return facts, listed


def _listing(entry: JSON) -> tuple[str, str, tuple[int, ...]]:
    if not isinstance(entry, list) or len(entry) != _PARTS or entry[1] not in _TYPES:
        raise BrokenMessageError("an array that is none")
    return text_of(entry[0]), entry[1], _sides(entry[2])


def _sides(value: JSON) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > _MOST_AXES:
        raise BrokenMessageError("a shape that is none")
    return tuple(_side(side) for side in value)


def _side(value: JSON) -> int:
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise BrokenMessageError("a size that is none")
    return value


def _concern(plain: dict[str, Any]) -> Concern:
    value, limit, condition = plain["value"], plain["limit"], plain["condition"]
    return Concern(
        name=text_of(plain["name"]),
        severity=Severity[plain["severity"]],
        title=text_of(plain["title"]),
        detail=text_of(plain["detail"]),
        condition=None if condition is None else Condition(condition),
        value=None if value is None else float(value),
        limit=None if limit is None else text_of(limit),
    )


def _optional(read: Callable[[JSON], Any]) -> Callable[[JSON], Any]:
    return lambda value: None if value is None else read(value)


def _texts(items: Any) -> tuple[str, ...]:
    return tuple(text_of(item) for item in items[:_MOST_ITEMS])


def _is_true(value: JSON) -> bool:
    return value is True


def _output_kind(value: JSON) -> str:
    if value not in ("image", "vector"):
        raise BrokenMessageError("an output that is neither image nor vector")
    return str(value)


def _span(value: JSON) -> tuple[float, float]:
    low, high = value
    return float(low), float(high)


_FIELDS = fields(GeneratorSpec)
_READERS: dict[str, Callable[[JSON], Any]] = {  # of the fields that are no texts
    "latent_shape": _sides,
    "classes": _optional(_side),
    "output_kind": _output_kind,
    "output_shape": _sides,
    "output_range": _optional(_span),
    "differentiable": _is_true,
    "notes": _texts,
    "concerns": lambda items: tuple(_concern(item) for item in items[:_MOST_ITEMS]),
    "trusted": _is_true,
    "isolated": _is_true,
    "label_names": _texts,
}
