"""The training and the held-out data of a run: opened, and held against the reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import LoadError, ShapeError, UsageError
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.sniff import PREPARED, sniff
from gancheck.loaders.streaming import open_stream
from gancheck.shapes import described

if TYPE_CHECKING:
    from gancheck.loaders.streaming import SampleStream
    from gancheck.reference import PreparedReference, Reference

TRAINING, HELD_OUT = "--reference", "--holdout"


@dataclass(frozen=True, eq=False)
class Sources:
    """Where training and held-out samples come from.

    Attributes:
        held_out: The held-out samples.
        training: All training samples; None where only a prepared reference was given.
        prepared: That prepared reference; None where the data itself was given.
        training_sha256: Hash of the training data.
        options: How both were opened.
    """

    held_out: SampleStream
    training: SampleStream | None
    prepared: PreparedReference | None
    training_sha256: str
    options: LoadOptions

    @property
    def held(self) -> int:
        """Bytes of samples that are in memory all the time."""
        return self.held_out.held + (0 if self.training is None else self.training.held)

    @property
    def count(self) -> int:
        """Samples on both sides."""
        return len(self.held_out) + (0 if self.training is None else len(self.training))


def require_reference(holdout: Path | None, reference: Path | None) -> None:
    """Refuse held-out data without the data that the model was trained on.

    Raises:
        UsageError: There is held-out data only, or both are one.
    """
    if holdout is None:
        return
    if reference is None:
        raise UsageError(
            f"--holdout {holdout} was given without --reference",
            "Name the data that the model was trained on: --reference TRAIN --holdout HELD_OUT.",
        )
    if holdout.exists() and reference.exists() and holdout.samefile(reference):
        raise _same(holdout)


def open_sources(
    holdout: Path,
    reference: Path,
    known: Reference,
    prepared: PreparedReference | None,
    options: LoadOptions,
) -> Sources:
    """Open both sides, and refuse what cannot be compared.

    Args:
        holdout: Folder or file of held-out samples.
        reference: What ``--reference`` names.
        known: The reference as it was read.
        prepared: The same, where a prepared file was given.
        options: Seed, limit and size of images, as the reference was read with.

    Raises:
        LoadError: One of them cannot be read, or the held-out data is a generator.
        ShapeError: The held-out samples are of another kind or size.
        UsageError: Both are one and the same, or the held-out data is a prepared reference.
    """
    channels = known.shape[0] if len(known.shape) == 3 else None
    with naming(HELD_OUT):
        if sniff(holdout).kind == PREPARED:
            raise UsageError(
                f"--holdout {holdout} is a prepared reference",
                "Give the held-out samples themselves: a folder of images or a file of arrays.",
            )
        held_out = open_stream(holdout, options, channels)
    _require_shape(held_out.shape, known.shape)
    training = None
    if prepared is None:
        with naming(TRAINING):
            training = open_stream(reference, options, channels)
    # A reference may be a part of its folder, but is all of its file.
    sha256 = training.sha256 if training is not None and reference.is_dir() else known.sha256
    if held_out.sha256 == sha256:
        raise _same(holdout)
    return Sources(held_out, training, prepared, sha256, options)


def options_of(seed: int, limit: int, resize: tuple[int, int] | None) -> LoadOptions:
    """Return how the reference was read, and both sides are."""
    return LoadOptions(seed=seed, limit=limit, resize=resize, samples_only=True)


@contextmanager
def naming(flag: str) -> Iterator[None]:
    """Name the flag whose data an error is about."""
    try:
        yield
    except (LoadError, ShapeError) as error:
        raise type(error)(f"{flag}: {error.message}", error.hint) from error


def _require_shape(theirs: tuple[int, ...], known: tuple[int, ...]) -> None:
    if theirs == known:
        return
    hint = "--holdout must hold data of the kind and size that --reference holds."
    if len(theirs) == len(known) == 3 and theirs[1:] != known[1:]:
        hint = f"--resize {known[1]},{known[2]} crops and resizes both to one size."
    elif len(theirs) == len(known) == 3:
        hint = "Convert the held-out images to grey; grey is repeated to colour, not colour cut."
    raise ShapeError(f"--holdout has {described(theirs)}, --reference has {described(known)}", hint)


def _same(holdout: Path) -> UsageError:
    return UsageError(
        f"--holdout {holdout} is the data that --reference names",
        "Held-out samples are those that the model was not trained on.",
    )
