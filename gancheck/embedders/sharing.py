"""Embedding by all ranks of a crew: each makes the same embedding again, and is sent samples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gancheck.crew import current, spans
from gancheck.crew.devices import here
from gancheck.embedders import restored, state_of
from gancheck.errors import LoadError
from gancheck.types import Embedding, SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_STEP = 1024  # a multiple of the batches of embeddings that do not tell theirs
_FEW = 64  # samples, below which a crew is not asked
_MOST_OPEN = 4


def shared(text: str, embedding: Embedding, device: str) -> Embedding:
    """Return an embedding that all ranks run; without a crew it stays as it is.

    Args:
        text: The embedder, as ``--embedder`` names it.
        embedding: What came of it.
        device: Torch device that it runs on.
    """
    return embedding if current().size == 1 else Shared(text, embedding, device)


@dataclass(frozen=True, eq=False)
class Shared:
    """An embedding that all ranks of a crew run, each on a part of the samples.

    Parts are whole batches, so that the numbers are those of one process.
    """

    text: str
    embedding: Embedding
    device: str

    def __getattr__(self, name: str) -> object:
        """Be in all else what it is here."""
        if name.startswith("__") or name in ("text", "embedding", "device"):
            raise AttributeError(name)
        return getattr(self.embedding, name)

    @property
    def name(self) -> str:
        """Name of the embedding."""
        return self.embedding.name

    @cached_property
    def sha256(self) -> str:
        """Hash of the embedding."""
        return self.embedding.sha256

    def __call__(self, values: AnyArray) -> FloatArray:
        """Embed samples; see `gancheck.types.Embedding`."""
        batch = getattr(self.embedding, "batch", None)
        step = batch if isinstance(batch, int) else _STEP
        rows = spans(len(values), current().size, step)
        if len(rows) < 2 or len(values) < _FEW:
            return self.embedding(values)
        order = _Order(self.text, self._state, values[:2], self.sha256, self.device)
        _opened[order.key] = self.embedding
        shares = [(rank, values[own]) for rank, own in enumerate(rows)]
        return np.concatenate(current().run(embed_share, order, shares))

    @cached_property
    def _state(self) -> bytes | None:
        return state_of(self.text, self.embedding)


@dataclass(frozen=True)
class _Order:
    """What every rank has to know to make an embedding; ``example`` are two samples."""

    text: str
    state: bytes | None
    example: AnyArray
    sha256: str
    device: str

    @property
    def key(self) -> str:
        """Tells embeddings apart."""
        learned = hashlib.sha256(self.state or b"").hexdigest()
        return f"{self.text} {learned} {self.example.shape[1:]} {self.device}"


_opened: dict[str, Embedding] = {}


def embed_share(order: _Order, share: tuple[int, AnyArray]) -> FloatArray:
    """Embed the samples of one rank.

    Raises:
        LoadError: The embedding is another one there.
    """
    rank, values = share
    if order.key not in _opened:
        _opened[order.key] = _made(order, rank)
        if len(_opened) > _MOST_OPEN:
            del _opened[next(iter(_opened))]
    return _opened[order.key](values)


def _made(order: _Order, rank: int) -> Embedding:
    plain = np.clip(order.example, 0, 255).astype(np.uint8) if order.example.ndim == 4 else None
    example = SampleSet(order.example if plain is None else plain, "rank 0", "sent")
    found = restored(order.text, order.state, example, here(order.device))
    if found.sha256 != order.sha256:
        raise LoadError(
            f"rank {rank} made another embedding than rank 0 of {order.text!r}: its hash is "
            f"{found.sha256[:12]}, not {order.sha256[:12]}",
            "All ranks need the same files and packages. An embedder of your own that learns has "
            "to be able to restore what it learned; else run it in one process.",
        )
    return found
