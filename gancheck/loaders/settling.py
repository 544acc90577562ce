"""Put real tensors and arrays into what a pickle built, each checked against what is stored."""

from __future__ import annotations

from collections.abc import MutableMapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.archive import MOST_BYTES
from gancheck.loaders.inert import Inert
from gancheck.loaders.restored import Storage, StoredArray, StoredTensor, StoredType

if TYPE_CHECKING:
    import torch

MOST_VIEWED = 4  # times its stored bytes that one tensor may claim; honest ones claim once
_SMALL = 1 << 20
_DEEPEST = 200
_HINT = "Load it with the code that wrote it and save generator.state_dict() anew."


def settle(
    payload: object, values: MutableMapping[str, bytes], path: Path, *, swapped: bool = False
) -> Any:
    """Return the payload with every tensor and array in its place.

    Args:
        payload: What `gancheck.loaders.pickles.read_pickle` returned.
        values: Bytes of each storage by key; emptied on the way, to hold nothing twice.
        path: The file, for messages.
        swapped: Whether the values were written by a machine of the other byte order.

    Raises:
        RefusedError: A tensor claims more than is stored, or containers are nested too deeply.
        LoadError: A tensor lies outside of its storage.
    """
    return _Settler(values, path, swapped).settle(payload, 0)


class _Settler:
    """Walks containers and records once each, also where they hold themselves."""

    def __init__(self, values: MutableMapping[str, bytes], path: Path, swapped: bool) -> None:
        self.values = values
        self.path = path
        self.swapped = swapped
        self.flat: dict[str, torch.Tensor] = {}
        self.done: dict[int, object] = {}
        self.kept: list[object] = []  # an id is only good as long as its object lives
        self.claimed = 0

    def settle(self, item: object, depth: int) -> object:
        if not isinstance(item, (dict, list, tuple, Inert, StoredTensor, StoredArray, StoredType)):
            return item
        if depth > _DEEPEST:
            raise RefusedError(f"{self.path} nests containers more than {_DEEPEST} deep", _HINT)
        if id(item) not in self.done:
            self.kept.append(item)
            self.done[id(item)] = item
            self.done[id(item)] = self.renewed(item, depth + 1)
        return self.done[id(item)]

    def renewed(self, item: object, depth: int) -> object:
        if isinstance(item, StoredTensor):
            return self.tensor(item)
        if isinstance(item, StoredArray):
            return self.settle(item.value, depth)
        if isinstance(item, StoredType):
            return item.code
        if isinstance(item, tuple):
            return tuple([self.settle(part, depth) for part in item])
        if isinstance(item, Inert):
            item.state = self.settle(item.state, depth)
            for held in (item.arguments, item.items, item.elements):
                self.settle(held, depth)
        elif isinstance(item, dict):
            for key, value in item.items():
                item[key] = self.settle(value, depth)
        elif isinstance(item, list):
            item[:] = [self.settle(value, depth) for value in item]
        return item

    def tensor(self, stored: StoredTensor) -> torch.Tensor:
        import torch

        dtype = getattr(torch, stored.dtype, None)
        if not isinstance(dtype, torch.dtype):
            raise LoadError(f"{self.path} holds a tensor of the unknown type {stored.dtype!r}")
        try:
            whole = self.storage(stored.storage)
            self.check(stored, dtype.itemsize, whole.nbytes)
            values = whole.view(dtype)
            start = values.storage_offset() + stored.offset
            return values.as_strided(stored.size, stored.stride, start)
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise LoadError(
                f"{self.path} is a damaged torch file: {reason[:200]}", "Copy or download it again."
            ) from error

    def storage(self, storage: Storage) -> torch.Tensor:
        import torch

        if storage.key not in self.flat:
            # A copy, since tensors may be written to and bytes must not be.
            content = bytearray(self.values.pop(storage.key))
            flat = torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0)
            self.flat[storage.key] = self.turned(flat.to(torch.uint8), storage)
        whole = self.flat[storage.key]
        if storage.length is None:
            return whole
        size = getattr(torch, storage.dtype).itemsize
        return whole[storage.start * size : (storage.start + storage.length) * size]

    def turned(self, flat: torch.Tensor, storage: Storage) -> torch.Tensor:
        import torch

        dtype: torch.dtype = getattr(torch, storage.dtype)
        size = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
        if not self.swapped or size == 1:
            return flat
        return flat.view(-1, size).flip(1).reshape(-1)

    def check(self, stored: StoredTensor, item_bytes: int, nbytes: int) -> None:
        claims = prod(stored.size) * item_bytes
        self.claimed += claims
        shown = "x".join(str(side) for side in stored.size[:6])
        if claims > max(MOST_VIEWED * nbytes, _SMALL):
            raise RefusedError(
                f"{self.path} holds a tensor of {shown} values that are not there: it claims "
                f"{claims} bytes, and {nbytes} are stored",
                _HINT,
            )
        if self.claimed > MOST_BYTES:
            raise RefusedError(f"{self.path} claims more than {MOST_BYTES >> 30} GiB", _HINT)
