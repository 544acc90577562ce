"""The page of a trace: complete, harmless, within its budget, drawable from the JSON alone."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import re

import numpy as np
import pytest
from example_trace import EXTENT, STEPS, a_checkpoint, build_trace, stored
from test_reporter_html import Reading

from gancheck import exhibits
from gancheck.errors import OutputError
from gancheck.remedies import ADVICE, told
from gancheck.reporters.html.figures import figure
from gancheck.reporters.html.plots import LEFT, WIDTH
from gancheck.reporters.html.voyages import FieldsPlot, FilmPlot, VoyagePlot
from gancheck.reporters.slimming import REDUCED
from gancheck.reporters.traces import page as pages
from gancheck.reporters.traces.axes import short, spans_of, step_axis
from gancheck.reporters.traces.fitting import fewer_frames, fewer_points, kept
from gancheck.reporters.traces.shares import MOST, shares_over_time
from gancheck.reporters.traces.timelines import scores_over_time, training
from gancheck.types import Checkpoint, Exhibit, Trace

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>'\"&\u202e"


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Return a trace as its JSON gives it back."""
    return stored(build_trace())


@pytest.fixture(scope="module")
def page(trace: Trace) -> str:
    """Return its page."""
    return pages.render(trace)


@pytest.fixture(scope="module")
def reading(page: str) -> Reading:
    """Return the same page, read."""
    return Reading(page)


def test_the_page_is_well_formed(reading: Reading) -> None:
    """Every element closes, no id occurs twice, and every link inside the page arrives."""
    assert reading.open == []
    ids = reading.values("id")
    assert len(ids) == len(set(ids))
    inside = {link[1:] for link in reading.values("href") if link.startswith("#")}
    assert inside - {"viridis"} <= set(ids)


def test_the_page_refers_to_nothing_outside(page: str, reading: Reading) -> None:
    """No address, import or handler; the policy allows its own scripts alone."""
    assert all(re.match(r"#|data:", link) for link in reading.values("src", "href", "xlink:href"))
    assert not re.search(r"@import|url\((?!#)", page)
    assert not [name for _, attrs in reading.tags for name in attrs if name.startswith("on")]
    assert '<meta name="generator" content="gancheck 0.1.0">' in page[:1024]
    policy = next(m["content"] for m in reading.all("meta") if m.get("http-equiv"))
    assert str(policy).count("sha256-") == len(reading.all("script")) == 2


def test_a_stored_trace_gives_the_same_page(page: str) -> None:
    """Everything is drawn from the JSON."""
    assert pages.render(stored(stored(build_trace()))) == page


def test_everything_there_is_to_say_is_said(reading: Reading) -> None:
    """Verdict, advice, turns, visits, findings, checkpoints, failures and how to repeat it."""
    for words in (
        "SUSPECT",
        "Samples hop between 3 of 8 places",
        "use step 100; 2 others cannot be told from it",
        "collapse began at step 200 (95%: 151 to 200)",
        "it recovered at step 550",
        "The dominant place changes".lower(),
        "the file ends early",
        "gancheck trace 'run/G_*.pt'",
        "D(G(z)) over the latent square",
        "loss_g",
        "steps 300",
    ):
        assert words in reading.text or words in reading.text.lower()


def test_each_condition_comes_with_causes_and_remedies(trace: Trace, page: str) -> None:
    """What the training ended with is explained in a part of its own, remedies in their order."""
    part = page.split('<section id="remedies"')[1].split("</section>")[0]
    assert trace.conditions
    for condition, article in zip(trace.conditions, part.split("<article")[1:], strict=True):
        known = told(ADVICE[condition])
        names = [html.escape(one.remedy.name.split("`")[0]) for one in known.remedies]
        assert html.escape(known.causes[0].cause.text) in article
        assert [article.index(name) for name in names[:3]] == sorted(map(article.index, names[:3]))
    bare = dataclasses.replace(trace, conditions=())
    assert '<section id="remedies"' not in pages.render(bare)


def test_without_scripts_the_last_step_is_shown(trace: Trace, reading: Reading) -> None:
    """Still pictures of the last step stand in the page; what needs scripts is hidden."""
    assert reading.text.count("step 600") >= 1
    last = [one.payload["images"][-1] for one in trace.exhibits if one.kind == "fields"]
    assert set(last) <= {image.get("href") for image in reading.all("image")}
    assert all("hidden" in canvas for canvas in reading.all("canvas"))
    player = next(form for form in reading.all("form") if form["class"] == "player controls")
    assert "hidden" in player


def test_controls_and_drawings_have_words(reading: Reading) -> None:
    """The slider, every drawing and every canvas say what they are."""
    assert all(one.get("aria-label") for one in reading.all("input"))
    drawn = [one for one in reading.all("svg") if one.get("class") in ("plot", "film")]
    assert len(drawn) == 8
    assert all(one.get("role") == "img" and one.get("aria-label") for one in drawn)
    assert all(one.get("aria-label") for one in reading.all("canvas"))


def test_hostile_names_stay_text() -> None:
    """Labels, paths, reasons, titles and column names cannot become markup."""
    trace = build_trace()
    one = a_checkpoint(250)
    modes = tuple(dataclasses.replace(mode, label=HOSTILE) for mode in one.modes)
    hostile = dataclasses.replace(
        trace,
        checkpoints=(
            dataclasses.replace(one, path=HOSTILE, modes=modes),
            Checkpoint(HOSTILE, 300, error=HOSTILE),
        ),
        visits=tuple(dataclasses.replace(visit, label=HOSTILE) for visit in trace.visits),
        best=tuple(dataclasses.replace(best, path=HOSTILE, step=250) for best in trace.best),
        summary=(HOSTILE,),
        warnings=(HOSTILE,),
        losses={"step": (1.0, 2.0), HOSTILE: (0.1, 0.2)},
        settings={HOSTILE: HOSTILE, "command": HOSTILE},
        exhibits=tuple(
            dataclasses.replace(
                shown, title=HOSTILE, payload={**shown.payload, "x_label": HOSTILE, "unit": HOSTILE}
            )
            for shown in trace.exhibits
        ),
    )
    text = pages.render(stored(hostile))
    found = Reading(text)

    assert found.open == []
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert not [image for image in found.all("img") if image.get("src") == "x"]
    assert len(found.all("script")) == 2


@pytest.mark.parametrize("kind", ["voyage", "film", "fields"])
def test_a_damaged_picture_does_not_take_the_page_with_it(trace: Trace, kind: str) -> None:
    """What cannot be drawn says so; everything else is there."""
    damaged = tuple(
        dataclasses.replace(one, payload={"steps": [1, 2]}) if one.kind == kind else one
        for one in trace.exhibits
    )
    text = Reading(pages.render(dataclasses.replace(trace, exhibits=damaged))).text

    assert f"cannot draw a “{kind} with damaged data”" in text
    assert "Step by step" in text


def test_a_page_keeps_its_budget_and_says_what_it_lacks() -> None:
    """Of many checkpoints steps and points are left out, announced, and the last step stays."""
    heavy = build_trace(steps=tuple(range(5, 205, 5)), points=100, side=16)
    whole = pages.fitted(heavy)
    light = pages.fitted(heavy, 2 * len(whole.text) // 3)

    assert whole.reduced == ()
    assert len(light.text) <= 2 * len(whole.text) // 3
    assert light.reduced
    assert light.reduced[-1] in Reading(light.text).text
    assert REDUCED in Reading(light.text).text
    assert "step 200" in light.text


def test_an_impossible_budget_is_refused_with_what_it_takes(trace: Trace) -> None:
    """Even bare, a page has a size, and the hint names it."""
    with pytest.raises(OutputError) as refused:
        pages.render(trace, 10_000)

    assert "--max-report-size" in str(refused.value.hint)


def test_fewer_points_are_the_same_latents_in_every_step() -> None:
    """Thinning a voyage keeps rows together: points, colours and steps still fit."""
    frames = [(step, np.arange(10).reshape(5, 2) / 10 + step) for step in (0, 1, 2)]
    shown = exhibits.voyage(
        "", "", frames, None, extent=(0, 4, 0, 4), colours=np.arange(15, dtype=np.uint8)
    )
    thin = fewer_frames(2)(fewer_points(2)(shown) or shown)
    assert thin is not None
    places = np.frombuffer(base64.b64decode(thin.payload["positions"]), "<u2").reshape(2, 3, 2)
    wanted = np.stack([frames[0][1][::2], frames[2][1][::2]])

    assert thin.payload["steps"] == [0, 2]
    assert thin.payload["points"] == 3
    assert np.allclose(places / 65535 * 4, wanted, atol=1e-4)
    assert list(base64.b64decode(thin.payload["colours"])) == [0, 1, 2, 6, 7, 8, 12, 13, 14]
    assert isinstance(figure(thin).body, VoyagePlot)


@pytest.mark.parametrize(("count", "most"), [(3, 10), (10, 10), (100, 7), (61, 60)])
def test_frames_are_kept_evenly_with_both_ends(count: int, most: int) -> None:
    """The first and the last stay, none twice, none beyond what is allowed."""
    found = kept(count, most)

    assert found[0] == 0
    assert found[-1] == count - 1
    assert len(found) == len(set(found)) == min(count, most)


def test_more_modes_than_can_be_told_apart_become_others() -> None:
    """Of a thousand modes those that led have layers; the rest is one, and nothing is lost."""
    trace = build_trace(modes=1000)
    found = shares_over_time(trace)
    assert found is not None
    shares = json.loads(found.said)

    names = [layer.name for layer in found.layers]
    assert len(names) == MOST + 1  # the last one is of no clear mode
    assert "others (981)" in names
    assert {"place 1", "place 3", "place 5"} <= set(names)
    assert sum(shares[0]) == pytest.approx(1, abs=0.01)
    assert shares[STEPS.index(350)] == []


def test_layers_reach_as_high_as_their_shares() -> None:
    """The share of a mode is the height of its layer, in its place of the stack."""
    found = shares_over_time(build_trace())
    assert found is not None
    layer = next(one for one in found.layers if one.name == "place 3")
    top, bottom = found.y.at(0.01 + 0.01 + 0.62), found.y.at(0.02)

    assert f"{bottom:.1f}H" in layer.path
    assert f"V{top:.1f}H" in layer.path


def test_the_reference_stands_beside_the_shares() -> None:
    """Its column fills the whole height, each mode with its own share."""
    found = shares_over_time(build_trace())
    assert found is not None
    heights = [layer.height for layer in found.layers]

    assert sum(heights) == pytest.approx(found.y.start - found.y.stop, abs=1)
    assert heights[0] == pytest.approx((found.y.start - found.y.stop) / 8, abs=0.2)


def test_a_failed_checkpoint_is_a_gap_not_a_bridge() -> None:
    """Curves stop before it and begin again after it."""
    curves = scores_over_time(build_trace()).curves

    assert [one.path.count("M") for one in curves] == [2, 2]


def test_turns_are_shaded_over_their_intervals() -> None:
    """The stretch of an onset reaches from the earliest to the latest step it may have been."""
    found = scores_over_time(build_trace())
    onset = next(one for one in found.shades if one.kind == "onset")

    assert onset.x == pytest.approx(found.x.at(151), abs=0.1)
    assert onset.x + onset.width == pytest.approx(found.x.at(200), abs=0.2)


def test_far_losses_are_cut_off_and_said() -> None:
    """One exploding value does not press the others flat."""
    trace = build_trace()
    losses = {"step": tuple(map(float, range(200))), "loss": (*[1.0, 1.5] * 99, 1e9, 1.2)}
    found = training(dataclasses.replace(trace, losses=losses))
    assert found is not None

    assert found.y.high < 3
    assert "are cut off" in found.note


def test_without_a_log_the_discriminator_speaks() -> None:
    """What it says of both sides is drawn instead of losses; without it there is no panel."""
    trace = dataclasses.replace(build_trace(), losses={})
    found = training(trace)
    unjudged = tuple(dataclasses.replace(one, judged=None) for one in trace.checkpoints)

    assert found is not None
    assert [one.name for one in found.curves] == ["of reference samples", "of samples", "accuracy"]
    assert training(dataclasses.replace(trace, checkpoints=unjudged)) is None


def test_a_bare_trace_has_a_page() -> None:
    """One checkpoint, or none, without reference, losses or pictures."""
    bare = dataclasses.replace(
        build_trace(steps=(100,)),
        exhibits=(),
        losses={},
        turns=(),
        visits=(),
        best=(),
        findings=(),
        reference_counts=(),
    )
    for one in ((Checkpoint("a.pt", 100),), (Checkpoint("a.pt", 1, error="broken"),), ()):
        assert Reading(pages.render(dataclasses.replace(bare, checkpoints=one))).open == []


def test_steps_have_room_half_the_way_to_their_neighbours() -> None:
    """Uneven steps share the axis without gaps; one step has room too."""
    assert spans_of([10, 20, 40]) == [(5, 15), (15, 30), (30, 50)]
    assert spans_of([7]) == [(6.5, 7.5)]
    assert [short(step) for step in (900, 9_999, 42_000, 1_500_000)] == [
        "900",
        "9,999",
        "42k",
        "1.5M",
    ]
    assert [tick.label for tick in step_axis([7]).ticks()] == ["7"]


def test_exhibits_of_a_training_are_drawn_on_any_page(trace: Trace) -> None:
    """Their layouts agree with what was stored: steps, cells, and places in the frame."""
    voyage, film, fields, _ = (figure(one).body for one in trace.exhibits)

    assert isinstance(voyage, VoyagePlot)
    assert voyage.points == 200
    assert 0 < voyage.window[0] < 0.2
    assert voyage.x.at(EXTENT[0]) == pytest.approx(LEFT + voyage.window[0] * WIDTH, abs=0.1)
    assert isinstance(film, FilmPlot)
    assert len(film.cells) == 3 * 11
    assert film.sheet[0] // 16 == 6
    assert isinstance(fields, FieldsPlot)
    assert len(json.loads(fields.images)) == 10


def test_pictures_that_are_none_are_left_out(trace: Trace) -> None:
    """Addresses and markup in the place of a picture never reach the page."""
    fields = next(one for one in trace.exhibits if one.kind == "fields")
    images = ["https://example.org/x.png", *fields.payload["images"][1:]]
    evil = Exhibit("fields", "", "", {**fields.payload, "images": images})
    text = pages.render(dataclasses.replace(trace, exhibits=(evil,)))

    assert "example.org" not in re.sub(r'href="data:application/json[^"]*"', "", text)
