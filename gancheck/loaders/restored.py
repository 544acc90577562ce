"""The few objects of a pickle that are made for real: containers, numbers, arrays and tensors."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from gancheck.loaders.inert import (
    TORCH_FUNCTIONS,
    Inert,
    Named,
    check_key,
    check_name,
    is_class_name,
    refusal,
)

if TYPE_CHECKING:
    from gancheck.types import AnyArray

_STORED_TYPES = {
    **{"FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16"},
    **{"BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32"},
    **{"ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8"},
    **{"BoolStorage": "bool", "ComplexFloatStorage": "complex64"},
    **{"ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8", "_UntypedStorage": "uint8"},
}
_NUMPY_CODE = re.compile(r"[biufcSU]\d{1,4}|b1|\?")
_TENSOR_KINDS = {
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor",
    "torch._utils._rebuild_qtensor": "a quantized tensor",
    "torch._utils._rebuild_nested_tensor": "a nested tensor",
    "torch._utils._rebuild_meta_tensor_no_storage": "a tensor without values (device meta)",
    "torch._utils._rebuild_wrapper_subclass": "a tensor of another class",
    "torch._utils._rebuild_device_tensor_from_numpy": "a tensor of another device",
}


@dataclass(frozen=True)
class Storage:
    """Where the values of tensors lie in the file.

    Attributes:
        key: Name of the stored values.
        dtype: Name of their type, such as ``float32``.
        count: How many values are stored under the key.
        start: The first of them that belongs to this view.
        length: How many belong to it; None means all.
    """

    key: str
    dtype: str
    count: int
    start: int = 0
    length: int | None = None


@dataclass(eq=False)
class StoredTensor:
    """A tensor before its values are read: a view into a storage."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str


@dataclass(eq=False)
class StoredType:
    """A type of numpy's, as its pickle spells it."""

    code: str
    order: str = "="

    def build(self, state: object) -> None:
        """Take the byte order over."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            self.order = str(state[1])

    @property
    def is_plain(self) -> bool:
        """Whether it is a type of numbers or of text."""
        return _NUMPY_CODE.fullmatch(self.code) is not None

    def read(self, raw: bytes, shape: tuple[int, ...], order: str) -> AnyArray:
        """Return the values as an array."""
        import numpy as np

        flat = np.frombuffer(raw, np.dtype(self.order + self.code), prod(shape))
        array: AnyArray = flat.reshape(shape, order="F" if order == "F" else "C").copy()
        return array


@dataclass(eq=False)
class StoredArray:
    """An array of numpy's; its values come after it in the pickle."""

    value: object = field(default_factory=lambda: Inert("numpy.ndarray"))

    def build(self, state: object) -> None:
        """Read the values; arrays of objects stay lists."""
        if not (isinstance(state, tuple) and len(state) == 5 and isinstance(state[2], StoredType)):
            raise ValueError("a numpy array without values")
        _, shape, dtype, is_fortran, raw = state
        if isinstance(raw, str):
            raw = raw.encode("latin-1")
        if isinstance(raw, bytes) and dtype.is_plain and isinstance(shape, tuple):
            self.value = dtype.read(raw, shape, "F" if is_fortran else "C")
        else:
            self.value = raw


def storage_of(pid: object) -> Storage:
    """Read the five or six parts by which a pickle refers to stored values.

    Raises:
        RefusedError: It refers to something else, such as the source code of a class.
    """
    if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage":
        raise refusal("refers to something outside of itself that is no tensor")
    kind, key, _, count = pid[1:5]
    name = kind.path.rpartition(".")[2] if isinstance(kind, Named) else ""
    if name not in _STORED_TYPES:
        raise refusal(f"stores values of the type {name or 'of no name'}, which is not known")
    if not isinstance(count, int) or count < 0:
        raise ValueError("a storage of no length")
    view = pid[5] if len(pid) == 6 else None
    if view is None:
        return Storage(str(key), _STORED_TYPES[name], count)
    _, start, length = view
    if not (isinstance(start, int) and isinstance(length, int)) or min(start, length) < 0:
        raise ValueError("a view of no length")
    return Storage(str(key), _STORED_TYPES[name], count, start, length)


def restore(path: str, arguments: tuple[Any, ...]) -> object:
    """Make one of the objects in `RESTORED`."""
    return RESTORED[path](*arguments)


def _tensor(storage: object, offset: int, size: Any, stride: Any, *rest: object) -> StoredTensor:
    if not isinstance(storage, Storage):
        raise ValueError("a tensor without a storage")
    named = [item.path for item in rest if isinstance(item, Named)]
    dtype = named[0].removeprefix("torch.") if named else storage.dtype
    sides, steps = tuple(size), tuple(stride)
    numbers = (offset, *sides, *steps)
    if not all(type(item) is int and item >= 0 for item in numbers) or len(sides) != len(steps):
        raise ValueError("a tensor of no shape")
    return StoredTensor(storage, offset, sides, steps, dtype)


def _parameter(tensor: object, *_: object) -> object:
    return tensor


def _typed_tensor(function: object, kind: object, arguments: Any, *_: object) -> object:
    path = function.path if isinstance(function, Named) else "what it made itself"
    if path not in _TENSOR_MAKERS:
        raise refusal(f"calls {path} for a tensor")
    return restore(path, tuple(arguments))


def _bytes(content: object = b"", encoding: object = "latin1") -> bytes:
    if isinstance(content, (list, tuple)):
        return bytes(content)
    if isinstance(content, str) and str(encoding).lower() in ("latin1", "latin-1"):
        return content.encode("latin-1")
    if isinstance(content, (bytes, bytearray)):
        return bytes(content)
    raise refusal("encodes what is no text")


def _scalar(dtype: object, raw: object = b"") -> object:
    if not isinstance(dtype, StoredType) or not dtype.is_plain:
        return raw
    if isinstance(raw, str):
        raw = raw.encode("latin-1")
    if not isinstance(raw, bytes):
        raise ValueError("a number of numpy's without a value")
    return dtype.read(raw, (), "C").item()


def _attribute(owner: object, name: object) -> Named:
    """Classes inside of classes are referred to so, and activations; others have no business."""
    if isinstance(owner, Named) and owner.path in TORCH_FUNCTIONS:
        check_name(f"torch.{name}")
        return Named(f"torch.{name}")
    if not isinstance(owner, Named) or not isinstance(name, str) or not is_class_name(name):
        raise refusal(f"looks up {str(name)[:80]} on an object")
    path = f"{owner.path}.{name}"
    check_name(path)
    return Named(path)


def _dictionary(*arguments: Any) -> dict[object, object]:
    # A defaultdict comes with its factory, which is a name here; a Counter with a dictionary.
    given = next((item for item in arguments if isinstance(item, (dict, list))), {})
    made: dict[object, object] = {}
    for key, value in given.items() if isinstance(given, dict) else given:
        check_key(key)
        made[key] = value
    return made


def _type_of(thing: object = None, *_: object) -> Named:
    """The types of None and its like have no names of their own."""
    if thing is not None and not isinstance(thing, Named):
        raise refusal("makes a class")
    return Named("builtins.NoneType")


def _whole(kind: Callable[[Any], object]) -> Callable[..., object]:
    def make(content: object = (), *_: object) -> object:
        if not isinstance(content, (list, tuple, set, frozenset, dict)):
            raise refusal(f"makes a container of a {type(content).__name__}")
        for element in content:
            check_key(element)
        return kind(content)

    return make


def _of_numbers(kind: Callable[..., object]) -> Callable[..., object]:
    def make(*numbers: object) -> object:
        if not all(item is None or isinstance(item, (bool, int, float)) for item in numbers):
            raise refusal("makes a number of what is none")
        return kind(*numbers)

    return make


def _text(*parts: object) -> str:
    return ":".join(str(part) for part in parts if isinstance(part, (str, int)))


def _unreadable(what: str) -> Callable[..., object]:
    def make(*_: object) -> object:
        raise refusal(f"holds {what}, which is not read")

    return make


_TENSOR_MAKERS: dict[str, Callable[..., object]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    **{path: _unreadable(what) for path, what in _TENSOR_KINDS.items()},
}
RESTORED: dict[str, Callable[..., object]] = {
    **_TENSOR_MAKERS,
    "torch._tensor._rebuild_from_type_v2": _typed_tensor,
    "torch.Size": _whole(tuple),
    "torch.device": _text,
    "torch.serialization._get_layout": _text,
    "collections.OrderedDict": lambda *items: OrderedDict(_dictionary(*items)),
    "collections.Counter": _dictionary,
    "collections.defaultdict": _dictionary,
    "collections.deque": _whole(list),
    "builtins.set": _whole(set),
    "builtins.frozenset": _whole(frozenset),
    "builtins.list": _whole(list),
    "builtins.tuple": _whole(tuple),
    "builtins.dict": _dictionary,
    "builtins.bytes": _bytes,
    "builtins.bytearray": _bytes,
    "_codecs.encode": _bytes,
    "builtins.complex": _of_numbers(complex),
    "builtins.slice": _of_numbers(slice),
    "builtins.range": _of_numbers(range),
    "builtins.type": _type_of,
    "builtins.getattr": _attribute,
    "numpy.dtype": lambda code, *_: StoredType(str(code)),
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.multiarray._reconstruct": lambda *_: StoredArray(),
    "numpy._core.multiarray._reconstruct": lambda *_: StoredArray(),
}
