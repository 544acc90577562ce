"""Shapes of two sides: what fits, what is guessed, and what the hint says where nothing does."""

from __future__ import annotations

import pytest

from gancheck.errors import ShapeError
from gancheck.shapes import as_images, described, guessed_images, require_same_shape


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((7,), "vectors of length 7"),
        ((1, 4, 6), "grey images of 6 x 4 pixels (width x height)"),
        ((3, 4, 6), "colour images of 6 x 4 pixels (width x height)"),
        ((4, 4, 6), "4-channel images of 6 x 4 pixels (width x height)"),
    ],
)
def test_shapes_are_told_in_words(shape: tuple[int, ...], words: str) -> None:
    """Width comes first, as people say it."""
    assert described(shape) == words


@pytest.mark.parametrize("theirs", [(1, 8, 8), (3, 8, 8)])
def test_grey_samples_fit_a_colour_reference(theirs: tuple[int, ...]) -> None:
    """They are repeated to three channels."""
    require_same_shape((1, 8, 8), theirs, stored=False)


@pytest.mark.parametrize(
    ("shape", "theirs", "stored", "hint"),
    [
        ((3, 8, 8), (1, 8, 8), False, "--resize 8,8"),
        ((1, 8, 8), (1, 9, 8), False, "--resize 8,8 crops"),
        ((1, 8, 8), (1, 9, 8), True, "Prepare the reference again with --resize 8,8"),
        ((3, 8, 8), (1, 8, 8), True, "Give the original data"),
        ((5,), (1, 8, 8), False, "kind and size"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_way_out(
    shape: tuple[int, ...], theirs: tuple[int, ...], stored: bool, hint: str
) -> None:
    """The message has both sides, the hint the flag."""
    with pytest.raises(ShapeError) as caught:
        require_same_shape(shape, theirs, stored)
    assert described(theirs) in caught.value.message
    assert described(shape) in caught.value.message
    assert hint in str(caught.value.hint)


def test_vectors_as_long_as_the_images_are_taken_for_images() -> None:
    """For colour where that fits, else for grey; the sentence has the flag."""
    assert as_images((192,), (3, 8, 8)) == (3, 8, 8)
    assert as_images((64,), (3, 8, 8)) == (1, 8, 8)
    assert as_images((65,), (3, 8, 8)) is None
    assert as_images((5,), (5,)) is None
    assert "--output-shape 1,8,8" in guessed_images((64,), (1, 8, 8))
