"""How transposed convolutions of given kernels may lead from one pixel to a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_LARGEST = 512
_DIGITS = 28  # the side of MNIST pictures, which doubling alone does not reach from 4
_PADDED = 32  # the side that doubling reaches instead


class Kernel(NamedTuple):
    """The kernel of one layer, and whether it has as many inputs as outputs."""

    size: int
    even: bool


class Step(NamedTuple):
    """What a layer does beside its kernel."""

    stride: int
    padding: int
    extra: int = 0
    transposed: bool = True

    def side(self, side: int, kernel: int) -> int:
        """Return the side of the picture that comes out."""
        return (side - 1) * self.stride - 2 * self.padding + kernel + self.extra


class Path(NamedTuple):
    """A step for each layer, the sides they lead to, and whether that is the usual way."""

    steps: tuple[Step, ...]
    sides: tuple[int, ...]
    usual: bool = True


_FIRST = Step(1, 0)
_CROP = Step(1, 2)
_USUAL = {
    1: (Step(1, 0),),
    2: (Step(2, 0),),
    3: (Step(1, 1), Step(2, 1, 1)),
    4: (Step(2, 1),),
    5: (Step(2, 2, 1), Step(1, 2)),
    6: (Step(2, 2),),
    7: (Step(1, 3),),
    8: (Step(4, 2),),
}
_UNUSUAL = {
    3: (Step(2, 1), Step(2, 0)),
    4: (Step(1, 0), Step(2, 2), Step(2, 0), Step(2, 3)),
    5: (Step(2, 2), Step(1, 0)),
}


def paths(kernels: Sequence[Kernel], channels: int) -> Iterator[Path]:
    """Yield the ways through all layers: the usual ones, then others to 28 grey pixels."""
    if any(kernel.size not in _USUAL for kernel in kernels[1:]):
        return
    start = Path((_FIRST,), (_FIRST.side(1, kernels[0].size),))
    seen = set()
    for path in _walk(kernels, start, _usual, _LARGEST):
        cropped = _cropped(path, kernels, channels)
        seen |= {path.steps, cropped.steps}
        yield cropped
        if cropped is not path:
            yield path._replace(usual=False)
    for path in _walk(kernels, start, _any, _PADDED) if channels == 1 else ():
        if path.sides[-1] == _DIGITS and path.steps not in seen:
            yield path._replace(usual=False)


def _walk(
    kernels: Sequence[Kernel], path: Path, choose: Callable[[Kernel], tuple[Step, ...]], most: int
) -> Iterator[Path]:
    at = len(path.steps)
    if path.sides[-1] > most:
        return
    if at == len(kernels):
        yield path
        return
    for step in choose(kernels[at]):
        side = step.side(path.sides[-1], kernels[at].size)
        if side >= path.sides[-1]:
            yield from _walk(kernels, Path((*path.steps, step), (*path.sides, side)), choose, most)


def _cropped(path: Path, kernels: Sequence[Kernel], channels: int) -> Path:
    """Crop grey pictures of 32 pixels to 28 where the last kernel would otherwise do nothing."""
    if kernels[-1].size != 1 or channels != 1 or path.sides[-1] != _PADDED:
        return path
    return Path((*path.steps[:-1], _CROP), (*path.sides[:-1], _DIGITS))


def _usual(kernel: Kernel) -> tuple[Step, ...]:
    # The weights of a convolution that keeps side and channels look the same either way.
    plain = (Step(1, 1, 0, transposed=False),) if kernel.even and kernel.size == 3 else ()
    return _USUAL[kernel.size] + plain


def _any(kernel: Kernel) -> tuple[Step, ...]:
    return _usual(kernel) + _UNUSUAL.get(kernel.size, ())
