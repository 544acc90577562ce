"""Lay features out in the plane with UMAP, beside the run and not in its way.

Compiling UMAP takes several times as long as using it. It runs in a process of its own, which
starts as soon as there are features, works while the analyzers do, and is kept for later maps.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import IO, TYPE_CHECKING

import numpy as np

from gancheck.neighbors import nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_EPOCHS = 200
_NEIGHBORS = 15
_LENGTH = 8  # bytes that say how long a message is


class Cartographer:
    """A process that draws one map after another."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._busy = False

    def begin(self, features: FloatArray, seed: int) -> Callable[[], FloatArray]:
        """Have a map drawn; return the function that waits for it.

        Args:
            features: (n, d).
            seed: Seed of the layout; equal seeds give equal maps.

        Returns:
            A function of nothing that returns (n, 2) positions. Beginning another map before
            it was called gives this one up.
        """
        if self._busy:
            self.close()
        process = self._running()
        _send(_pipe(process.stdin), _packed(*_graph(features), features, np.array(seed)))
        self._busy = True

        def wait() -> FloatArray:
            answer = _receive(_pipe(process.stdout))
            self._busy = False
            if answer is None:
                raise RuntimeError(f"the process that draws maps ended with {process.wait()}")
            return np.asarray(_unpacked(answer)[0])

        return wait

    def close(self) -> None:
        """End the process."""
        process, self._process, self._busy = self._process, None, False
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            _pipe(pipe).close()
        process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
            )
        return self._process


CARTOGRAPHER = Cartographer()
atexit.register(CARTOGRAPHER.close)


def layout(indices: AnyArray, distances: AnyArray, features: FloatArray, seed: int) -> FloatArray:
    """Lay features (n, d) out with UMAP, given their neighbours (n, k), themselves first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap warns of its own single thread under a seed
        from umap import UMAP

        model = UMAP(
            n_neighbors=indices.shape[1],
            n_epochs=_EPOCHS,
            random_state=seed,
            precomputed_knn=(indices, distances),
            force_approximation_algorithm=True,  # else it ignores the neighbours it is given
        )
        return np.asarray(model.fit_transform(features))


def _graph(features: FloatArray) -> tuple[AnyArray, AnyArray]:
    known = nearest(features, features, min(_NEIGHBORS, len(features)) - 1, exclude_self=True)
    own = np.arange(len(features))[:, None]
    indices = np.concatenate([own, known.indices], axis=1).astype(np.int32)
    distances = np.concatenate([np.zeros_like(own), known.distances], axis=1).astype(np.float32)
    return indices, distances


def _packed(*arrays: AnyArray) -> bytes:
    buffer = BytesIO()
    for array in arrays:
        np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _unpacked(message: bytes) -> list[AnyArray]:
    buffer, arrays = BytesIO(message), []
    while buffer.tell() < len(message):
        arrays.append(np.load(buffer, allow_pickle=False))
    return arrays


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the process that draws maps has no pipes")
    return pipe


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_LENGTH, "big") + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """Return the next message, None when the other side has gone."""
    head = pipe.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    size = int.from_bytes(head, "big")
    message = pipe.read(size)
    return message if len(message) == size else None


def _serve() -> None:
    """Draw maps until nobody asks for more."""
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints is no answer
    while (message := _receive(sys.stdin.buffer)) is not None:
        indices, distances, features, seed = _unpacked(message)
        _send(answers, _packed(layout(indices, distances, features, int(seed))))


if __name__ == "__main__":
    _serve()
