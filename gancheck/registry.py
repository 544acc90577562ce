"""A place to look things up by name: analyzers, loaders, embedders, reporters, architectures."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from gancheck.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names of one kind of thing, filled by importing the modules of one package.

    Args:
        kind: What is kept, singular, for messages: ``analyzer``.
        package: Package whose modules register themselves when imported. Installed plugins
            register through the entry-point group of the same name.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._items: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its argument under a name.

        Raises:
            ValueError: Another thing already has that name.
        """

        def decorate(item: T) -> T:
            known = self._items.setdefault(name, item)
            if known is not item:
                raise ValueError(f"two {self.kind}s are called {name!r}: {known!r} and {item!r}")
            return item

        return decorate

    def get(self, name: str) -> T:
        """Return what is filed under a name.

        Raises:
            UsageError: Nothing is; the message lists near misses and all names.
        """
        if name not in self._items:
            self._import_named(name)
        if name not in self._items:
            self.discover()
        if name in self._items:
            return self._items[name]
        close = difflib.get_close_matches(name, self._items, n=1)
        guess = f"Did you mean {close[0]!r}? " if close else ""
        raise UsageError(
            f"there is no {self.kind} called {name!r}", f"{guess}Known: {', '.join(self.names())}."
        )

    def names(self) -> list[str]:
        """Return every name, sorted."""
        self.discover()
        return sorted(self._items)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        for name in self.names():
            yield name, self._items[name]

    def discover(self) -> None:
        """Import the package's modules, then the installed plugins; only the first call works."""
        if self._discovered:
            return
        self._discovered = True
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        for plugin in entry_points(group=self.package):
            self._load_plugin(plugin.name, plugin.load)

    def _import_named(self, name: str) -> None:
        """Import the one module that a name says, if there is one: most often it is enough."""
        module = f"{self.package}.{name}"
        if name.isidentifier() and importlib.util.find_spec(module) is not None:
            importlib.import_module(module)

    def _load_plugin(self, name: str, load: Callable[[], object]) -> None:
        try:
            load()
        except Exception as error:  # a broken plugin must not take the tool down with it
            warnings.warn(f"{self.kind} plugin {name!r} could not be loaded: {error}", stacklevel=2)
