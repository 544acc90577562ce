"""Ways to damage a file: blindly, or so that its checksums and lengths still hold."""

from __future__ import annotations

import io
import json
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

Mutator = Callable[[bytes, random.Random], bytes]

_MOST_FLIPS = 8
_LONGEST_RUN = 64
_NUMBERS = (0, 1, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, -(2**63))
_ODD_JSON: tuple[Any, ...] = (
    *(None, True, "", "x", "../x", "\x00", -1, 0, 1e308, 2**31, 2**62, 2**63, 2**70),
    *([], {}, [[]], "a" * 5000, "L['z']", "Symbol('s0')", "torch.ops.aten.add.Tensor"),
)
_CUT_JSON = 0.15
_NESTED = 0.02


def flip_bits(content: bytes, rng: random.Random) -> bytes:
    """Flip a few bits."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, _MOST_FLIPS)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(content: bytes, rng: random.Random) -> bytes:
    """Put a run of noise, or of one byte, over what was there."""
    length = rng.randint(1, _LONGEST_RUN)
    start = rng.randrange(len(content))
    run = rng.choice((rng.randbytes(length), bytes(length), b"\xff" * length))
    return content[:start] + run + content[start + length :]


def truncate(content: bytes, rng: random.Random) -> bytes:
    """Cut the end off."""
    return content[: rng.randrange(len(content))]


def repeat(content: bytes, rng: random.Random) -> bytes:
    """Write a part twice."""
    start, stop = sorted((rng.randrange(len(content)), rng.randrange(len(content))))
    return content[:stop] + content[start:stop] + content[stop:]


def remove(content: bytes, rng: random.Random) -> bytes:
    """Leave a short part out."""
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.randint(1, _LONGEST_RUN) :]


def inflate(content: bytes, rng: random.Random) -> bytes:
    """Write a huge or odd number over what may be a length."""
    width, code = rng.choice(((2, "H"), (4, "I"), (8, "Q")))
    number = rng.choice(_NUMBERS) & ((1 << 8 * width) - 1)
    start = rng.randrange(max(1, len(content) - width))
    packed = struct.pack(rng.choice("<>") + code, number)
    return content[:start] + packed + content[start + width :]


BLIND: tuple[Mutator, ...] = (flip_bits, overwrite, truncate, repeat, remove, inflate)


def blind(content: bytes, rng: random.Random) -> bytes:
    """Damage bytes without knowing what they mean."""
    if not content:
        return rng.randbytes(8)
    return rng.choice(BLIND)(content, rng)


def mutate_json(content: bytes, rng: random.Random) -> bytes:
    """Change values in JSON so that it stays JSON, most of the time."""
    try:
        tree = json.loads(content)
    except ValueError:
        return blind(content, rng)
    if rng.random() < _CUT_JSON:
        return blind(content, rng)
    if rng.random() < _NESTED:
        return b"[" * 100_000
    for _ in range(rng.randint(1, 3)):
        _change_json(tree, rng)
    return json.dumps(tree).encode()


def _change_json(tree: Any, rng: random.Random) -> None:
    """Walk down by chance and replace, remove or exchange what is found there."""
    while isinstance(tree, (dict, list)) and tree:
        key = rng.choice(list(tree)) if isinstance(tree, dict) else rng.randrange(len(tree))
        inside = tree[key]
        if isinstance(inside, (dict, list)) and inside and rng.random() < 0.9:
            tree = inside
            continue
        how = rng.random()
        if how < 0.2:
            del tree[key]
        elif how < 0.4 and isinstance(inside, int):
            tree[key] = rng.choice((inside + 1, inside - 1, *_NUMBERS))
        elif how < 0.6:
            other = rng.choice(list(tree)) if isinstance(tree, dict) else rng.randrange(len(tree))
            tree[key], tree[other] = tree[other], tree[key]
        else:
            tree[key] = rng.choice(_ODD_JSON)
        return


def mutate_zip(content: bytes, rng: random.Random) -> bytes:
    """Change entries of an archive and write it anew, with checksums that hold."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    deflated: frozenset[str] = frozenset(name for name, _ in entries if name.endswith(".py"))
    at = rng.randrange(len(entries))
    name, inside = entries[at]
    how = rng.random()
    if how < 0.7:
        damage = mutate_json if name.endswith(".json") else blind
        entries[at] = (name, damage(inside, rng))
    elif how < 0.78:
        other = rng.randrange(len(entries))
        entries[at], entries[other] = (name, entries[other][1]), (entries[other][0], inside)
    elif how < 0.83:
        entries.insert(rng.randrange(len(entries)), (name, blind(inside, rng)))
    elif how < 0.88:
        del entries[at]
    elif how < 0.92:
        entries[at] = (blind(name.encode(), rng).decode("latin-1"), inside)
    elif how < 0.95:
        rng.shuffle(entries)
    else:
        deflated = frozenset((name,))
    return _zipped(entries, deflated)


def mutate_safetensors(content: bytes, rng: random.Random) -> bytes:
    """Change the header, with a length that fits it."""
    length = int.from_bytes(content[:8], "little")
    header = mutate_json(content[8 : 8 + length], rng)
    return struct.pack("<Q", len(header)) + header + content[8 + length :]


def mutate_npy(content: bytes, rng: random.Random) -> bytes:
    """Change the text in the header of an array."""
    length = int.from_bytes(content[8:10], "little")
    header = blind(content[10 : 10 + length], rng)[:65535]
    return content[:8] + struct.pack("<H", len(header)) + header + content[10 + length :]


def mutate_onnx(content: bytes, rng: random.Random) -> bytes:
    """Change one number or one name in a graph, and write the graph anew."""
    import onnx

    model = onnx.load_from_string(content)
    messages = [model, model.graph, *model.graph.node, *model.graph.initializer]
    messages += [*model.graph.input, *model.graph.output, *model.opset_import]
    messages += [item for node in model.graph.node for item in node.attribute]
    message = rng.choice(messages)
    fields = [field for field, _ in message.ListFields()]
    if not fields:
        return blind(content, rng)
    field = rng.choice(fields)
    value = getattr(message, field.name)
    try:
        _change_field(message, field.name, value, rng)
    except (TypeError, ValueError, AttributeError):
        return blind(content, rng)
    changed: bytes = model.SerializeToString()
    return changed


def _change_field(message: Any, name: str, value: Any, rng: random.Random) -> None:
    if isinstance(value, int):
        setattr(message, name, rng.choice(_NUMBERS))
    elif isinstance(value, (str, bytes)):
        mixed = blind(value.encode() if isinstance(value, str) else value, rng)
        setattr(message, name, mixed.decode("latin-1") if isinstance(value, str) else mixed)
    elif hasattr(value, "__len__") and len(value):
        at = rng.randrange(len(value))
        if rng.random() < 0.5:
            del value[at]
        elif isinstance(value[at], int):
            value[at] = rng.choice((value[at] + 1, *_NUMBERS))
        elif isinstance(value[at], str):
            value[at] = blind(value[at].encode(), rng).decode("latin-1")
        else:
            value.add().CopyFrom(value[at])
    else:
        message.ClearField(name)


def mutate_reference(content: bytes, rng: random.Random) -> bytes:
    """Change a fact or an array of a prepared reference, and sign it anew."""
    from gancheck.packed import REFERENCE, pack, unpack

    arrays, facts = unpack(content, REFERENCE, "the seed")
    if rng.random() < 0.6:
        _change_json(facts, rng)
    else:
        name = rng.choice(sorted(arrays))
        array = arrays.pop(name)
        how = rng.random()
        if how < 0.4:
            arrays[name] = array[: rng.randrange(len(array) + 1)]
        elif how < 0.6:
            arrays[name] = array.reshape(-1)
        elif how < 0.8:
            arrays[name] = array.astype("float64" if array.dtype.kind != "f" else "int16")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pack(arrays, facts, REFERENCE)


def _zipped(entries: list[tuple[str, bytes]], deflated: frozenset[str]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            kind = zipfile.ZIP_DEFLATED if name in deflated else zipfile.ZIP_STORED
            archive.writestr(info, content, compress_type=kind)
    return buffer.getvalue()
