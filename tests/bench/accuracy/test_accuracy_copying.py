"""The published measures read their published values, and the bench of copying adds up."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.accuracy import __main__ as entry
from bench.accuracy.copying import Draw, Law, Row, judge, judge_samples, rows, scales
from bench.accuracy.copying_digits import LEARNED, SAMPLES, SIDE, Seen, laws, preferred, seen
from bench.accuracy.copying_gaussians import LAWS, collapsed, repeated, spread
from bench.accuracy.copying_peers import (
    auth_pct,
    c_t,
    c_t_of_cells,
    generalisation_gap,
    likelihood,
    published,
    rank_z,
)
from bench.accuracy.copying_table import HEADINGS, cells, markdown, rich_table, to_json

if TYPE_CHECKING:
    from gancheck.types import FloatArray


def normal(seed: int, n: int, d: int) -> FloatArray:
    """Draw from a unit Gaussian."""
    return np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32)


@pytest.mark.parametrize(("d", "percent"), [(2, 38), (16, 68), (64, 78)])
def test_authenticity_has_no_value_of_its_own(d: int, percent: float) -> None:
    """Equal laws read 38% in 2 dimensions, 68% in 16 and 78% in 64."""
    found = [auth_pct(normal(2 * s, 500, d), normal(2 * s + 1, 500, d)) for s in range(8)]

    assert np.mean(found) == pytest.approx(percent, abs=3)


def test_authenticity_by_hand() -> None:
    """Training at 0, 1 and 5: a sample at 0.5 is a copy of 0 or 1, one at 7 is authentic of 5.

    One at 9.5 lies farther from 5 than 5 from 1, one at -0.9 nearer to 0 than 0 to 1.
    """
    training = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    samples = np.array([[0.4], [7.0], [9.5], [-0.9]], dtype=np.float32)

    assert auth_pct(training, samples) == 25.0


def test_c_t_by_hand() -> None:
    """Two cells. In each, 21 samples nearer to training than all of the 2 and 6 held-out points.

    U is 0, so that z = (0.5 - m n / 2) / sqrt(m n (m + n + 1) / 12); the mean is weighted 2 : 6.
    """
    training = np.array([[0.0], [100.0]])
    held_out = np.array([[3.0], [4.0], *([103.0 + i] for i in range(6))])
    samples = np.concatenate([np.linspace(0.1, 1, 21), 100 + np.linspace(0.1, 1, 21)])[:, None]
    cells_of = [(side[:, 0] > 50).astype(np.int64) for side in (training, held_out, samples)]
    z = [(0.5 - 21 * n / 2) / math.sqrt(21 * n * (22 + n) / 12) for n in (2, 6)]

    found = c_t_of_cells((training, held_out, samples), cells_of)
    assert found == pytest.approx((2 * z[0] + 6 * z[1]) / 8)
    few = c_t_of_cells((training, held_out, samples[:41]), [*cells_of[:2], cells_of[2][:41]])
    assert few == pytest.approx(z[0])  # 20 samples are too few for a cell


def test_the_rank_score_is_that_of_mann_and_whitney() -> None:
    """U over n by m, halves for ties, centred with the correction of continuity."""
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 30, 40) / 10, rng.integers(5, 35, 60) / 10
    u = mannwhitneyu(one, other).statistic

    assert rank_z(one, other) == pytest.approx((u - 1200 + 0.5) / math.sqrt(2400 * 101 / 12))


def test_c_t_takes_shrinkage_for_copying() -> None:
    """Samples of sd .8 that copy nothing read below -15; wide ones read above 15."""
    sides = normal(0, 2000, 64), normal(1, 2000, 64)

    assert c_t(*sides, 0.8 * normal(2, 2000, 64)) < -15
    assert c_t(*sides, 1.2 * normal(2, 2000, 64)) > 15
    assert abs(c_t(*sides, normal(2, 2000, 64))) < 4


def test_c_t_works_in_many_dimensions() -> None:
    """Above 64 dimensions principal axes come first."""
    assert abs(c_t(normal(0, 300, 70), normal(1, 300, 70), normal(2, 300, 70))) < 4


def test_the_generalisation_gap_falls_with_copies() -> None:
    """About 0 without, far below with a tenth of near-exact copies; exact ones do not overflow."""
    training, held_out, samples = (normal(seed, 200, 8) for seed in range(3))
    none = generalisation_gap(training, held_out, samples)
    samples[:20] = training[:20] + 0.01 * normal(4, 20, 8)
    some = generalisation_gap(training, held_out, samples)

    assert abs(none) < 15
    assert some < none - 20
    assert math.isfinite(generalisation_gap(training, held_out, training))


def test_the_likelihood_is_that_of_the_mixture() -> None:
    """Three Gaussians of unlike widths in the plane, against the densities of scipy."""
    import torch
    from scipy.stats import multivariate_normal

    points, middles, variances = normal(0, 5, 2), normal(1, 3, 2), np.array([0.5, 1.0, 2.0])
    squared = ((points[:, None] - middles[None]) ** 2).sum(axis=2)
    found = likelihood(torch.as_tensor(squared), torch.as_tensor(np.log(variances)), 2)
    each = [
        multivariate_normal(middle, variance).pdf(points)
        for middle, variance in zip(middles, variances, strict=True)
    ]

    assert found.numpy() == pytest.approx(np.log(np.mean(each, axis=0)), rel=1e-5)


def test_scales_do_not_look_at_sides_or_at_near_duplicates() -> None:
    """A pool with a fifth of its points repeated has the scales of the pool without."""
    plain = normal(0, 1000, 16)
    again = np.concatenate([plain, plain[:200] + 1e-3 * normal(1, 200, 16)])

    assert scales(again)[1] == pytest.approx(scales(plain)[1], rel=0.15)
    assert scales(plain[::-1])[0] == pytest.approx(scales(plain)[0], rel=0.1)


def test_draws_are_what_they_say() -> None:
    """Shares of copies, sizes and noise; equal streams give equal draws."""
    rng = np.random.default_rng(0)
    draw = spread(16, 1.0, 0.02, ratio=6, n=500)(rng, 0)
    far = np.linalg.norm(draw.samples[:10, None] - draw.training[None], axis=2).min(axis=1)
    again = spread(16, 1.0, 0.02, ratio=6, n=500)(np.random.default_rng(0), 0)

    assert (len(draw.training), len(draw.held_out), int(draw.copied.sum())) == (3000, 500, 10)
    assert far == pytest.approx(0.05 * 4, rel=0.6)
    assert (draw.samples == again.samples).all()
    assert len(repeated(16, 0.02, n=500)(rng, 0).training) == 600
    assert np.ptp(collapsed(16, 1, n=500)(rng, 0).samples, axis=0).max() <= 2e-3


def test_a_row_says_what_was_found() -> None:
    """Copies are named, the rule per sample is wrong more often, honest laws are silent."""
    some = spread(16, 1.0, 0.1, ratio=6, n=1000)
    both = [
        Law("some", "d=16", 0.1, some),
        Law("rival", "d=16", 0.1, some, judge=judge_samples),
    ]
    ours, theirs = rows(both, 2, 0, published_runs=0)
    (none,) = rows([Law("none", "d=16", 0.0, spread(16, 0.8, n=300))], 2, 0, published_runs=1)

    assert (ours.detected, ours.power, ours.covered) == (1.0, 1.0, 1.0)
    assert ours.false_share <= 0.15 < 0.3 < theirs.false_share
    assert (none.flagged, none.power, none.detected) == (0.0, None, 0.0)
    assert none.published is not None
    assert (ours.published, ours.rival, theirs.rival) == (None, False, True)


def test_the_table_is_one_line_a_row() -> None:
    """As many cells everywhere; the JSON survives a round trip."""
    found = list(rows([Law("none", "|T| = |H|", 0.0, spread(2, 1.0, n=200))], 1, 0, 1))
    found.append(Row("rival", "d", 1, (1, 2, 3), 0.1, 0, 0, 1, 1, 0.5, 0.9, 0, 1, None, rival=True))
    lines = [line for line in markdown(found, 0).splitlines() if line.startswith("|")]

    assert {len(cells(row)) for row in found} == {len(HEADINGS)}
    assert len(lines) == 2 + len(found)
    assert {line.replace(r"\|", "").count("|") for line in lines} == {len(HEADINGS) + 1}
    assert rich_table(found).row_count == 2
    assert json.loads(json.dumps(to_json(found, 0)))["rows"][0]["published"] is not None


def test_every_law_has_a_name_of_its_own() -> None:
    """Streams are seeded by view and name."""
    assert len({(law.view, law.name) for law in LAWS}) == len(LAWS)


def test_digits_are_dealt_apart() -> None:
    """Training digits, held-out digits and samples share none; learned digits are in training."""
    images = np.zeros((23_000, 1, 2, 2), np.uint8)
    training, held_out, others = Seen("pixels", images, 0).rows(3)

    assert (len(training), len(held_out), len(others)) == (SIDE, SIDE, SAMPLES)
    assert len({*training.tolist(), *held_out.tolist(), *others.tolist()}) == 22_000
    assert training[:LEARNED].tolist() == list(range(LEARNED))


def test_copies_of_digits_replace_honest_samples() -> None:
    """The neighbours handed on are those of the samples handed on."""
    images = np.random.default_rng(0).integers(0, 255, (22_000, 1, 4, 4)).astype(np.uint8)
    view = Seen("pixels", images, 0)
    draw = view.draw(0.02, 0.01, np.random.default_rng(1), 0)

    assert draw.found is not None
    direct = np.linalg.norm(draw.samples - draw.pool[draw.found.indices[:, 0]], axis=1)
    assert draw.found.distances[:, 0] == pytest.approx(direct, rel=1e-4, abs=1e-5)
    assert draw.copied.sum() == 200
    assert judge(draw, np.random.default_rng(0)).power >= 0.95
    assert len({law.name for law in laws(view)}) == len(laws(view))
    assert "held-out digits" in preferred(view, 1)


def test_too_few_digits_are_refused(tmp_path: Path) -> None:
    """22,000 are needed, and it is said."""
    path = tmp_path / "few.npz"
    np.savez(path, X=np.zeros((10, 2, 2), np.uint8), y=np.zeros(10))

    with pytest.raises(ValueError, match="22000 are needed"):
        seen(path, 0)


def test_the_entry_writes_both_files(tmp_path: Path) -> None:
    """One law, one run: a page and a JSON, and no other bench."""
    only = "d=16: |t| = 6|h|, same law"
    arguments = ["--copies", "--only", only, "--repeats", "1", "--output", str(tmp_path)]
    assert entry.main(arguments) == 0

    assert {path.name for path in tmp_path.iterdir()} == {"COPIES.md", "copies.json"}
    assert len(json.loads((tmp_path / "copies.json").read_text())["rows"]) == 1


def test_published_numbers_are_read_together() -> None:
    """One call, three numbers, the gap on at most as many points as asked."""
    sides = normal(0, 120, 4), normal(1, 120, 4), normal(2, 120, 4)
    found = published(*sides, most=60)

    assert found.gap == generalisation_gap(*(side[:60] for side in sides))
    assert found.auth == auth_pct(sides[0], sides[2])
    assert isinstance(Draw(*sides, np.zeros(120, dtype=bool)).pool, np.ndarray)
