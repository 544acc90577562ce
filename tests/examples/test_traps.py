"""The traps: each usual number is as good as the claim says, and gancheck is not taken in."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from examples.remedies.digits import DIGITS
from examples.remedies.worlds import RING
from examples.traps import TRAPS, ppl, sharp, styles, vendi
from examples.traps import __main__ as command
from examples.traps.path_length import PAIRS, path_length
from examples.traps.ppl import GENERATORS
from examples.traps.trap import Table, write_page
from gancheck import GancheckError, Settings, diagnose
from gancheck.measures.captured import captured
from gancheck.measures.vendi import vendi as vendi_score

if TYPE_CHECKING:
    from gancheck.loaders.in_memory import Samples

FEW = 500
QUICK = Settings(samples=FEW, embedder="pixels", map="none")


@pytest.fixture(scope="module")
def reference() -> Samples:
    """Read a part of the reference that the digits are held against."""
    with np.load(vendi.REFERENCE) as arrays:
        return arrays["images"][: 3 * FEW], arrays["labels"][: 3 * FEW]


@torch.no_grad()
def drawn(generator: nn.Module, n: int) -> torch.Tensor:
    """Draw points (n, 2)."""
    points = generator(torch.randn(n, 3, generator=torch.Generator().manual_seed(1)))
    assert isinstance(points, torch.Tensor)
    return points


@pytest.mark.parametrize("model", [sharp.Narrow(), sharp.OuterHalves()])
def test_counting_modes_passes_what_lost_half_of_them(model: nn.Module) -> None:
    """All modes, at least 98% of high quality and no divergence; gancheck sees about half."""
    found = captured(drawn(model, 20_000).double().numpy(), RING.centres, RING.sd)
    half = sharp.diagnosed(drawn(model, FEW).numpy(), FEW, 0)

    assert found.modes == 8
    assert found.high_quality >= 0.98
    assert found.reverse_kl < found.reverse_kl_null.high
    assert half.scores["modes_captured"].value == 8
    assert half.scores["diversity"].value == pytest.approx(0.52, abs=0.08)
    assert half.verdict.value != "healthy"


def test_real_points_keep_their_diversity() -> None:
    """The same numbers of points that lost nothing come with all of the diversity."""
    found = sharp.diagnosed(sharp.real_points(FEW, 0), FEW, 0)

    assert found.scores["modes_captured"].value == 8
    assert found.scores["diversity"].value > 0.9
    assert found.verdict.value == "healthy"


def test_what_the_generators_of_the_ring_lost_is_half() -> None:
    """One draws no point of the inner halves, the other has half of the standard deviation."""
    for generator, spread, inner in (
        (sharp.PerfectRing(), 1.0, 0.5),
        (sharp.Narrow(), 0.5, 0.5),
        (sharp.OuterHalves(), None, 0.0),
    ):
        points = drawn(generator, 40_000).double().numpy()
        nearest = np.linalg.norm(points[:, None] - RING.centres, axis=2).argmin(axis=1)
        outwards = ((points - RING.centres[nearest]) * RING.centres[nearest]).sum(axis=1) / RING.sd

        assert np.mean(outwards < -1e-3) == pytest.approx(inner, abs=0.01)
        assert np.square(outwards).mean() == pytest.approx((spread or 1.0) ** 2, rel=0.05)
        assert np.bincount(nearest) / len(points) == pytest.approx(np.full(8, 1 / 8), abs=0.01)


def test_vendi_rises_with_every_digit_that_is_dropped() -> None:
    """At equal size, a set without nines has more, and one without eights and nines still more."""
    sets = [vendi.without(dropped, 3_000, seed=0) for dropped in vendi.DROPPED]
    scores = [vendi_score(images.reshape(len(images), -1)) for images in sets]

    assert {len(images) for images in sets} == {3_000}
    assert scores[0] + 0.1 < scores[1] < scores[2] - 0.1


def test_gancheck_names_the_digits_that_are_dropped(reference: Samples, tmp_path: Path) -> None:
    """Eights and nines are missing, and nothing else; table and page say so."""
    found = vendi.judge((8, 9), vendi.without((8, 9), FEW, 0), QUICK, reference)
    (row,) = vendi.table([found]).rows

    assert found.missing == ("8", "9")
    assert found.found.verdict.value == "collapsed"
    assert found.found.scores["diversity"].value < 0.95
    assert row[:3] == ("without 8 and 9", f"{found.vendi:.2f}", "8, 9")
    assert row[4] == "collapsed"
    page = tmp_path / "vendi.gancheck.html"
    write_page(found.found, page)
    assert "2 of 10 modes are never or hardly ever drawn: 8, 9<" in page.read_text("utf-8")


def test_half_of_the_styles_hold_every_digit() -> None:
    """Each digit keeps its share, and the half that is kept leans more than the other."""
    images, labels = DIGITS.reference()
    kept, digits = styles.drawn(1_900, 0, half=True)
    lean = styles.leaning(images)

    shares = [np.bincount(rows, minlength=10) / len(rows) for rows in (labels, digits)]
    assert shares[1] == pytest.approx(shares[0], abs=0.01)
    for digit in range(10):
        least = styles.leaning(kept[digits == digit]).min()
        assert least > np.median(lean[labels == digit])


def test_leaning_is_the_shear_of_a_picture() -> None:
    """A bar that moves half a column to the right with every row leans by a half."""
    bar = np.zeros((2, 28, 28))
    for row in range(4, 24):
        bar[0, row, 10:12] = 1
        bar[1, row, 5 + row // 2 : 7 + row // 2] = 1

    assert styles.leaning(bar) == pytest.approx([0, 0.5], abs=0.01)


def test_half_of_the_styles_are_missed(reference: Samples) -> None:
    """All of the pictures are real, and the diversity falls far below that of real digits."""
    found = diagnose(styles.drawn(FEW, 0, half=True)[0], reference, QUICK)
    score = found.scores["diversity"]

    assert score.ceiling is not None
    assert score.high < score.ceiling - 0.1
    assert found.verdict.value != "healthy"


@pytest.fixture(scope="module")
def looks() -> dict[str, ppl.Measured]:
    """Measure the generators of the latent trap."""
    return ppl.measured(FEW, 0)


def test_path_length_is_that_of_a_smooth_generator(looks: dict[str, ppl.Measured]) -> None:
    """The cut costs nothing, though a few pairs straddle it; a continuous bridge costs a lot."""
    smooth, bridge, cut = (looks[name].length for name in ("smooth", "steep bridge", "cut"))

    assert cut.value == pytest.approx(smooth.value, rel=0.02)
    assert 0 < cut.straddling < PAIRS / 1_000
    assert bridge.value > 10 * cut.value
    assert cut.whole > 1_000 * cut.value


def test_gancheck_finds_the_cut_where_it_is(looks: dict[str, ppl.Measured]) -> None:
    """One plane through the origin, across the first axis, met as often as lines do meet it."""
    (cut,) = looks["cut"].look.cuts
    rng = np.random.default_rng(0)
    # A line passes the origin at a normal distance r, and meets the plane r tan(a) further on.
    reach = np.abs(rng.standard_normal(100_000)) * np.tan(rng.uniform(0, math.pi / 2, 100_000))
    share = float(np.mean(reach < 3))

    assert cut.kind == "cut"
    assert abs(cut.normal[0]) == pytest.approx(1, abs=1e-3)
    assert cut.offset == pytest.approx(0, abs=1e-3)
    assert cut.rate.low < share / 6 < cut.rate.high
    assert looks["cut"].look.findings[0].value == pytest.approx(share, abs=0.08)
    assert not looks["smooth"].look.cuts
    assert [one.kind for one in looks["steep bridge"].look.cuts] == ["bridge"]


def test_the_cut_has_its_row_and_its_page(
    looks: dict[str, ppl.Measured], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each generator has a row; that of the cut names the surface and its rate, the page too."""
    monkeypatch.setattr(ppl, "measured", lambda samples, seed: looks)
    shown = ppl.show(tmp_path / "ppl.gancheck.html", FEW, 0)
    smooth, bridge, cut = shown.rows

    assert (smooth[0], smooth[3:]) == ("smooth", ("0%", "-", "-"))
    assert (bridge[0], bridge[4]) == ("steep bridge", "a bridge")
    assert (cut[0], cut[4]) == ("cut", "a cut")
    assert cut[5].startswith(f"{looks['cut'].look.cuts[0].rate.value:.3f} (")
    assert f"{looks['cut'].length.straddling} straddle the cut" in shown.note
    said = looks["cut"].look.findings[0].title
    assert said.partition("'")[0] in (tmp_path / "ppl.gancheck.html").read_text("utf-8")


def test_a_seed_fixes_the_numbers() -> None:
    """The same seed gives the same path length, another one another."""
    one, same, other = (path_length(GENERATORS["smooth"], 1_000, seed) for seed in (0, 0, 1))

    assert one == same
    assert one != other


def test_columns_of_a_table_stand_below_their_headings() -> None:
    """Cells are padded to the widest of their column, and gancheck's stand under its name."""
    text = Table(("", "modes"), ("verdict",), (("a long name", "8 of 8", "healthy"),), "").text()

    assert text.splitlines() == [
        " " * 21 + "gancheck",
        "             modes   verdict",
        "a long name  8 of 8  healthy",
    ]


def test_the_command_prints_claim_table_and_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trap is asked for its page in the folder, with the samples and the seed."""
    asked: list[tuple[Path, int, int]] = []

    def show(page: Path, samples: int, seed: int) -> Table:
        asked.append((page, samples, seed))
        return Table(("",), ("verdict",), (("a row", "healthy"),), "A note.")

    monkeypatch.setitem(TRAPS, "sharp", replace(TRAPS["sharp"], show=show))
    assert command.main(["sharp", "--out", str(tmp_path), "--samples", "9", "--seed", "2"]) == 0

    page = tmp_path / "sharp.gancheck.html"
    assert asked == [(page, 9, 2)]
    said = capsys.readouterr().out
    assert said.startswith("Sharp is not diverse")
    assert "a row  healthy" in said
    assert said.endswith(f"A note.\n\nPage: {page}\n")


def test_the_list_names_every_trap(capsys: pytest.CaptureFixture[str]) -> None:
    """Each name stands above its claim."""
    assert command.main(["--list"]) == 0

    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line and not line.startswith(" ")] == list(TRAPS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["shrp"], "invalid choice: 'shrp'"), ([], "--list"), (["sharp", "--samples", "0"], "got 0")],
)
def test_what_cannot_be_shown_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown name, none, and no samples end in exit code 2 and a line that helps."""
    with pytest.raises(SystemExit) as stopped:
        command.main(arguments)

    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_more_digits_than_there_are_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sets stay of equal size: what cannot be filled is refused, with how many there are."""
    assert command.main(["vendi", "--samples", "3900", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "3,900 digits were asked for" in said
    assert "hint: " in said
    with pytest.raises(GancheckError, match="there are 1,998"):
        styles.drawn(2_100, 0, half=True)
