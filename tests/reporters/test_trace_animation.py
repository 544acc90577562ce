"""The animation of a trace: its frames move, its panels show what is known."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from example_trace import STEPS, build_trace, stored
from PIL import Image, ImageSequence

from gancheck.reporters.pictures import plotting
from gancheck.reporters.pictures.panels import animation
from gancheck.types import Checkpoint, Trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Return a trace of few points as its JSON gives it back."""
    return stored(build_trace(points=40, side=8))


def frames(content: bytes) -> list[Image.Image]:
    """Return the pictures of an animation."""
    opened = Image.open(io.BytesIO(content))
    return [one.convert("RGB") for one in ImageSequence.Iterator(opened)]


def panel(picture: Image.Image, at: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the pixels of one of the four panels, counted by rows."""
    left, top = 14 + at % 2 * 284, 60 + at // 2 * 304
    return np.asarray(picture.crop((left, top, left + plotting.SIDE, top + plotting.SIDE)))


@pytest.mark.parametrize(("form", "mark"), [("gif", "comment"), ("webp", "xmp")])
def test_every_measured_step_is_a_frame_and_the_file_is_ours(
    trace: Trace, form: str, mark: str
) -> None:
    """Both forms loop over what was measured, and carry the mark of gancheck."""
    content = animation(trace, form)
    opened = Image.open(io.BytesIO(content))

    assert opened.format == form.upper()
    assert getattr(opened, "n_frames", 0) == len(STEPS) - 1
    assert opened.info["loop"] == 0
    assert opened.info[mark] == b"gancheck"
    assert len(content) < 1_000_000


def test_all_four_panels_move(trace: Trace) -> None:
    """Between a healthy and a collapsed step each panel changes."""
    shown = frames(animation(trace, "gif"))

    for at in range(4):
        assert (panel(shown[0], at) != panel(shown[5], at)).any()


def test_the_same_trace_gives_the_same_bytes(trace: Trace) -> None:
    """There is nothing random in an animation."""
    assert animation(trace, "gif") == animation(stored(trace), "gif")


def test_many_checkpoints_become_sixty_frames() -> None:
    """Long trainings are thinned; the last step stays."""
    long = build_trace(steps=tuple(range(4, 268, 4)), points=2, side=2)
    shown = frames(animation(long, "gif"))
    last = dataclasses.replace(long, checkpoints=long.checkpoints[-1:])

    assert len(shown) == 60
    assert (panel(shown[-1], 1) == panel(frames(animation(last, "gif"))[0], 1)).all()


def test_what_is_not_known_is_replaced(trace: Trace) -> None:
    """Without discriminator and pictures the shares, the scores and the identity are shown."""
    bare = dataclasses.replace(
        trace,
        exhibits=(),
        losses={},
        checkpoints=tuple(dataclasses.replace(one, judged=None) for one in trace.checkpoints),
    )
    shown = frames(animation(bare, "gif"))

    assert (panel(shown[0], 1) == plotting.HUES[2]).all(axis=-1).any()  # the share of place 3
    assert all((panel(shown[0], at) != panel(shown[5], at)).any() for at in range(3))


@pytest.mark.parametrize(
    "checkpoints", [(), (Checkpoint("a.pt", 7, error="broken"),), (Checkpoint("a.pt", 7),)]
)
def test_a_trace_with_nothing_to_show_still_has_a_picture(
    trace: Trace, checkpoints: tuple[Checkpoint, ...]
) -> None:
    """Neither nothing nor one broken checkpoint stops it."""
    bare = dataclasses.replace(trace, checkpoints=checkpoints, exhibits=(), losses={})

    assert len(frames(animation(bare, "gif"))) == 1


def test_damaged_pictures_are_left_out(trace: Trace) -> None:
    """A field whose pictures are none gives way to the shares of the modes."""
    damaged = tuple(
        dataclasses.replace(one, payload={**one.payload, "images": []})
        if one.kind == "fields"
        else one
        for one in trace.exhibits
    )
    shown = frames(animation(dataclasses.replace(trace, exhibits=damaged), "gif"))

    assert (panel(shown[0], 2) == plotting.HUES[0]).all(axis=-1).any()


def test_points_lie_where_they_were_stored(trace: Trace) -> None:
    """Places of the exhibit become places of the panel, up is up."""
    voyage = next(one for one in trace.exhibits if one.kind == "voyage")
    found = plotting.dots((), voyage.payload)
    at = found.frames[250]

    assert at.shape == (40, 2)
    assert (at[:, 0] < plotting.SIDE * 0.75).all()  # place 3 is at the top of the ring
    assert (at[:, 1] < plotting.SIDE / 2).all()
