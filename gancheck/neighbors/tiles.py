"""Squared distances between two sets, tile by tile, shown to everything that wants to see them.

Distances come from the matrix form ``|a|^2 + |b|^2 - 2ab``, which loses small distances to
rounding: how much is bounded by `rounding`, and whoever watches decides what lies within it by
direct differences. Points are moved to the mean of one set, a block at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from gancheck.devices import is_out_of_memory, kernel, let_go, placed

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray, IntArray

ROWS, COLUMNS = 2048, 2048
SMALLEST = 512  # rows of a square on the diagonal that is computed as a whole, not by halves
ACCELERATED = 8192  # rows and columns of a tile away from the CPU, where launching costs most
GROUP = 32  # entries that are looked at as one until their smallest is near enough
BUDGET = 256 * 2**20
"""Bytes that a search may take beside its input and its result."""
ACCELERATED_BUDGET = 2 * 2**30  # of the device's own memory
_ALIGNED = 16  # coordinates of a factor come in multiples of this
_LEAST_BUDGET = 2**20  # below which less memory does not help
_TILES = 3  # of the size of a tile that are held at once: itself, its masks, what passed


def rounding(largest: AnyArray | float, dimension: int) -> AnyArray:
    """Bound the error of squared distances in the matrix form: a few ulps per sqrt(term)."""
    ulp = float(np.finfo(np.float32).eps)
    return np.asarray(4.0 * ulp * largest * max(1.0, math.sqrt(dimension) / 4))


@dataclass(frozen=True)
class Tile:
    """Squared distances of some rows to some columns, as the matrix form has them.

    Attributes:
        rows: Which rows, by number; there may be fewer than ``squared`` has.
        columns: Which columns; there may be fewer than ``squared`` has.
        squared: (r, c), both multiples of `GROUP`; beyond rows and columns it is infinite. It is
            overwritten as soon as all have seen it.
        norms: (rows,) squared lengths, moved as the distances were.
    """

    rows: slice
    columns: slice
    squared: torch.Tensor
    norms: torch.Tensor

    @property
    def height(self) -> int:
        """Rows, without padding."""
        return int(self.rows.stop - self.rows.start)

    @property
    def width(self) -> int:
        """Columns, without padding."""
        return int(self.columns.stop - self.columns.start)

    @property
    def entries(self) -> torch.Tensor:
        """The squared distances without padding."""
        return self.squared[: self.height, : self.width]

    @cached_property
    def minima(self) -> torch.Tensor:
        """Smallest entry of each group of neighbouring columns, (rows, groups)."""
        if self._turned:
            return self._groups.permute(1, 2, 0).amin(dim=1)[:, : self.height].T
        return self._groups.amin(dim=2)[: self.height]

    @property
    def _turned(self) -> bool:
        """Whether rows lie in memory as columns."""
        return self.squared.stride(1) != 1

    @property
    def _groups(self) -> torch.Tensor:
        return self.squared.view(len(self.squared), -1, GROUP)

    def crowded(self, limit: torch.Tensor, share: float) -> bool:
        """Tell whether more than a share of the groups hold an entry near enough."""
        return int((self.minima <= limit[:, None]).sum()) > share * self.minima.numel()

    def near(self, limit: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """List the entries that are at most a limit (rows,), by row and then by column.

        Returns:
            Their row and column within the tile, and their values.
        """
        if not self._turned:
            row, group = listed(self.minima <= limit[:, None])
            return self._within(row, group, limit)
        # In the order in which it lies in memory, and sorted afterwards.
        group, row = listed(limit[None, :] >= self.minima.T)
        row, column, value = self._within(row, group, limit)
        order = row.argsort(stable=True)
        return row[order], column[order], value[order]

    def _within(
        self, row: torch.Tensor, group: torch.Tensor, limit: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return row, column and value of the near entries of some groups."""
        block = self._groups[row, group]
        hit, place = listed(block <= limit[row][:, None])
        return row[hit], group[hit] * GROUP + place, block[hit, place]


def listed(mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """List where a mask (r, c) is true, by row and then by column; numpy is faster on the CPU."""
    import torch

    if not mask.is_cpu:
        row, column = torch.nonzero(mask, as_tuple=True)
        return row, column
    flat = torch.from_numpy(np.flatnonzero(mask.numpy()))
    row = torch.div(flat, mask.shape[1], rounding_mode="floor")
    return row, flat - row * mask.shape[1]


class Watcher(Protocol):
    """Whatever looks at tiles: rows are its own, columns are what it looks for."""

    def see(self, tile: Tile) -> None:
        """Take from one tile what is wanted."""


@runtime_checkable
class Forgetful(Protocol):
    """A watcher that can start over, so that a scan can where memory runs out."""

    def forget(self) -> bool:
        """Forget all that was seen; tell whether that was possible."""


def forgot(watcher: object) -> bool:
    """Have a watcher start over; tell whether it can."""
    return isinstance(watcher, Forgetful) and watcher.forget()


@dataclass(frozen=True)
class Scan:
    """One pass over all squared distances between two sets.

    Attributes:
        left: (n, d).
        right: (m, d); the same array for a set against itself, of which one half is computed.
        own: (n,) row of ``right`` that is the point itself, infinitely far away; None where
            there is none.
        device: Torch device of the tiles.
        budget: Bytes to stay within; None for `BUDGET`, or `ACCELERATED_BUDGET` of other devices.
        precise: Whether to compute in float64.
    """

    left: FloatArray
    right: FloatArray
    own: IntArray | None = None
    device: str = "cpu"
    budget: int | None = None
    precise: bool = False

    def show(self, watchers: Sequence[Watcher], turned: Sequence[Watcher] = ()) -> None:
        """Show every pair once to watchers of the rows, and once to those of the columns.

        In a set against itself rows are columns, and watchers of the rows see all. Where memory
        runs out, all that can forget see everything anew in smaller tiles.
        """
        scan = self
        while not scan._shown(watchers, turned):
            let_go(self.device)
            scan = replace(scan, budget=scan.limit // 2)

    def _shown(self, watchers: Sequence[Watcher], turned: Sequence[Watcher]) -> bool:
        """Show everything; tell whether there was enough memory.

        Raises:
            Exception: What watchers raise; and if it has to be now, that memory does not suffice.
        """
        try:
            with kernel("distances"):
                self._show(watchers, turned)
        except Exception as error:  # torch and numpy share no type for it
            can_be_less = self.limit >= 2 * _LEAST_BUDGET and is_out_of_memory(error)
            if not can_be_less or not all(forgot(each) for each in (*watchers, *turned)):
                raise
            return False
        return True

    def _show(self, watchers: Sequence[Watcher], turned: Sequence[Watcher]) -> None:
        itself = self.left is self.right
        for tile, norms in self._tiles():
            for watcher in watchers:
                watcher.see(tile)
            back = watchers if itself and tile.rows != tile.columns else turned
            if back:
                over = Tile(tile.columns, tile.rows, tile.squared.T, norms)
                for watcher in back:
                    watcher.see(over)

    def _tiles(self) -> Iterator[tuple[Tile, torch.Tensor]]:
        """Yield tiles with the norms of their columns."""
        import torch

        if not len(self.left) or not len(self.right):
            return
        rows, columns = self._shape()
        points = _Moved(self, rows, columns)
        room = torch.empty(rows * columns, dtype=points.kind, device=self.device)
        for own in _pieces(0, len(self.left), rows):
            block, norms = points.of_left(own)
            for part, other in self._pairs(own, columns):
                here = slice(part.start - own.start, part.stop - own.start)
                mine = block[_with_padding(here)]
                beside, lengths = points.of_right(other)
                squared = room[: len(mine) * len(beside)].view(len(mine), len(beside))
                torch.mm(mine, beside.T, out=squared)
                self._cut_own(squared, part, other)
                yield Tile(part, other, squared, norms[here]), lengths

    def _pairs(self, rows: slice, step: int) -> Iterator[tuple[slice, slice]]:
        """Yield what some rows are compared with: all, or in a set itself what comes after."""
        start = 0
        if self.left is self.right:
            yield from _halved(rows)
            start = rows.stop
        for columns in _pieces(start, len(self.right), step):
            yield rows, columns

    def _cut_own(self, squared: torch.Tensor, rows: slice, columns: slice) -> None:
        if self.own is None:
            return
        column = self.own[rows] - columns.start
        here = np.flatnonzero((column >= 0) & (column < columns.stop - columns.start))
        if len(here):
            squared[here, column[here]] = math.inf

    def _shape(self) -> tuple[int, int]:
        """Return rows and columns of a tile, multiples of `GROUP` that keep to the budget."""
        rows, columns = (
            _padded(min(limit, len(side)))
            for limit, side in zip(self._most, (self.left, self.right), strict=True)
        )
        while self.taken(rows, columns) > self.limit and max(rows, columns) > GROUP:
            if rows > columns:
                rows = _padded(rows // 2)
            else:
                columns = _padded(columns // 2)
        return rows, max(rows, columns) if self.left is self.right else columns

    @property
    def _most(self) -> tuple[int, int]:
        return (ROWS, COLUMNS) if self.on_cpu else (ACCELERATED, ACCELERATED)

    @property
    def on_cpu(self) -> bool:
        """Whether numpy sees the tiles without a transfer."""
        return self.device.startswith("cpu")

    @property
    def limit(self) -> int:
        """Bytes to stay within."""
        if self.budget is not None:
            return self.budget
        return BUDGET if self.on_cpu else ACCELERATED_BUDGET

    @property
    def row_bytes(self) -> int:
        """Size of one point on the device."""
        return _factors(int(self.left.shape[1])) * (8 if self.precise else 4)

    def taken(self, rows: int, columns: int) -> int:
        """Return the bytes that tiles of a shape take, with the points that they are made of."""
        tile = rows * columns * _TILES * (8 if self.precise else 4)
        return tile + (rows + columns) * self.row_bytes


class _Moved:
    """Both sets of a scan, moved to the mean of the right one, which is held where it fits.

    Two more coordinates make a product of matrices a squared distance: (-2a, |a|^2, 1) times
    (b, 1, |b|^2). In padding both squares are infinite.
    """

    def __init__(self, scan: Scan, rows: int, columns: int) -> None:
        import torch

        self.kind = torch.float64 if scan.precise else torch.float32
        self._scan, self._middle = scan, center(scan.right)
        self._held: tuple[torch.Tensor, torch.Tensor] | None = None
        total = len(scan.right)
        if scan.taken(rows, columns) + _padded(total) * scan.row_bytes <= scan.limit:
            self._held = self.of_right(slice(0, total))

    def of_left(self, rows: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Return rows of the left set as factors, and their squared lengths without padding."""
        if self._held is not None and self._scan.left is self._scan.right:
            block = self._held[0][_with_padding(rows)].clone()
            lengths = block[:, -1].clone()
        else:
            block, lengths = self._moved(self._scan.left, rows)
        block[:, : self._scan.left.shape[1]] *= -2
        block[:, -2], block[:, -1] = lengths, 1
        return block, lengths[: rows.stop - rows.start]

    def of_right(self, rows: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Return rows of the right set as factors, and their squared lengths without padding."""
        if self._held is not None:
            return self._held[0][_with_padding(rows)], self._held[1][rows]
        block, lengths = self._moved(self._scan.right, rows)
        block[:, -2], block[:, -1] = 1, lengths
        return block, lengths[: rows.stop - rows.start]

    def _moved(self, points: FloatArray, rows: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Return points less the middle, zeros for padding, and their squared lengths."""
        import torch

        count, d = rows.stop - rows.start, int(points.shape[1])
        device = self._scan.device
        block = torch.empty(_padded(count), _factors(d), dtype=self.kind, device=device)
        block[count:], block[:, d:] = 0, 0
        if self._scan.on_cpu:
            here = block.numpy()[:count, :d]
            np.subtract(points[rows], self._middle, out=here, dtype=here.dtype, casting="same_kind")
        else:
            block[:count, :d] = placed(np.array(points[rows]), device)
            block[:count, :d] -= torch.as_tensor(self._middle, device=device)
        lengths = torch.cat([_lengths(block[piece]) for piece in _pieces(0, len(block), ROWS)])
        lengths[count:] = math.inf
        return block, lengths


def _lengths(block: torch.Tensor) -> torch.Tensor:
    return block.square().sum(dim=1)


def _factors(dimension: int) -> int:
    """Return how many coordinates a factor has: two more, and a multiple that suits the CPU."""
    return -(-(dimension + 2) // _ALIGNED) * _ALIGNED


def _halved(rows: slice) -> Iterator[tuple[slice, slice]]:
    """Yield the pairs of a set of rows with itself, all but the smallest squares only once."""
    middle = rows.start + _padded((rows.stop - rows.start) // 2)
    if rows.stop - rows.start <= SMALLEST or middle >= rows.stop:
        yield rows, rows
        return
    first, second = slice(rows.start, middle), slice(middle, rows.stop)
    yield from _halved(first)
    yield first, second
    yield from _halved(second)


def _pieces(start: int, stop: int, step: int) -> Iterator[slice]:
    for at in range(start, stop, step):
        yield slice(at, min(at + step, stop))


def _padded(count: int) -> int:
    """Round up to a multiple of `GROUP`."""
    return -(-count // GROUP) * GROUP


def _with_padding(rows: slice) -> slice:
    return slice(rows.start, rows.start + _padded(rows.stop - rows.start))


def center(points: FloatArray) -> FloatArray:
    """Return the mean; distances between points moved there suffer less cancellation."""
    return np.asarray(points.mean(axis=0, dtype=np.float64).astype(np.float32))
