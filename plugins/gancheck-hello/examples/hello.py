"""Diagnose a generator that lost its night scenes: python examples/hello.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import gancheck
import numpy as np
from gancheck.api import AnyArray


def scenes(n: int, rng: np.random.Generator, *, nights: float) -> AnyArray:
    """Draw (n, 1, 16, 16) uint8 pictures: a bright spot before a day or a night sky.

    Args:
        n: How many.
        rng: Source of everything random.
        nights: Share of night skies.
    """
    sky = np.where(rng.random(n) < nights, 30, 170) + rng.normal(0, 6, n)
    place = rng.uniform(4, 12, (n, 2))
    rows, columns = np.mgrid[:16, :16]
    away = (rows - place[:, :1, None]) ** 2 + (columns - place[:, 1:, None]) ** 2
    pictures: AnyArray = sky[:, None, None] + 60 * np.exp(-away / 6)
    return pictures.clip(0, 255).astype(np.uint8)[:, None]


def main() -> None:
    """Diagnose samples without nights, print what was found, and write the page."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    rng = np.random.default_rng(0)
    samples, reference = scenes(1000, rng, nights=0.0), scenes(2000, rng, nights=0.5)
    settings = gancheck.Settings(samples=1000, embedder="pixels", map="pca", cache=False)
    diagnosis = gancheck.diagnose(samples, reference, settings)
    found = next(one for one in diagnosis.findings if one.id == "brightness.shift")
    page = diagnosis.save_html(folder / "hello.html")
    print(f"{diagnosis.verdict.value}: {found.title}; {page}")


if __name__ == "__main__":
    main()
