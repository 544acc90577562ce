"""Whether the samples of two sides have one shape, said in words and flags."""

from __future__ import annotations

from math import prod

from gancheck.errors import ShapeError


def described(shape: tuple[int, ...]) -> str:
    """Say what samples of shape (c, h, w) or (d,) are."""
    if len(shape) == 1:
        return f"vectors of length {shape[0]}"
    channels, height, width = shape
    colour = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    return f"{colour} images of {width} x {height} pixels (width x height)"


def require_same_shape(shape: tuple[int, ...], theirs: tuple[int, ...], stored: bool) -> None:
    """Refuse a reference of another shape; grey samples may be repeated to its three channels.

    Args:
        shape: Shape of one sample.
        theirs: Shape of one reference sample.
        stored: Whether the reference is a prepared file.

    Raises:
        ShapeError: They differ; the hint is the flag that helps.
    """
    if shape == theirs or (shape[0] == 1 and (3, *shape[1:]) == theirs):
        return
    hint = "--reference must hold data of the kind and size that the generator makes."
    if len(shape) == len(theirs) == 3:
        size = f"--resize {shape[1]},{shape[2]}"
        hint = f"{size} crops and resizes the reference to the samples' size."
        if stored and shape[1:] == theirs[1:]:
            hint = "Give the original data with --reference: grey is then repeated to three."
        elif stored:
            hint = f"Prepare the reference again with {size}."
    raise ShapeError(
        f"the reference has {described(theirs)}, the samples are {described(shape)}", hint
    )


def as_images(vector: tuple[int, ...], theirs: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape of the reference's images where a generator's vectors are as long."""
    if len(theirs) != 3:
        return None
    fitting = [shape for shape in (theirs, (1, *theirs[1:])) if vector == (prod(shape),)]
    return fitting[0] if fitting else None


def guessed_images(vector: tuple[int, ...], image: tuple[int, ...]) -> str:
    """Say that vectors were taken for images."""
    named = ",".join(map(str, image))
    return (
        f"The generator's vectors of length {vector[0]} were taken for images like the "
        f"reference's; `--output-shape {named}` says so for certain."
    )
