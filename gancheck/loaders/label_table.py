"""Tables of vectors that stand for labels, for networks that take a vector for each class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import LoadError

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_AXES = 2
_HINT = (
    "It takes a .npy file, or an .npz file with one array, of shape (classes, k): row y is fed for "
    "label y. `--label-table FILE`."
)


def read_label_table(path: str | Path) -> FloatArray:
    """Read the vectors that stand for labels: (classes, k) float32, row y for label y.

    Raises:
        LoadError: There is no such file, or it holds no table of finite numbers.
    """
    found = _array(Path(path))
    if found.ndim != _AXES or 0 in found.shape or found.dtype.kind not in "fiu":
        raise LoadError(f"{path} holds {found.dtype} of shape {found.shape}, no table", _HINT)
    table = found.astype(np.float32)
    if not np.isfinite(table).all():
        raise LoadError(f"{path} holds NaN or infinity", _HINT)
    return table


def _array(path: Path) -> AnyArray:
    try:
        with path.open("rb") as file:
            read = np.load(file, allow_pickle=False)
            if isinstance(read, np.ndarray):
                return read
            names = read.files
            if len(names) == 1:
                only: AnyArray = read[names[0]]
                return only
    except FileNotFoundError as error:
        raise LoadError(f"{path} does not exist", _HINT) from error
    except Exception as error:  # the reader raises whatever its unpacking runs into
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(f"{path} cannot be read as an array: {reason}", _HINT) from error
    raise LoadError(f"{path} holds {len(names)} arrays: {', '.join(names[:5])}", _HINT)
