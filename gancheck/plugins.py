"""Installed packages that bring things of their own; each is imported once, when first asked for.

A package names a module in the entry-point group ``gancheck.plugins``; the module registers what it
brings. One that cannot be imported is a warning, and the run goes on without it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points

from gancheck.errors import UsageError

GROUP = "gancheck.plugins"
SWITCH = "GANCHECK_PLUGINS"
_ALL, _NONE = ("", "1", "true", "yes", "on", "all"), ("0", "false", "no", "off", "none")
_SHOWN = 300  # characters of an error


class PluginWarning(UserWarning):
    """A plugin could not be imported; the run goes on without what it brings."""


@dataclass(frozen=True)
class Origin:
    """Who brought a thing.

    Attributes:
        module: Module that registered it, or that the plugin names.
        distribution: Installed package; empty for a module that belongs to no plugin.
        version: Its version.
        plugin: Name of the plugin; empty for what is built in, and for modules of no plugin.
    """

    module: str
    distribution: str = ""
    version: str = ""
    plugin: str = ""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}" if self.distribution else self.module


@dataclass(frozen=True)
class Broken:
    """A plugin that could not be imported, and why, in one line."""

    origin: Origin
    error: str

    def __str__(self) -> str:
        origin = self.origin
        return f"plugin {origin.plugin!r} ({origin}) could not be imported: {self.error}"


@dataclass
class Plugins:
    """The plugins of one process.

    Attributes:
        broken: Those that could not be imported.
    """

    broken: list[Broken] = field(default_factory=list)
    _importing: list[Origin] = field(default_factory=list)
    _done: bool = False

    @cached_property
    def installed(self) -> tuple[tuple[Origin, EntryPoint], ...]:
        """Every plugin, whether it is switched on or not, by name."""
        found = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
        return tuple((_origin_of(entry), entry) for entry in found)

    def chosen(self) -> list[tuple[Origin, EntryPoint]]:
        """Return the plugins that ``GANCHECK_PLUGINS`` leaves on: all of them by default.

        Raises:
            UsageError: It names a plugin that is not installed.
        """
        said = os.environ.get(SWITCH, "").strip()
        if said.lower() in _ALL:
            return list(self.installed)
        if said.lower() in _NONE:
            return []
        wanted = {name.strip() for name in said.split(",") if name.strip()}
        known = {name for origin, _ in self.installed for name in _names(origin)}
        if unknown := sorted(wanted - known):
            listed = ", ".join(sorted(origin.plugin for origin, _ in self.installed)) or "none"
            raise UsageError(
                f"{SWITCH}={said}: no plugin called {unknown[0]!r} is installed",
                f"0 turns all of them off. Installed: {listed}.",
            )
        return [one for one in self.installed if wanted & _names(one[0])]

    def load(self) -> None:
        """Import the plugins that are switched on; only the first call works.

        Raises:
            UsageError: As for `chosen`.
        """
        if self._done:
            return
        chosen = self.chosen()
        self._done = True
        for origin, entry in chosen:
            with self._brought_by(origin):
                self._import(origin, entry.load)

    def origin(self, module: str) -> Origin:
        """Tell who brings what a module registers.

        That is the plugin whose module it is, else the one that is being imported, else the one of
        the same package; a module of no plugin stands for itself.
        """
        within = [one for one, _ in self.installed if f"{module}.".startswith(f"{one.module}.")]
        if within:
            return max(within, key=lambda one: len(one.module))
        if self._importing:
            return self._importing[-1]
        package = module.partition(".")[0]
        beside = (one for one, _ in self.installed if one.module.partition(".")[0] == package)
        return next(beside, Origin(module))

    def is_broken(self, origin: Origin) -> bool:
        """Tell whether a plugin failed, after it registered something."""
        return any(one.origin == origin for one in self.broken)

    @contextmanager
    def _brought_by(self, origin: Origin) -> Iterator[None]:
        self._importing.append(origin)
        try:
            yield
        finally:
            self._importing.pop()

    def _import(self, origin: Origin, load: Callable[[], object]) -> None:
        try:
            load()
        except (Exception, SystemExit) as error:  # a broken plugin must not take the tool with it
            said = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN]
            self.broken.append(Broken(origin, said))
            warnings.warn(str(self.broken[-1]), PluginWarning, stacklevel=2)


PLUGINS = Plugins()
"""Those of this process."""


def _origin_of(entry: EntryPoint) -> Origin:
    name = version = ""
    if entry.dist is not None:
        name, version = entry.dist.name, entry.dist.version
    return Origin(entry.module, name or entry.module, version, entry.name)


def _names(origin: Origin) -> set[str]:
    return {origin.plugin, origin.distribution}
