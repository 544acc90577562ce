"""Words, and what arrays are called."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.floating[Any]]
    IntArray: TypeAlias = NDArray[np.integer[Any]]
    AnyArray: TypeAlias = NDArray[Any]

JSON: TypeAlias = Any
OutputKind: TypeAlias = Literal["image", "vector"]
CutKind: TypeAlias = Literal["cut", "bridge"]
CopyKind: TypeAlias = Literal["exact", "near", "close"]
ModeStatus: TypeAlias = Literal["missing", "under", "ok", "over"]

SCHEMA_VERSION = 1


class Severity(IntEnum):
    """How much a finding matters; ordered, so that ``max`` is the worst."""

    OK = 0
    NOTE = 1
    WARN = 2
    FAIL = 3


class Verdict(str, Enum):
    """The one-word answer to "did this generator collapse?"."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    COLLAPSED = "collapsed"
    INCONCLUSIVE = "inconclusive"


class Condition(str, Enum):
    """The diseases gancheck can name."""

    MISSING_MODES = "missing-modes"
    IMBALANCED_MODES = "imbalanced-modes"
    WITHIN_MODE_COLLAPSE = "within-mode-collapse"
    FEW_DISTINCT_SAMPLES = "few-distinct-samples"
    OFF_DISTRIBUTION = "off-distribution"
    MEMORIZATION = "memorization"
    IGNORED_LATENT = "ignored-latent"
    LATENT_CUTS = "latent-cuts"
    CLASS_COLLAPSE = "class-collapse"
    IGNORED_LABEL = "ignored-label"
    MODE_HOPPING = "mode-hopping"
    SATURATED_DISCRIMINATOR = "saturated-discriminator"
    WRONG_LATENT_LAW = "wrong-latent-law"
    UNSTABLE_OUTPUT = "unstable-output"


class Interval(NamedTuple):
    """A two-sided 95% confidence interval."""

    low: float
    high: float
