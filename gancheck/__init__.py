"""Diagnose collapse in trained generators, with evidence and error bars.

Importing this package imports neither torch nor numpy; the names below load what they need when
they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gancheck.callbacks.monitor import Monitor
    from gancheck.comparing import compare
    from gancheck.errors import GancheckError
    from gancheck.loaders import LoadOptions, load
    from gancheck.pipeline import diagnose
    from gancheck.settings import Settings
    from gancheck.types import Diagnosis

__version__ = "0.1.0"

__all__ = [
    "Diagnosis",
    "GancheckError",
    "LoadOptions",
    "Monitor",
    "Settings",
    "__version__",
    "compare",
    "diagnose",
    "load",
]

_HOMES = {
    "Diagnosis": "gancheck.types",
    "GancheckError": "gancheck.errors",
    "LoadOptions": "gancheck.loaders",
    "Monitor": "gancheck.callbacks.monitor",
    "Settings": "gancheck.settings",
    "compare": "gancheck.comparing",
    "diagnose": "gancheck.pipeline",
    "load": "gancheck.loaders",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gancheck' has no attribute {name!r}")
