"""A conditional generator under one of its labels: to all others, a generator without labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gancheck.errors import ShapeError, UsageError
from gancheck.types import Generator, GeneratorSpec, SampleSet

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class OneClass:
    """A generator that is always given the same label; see `gancheck.types.Generator`."""

    generator: Generator
    label: int

    @property
    def spec(self) -> GeneratorSpec:
        """What is known of it: what was known before, without the classes."""
        spec = self.generator.spec
        note = f"Every sample is drawn under label {self.label} of {spec.classes}, as told."
        call = f"{spec.call}; the label is {self.label}"
        return replace(spec, classes=None, notes=(*spec.notes, note), call=call)

    def __call__(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents (n, *latent_shape) to outputs under that label.

        Raises:
            ShapeError: Labels were given.
        """
        import torch

        if labels is not None:
            raise ShapeError(f"{self.spec.origin} is run under label {self.label} only")
        same = torch.full((len(latents),), self.label, dtype=torch.int64, device=latents.device)
        return self.generator(latents, same)


def under_label(loaded: Generator | SampleSet, label: int | None) -> Generator | SampleSet:
    """Return a generator under one of its labels; itself where none is named.

    Raises:
        UsageError: What was loaded takes no labels.
        ShapeError: It has no such label.
    """
    if label is None:
        return loaded
    if isinstance(loaded, SampleSet):
        raise UsageError(
            f"{loaded.origin} holds samples, which cannot be drawn under label {label}",
            "Leave out `--class`, or give the samples of that class alone.",
        )
    classes = loaded.spec.classes
    if classes is None:
        raise UsageError(f"{loaded.spec.origin} takes no labels", "Leave out `--class`.")
    if not 0 <= label < classes:
        raise ShapeError(
            f"{loaded.spec.origin} has {classes} classes, and none of number {label}",
            f"Labels go from 0 to {classes - 1}: `--class {min(max(label, 0), classes - 1)}`.",
        )
    return OneClass(loaded, label)
