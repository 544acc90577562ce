"""Settings from a file: ``gancheck.toml``, or ``[tool.gancheck]`` in a ``pyproject.toml``.

The nearest such file, from the current folder upwards, is the only one that is read. Its keys are
the options of ``gancheck diagnose`` by their names, and those of ``gancheck gate`` in a table
``gate``. Everything is checked here, before anything is run: what is wrong is named with its file,
its key, what was found and what was expected.

What lowers a guard cannot come from a file: ``trust``, and ``isolate = false``.
"""

from __future__ import annotations

from gancheck.config.files import Config, find, load, read
from gancheck.config.kinds import DECISIONS, GATE_SETTINGS, LEVELS, MAPS, SETTINGS
from gancheck.config.variables import OPTIONS, stray_variables, variable

__all__ = [
    "DECISIONS",
    "GATE_SETTINGS",
    "LEVELS",
    "MAPS",
    "OPTIONS",
    "SETTINGS",
    "Config",
    "find",
    "load",
    "read",
    "stray_variables",
    "variable",
]
