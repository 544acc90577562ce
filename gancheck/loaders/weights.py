"""What the names and shapes of weights say about a network's inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_MOST_CANDIDATES = 12


def latent_candidates(
    shapes: Iterable[tuple[int, ...]], label_widths: Iterable[int] = ()
) -> tuple[tuple[int, ...], ...]:
    """Guess shapes of one latent from weight shapes in the order of the layers.

    A dense layer takes as many numbers as its weight (out, in) has columns. A convolution stores
    (out, in, k, k) and a transposed one (in, out, k, k), so both sides are guesses. Where a label
    may be appended to the latent, its width comes off. Each guess is for a call to confirm.
    """
    lengths: dict[int, None] = {}
    for length in _input_lengths(shapes):
        for used in (0, *label_widths):
            if length - used > 0:
                lengths.setdefault(length - used)
    few = list(lengths)[:_MOST_CANDIDATES]
    return tuple(shape for length in few for shape in ((length,), (length, 1, 1)))


def _input_lengths(shapes: Iterable[tuple[int, ...]]) -> Iterator[int]:
    for shape in shapes:
        if len(shape) == 2:
            yield shape[1]
        elif len(shape) == 4:
            yield shape[0]
            yield shape[1]
