"""Follow the pickles of a TorchScript file without running them.

They are read by torch's own reader, which builds no Python objects, but which trusts them on how
large each storage is and where in it a tensor lies.
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.archive import Archive

_SIZES = {
    **dict.fromkeys(("DoubleStorage", "LongStorage", "ComplexFloatStorage"), 8),
    **dict.fromkeys(("FloatStorage", "IntStorage", "QInt32Storage"), 4),
    **dict.fromkeys(("HalfStorage", "BFloat16Storage", "ShortStorage"), 2),
    **dict.fromkeys(("ByteStorage", "CharStorage", "BoolStorage"), 1),
    **dict.fromkeys(("QInt8Storage", "QUInt8Storage", "UntypedStorage"), 1),
    "ComplexDoubleStorage": 16,
}
_REBUILD = ("torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor")
_GLOBALS = re.compile(
    r"torch\.jit\._pickle (restore_type_tag|build_(int|tensor|double|bool)list)|"
    r"collections OrderedDict|torch device|torch\._utils _rebuild_(tensor|tensor_v2|qtensor)|"
    rf"torch ({'|'.join(_SIZES)})|__torch__(\.(?!torch\.classes\b)[\w.]+)? \w+"
)
_MOST_REPEATED = 4  # times that a tensor may be larger than what is stored of it
_SMALL = 1 << 20
_SKIPPED = 1 << 16  # numbers of the memo that may be left out; torch leaves none


@dataclass(frozen=True)
class _Global:
    name: str


@dataclass(frozen=True)
class _Storage:
    item_bytes: int
    length: int


class _Mark:
    """Where on the stack a list, tuple or dictionary begins."""


class _Opaque:
    """An object whose content does not matter."""


def pickle_complaint(archive: Archive, name: str) -> str:
    """Return what a pickle asks for beside tensors and modules; nothing when it is clean.

    Raises:
        RefusedError: A tensor of it lies outside its storage.
        LoadError: It is damaged.
    """
    reader = _Reader(archive, name)
    try:
        for opcode, argument, _ in pickletools.genops(archive.entries[name]):
            complaint = reader.step(opcode.name, argument)
            if complaint:
                return f"{complaint} ({name})"
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise LoadError(
            f"{archive.path} is a damaged TorchScript file: {name} cannot be read",
            "Copy or download it again.",
        ) from error
    return ""


@dataclass
class _Reader:
    """A machine that knows the few instructions that torch writes."""

    archive: Archive
    name: str
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def step(self, opcode: str, argument: Any) -> str:
        if opcode in _CONSTANTS:
            self.stack.append(_CONSTANTS[opcode]())
        elif opcode in _LITERALS:
            self.stack.append(argument)
        elif opcode in ("BINPUT", "LONG_BINPUT"):
            if argument > len(self.memo) + _SKIPPED:  # torch makes room for all numbers below it
                raise IndexError(argument)
            self.memo[argument] = self.stack[-1]
        elif opcode in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif opcode == "GLOBAL":
            self.stack.append(_Global(argument))
            return "" if _GLOBALS.fullmatch(argument) else f"asks for {argument.replace(' ', '.')}"
        elif opcode in _ACTIONS:
            _ACTIONS[opcode](self)
        elif opcode not in ("PROTO", "STOP"):
            return f"holds the instruction {opcode}, which torch never writes"
        return ""

    def since_mark(self) -> list[Any]:
        at = max(i for i, item in enumerate(self.stack) if isinstance(item, _Mark))
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def join(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(items)

    def drop(self, count: int) -> None:
        del self.stack[-count:]

    def extend(self) -> None:
        items = self.since_mark()
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    def append(self) -> None:
        item = self.stack.pop()
        if isinstance(self.stack[-1], list):
            self.stack[-1].append(item)

    def refer(self) -> None:
        _, kind, key, _, length = self.stack.pop()[:5]
        folder = self.name.removesuffix(".pkl")
        stored = len(self.archive.entries[f"{folder}/{key}"])
        item_bytes = _SIZES[kind.name.removeprefix("torch ")]
        if not 0 <= length * item_bytes <= stored:
            raise self.refusal(f"a storage of {length} values in an entry of {stored} bytes")
        self.stack.append(_Storage(item_bytes, length))

    def call(self) -> None:
        arguments = self.stack.pop()
        function = self.stack.pop()
        if isinstance(function, _Global) and function.name.startswith("torch._utils"):
            self.check_tensor(*arguments[:4])
        kept = isinstance(function, _Global) and function.name.startswith("torch.jit._pickle")
        self.stack.append(arguments[0] if kept and arguments else _Opaque())

    def check_tensor(
        self, storage: _Storage, offset: int, sizes: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        if len(sizes) != len(strides) or min((offset, *sizes, *strides)) < 0:
            raise self.refusal(f"a tensor of sizes {sizes} and strides {strides}")
        count = math.prod(sizes)
        last = offset + sum((s - 1) * step for s, step in zip(sizes, strides, strict=True))
        if count and last >= storage.length:
            raise self.refusal(f"a tensor that ends {last - storage.length + 1} values too late")
        if count > _SMALL and count > _MOST_REPEATED * storage.length:
            raise self.refusal(f"a tensor of {count} values of which {storage.length} are stored")

    def refusal(self, what: str) -> RefusedError:
        return RefusedError(
            f"{self.archive.path} is a TorchScript file with {what} ({self.name})",
            "Save it anew with torch.jit.save; `--trust` does not open it.",
        )


_CONSTANTS: dict[str, Callable[[], object]] = {
    "MARK": _Mark,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": _Opaque,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}
_LITERALS = frozenset(
    ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING")
)
_ACTIONS: dict[str, Callable[[_Reader], object]] = {
    "TUPLE": lambda reader: reader.stack.append(tuple(reader.since_mark())),
    "TUPLE1": lambda reader: reader.join(1),
    "TUPLE2": lambda reader: reader.join(2),
    "TUPLE3": lambda reader: reader.join(3),
    "APPEND": _Reader.append,
    "APPENDS": _Reader.extend,
    "SETITEM": lambda reader: reader.drop(2),
    "SETITEMS": lambda reader: reader.since_mark(),
    "NEWOBJ": lambda reader: reader.drop(1),
    "BUILD": lambda reader: reader.drop(1),
    "BINPERSID": _Reader.refer,
    "REDUCE": _Reader.call,
}
