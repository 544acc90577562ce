"""Files that say what the modes are: centres, or a classifier whose classes they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gancheck.errors import LoadError, ShapeError, UsageError
from gancheck.loaders.arrayfile import read_array, read_arrays
from gancheck.loaders.classifier import Classifier, open_classifier
from gancheck.loaders.hashing import hash_file
from gancheck.loaders.sniff import sniff
from gancheck.measures.captured import Captured, captured, high_quality_radius
from gancheck.types import Generator, SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_ARRAYS = ("npy", "npz")
_NAMES = ("centres", "centers", "means", "modes")
_BESIDE = ("sd", "shares")
_SPOKEN = 3  # coordinates of a centre that are worth telling
_HINT = (
    "Write numpy.savez(path, centres=..., sd=..., shares=...): centres (m, d), sd one number or "
    "(m,), shares (m,) or left out where they are equal."
)


@dataclass(frozen=True)
class ModeOptions:
    """What the user says about known modes.

    Attributes:
        path: File of the centres, or of a classifier.
        sd: Standard deviation of the modes; None takes that of the file.
        value_range: Values of black and white that the classifier was trained on; None takes
            those of the generator.
        device: Where a classifier runs.
    """

    path: Path
    sd: float | None = None
    value_range: tuple[float, float] | None = None
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class Centres:
    """Known modes as Gaussians around centres.

    Attributes:
        places: (m, d) their centres.
        sd: (m,) their standard deviations along each axis.
        shares: (m,) the shares that they should hold; they sum to 1.
        path: The file they came from.
        sha256: Hash of the file, hexadecimal.
    """

    places: FloatArray
    sd: FloatArray
    shares: FloatArray
    path: str = ""
    sha256: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their numbers, with the centre where it is short."""
        if self.places.shape[1] > _SPOKEN:
            return tuple(str(number) for number in range(len(self.places)))
        return tuple(
            f"{number} at ({', '.join(f'{side:.3g}' for side in place)})"
            for number, place in enumerate(self.places)
        )

    @property
    def condition(self) -> str:
        """When a sample is of high quality, in words."""
        radius = high_quality_radius(self.places.shape[1])
        return f"within {radius:.3g} standard deviations of a centre"

    def captured(self, values: AnyArray, seed: int) -> Captured:
        """Assign samples (n, d) to them."""
        return captured(values, self.places, self.sd, shares=self.shares, seed=seed)


ModeFile: TypeAlias = Centres | Classifier
"""Known modes, ready to have samples assigned to them."""


def open_modes(asked: ModeOptions | None, loaded: Generator | SampleSet) -> ModeFile | None:
    """Read known modes for a subject; None where none are asked for.

    Raises:
        LoadError: The file is damaged, or holds neither centres nor a classifier.
        RefusedError: It is a program that is more than tensor maths.
        ShapeError: Its modes are of other samples than these.
        UsageError: What was said beside it does not go with it.
    """
    if asked is None:
        return None
    shape = loaded.shape if isinstance(loaded, SampleSet) else loaded.spec.output_shape
    if sniff(asked.path).kind in _ARRAYS:
        _refuse(asked.value_range is not None, "--modes-range", "a classifier", asked.path)
        centres = read_centres(asked.path, asked.sd)
        _require_points(centres, shape)
        return centres
    _refuse(asked.sd is not None, "--modes-sd", "centres", asked.path)
    known = None if isinstance(loaded, SampleSet) else loaded.spec.output_range
    if asked.value_range is None and known is None and len(shape) == 3:
        raise UsageError(
            f"{asked.path} is a classifier, and images that are no generator's do not show the "
            "range that it was trained on",
            "Give the values of black and white: `--modes-range -1,1` or 0,1 or 0,255.",
        )
    return open_classifier(asked.path, shape, asked.value_range or known, asked.device)


def read_centres(path: Path, sd: float | None = None) -> Centres:
    """Read centres (m, d), their sd and their shares from a ``.npy`` or ``.npz`` file.

    Args:
        path: The file.
        sd: Standard deviation of every mode; None takes that of the file.

    Raises:
        LoadError: It is damaged, or lacks something.
    """
    arrays = _arrays(path)
    places = _numbers(arrays.pop(""), path, "centres", 2)
    m = len(places)
    width = arrays.get("sd") if sd is None else np.asarray(sd)
    if width is None:
        raise LoadError(
            f"{path} holds {m} centres without the standard deviation of the modes",
            f"Give it: `--modes-sd X`. Or keep it in the file. {_HINT}",
        )
    widths = np.broadcast_to(_positive(width, path, "sd", m), (m,))
    shares = np.broadcast_to(_positive(arrays.get("shares", np.ones(m)), path, "shares", m), (m,))
    return Centres(places, widths, shares / shares.sum(), str(path), hash_file(path))


def _arrays(path: Path) -> dict[str, AnyArray]:
    """Return the centres under an empty name, and what stands beside them."""
    if sniff(path).kind == "npy":
        return {"": read_array(path)}
    seen: list[str] = []

    def choose(names: list[str]) -> list[str]:
        seen.extend(names)
        others = [name for name in names if name not in _BESIDE]
        named = [name for name in _NAMES if name in names]
        main = named[:1] or (others if len(others) == 1 else [])
        return [*main, *(name for name in _BESIDE if name in names)]

    found = dict(read_arrays(path, choose))
    main = [name for name in found if name not in _BESIDE]
    if not main:
        listed = ", ".join(name[:40] for name in seen[:5]) or "nothing"
        raise LoadError(f"{path} holds {listed}, and no array `centres`", _HINT)
    return {"": found.pop(main[0]), **found}


def _numbers(array: AnyArray, path: Path, what: str, axes: int) -> FloatArray:
    if array.ndim != axes or 0 in array.shape or array.dtype.kind not in "fiu":
        raise LoadError(f"{path} holds {what} of {array.dtype} and shape {array.shape}", _HINT)
    numbers = array.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise LoadError(f"{path} holds {what} with NaN or infinity", _HINT)
    return numbers


def _positive(array: AnyArray, path: Path, what: str, m: int) -> FloatArray:
    numbers = _numbers(np.atleast_1d(array), path, what, 1)
    if len(numbers) not in (1, m) or numbers.min() <= 0:
        found = f"{len(numbers)} numbers from {numbers.min():g}"
        raise LoadError(
            f"{path}: {what} of {m} modes are {found}, expected {m} of them, above 0", _HINT
        )
    return numbers


def _require_points(centres: Centres, shape: tuple[int, ...]) -> None:
    if shape == centres.places.shape[1:]:
        return
    raise ShapeError(
        f"{centres.path} holds centres of {centres.places.shape[1]} numbers, and samples have "
        f"shape {shape}",
        "Centres are of vectors as the generator returns them. For images give a classifier: "
        "`--modes classifier.onnx`.",
    )


def _refuse(given: bool, flag: str, owner: str, path: Path) -> None:
    if given:
        raise UsageError(f"{flag} is for {owner}, and {path} holds none", f"Leave out `{flag}`.")
