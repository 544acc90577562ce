"""Pictures of digits, drawn from a font: stand-ins for a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from gancheck.types import AnyArray


def digits(labels: str, rng: np.random.Generator) -> AnyArray:
    """Draw one (1, 28, 28) picture for each label, slanted, shifted and blurred at random."""
    return np.stack([_digit(label, rng) for label in labels])[:, None]


def _digit(label: str, rng: np.random.Generator) -> AnyArray:
    canvas = Image.new("L", (56, 56))
    font = ImageFont.load_default(size=float(rng.uniform(38, 46)))
    ImageDraw.Draw(canvas).text((28, 28), label, fill=255, anchor="mm", font=font)
    slant, shift = float(rng.normal(0, 0.18)), float(rng.normal(0, 1.5))
    canvas = canvas.transform(
        (56, 56), Image.Transform.AFFINE, (1, slant, -28 * slant + shift, 0, 1, shift)
    )
    blurred = canvas.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.6, 1.3))))
    return np.asarray(blurred.resize((28, 28), Image.Resampling.LANCZOS))
