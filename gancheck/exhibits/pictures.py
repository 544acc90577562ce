"""Exhibits made of pictures: grids, film strips, pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gancheck.images import data_uri
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import AnyArray


def grid(
    title: str, caption: str, images: AnyArray, captions: Sequence[str] = (), *, role: str
) -> Exhibit:
    """Show (n, c, h, w) images side by side; role is ``reference`` or ``samples``."""
    return Exhibit("grid", title, caption, {"tiles": _tiles(images, captions), "role": role})


def strip(
    title: str,
    caption: str,
    images: AnyArray,
    captions: Sequence[str] = (),
    *,
    jumps: Sequence[float] = (),
) -> Exhibit:
    """Show (n, c, h, w) images as one film strip, in order; jumps (n - 1) are between them."""
    payload = {"tiles": _tiles(images, captions), "jumps": [round(float(x), 4) for x in jumps]}
    return Exhibit("strip", title, caption, payload)


def pairs(
    title: str,
    caption: str,
    left: AnyArray,
    right: AnyArray,
    captions: Sequence[str],
    *,
    titles: tuple[str, str],
) -> Exhibit:
    """Show (n, c, h, w) images in pairs, such as a sample and its nearest training image."""
    rows = [
        {"left": data_uri(a), "right": data_uri(b), "caption": text}
        for a, b, text in zip(left, right, captions, strict=True)
    ]
    return Exhibit(
        "pairs", title, caption, {"pairs": rows, "left_title": titles[0], "right_title": titles[1]}
    )


def _tiles(images: AnyArray, captions: Sequence[str]) -> list[dict[str, str]]:
    texts = captions or [""] * len(images)
    return [
        {"image": data_uri(image), "caption": text}
        for image, text in zip(images, texts, strict=True)
    ]
