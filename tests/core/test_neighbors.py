"""Neighbours and ball counts equal a slow distance matrix, whatever the tiles and the scale."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from gancheck.neighbors import (
    Neighbors,
    between,
    count_listed,
    count_pairs,
    count_within,
    covering,
    direct,
    distinct,
    nearest,
    nearest_both_ways,
    nearest_in_blocks,
    tiles,
)

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator with a fixed seed."""
    return np.random.default_rng(11)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles so small that every search crosses several borders on both axes."""
    for name, size in (("ROWS", 8), ("COLUMNS", 12), ("GROUP", 4), ("SMALLEST", 4)):
        monkeypatch.setattr(tiles, name, size)
    monkeypatch.setattr(covering, "_ROWS", 7)
    monkeypatch.setattr(direct, "_FLOATS", 300)


def cloud(rng: np.random.Generator, n: int, d: int, offset: float = 0.0) -> FloatArray:
    """Draw n normal points around an offset."""
    return (rng.standard_normal((n, d)) + offset).astype(np.float32)


def all_distances(left: FloatArray, right: FloatArray, *, same: bool = False) -> AnyArray:
    """Every distance in float64; a point is infinitely far from itself when both are one set."""
    far: AnyArray = cdist(left.astype(np.float64), right.astype(np.float64))
    if same:
        np.fill_diagonal(far, np.inf)
    return far


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("d", [1, 2, 7, 33, 130])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize(("n", "m"), [(7, 11), (8, 12), (20, 35), (1, 5)])
def test_nearest_equals_a_sorted_distance_matrix(
    rng: np.random.Generator, d: int, offset: float, n: int, m: int
) -> None:
    """Distances and row numbers are those of a full sort, on and across tile borders."""
    queries, points = cloud(rng, n, d, offset), cloud(rng, m, d, offset)
    far = all_distances(queries, points)
    for k in (1, 3, m):
        found = nearest(queries, points, k)
        assert found.distances.dtype == np.float32
        assert found.indices.dtype == np.int64
        np.testing.assert_array_equal(found.indices, np.argsort(far, axis=1)[:, :k])
        np.testing.assert_allclose(found.distances, np.sort(far, axis=1)[:, :k], rtol=1e-5)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("n", [7, 11, 30])
def test_a_point_is_not_its_own_neighbour(rng: np.random.Generator, n: int) -> None:
    """With exclude_self row i never lists row i, and lists every other row at k = n - 1."""
    points = cloud(rng, n, 3)
    found = nearest(points, points, n - 1, exclude_self=True)
    for row, listed in enumerate(found.indices):
        assert sorted(listed) == [other for other in range(n) if other != row]
    wanted = np.sort(all_distances(points, points, same=True), axis=1)[:, : n - 1]
    np.testing.assert_allclose(found.distances, wanted, rtol=1e-5)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("size", [1, 2, 13, 40, 95, 200])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize("k", [1, 6, 95])
def test_blocks_give_what_all_points_at_once_give(
    rng: np.random.Generator, size: int, offset: float, k: int
) -> None:
    """Cut anywhere, also into blocks with fewer than k points: to the bit the same neighbours."""
    queries, points = cloud(rng, 20, 33, offset), cloud(rng, 95, 33, offset)
    points[60:70], queries[:5] = points[10:20], points[3:8]
    blocks = (points[at : at + size] for at in range(0, 95, size))
    found, wanted = nearest_in_blocks(queries, blocks, k), nearest(queries, points, k)
    np.testing.assert_array_equal(found.distances, wanted.distances)
    if k == 95:  # of ties at the end of a list any may be listed
        np.testing.assert_array_equal(found.indices, wanted.indices)
    far = all_distances(queries, points)
    np.testing.assert_allclose(np.take_along_axis(far, found.indices, 1), found.distances, 1e-5)
    assert (found.distances[:5, 0] == 0).all()


@pytest.mark.parametrize("size", [50, 400])
def test_blocks_of_tight_and_distant_modes_are_exact(rng: np.random.Generator, size: int) -> None:
    """Where rounding of the matrix form decides, earlier blocks do not hide nearer points."""
    middles = 1e4 * cloud(rng, 4, 8)
    points = middles[rng.integers(4, size=1200)] + cloud(rng, 1200, 8)
    queries = points[::7] + np.float32(0.01)
    blocks = (points[at : at + size] for at in range(0, 1200, size))
    found, wanted = nearest_in_blocks(queries, blocks, 5), nearest(queries, points, 5)
    np.testing.assert_array_equal(found.distances, wanted.distances)
    np.testing.assert_array_equal(found.indices, wanted.indices)


def test_too_few_points_in_all_blocks_are_refused() -> None:
    """The number there is counts the points of all blocks; empty blocks are passed over."""
    points = np.zeros((5, 2), dtype=np.float32)
    blocks = [points[:2], points[:0], points[2:]]
    assert nearest_in_blocks(points, blocks, 5).indices[0].tolist() == [0, 1, 2, 3, 4]
    for k in (0, 6):
        with pytest.raises(ValueError, match=f"asked for {k} neighbours"):
            nearest_in_blocks(points, blocks, k)


def test_distances_of_pairs_are_those_of_neighbours(rng: np.random.Generator) -> None:
    """Pair by pair, or one point against several, a distance is rounded as in a search."""
    queries, points = cloud(rng, 30, 17), cloud(rng, 50, 17)
    found = nearest(queries, points, 4)
    again = between(queries[:, None], points[found.indices])
    np.testing.assert_array_equal(again, found.distances)
    single = between(queries, points[found.indices[:, 2]])
    np.testing.assert_array_equal(single, found.distances[:, 2])


def test_copies_of_a_point_are_neighbours_at_distance_zero(rng: np.random.Generator) -> None:
    """Excluding self excludes one row, not every row with the same values."""
    points = np.concatenate([cloud(rng, 20, 5)] * 2)
    found = nearest(points, points, 1, exclude_self=True)
    assert (found.distances == 0).all()
    np.testing.assert_array_equal(found.indices[:, 0], (np.arange(40) + 20) % 40)


def test_equal_distances_are_listed_by_row_number() -> None:
    """The four corners of a square around the query come in the order of their rows."""
    corners = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]], dtype=np.float32)
    found = nearest(np.zeros((1, 2), dtype=np.float32), corners, 4)
    np.testing.assert_array_equal(found.indices, [[0, 1, 2, 3]])


def test_many_ties_leave_the_distances_exact(rng: np.random.Generator) -> None:
    """On a coarse lattice, where dozens of points tie, the k distances are still the smallest."""
    points = rng.integers(0, 3, (200, 3)).astype(np.float32)
    found = nearest(points, points, 9, exclude_self=True)
    wanted = np.sort(all_distances(points, points, same=True), axis=1)[:, :9]
    np.testing.assert_allclose(found.distances, wanted, rtol=1e-6)


def test_copies_far_from_the_origin_are_found_exactly(rng: np.random.Generator) -> None:
    """At mean 1000, where the matrix form rounds to multiples of 0.1, copies are at exactly 0."""
    reference = cloud(rng, 500, 32, offset=1000.0)
    samples = cloud(rng, 300, 32, offset=1000.0)
    samples[::3] = reference[rng.permutation(500)[:100]]
    distances = nearest(samples, reference, 1).distances[:, 0]
    assert (distances[::3] == 0).all()
    assert distances[1::3].min() > 1
    assert (count_within(samples, reference, 0.0) > 0).sum() == 100


@pytest.mark.parametrize(("radius", "spread"), [(1.0, 1e-3), (1e4, 1.0)])
@pytest.mark.parametrize("d", [2, 16])
def test_neighbours_inside_tight_and_distant_modes_are_exact(
    rng: np.random.Generator, radius: float, spread: float, d: int
) -> None:
    """Where modes are thousands of spreads apart, float32 rounding does not choose neighbours."""
    middles = cloud(rng, 8, d)
    middles *= radius / np.linalg.norm(middles, axis=1, keepdims=True)
    points = middles[rng.integers(8, size=1200)] + spread * cloud(rng, 1200, d)
    for k in (1, 10):
        found = nearest(points, points, k, exclude_self=True).distances
        wanted = np.sort(all_distances(points, points, same=True), axis=1)[:, :k]
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-12)


def test_one_far_outlier_does_not_spoil_the_others(rng: np.random.Generator) -> None:
    """A point a million spreads away leaves the neighbours of all others exact."""
    points = cloud(rng, 400, 4)
    points[0] = 1e6
    found = nearest(points, points, 5, exclude_self=True).distances
    wanted = np.sort(all_distances(points, points, same=True), axis=1)[:, :5]
    np.testing.assert_allclose(found[1:], wanted[1:], rtol=1e-5)


@pytest.mark.parametrize(("k", "own"), [(0, False), (6, False), (5, True), (-1, True)])
def test_more_neighbours_than_points_are_refused(k: int, own: bool) -> None:
    """Asking for no neighbour, or for more than there are, says how many there are."""
    points = np.zeros((5, 2), dtype=np.float32)
    with pytest.raises(ValueError, match=f"asked for {k} neighbours among {5 - own} points"):
        nearest(points, points, k, exclude_self=own)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("d", [1, 2, 7, 33, 130])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_counts_equal_a_compared_distance_matrix(
    rng: np.random.Generator, d: int, offset: float
) -> None:
    """Points per ball and balls per point agree with a full matrix, one radius for each ball."""
    centers, points = cloud(rng, 25, d, offset), cloud(rng, 40, d, offset)
    far = all_distances(centers, points)
    radii = rng.uniform(0.3, 1.5, 25) * np.median(far)
    held, around = count_pairs(centers, points, radii)
    inside = far <= radii[:, None]
    np.testing.assert_array_equal(held, inside.sum(axis=1))
    np.testing.assert_array_equal(around, inside.sum(axis=0))
    np.testing.assert_array_equal(count_within(centers, points, radii), held)


@pytest.mark.usefixtures("small_tiles")
def test_counts_include_the_surface_of_the_ball() -> None:
    """On a lattice, where distances equal the radius exactly, the comparison is <=."""
    lattice = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    points = lattice.astype(np.float32)
    inside = all_distances(points, points, same=True) <= 2.0
    held, around = count_pairs(points, points, 2.0, exclude_self=True)
    np.testing.assert_array_equal(held, inside.sum(axis=1))
    np.testing.assert_array_equal(around, inside.sum(axis=0))


@pytest.mark.parametrize("d", [1, 3, 7, 17, 64, 129])
@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_a_ball_holds_exactly_the_neighbours_that_span_it(
    rng: np.random.Generator, d: int, offset: float
) -> None:
    """The ball to the k-th neighbour holds k points: both functions round a distance alike."""
    points = cloud(rng, 300, d, offset)
    radii = nearest(points, points, 5, exclude_self=True).distances[:, -1]
    assert (count_within(points, points, radii, exclude_self=True) == 5).all()


def test_radius_zero_counts_copies_only(rng: np.random.Generator) -> None:
    """Balls of radius zero hold exact copies, and not the point itself when it is excluded."""
    points = cloud(rng, 30, 6)
    points[10:13] = points[0]
    held = count_within(points, points, 0.0, exclude_self=True)
    np.testing.assert_array_equal(np.flatnonzero(held), [0, 10, 11, 12])
    assert set(held[[0, 10, 11, 12]]) == {3}
    assert (count_within(points, points, 0.0)[1:10] == 1).all()


def test_constant_points_have_defined_counts() -> None:
    """A collapsed set is all ties: everything is within zero of everything."""
    points = np.full((50, 4), 3.25, dtype=np.float32)
    assert (nearest(points, points, 5, exclude_self=True).distances == 0).all()
    assert (count_within(points, points, 0.0, exclude_self=True) == 49).all()


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("radius", [0.0, 0.2, 0.7])
def test_distinct_is_a_cover_of_points_that_are_apart(
    rng: np.random.Generator, radius: float
) -> None:
    """Every point is within the radius of a representative, and no two of those are."""
    points = cloud(rng, 60, 2)
    points[40:] = points[:20]
    rows = distinct(points, radius)
    assert (np.diff(rows) > 0).all()
    far = all_distances(points, points[rows])
    assert (far.min(axis=1) <= radius + 1e-6).all()
    among = all_distances(points[rows], points[rows], same=True)
    assert among.min() > radius - 1e-6
    if radius == 0.0:
        np.testing.assert_array_equal(rows, np.arange(40))


def test_distinct_counts_repeated_points_once(rng: np.random.Generator) -> None:
    """Five copies of each point, shuffled over several blocks, leave one fifth."""
    points = np.repeat(cloud(rng, 600, 8), 5, axis=0)[rng.permutation(3000)]
    assert len(distinct(points, 0.0)) == 600
    assert len(distinct(np.zeros((3000, 2), dtype=np.float32), 0.0)) == 1


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize(("n", "m"), [(7, 11), (8, 12), (20, 35), (35, 20), (1, 5)])
def test_one_pass_finds_the_neighbours_of_both_sides(
    rng: np.random.Generator, n: int, m: int, offset: float
) -> None:
    """Both directions of one scan give to the bit what two searches give."""
    left, right = cloud(rng, n, 9, offset), cloud(rng, m, 9, offset)
    k = min(4, m), min(3, n)
    there, back = nearest_both_ways(left, right, k)
    for found, wanted in (
        (there, nearest(left, right, k[0])),
        (back, nearest(right, left, k[1])),
    ):
        np.testing.assert_array_equal(found.indices, wanted.indices)
        np.testing.assert_array_equal(found.distances, wanted.distances)


@pytest.mark.parametrize("k", [(0, 1), (6, 1), (1, 4)])
def test_both_sides_need_enough_points(k: tuple[int, int]) -> None:
    """Each side is asked for no more neighbours than the other has points."""
    with pytest.raises(ValueError, match="neighbours among"):
        nearest_both_ways(np.zeros((3, 2), np.float32), np.zeros((5, 2), np.float32), k)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize("n", [1, 7, 8, 30, 61])
def test_a_set_against_itself_is_what_two_equal_sets_are(
    rng: np.random.Generator, n: int, offset: float
) -> None:
    """Half of the tiles, used in both directions, say what all tiles say."""
    points = cloud(rng, n, 5, offset)
    points[n // 2 :: 3] = points[0]
    again = points.copy()
    radii = rng.uniform(0, 3, n)
    for own in (False, True):
        half = count_pairs(points, points, radii, exclude_self=own)
        whole = count_pairs(points, again, radii, exclude_self=own)
        np.testing.assert_array_equal(half, whole)
        k = min(3, n - own)
        if k:
            one = nearest(points, points, k, exclude_self=own)
            other = nearest(points, again, k, exclude_self=own)
            np.testing.assert_array_equal(one.distances, other.distances)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("k", [1, 4, 29])
def test_counts_from_known_neighbours_are_those_of_a_scan(rng: np.random.Generator, k: int) -> None:
    """Balls within the listed neighbours are counted from the list, others anew; ties as well."""
    points = rng.integers(0, 3, (30, 3)).astype(np.float32)
    found = nearest(points, points, k, exclude_self=True)
    for radii in (0.0, 1.0, rng.uniform(0, 3, 30)):
        wanted = count_pairs(points, points, radii, exclude_self=True)
        np.testing.assert_array_equal(count_listed(found, points, radii), wanted)


@pytest.mark.parametrize("budget", [1, 60_000, 10**6])
def test_no_result_depends_on_the_budget(rng: np.random.Generator, budget: int) -> None:
    """Within a few bytes or many: to the bit the same neighbours, counts and covers."""
    left, right = cloud(rng, 300, 40), cloud(rng, 500, 40)
    free, tight = nearest(left, right, 4), nearest(left, right, 4, budget=budget)
    np.testing.assert_array_equal(free.distances, tight.distances)
    np.testing.assert_array_equal(free.indices, tight.indices)
    radius = float(np.median(free.distances))
    for one, other in zip(
        count_pairs(left, right, radius),
        count_pairs(left, right, radius, budget=budget),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(distinct(left, radius), distinct(left, radius, budget=budget))


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_cuda)])
def test_every_device_gives_the_same_neighbours(rng: np.random.Generator, device: str) -> None:
    """Distances are computed again in one way, so that no device changes them."""
    left, right = cloud(rng, 700, 33), cloud(rng, 900, 33)
    left[:40] = right[:40]
    found, wanted = nearest(left, right, 5, device=device), nearest(left, right, 5)
    np.testing.assert_array_equal(found.distances, wanted.distances)
    np.testing.assert_array_equal(found.indices, wanted.indices)
    own = nearest(left, left, 5, exclude_self=True, device=device)
    radii = own.distances[:, -1]
    for one, other in zip(
        count_pairs(left, right, radii, device=device), count_pairs(left, right, radii), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    kept = distinct(np.concatenate([left, right]), 1.0, device=device)
    np.testing.assert_array_equal(kept, distinct(np.concatenate([left, right]), 1.0))


def test_tiles_of_other_devices_give_the_same_on_the_cpu(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way that other devices go, run here: the same neighbours and counts to the bit."""
    left, right = cloud(rng, 300, 33), cloud(rng, 500, 33)
    right[:40] = left[:40]
    wanted = nearest(left, right, 5), count_pairs(left, right, 7.0), distinct(right, 6.5)
    monkeypatch.setattr(tiles.Scan, "on_cpu", False)
    monkeypatch.setattr(tiles, "ACCELERATED", 128)
    found = nearest(left, right, 5)
    np.testing.assert_array_equal(found.distances, wanted[0].distances)
    np.testing.assert_array_equal(found.indices, wanted[0].indices)
    for one, other in zip(count_pairs(left, right, 7.0), wanted[1], strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(distinct(right, 6.5), wanted[2])


def test_what_is_near_is_listed_alike_on_all_devices(rng: np.random.Generator) -> None:
    """The short cut that the CPU takes lists what torch lists anywhere."""
    mask = torch.as_tensor(rng.random((37, 53)) < 0.1)
    for one in (mask, mask.T):
        for found, wanted in zip(tiles.listed(one), torch.nonzero(one, as_tuple=True), strict=True):
            assert torch.equal(found, wanted)


@pytest.mark.parametrize("k", [1, 5, 40])
def test_of_equal_points_those_with_the_lowest_numbers_are_listed(k: int) -> None:
    """Where all distances tie, and none is rounded, row numbers alone decide."""
    points = np.zeros((3000, 2), dtype=np.float32)
    points[7] = 1
    found = nearest(points, points, k, exclude_self=True)
    first = np.setdiff1d(np.arange(k + 2), [7])
    for row in (0, 3, 2999):
        np.testing.assert_array_equal(found.indices[row], first[first != row][:k])
    assert (found.indices[7] == np.setdiff1d(np.arange(k + 1), [7])[:k]).all()


@pytest.mark.parametrize("scale", [1e19, 1e25])
def test_points_whose_squares_overflow_have_neighbours(
    rng: np.random.Generator, scale: float
) -> None:
    """Where float32 holds no squared distance there still is an answer: some other point."""
    points = cloud(rng, 60, 3) * np.float32(scale)
    found = nearest(points, points, 1, exclude_self=True)
    assert (found.indices >= 0).all()
    assert (found.indices[:, 0] != np.arange(60)).all()


def test_points_in_a_file_are_read_in_pieces(rng: np.random.Generator, tmp_path: Path) -> None:
    """Mapped files give the same answers, and the search holds far less than they do."""
    points, path = cloud(rng, 3000, 600), tmp_path / "points.npy"
    np.save(path, points)
    mapped = np.load(path, mmap_mode="r")
    budget = points.nbytes // 4
    peak = traced_peak(lambda: nearest(mapped, mapped, 3, exclude_self=True, budget=budget))
    assert peak < points.nbytes / 2
    found = nearest(mapped, mapped, 3, exclude_self=True, budget=budget)
    wanted = nearest(points, points, 3, exclude_self=True)
    np.testing.assert_array_equal(found.distances, wanted.distances)
    np.testing.assert_array_equal(found.indices, wanted.indices)


def tile_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that the size of every tile from now on is added to."""
    seen: list[int] = []
    original = tiles.Scan._tiles

    def watched(scan: tiles.Scan) -> Iterator[tuple[tiles.Tile, torch.Tensor]]:
        for tile, norms in original(scan):
            seen.append(tile.squared.numel() * tile.squared.element_size())
            yield tile, norms

    monkeypatch.setattr(tiles.Scan, "_tiles", watched)
    return seen


def traced_peak(work: Callable[[], object]) -> int:
    """Return the most bytes of numpy that some work holds at once."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def listed(points: FloatArray, budget: int) -> Neighbors:
    """Search a set in itself, within a budget."""
    return nearest(points, points, 5, exclude_self=True, budget=budget)


@pytest.mark.parametrize("collapsed", [False, True])
@pytest.mark.parametrize(
    "work",
    [
        listed,
        lambda points, budget: count_pairs(points, points, 0.3, budget=budget),
        lambda points, budget: distinct(points, 0.3, budget=budget),
        lambda points, budget: count_listed(listed(points, budget), points, 0.3, budget=budget),
        lambda points, budget: nearest_both_ways(points, points[::-1], (3, 3), budget=budget),
    ],
    ids=["nearest", "count_pairs", "distinct", "count_listed", "nearest_both_ways"],
)
def test_memory_grows_with_the_points_and_not_with_their_pairs(
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[FloatArray, int], object],
    collapsed: bool,
) -> None:
    """With twice the points tiles stay as they are, and all else at most doubles."""
    sizes, budget = tile_sizes(monkeypatch), 2**20
    peaks = []
    for n in (1500, 3000):
        points = np.zeros((n, 4), np.float32) if collapsed else cloud(rng, n, 4)
        work(points[:10], budget)  # torch is imported outside the measurement
        sizes.clear()
        peaks.append(traced_peak(partial(work, points, budget)))
        assert max(sizes) <= 2 * budget  # in float64 where rounding decides
    assert peaks[1] < 2.2 * peaks[0] + budget
