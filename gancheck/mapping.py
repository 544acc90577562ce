"""Lay features out in the plane, beside the run and not in its way.

The layout is made from the reference alone: whatever the model, one reference gives one map. The
samples are placed into it afterwards, and those that lie far from all of the reference are told
apart, for a plane always shows them beside something. Without a reference, some samples take its
place.

Compiling UMAP takes several times as long as using it. It runs in a process of its own, which
starts as soon as there are features, works while the analyzers do, and is kept for later maps.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, TYPE_CHECKING

import numpy as np

from gancheck.neighbors import nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

LANDMARKS = 3000
"""Points that a layout is made from; all others are placed among them."""
_EPOCHS = 200
_NEIGHBORS = 15
_LEAST_FOR_UMAP = 50
_VOTERS = 8  # neighbours that place a point
_STEPS = 16  # towards the median; the eye sees no further
_FAR = 0.999  # share of the reference that is nearer to the rest of it than what is "off"
_LENGTH = 8  # bytes that say how long a message is
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl


@dataclass(frozen=True)
class Plane:
    """Samples and reference in the plane.

    Attributes:
        samples: (n, 2) positions.
        reference: (m, 2) positions; none without a reference.
        off: (n,) whether a sample lies off the reference: further from it than all but a
            thousandth of the reference lies from the rest.
        how: How the positions were found, for people.
    """

    samples: FloatArray
    reference: FloatArray
    off: AnyArray
    how: str


class MapKilledError(RuntimeError):
    """The process that draws maps was killed."""


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

        Raises:
            MapKilledError: The process was killed; so does the function.
        """
        if self._busy:
            self.close()
        process = self._running()
        try:
            _send(_pipe(process.stdin), _packed(*_graph(features), features, np.array(seed)))
        except BrokenPipeError:
            raise self._ended() from None
        self._busy = True

        def wait() -> FloatArray:
            answer = _receive(_pipe(process.stdout))
            self._busy = False
            if answer is None:
                raise self._ended()
            return np.asarray(_unpacked(answer)[0])

        return wait

    def _ended(self) -> RuntimeError:
        """Tell how the process ended: killed from outside, or by an error of its own."""
        code = 0 if self._process is None else self._process.wait()
        kind = MapKilledError if code < 0 else RuntimeError
        return kind(f"the process that draws maps ended with {code}")

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
                [sys.executable, "-m", __name__, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is for us, who end it
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


def begin_umap(samples: FloatArray, reference: FloatArray | None, seed: int) -> Callable[[], Plane]:
    """Begin a layout by UMAP; return the function that waits for it.

    Where there is too little for UMAP, it is `principal` instead.

    Args:
        samples: (n, d) features.
        reference: (m, d) features, None without a reference.
        seed: Seed of the layout.
    """
    base = samples if reference is None else reference
    landmarks = base[:LANDMARKS]
    if len(landmarks) < _LEAST_FOR_UMAP:
        return lambda: principal(samples, reference)
    try:
        drawn = CARTOGRAPHER.begin(landmarks, seed)
    except MapKilledError:
        return lambda: _instead(samples, reference)

    def finish() -> Plane:
        try:
            layout = drawn()
        except MapKilledError:
            return _instead(samples, reference)
        placed = np.concatenate([layout, place(base[LANDMARKS:], landmarks, layout)])
        if reference is None:
            return Plane(placed, placed[:0], np.zeros(len(samples), dtype=bool), "by UMAP")
        return Plane(place(samples, landmarks, layout), placed, off(samples, landmarks), "by UMAP")

    return finish


def principal(samples: FloatArray, reference: FloatArray | None) -> Plane:
    """Lay features (n, d) and (m, d) out along the first two principal axes of the reference."""
    from sklearn.decomposition import PCA

    enough = reference is not None and len(reference) > 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # shares of no spread at all, not asked for
        axes = PCA(2, random_state=0).fit(reference if enough else samples)
    apart = np.asarray(axes.transform(samples))
    if reference is None:
        nothing = np.zeros(len(samples), dtype=bool)
        return Plane(apart, apart[:0], nothing, "on the first two principal axes")
    return Plane(
        apart,
        np.asarray(axes.transform(reference)),
        off(samples, reference[:LANDMARKS]),
        "on the first two principal axes",
    )


def _instead(samples: FloatArray, reference: FloatArray | None) -> Plane:
    """Lay out without the process that was killed: a map is not worth losing a run over."""
    plane = principal(samples, reference)
    return replace(plane, how=f"{plane.how} (the process that lays out by UMAP was killed)")


def as_they_are(samples: FloatArray, reference: FloatArray | None) -> Plane:
    """Keep points (n, 2) and (m, 2) where they are."""
    if reference is None:
        return Plane(samples, samples[:0], np.zeros(len(samples), dtype=bool), "as they are")
    return Plane(samples, reference, off(samples, reference[:LANDMARKS]), "as they are")


def place(features: FloatArray, landmarks: FloatArray, layout: FloatArray) -> FloatArray:
    """Place features (n, d) into the layout (m, 2) of landmarks (m, d).

    A point goes to the geometric median of its nearest landmarks, each weighed by the inverse
    square of its distance. A mean would put what has neighbours in two clusters into the gap
    between them; the median goes with most of them. Weiszfeld 1937 finds it.
    """
    if not len(features):
        return np.empty((0, 2), dtype=layout.dtype)
    near = nearest(features, landmarks, min(_VOTERS, len(landmarks)))
    spots = layout[near.indices].astype(np.float64)
    smallest = max(float(np.ptp(layout, axis=0).max()), 1e-9) * 1e-4
    weights = 1 / np.maximum(near.distances, 1e-9).astype(np.float64) ** 2
    middle = _mean(spots, weights)
    for _ in range(_STEPS):
        apart = np.linalg.norm(spots - middle[:, None], axis=2)
        middle = _mean(spots, weights / np.maximum(apart, smallest))
    return middle.astype(layout.dtype)


def off(samples: FloatArray, landmarks: FloatArray) -> AnyArray:
    """Tell which samples (n, d) lie further from landmarks (m, d) than those from each other."""
    if len(landmarks) < 2:
        return np.zeros(len(samples), dtype=bool)
    own = nearest(landmarks, landmarks, 1, exclude_self=True).distances[:, 0]
    reach = np.quantile(own, _FAR)
    return np.asarray(nearest(samples, landmarks, 1).distances[:, 0] > reach)


def _mean(spots: FloatArray, weights: FloatArray) -> FloatArray:
    share = weights / weights.sum(axis=1, keepdims=True)
    return np.asarray((share[:, :, None] * spots).sum(axis=1))


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


def _die_with_parent(parent: int) -> None:
    """Ask Linux to end this process with its parent; elsewhere its empty pipe ends it."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it was quicker
            sys.exit()


def _serve(parent: int) -> None:
    """Draw maps until nobody asks for more."""
    _die_with_parent(parent)
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints is no answer
    while (message := _receive(sys.stdin.buffer)) is not None:
        indices, distances, features, seed = _unpacked(message)
        _send(answers, _packed(layout(indices, distances, features, int(seed))))


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
