"""Pages within a budget: what is reduced, in which order, and how it is announced."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from example_diagnosis import collapsed, inconclusive
from PIL import Image

from gancheck import exhibits
from gancheck.errors import OutputError
from gancheck.exhibits.cloud import Side, cloud
from gancheck.reporters import lighter, slimming
from gancheck.reporters.html import Html
from gancheck.reporters.html.drawable import drawable
from gancheck.reporters.json import Json
from gancheck.reporters.slimming import REDUCED, announcement, fit, size
from gancheck.types import Diagnosis, Exhibit, Finding, Severity


def weight(diagnoses: Sequence[Diagnosis]) -> str:
    """Stand in for a page: the JSON of what it shows, above a frame of 2,000 characters."""
    return "".join(Json().render(diagnosis) for diagnosis in diagnoses) + "." * 2000


def least() -> int:
    """Return the bytes of the example without any picture."""
    return len(weight([bare(collapsed())]).encode())


def bare(diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis without exhibits."""
    findings = tuple(dataclasses.replace(one, exhibits=()) for one in diagnosis.findings)
    return dataclasses.replace(diagnosis, findings=findings, exhibits=())


@cache
def a_map() -> Exhibit:
    """Return a cloud of 61 points, 40 of them with a picture and all with a colour."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (20, 1, 64, 64), dtype=np.uint8)
    real = Side(rng.normal(size=(31, 2)), pictured=np.arange(20), pictures=pictures)
    drawn = Side(
        rng.normal(size=(30, 2)),
        pictured=np.arange(20),
        pictures=pictures,
        names=[f"s{at}" for at in range(30)],
        colours=np.repeat(np.arange(30, dtype=np.uint8)[:, None], 3, axis=1),
    )
    return cloud("Map", "How.", drawn, real)


def unpacked(exhibit: Exhibit, name: str) -> bytes:
    """Return what one field of a cloud packs."""
    return base64.b64decode(str(exhibit.payload[name]))


def test_what_fits_is_left_alone() -> None:
    """Within its budget a page is rendered once, as it is, and nothing is announced."""
    whole = weight([collapsed()])
    fitted = fit([collapsed()], weight, len(whole.encode()))

    assert fitted == (whole, ())


def test_budgets_from_roomy_to_tight_are_all_kept() -> None:
    """Whatever the budget above the least, the page fits it, and less is shown for less."""
    whole = len(weight([collapsed()]).encode())
    lengths = []
    for budget in np.linspace(whole, least() + 300, 8).astype(int):
        fitted = fit([collapsed()], weight, int(budget))
        assert len(fitted.text.encode()) <= budget
        lengths.append(len(fitted.text))

    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 4 * lengths[-1]


def test_thumbnails_go_before_points() -> None:
    """The points of the map are whole as long as there are pictures left to reduce."""
    subjects = [step.subject for step in slimming.STEPS]

    assert subjects.index("points") > subjects.index("grids")
    assert subjects.index("points") > max(
        at for at, subject in enumerate(subjects) if subject == "sheet"
    )


def test_pictures_of_what_passed_go_before_those_of_what_failed() -> None:
    """What a check that failed shows outlasts what a passed one shows."""
    grid = exhibits.grid("G", "", np.zeros((12, 1, 8, 8), dtype=np.uint8), role="samples")
    findings = tuple(
        Finding(f"a.{severity.name}", "a", severity, "t", exhibits=(grid,))
        for severity in (Severity.OK, Severity.FAIL)
    )
    both = dataclasses.replace(bare(collapsed()), findings=findings)
    fitted = fit([both], weight, len(weight([both])) - 100)

    assert fitted.reduced[-1] == "no pictures of checks that passed"
    kept = json.loads(fitted.text.rstrip("."))["findings"]
    assert [len(finding["exhibits"]) for finding in kept] == [0, 1]


def test_the_page_says_what_it_lacks() -> None:
    """The reduced diagnosis carries the announcement, which names only the last of a kind."""
    fitted = fit([collapsed()], weight, least() + 20_000)

    assert f'"{REDUCED}": "{"; ".join(fitted.reduced)}"' in fitted.text
    assert sum("pictures in a grid" in said for said in fitted.reduced) <= 1
    assert "6.0 MB" in announcement(fitted.reduced, 6_000_000)


def test_a_budget_below_the_least_is_an_error_that_names_it() -> None:
    """Too little for even the bare page is refused with the least that works."""
    with pytest.raises(OutputError) as caught:
        fit([collapsed()], weight, 1000)

    assert caught.value.hint is not None
    assert "--max-report-size" in caught.value.hint
    least_kb = int(caught.value.hint.split("K")[0].split()[-1])
    assert fit([collapsed()], weight, 1000 * least_kb).reduced == ("neither pictures nor plots",)


def test_a_page_without_pictures_cannot_be_reduced() -> None:
    """Where there is nothing to leave out, nothing is claimed to have been."""
    whole = weight([inconclusive()])

    assert fit([inconclusive()], weight, len(whole)).reduced == ()
    with pytest.raises(OutputError):
        fit([inconclusive()], weight, len(whole) // 2)


def test_the_real_page_is_reduced_too() -> None:
    """The page itself fits a budget that it did not fit, and says so in its text."""
    whole = Html(docs_of=lambda _: {}).render(collapsed())

    def render(diagnoses: Sequence[Diagnosis]) -> str:
        return Html(docs_of=lambda _: {}).render(diagnoses[0])

    fitted = fit([collapsed()], render, len(whole.encode()) - 1)

    assert len(fitted.text.encode()) < len(whole.encode())
    assert fitted.reduced
    assert fitted.reduced[-1] in fitted.text


def test_several_runs_are_reduced_alike() -> None:
    """Side by side every run loses the same, so that what is seen stays comparable."""
    pair = [collapsed(), dataclasses.replace(collapsed(), created="later")]
    fitted = fit(pair, weight, least() * 2 + 60_000)

    assert fitted.text.count(f'"{REDUCED}"') == 2


def test_fewer_tiles_keep_the_first() -> None:
    """Grids and pairs keep what came first; strips, whose tiles belong together, stay whole."""
    shrink = lighter.fewer_tiles(3, 2)
    images = np.zeros((5, 1, 4, 4), dtype=np.uint8)
    grid = exhibits.grid("G", "", images, "abcde", role="samples")
    pairs = exhibits.pairs("P", "", images, images, "abcde", titles=("l", "r"))
    strip = exhibits.strip("S", "", images, "abcde")

    assert [tile["caption"] for tile in shrink(grid).payload["tiles"]] == ["a", "b", "c"]
    assert [pair["caption"] for pair in shrink(pairs).payload["pairs"]] == ["a", "b"]
    assert shrink(strip) == strip


def test_a_sheet_shrinks_to_a_quarter_of_its_area() -> None:
    """Half the sides: the picture, the tile and the cell agree with each other."""
    before, after = a_map().payload["sheet"], lighter.smaller_sheet(a_map()).payload["sheet"]

    def picture(sheet: dict[str, str]) -> Image.Image:
        return Image.open(io.BytesIO(base64.b64decode(sheet["image"].split(",")[1])))

    assert picture(after).size == tuple(side // 2 for side in picture(before).size)
    assert after["cell"] == [side // 2 for side in before["cell"]]
    assert after["columns"] == before["columns"]
    assert len(after["image"]) < 0.6 * len(before["image"])


def test_a_map_without_its_sheet_points_at_no_picture() -> None:
    """Every point keeps its place and loses its thumbnail."""
    after = lighter.without_sheet(a_map())

    assert after.payload["sheet"] is None
    assert unpacked(after, "tiles") == b"\xff\xff" * 61
    assert unpacked(after, "positions") == unpacked(a_map(), "positions")


def test_fewer_points_keep_all_that_belongs_to_a_point() -> None:
    """Place, flag, tile, colour and name of each point left are those it had; numbers stay."""
    after = lighter.fewer_points(2)(a_map())
    rows = range(0, 61, 2)

    for name, width in (("positions", 4), ("flags", 1), ("modes", 2), ("tiles", 2)):
        whole = unpacked(a_map(), name)
        assert unpacked(after, name) == b"".join(
            whole[at * width : (at + 1) * width] for at in rows
        )
    drawn = [at - 31 for at in rows if at >= 31]
    assert list(unpacked(after, "colours")[::3]) == drawn
    assert after.payload["names"] == [
        [str(at) for at in rows if at < 31],
        [f"s{at}" for at in drawn],
    ]


def test_plain_clouds_lose_points_in_step() -> None:
    """The x, y and colour of a point go together, in every kind that has points."""
    points = np.arange(20.0).reshape(10, 2)
    scatter = exhibits.scatter("S", "", [("a", "samples", points)], axes=("x", "y"))
    window = (0.0, 20.0, 0.0, 20.0)
    morph = exhibits.morph(
        "M", "", points, points, points, extent=window, axes=(("x", "y"), ("x", "y"))
    )
    thin = lighter.fewer_points(4)

    assert thin(scatter).payload["series"][0]["x"] == [0.0, 8.0, 16.0]
    after = thin(morph).payload
    assert after["end"]["y"] == [1.0, 9.0, 17.0]
    assert after["colours"] == morph.payload["colours"][::4]


def test_damaged_exhibits_are_left_out_not_fatal() -> None:
    """Data that are not what their kind promises do not stop the page from shrinking."""
    odd = (
        Exhibit("cloud", "A", "", {"sheet": {"image": "data:,x"}, "flags": 5, "names": 3}),
        Exhibit("scatter", "B", "", {"series": 5}),
        Exhibit("grid", "C", "", {"tiles": "x" * 5000}),
        Exhibit("morph", "D", "", {"start": 1, "colours": {}}),
    )
    fitted = fit([dataclasses.replace(bare(collapsed()), exhibits=odd)], weight, least() + 300)

    assert fitted.reduced
    assert len(fitted.text.encode()) <= least() + 300


def test_pictures_that_cannot_be_drawn_keep_their_words() -> None:
    """A damaged picture of a stored report becomes a line of text; the others are untouched."""
    odd = (
        Exhibit("grid", "Odd grid", "Why.", {"tiles": [{"nothing": 1}]}),
        Exhibit("scatter", "Odd cloud", "", {"series": [{"name": "a", "role": "b", "x": [1]}]}),
        Exhibit("heatmap", "Odd field", "", {"image": "", "extent": ["a"]}),
    )
    whole = dataclasses.replace(collapsed(), exhibits=(*collapsed().exhibits, *odd))
    page = Html(docs_of=lambda _: {}).render(drawable(whole))

    assert drawable(collapsed()) == collapsed()
    for title in ("Odd grid", "Odd cloud", "Odd field"):
        assert title in page
    assert "grid with damaged data" in page


def test_a_picture_of_absurd_size_is_not_drawn() -> None:
    """A header that claims billions of pixels is damage, not something to unpack."""
    header = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x00\x00\x00\x00"
    )
    bomb = header + b"\x00" * 40
    uri = f"data:image/png;base64,{base64.b64encode(bomb).decode()}"
    tiles = [{"image": uri, "caption": ""}]
    grid = Exhibit("grid", "Bomb", "", {"tiles": tiles, "role": "samples"})

    kept = drawable(dataclasses.replace(bare(collapsed()), exhibits=(grid,)))
    assert uri not in Html(docs_of=lambda _: {}).render(kept)


def test_sizes_read_as_people_say_them() -> None:
    """Small ones in kilobytes, rounded up, large ones in megabytes."""
    assert [size(one) for one in (1, 136_001, 999_000, 999_001, 3_210_000)] == [
        "1 kB", "137 kB", "999 kB", "1.0 MB", "3.2 MB",
    ]  # fmt: skip
