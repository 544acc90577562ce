"""A comparison on a terminal, as JSON and as a page."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from example_diagnosis import collapsed, healthy
from rich.console import Console

from gancheck import exhibits
from gancheck.comparing import (
    Comparison,
    Look,
    ModeChange,
    Pairing,
    Power,
    Ruling,
    ScoreChange,
    Side,
)
from gancheck.measures.spectrum import Carried, Direction, Spectrum
from gancheck.reporters.comparisons.terminal import print_comparison, print_ruling
from gancheck.reporters.comparisons.text import as_json
from gancheck.reporters.html.comparison import render
from gancheck.types import Diagnosis


def side(letter: str, diagnosis: Diagnosis, name: str) -> Side:
    """Return a diagnosis as one side."""
    return Side(
        letter, name, diagnosis.subject, diagnosis.verdict, diagnosis.conditions, diagnosis.scores
    )


def comparison() -> Comparison:
    """Return a comparison in which B lost the digit 8 and gained something."""
    direction = Direction(
        -0.03, 0.0025, Carried(0.1, 0.08, 0.12), Carried(0.004, 0.001, 0.01), (3, 1)
    )
    other = dataclasses.replace(direction, change=0.02)
    tiles = np.zeros((2, 1, 8, 8), dtype=np.uint8)
    return Comparison(
        ruling=Ruling.WORSE,
        reasons=("The diversity of B is lower by 0.100.", "B lost 1 mode: 8."),
        a=side("A", healthy(), "old/<model>.pt"),
        b=side("B", collapsed(), "new/model.pt"),
        pairing=Pairing(latents=True, reference=True),
        scores=(
            ScoreChange("diversity", 0.95, 0.85, -0.1, -0.12, -0.08, True, 1e-9, 0.01, 1000),
            ScoreChange("counted_modes", 10, 9, -1, -1, -1, False, None, None),
            ScoreChange("density", 1, 1.001, 0.001, -0.1, 0.1, False, 0.9, 0.05, 1000),
        ),
        looks=(Look("diversity", 1e-9, True), Look("spectrum", 0.0025, True)),
        power=Power(1000, 0.03, 0.05, 360),
        modes=(
            ModeChange(8, "8", 0.1, 100, 0, 0.1, 0.0, 0.0, 0.04, "lost"),
            ModeChange(3, "<b>3", 0.1, 0, 100, 0.0, 0.1, 12.0, float("inf"), "gained"),
            ModeChange(1, "1", 0.1, 100, 101, 0.1, 0.101, 0.8, 1.2, "same"),
        ),
        modes_of="reference",
        spectrum=Spectrum(0.0025, 0.03, 0.01, (other,), (direction,), 1.0, 1000, True),
        exhibits=(
            exhibits.pairs("Lost: 8", "", tiles, tiles, ["", ""], titles=("A", "B")),
            exhibits.grid("More in A: direction 1", "", tiles, role="samples"),
        ),
        settings={"samples": 1000, "compared": 1000, "seed": 0, "reference": "real.npz"},
        versions={"gancheck": "0.1.0"},
        timings={"total": 3.0},
        warnings=("Only a few.",),
    )


def printed(it: Comparison, width: int = 80, *, verbose: bool = False) -> str:
    """Return what a terminal shows."""
    page = io.StringIO()
    print_comparison(it, Console(file=page, width=width, force_terminal=False), verbose=verbose)
    return page.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_verdict_scores_modes_and_directions(width: int) -> None:
    """Everything that decides is there, within the width."""
    shown = printed(comparison(), width)
    words = " ".join(shown.split())

    assert max(len(line) for line in shown.splitlines()) <= width
    assert "x WORSE B is worse than A" in words
    assert "diversity 0.95 0.85 -0.100 [-0.120, -0.080] paired" in words
    assert "8 10.0% 10.0% 0.0%" in words
    assert "LOST" in words
    assert "gained" in words
    assert "A 10.0% 0.4% -0.0300 0.0025" in words
    assert "drawn from the same latent" in words
    assert "360 do for one of 0.05" in words
    assert "! Only a few." in words


def test_what_says_nothing_is_folded_until_asked_for() -> None:
    """Scores whose intervals hold zero, and modes that stayed, are counted; verbose shows them."""
    folded, whole = (printed(comparison(), verbose=verbose) for verbose in (False, True))

    assert "density" not in folded
    assert "1 more score" in folded
    assert "1 more mode" in folded
    assert "density" in whole
    assert "same" in whole


def test_quiet_prints_the_verdict_alone() -> None:
    """Neither scores nor modes stand under it."""
    page = io.StringIO()
    print_ruling(comparison(), Console(file=page, width=80, force_terminal=False))

    assert "B is worse than A" in page.getvalue()
    assert "95% interval" not in page.getvalue()


@pytest.mark.parametrize(
    ("ruling", "said"),
    [
        (Ruling.BETTER, "B is better than A"),
        (Ruling.DIFFERENT, "B is different from A, neither better nor worse"),
        (Ruling.SAME, "No difference at 1,000 samples"),
    ],
)
def test_each_verdict_has_its_sentence(ruling: Ruling, said: str) -> None:
    """Terminal and page say the same."""
    it = dataclasses.replace(comparison(), ruling=ruling, reasons=())

    assert said in " ".join(printed(it).split())
    assert f">{said}</h1>" in render(it)


def test_a_report_without_samples_or_modes_still_renders() -> None:
    """Stored reports have no spectrum and no pictures, sometimes no modes and no error."""
    it = dataclasses.replace(
        comparison(), spectrum=None, exhibits=(), modes=(), modes_of="", power=None, looks=(),
        pairing=Pairing(latents=False, reference=True, reason="stored reports hold no samples"),
    )  # fmt: skip

    assert "Samples are not paired: stored reports hold no samples." in " ".join(
        printed(it).split()
    )
    assert "No spectrum" in render(it)


def test_json_is_strict_and_says_its_kind() -> None:
    """Infinity is null, and the kind tells it from a diagnosis."""
    found = json.loads(as_json(comparison()))

    assert found["kind"] == "comparison"
    assert found["verdict"] == "worse"
    assert found["modes"][1]["high"] is None
    assert found["spectrum"]["lost"][0]["rows"] == [3, 1]


class Outline(HTMLParser):
    """Collects what a page links to, loads and runs."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_alone() -> None:
    """No script, no network, anchors that exist, names escaped, pictures inside."""
    page = render(comparison())
    outline = Outline()
    outline.feed(page)
    ids = {found["id"] for _, found in outline.tags if found.get("id")}
    links = [str(found["href"]) for tag, found in outline.tags if tag in ("a", "use")]

    assert not [tag for tag, _ in outline.tags if tag == "script"]
    assert all(link.removeprefix("#") in ids for link in links)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert "&lt;b&gt;3" in page
    assert "old/&lt;model&gt;.pt" in page
    assert page.count("data:image/") >= 6
