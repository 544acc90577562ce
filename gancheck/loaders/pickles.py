"""A reader of pickles that can build data and nothing else.

It walks the instructions of a pickle with a stack and a memo, as Python's own reader does. Names
are never looked up; what is called is either one of a few makers of containers, numbers and
tensors, or becomes an `Inert` record, or is refused. See `gancheck.loaders.inert`.
"""

from __future__ import annotations

import pickletools
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.inert import (
    Inert,
    Named,
    check_call,
    check_class,
    check_key,
    check_name,
    refusal,
)
from gancheck.loaders.restored import (
    RESTORED,
    Storage,
    StoredArray,
    StoredTensor,
    StoredType,
    restore,
    storage_of,
)

_DAMAGE = (
    *(ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError),
    *(AssertionError, RecursionError, MemoryError, Warning),
)
_MARK = object()
_COPIES = 16  # how often over a pickle's length may be copied while it is read
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_FRESH: dict[str, Callable[[], object]] = {
    **{"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set, "EMPTY_TUPLE": tuple},
}
_LITERALS = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
        *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
_SKIPPED = frozenset({"PROTO", "FRAME"})
_RECALLS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_KEEPS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_PAIRS = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_pickle(stream: BytesIO, path: Path) -> tuple[object, dict[str, Storage]]:
    """Read one pickle up to its end; return what it builds, and the storages it refers to.

    Raises:
        RefusedError: It calls, makes or names what no checkpoint needs.
        LoadError: It is damaged.
    """
    machine = _Machine(len(stream.getbuffer()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return machine.run(stream), machine.storages
    except RefusedError as error:
        raise RefusedError(f"{path} is refused: {error.message}", error.hint) from error
    except _DAMAGE as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(
            f"{path} is a truncated or damaged torch file: {reason[:200]}",
            "Copy or download it again.",
        ) from error


class _Machine:
    """The stack, the memo, and one method for each kind of instruction."""

    def __init__(self, length: int) -> None:
        self.stack: list[Any] = []
        self.memo: dict[Any, Any] = {}
        self.storages: dict[str, Storage] = {}
        self.left = _COPIES * length + (1 << 16)

    def run(self, stream: BytesIO) -> object:
        for opcode, argument, _ in pickletools.genops(stream):
            name = opcode.name
            if name == "STOP":
                return self.pop()
            if name in _LITERALS:
                self.stack.append(argument)
            elif name in _KEEPS:
                self.memo[argument] = self.top()
            elif name in _RECALLS:
                self.stack.append(self.memo[argument])
            elif name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name in _FRESH:
                self.stack.append(_FRESH[name]())
            elif name not in _SKIPPED:
                self.step(name, argument)
        raise ValueError("it has no end")

    def step(self, name: str, argument: Any) -> None:
        if name in _PAIRS:
            count = _PAIRS[name]
            self.stack.append(tuple(reversed([self.pop() for _ in range(count)])))
        elif name in _INSTRUCTIONS:
            _INSTRUCTIONS[name](self, argument)
        else:
            raise refusal(f"uses the instruction {name}, which checkpoints have no use for")

    def top(self) -> Any:
        if self.stack[-1] is _MARK:
            raise IndexError("its stack is empty")
        return self.stack[-1]

    def pop(self) -> Any:
        if self.stack[-1] is _MARK:
            raise IndexError("its stack is empty")
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        items: list[Any] = []
        while self.stack[-1] is not _MARK:
            items.append(self.stack.pop())
        self.stack.pop()
        items.reverse()
        return items

    def mark(self, _: object) -> None:
        self.stack.append(_MARK)

    def drop(self, _: object) -> None:
        self.stack.pop()

    def drop_to_mark(self, _: object) -> None:
        self.pop_to_mark()

    def duplicate(self, _: object) -> None:
        self.stack.append(self.top())

    def memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.top()

    def pack(self, _: object) -> None:
        self.stack.append(tuple(self.pop_to_mark()))

    def pack_list(self, _: object) -> None:
        self.stack.append(self.pop_to_mark())

    def pack_dict(self, _: object) -> None:
        items = self.pop_to_mark()
        self.stack.append({})
        self.put_items(items)

    def pack_frozen(self, _: object) -> None:
        items = self.pop_to_mark()
        for item in items:
            check_key(item)
        self.stack.append(frozenset(items))

    def name(self, argument: Any) -> None:
        module, _, name = str(argument).partition(" ")
        self.push_name(module, name)

    def name_from_stack(self, _: object) -> None:
        name, module = self.pop(), self.pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise ValueError("a name that is no text")
        self.push_name(module, name)

    def push_name(self, module: str, name: str) -> None:
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[module, name]
        path = f"{IMPORT_MAPPING.get(module, module)}.{name}"
        if path not in RESTORED:
            check_name(path)
        self.stack.append(Named(path))

    def reduce(self, _: object) -> None:
        arguments, callee = self.pop(), self.pop()
        self.stack.append(self.call(callee, arguments))

    def call(self, callee: object, arguments: object) -> object:
        if not isinstance(callee, Named):
            raise refusal(f"calls what it made itself, {_describe(callee)}")
        if not isinstance(arguments, tuple):
            raise TypeError("a call without arguments")
        if callee.path == "copyreg._reconstructor":
            return self.new(arguments[0], arguments[2:])
        if callee.path in ("copyreg.__newobj__", "copyreg.__newobj_ex__"):
            return self.new(arguments[0], arguments[1:])
        if callee.path in RESTORED:
            self.spend(arguments)
            return restore(callee.path, arguments)
        check_call(callee.path)
        return Inert(callee.path, arguments)

    def spend(self, arguments: tuple[object, ...]) -> None:
        for item in arguments:
            if isinstance(item, (str, bytes, bytearray, list, tuple, dict, set, frozenset)):
                self.left -= len(item)
        if self.left < 0:
            raise refusal("copies what it holds over and over")

    def make(self, _: object) -> None:
        arguments, kind = self.pop(), self.pop()
        self.stack.append(self.new(kind, arguments))

    def make_with_keywords(self, _: object) -> None:
        keywords, arguments, kind = self.pop(), self.pop(), self.pop()
        self.stack.append(self.new(kind, (*arguments, keywords)))

    def new(self, kind: object, arguments: Any) -> object:
        if not isinstance(kind, Named):
            raise refusal(f"makes an object of no class, {_describe(kind)}")
        if kind.path in RESTORED:
            return self.call(kind, tuple(arguments))
        check_class(kind.path)
        return Inert(kind.path, tuple(arguments))

    def instance(self, argument: Any) -> None:
        arguments = tuple(self.pop_to_mark())
        self.name(argument)
        self.stack.append(self.call(self.pop(), arguments))

    def instance_from_stack(self, _: object) -> None:
        kind, *arguments = self.pop_to_mark()
        self.stack.append(self.call(kind, tuple(arguments)))

    def build(self, _: object) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, (Inert, StoredArray, StoredType)):
            target.build(state)
        elif not isinstance(target, (dict, StoredTensor)):
            # State dicts carry a version history as an attribute; tensors may carry hooks.
            raise refusal(f"sets attributes of {_describe(target)}")

    def append(self, _: object) -> None:
        self.extend([self.pop()])

    def append_all(self, _: object) -> None:
        self.extend(self.pop_to_mark())

    def extend(self, items: list[Any]) -> None:
        target = self.top()
        if isinstance(target, Inert):
            target = target.elements
        if not isinstance(target, list):
            raise ValueError("it appends to what is no list")
        target.extend(items)

    def add_all(self, _: object) -> None:
        items = self.pop_to_mark()
        target = self.top()
        if not isinstance(target, set):
            raise ValueError("it adds to what is no set")
        for item in items:
            check_key(item)
        target.update(items)

    def put(self, _: object) -> None:
        value, key = self.pop(), self.pop()
        self.put_items([key, value])

    def put_all(self, _: object) -> None:
        self.put_items(self.pop_to_mark())

    def put_items(self, items: list[Any]) -> None:
        target = self.top()
        if isinstance(target, Inert):
            target = target.items
        if not isinstance(target, dict) or len(items) % 2:
            raise ValueError("it puts items into what is no dictionary")
        for key, value in zip(items[0::2], items[1::2], strict=True):
            check_key(key)
            target[key] = value

    def refer(self, argument: Any) -> None:
        self.stack.append(argument)
        self.refer_from_stack(None)

    def refer_from_stack(self, _: object) -> None:
        pid = self.pop()
        if isinstance(pid, tuple) and len(pid) == 4 and pid[0] == "module":
            # Torch before 1.6 put the source code of a module's class beside its name.
            self.stack.append(pid[1])
            return
        storage = storage_of(pid)
        self.storages.setdefault(storage.key, storage)
        self.stack.append(storage)


_INSTRUCTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **{"MARK": _Machine.mark, "POP": _Machine.drop, "POP_MARK": _Machine.drop_to_mark},
    **{"DUP": _Machine.duplicate, "MEMOIZE": _Machine.memoize, "TUPLE": _Machine.pack},
    **{"LIST": _Machine.pack_list, "DICT": _Machine.pack_dict, "FROZENSET": _Machine.pack_frozen},
    **{"GLOBAL": _Machine.name, "STACK_GLOBAL": _Machine.name_from_stack},
    **{"REDUCE": _Machine.reduce, "NEWOBJ": _Machine.make, "INST": _Machine.instance},
    **{"NEWOBJ_EX": _Machine.make_with_keywords, "OBJ": _Machine.instance_from_stack},
    **{"BUILD": _Machine.build, "APPEND": _Machine.append, "APPENDS": _Machine.append_all},
    **{"ADDITEMS": _Machine.add_all, "SETITEM": _Machine.put, "SETITEMS": _Machine.put_all},
    **{"PERSID": _Machine.refer, "BINPERSID": _Machine.refer_from_stack},
}


def _describe(item: object) -> str:
    path = item.path if isinstance(item, Named) else getattr(item, "name", None)
    return path if isinstance(path, str) else f"a {type(item).__name__}"
