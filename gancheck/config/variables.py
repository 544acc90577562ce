"""Settings from the environment: each option has a variable of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gancheck.config.files import TRUST, meant
from gancheck.config.kinds import GATE_SETTINGS, SETTINGS

PREFIX = "GANCHECK_"
NOT_SETTINGS = (
    "GANCHECK_BROWSER",
    "GANCHECK_CACHE_DIR",
    "GANCHECK_PLUGINS",
    "GANCHECK_RANK_TIMEOUT",
)
"""Variables that other parts read."""

ROOT = ("config", "no-config")
"""Options of the program itself, which only variables and flags can give."""

OPTIONS = {"levels": "level"}
"""Keys of the table ``gate`` whose option has another name."""


def variable(name: str) -> str:
    """Name the environment variable of an option."""
    return PREFIX + name.upper().replace("-", "_")


def stray_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable that looks like ours, and that nothing reads."""
    options = (*SETTINGS, *(OPTIONS.get(key, key) for key in GATE_SETTINGS), *ROOT)
    known = [*map(variable, options), *NOT_SETTINGS]
    for name in sorted(environment):
        if name == variable(TRUST):
            yield f"{name} is not used: --trust can only be given on the command line"
        elif name.startswith(PREFIX) and name not in known:
            yield f"{name} is not a setting{meant(name, known, '; did you mean {}?')}"
