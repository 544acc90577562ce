"""What the pictures of a latent space tell each other."""

from __future__ import annotations

from analyzers.studies import mapped, study_of_map
from analyzers.test_analyzer_cuts import voronoi
from gancheck.latents.pictures import pictures
from gancheck.latents.search import Effort, scan


def test_lines_and_strips_carry_the_numbers_of_their_surfaces() -> None:
    """Every line on a surface finds the strip across it, and each strip is there once."""
    study = study_of_map(mapped(voronoi(1e4), 2, (2,)))
    shown = pictures(study, scan(study, Effort()))

    numbers = [one.payload["surface"] for one in shown if one.kind in ("strip", "crossing")]
    (slice_,) = (one for one in shown if one.kind == "slice")
    lines = {line["surface"] for line in slice_.payload["lines"]} - {None}
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 1
    assert lines
    assert lines <= set(numbers)
