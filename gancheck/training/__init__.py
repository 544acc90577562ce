"""All of what a generator was trained on, and samples that it never saw, through one view."""

from gancheck.training.building import build
from gancheck.training.sides import LEAST, Side, Training
from gancheck.training.sources import (
    Sources,
    open_sources,
    options_of,
    require_reference,
)

__all__ = [
    "LEAST",
    "Side",
    "Sources",
    "Training",
    "build",
    "open_sources",
    "options_of",
    "require_reference",
]
