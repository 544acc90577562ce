"""A place to look things up by name: analyzers, loaders, embedders, reporters, architectures."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from gancheck import plugins
from gancheck.errors import UsageError
from gancheck.plugins import Origin

T = TypeVar("T")


class Brought(NamedTuple, Generic[T]):
    """A thing, the name it wants, and who brings it."""

    name: str
    item: T
    origin: Origin


class Registry(Generic[T]):
    """Names of one kind of thing, filled by importing the modules of one package, then plugins.

    Built-in things are found without importing any plugin. Whatever else registers something waits
    until all of the package is known, so that no plugin takes the place of a built-in thing.

    Args:
        kind: What is kept, singular, for messages: ``analyzer``.
        package: Package whose modules register themselves when imported.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._items: dict[str, T] = {}
        self._origins: dict[str, Origin] = {}
        self._waiting: list[Brought[T]] = []
        self._clashes: list[tuple[str, Origin, Origin]] = []
        self._discovered = self._complete = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its argument under a name.

        Two things of one name are refused when the registry is next looked through; only what a
        program registers itself may be registered anew, as notebooks do.
        """
        module = str(sys._getframe(1).f_globals.get("__name__", "__main__"))

        def decorate(item: T) -> T:
            is_own = _package(module) == _package(self.package)
            brought = Brought(name, item, _built_in(module) if is_own else _foreign(module))
            if is_own or self._complete:
                self._accept(brought)
            else:
                self._waiting.append(brought)
            return item

        return decorate

    def get(self, name: str) -> T:
        """Return what is filed under a name.

        Raises:
            UsageError: Nothing is, and the message lists near misses and all names; or two things
                are.
        """
        if name not in self._items:
            self._import_named(name)
        if name not in self._items or any(one.name == name for one in self._waiting):
            self.discover()
        if name in self._items:
            return self._items[name]
        close = difflib.get_close_matches(name, self._items, n=1)
        guess = f"Did you mean {close[0]!r}? " if close else ""
        raise UsageError(
            f"there is no {self.kind} called {name!r}", f"{guess}Known: {', '.join(self.names())}."
        )

    def names(self) -> list[str]:
        """Return every name, sorted.

        Raises:
            UsageError: Two things share one.
        """
        self.discover()
        return sorted(self._items)

    def origin(self, name: str) -> Origin:
        """Tell who brought what is filed under a name."""
        self.get(name)
        return self._origins.get(name) or _built_in(self.package)

    def is_built_in(self, name: str) -> bool:
        """Tell whether gancheck itself brings what is filed under a name."""
        return _package(self.origin(name).module) == _package(self.package)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        for name in self.names():
            yield name, self._items[name]

    def discover(self) -> None:
        """Import the package's modules, then the installed plugins; only the first call works.

        Raises:
            UsageError: Two things share a name, or ``GANCHECK_PLUGINS`` names no plugin.
        """
        if not self._discovered:
            self._discovered = True
            try:
                self._import_all()
                plugins.PLUGINS.load()
            except BaseException:
                self._discovered = False
                raise
            self._complete = True
        while self._waiting:
            self._accept(self._waiting.pop(0))
        self._refuse_clashes()

    def _accept(self, brought: Brought[T]) -> None:
        if plugins.PLUGINS.is_broken(brought.origin):
            return
        name, item, origin = brought
        first = self._origins.get(name)
        if first is None or _is_anew(self._items.get(name), first, brought):
            self._items[name], self._origins[name] = item, origin
        else:
            self._clashes.append((name, first, origin))

    def _refuse_clashes(self) -> None:
        for name, first, second in self._clashes:
            raise UsageError(
                f"{self.kind} {name!r} is brought by {first} and by {second}",
                f"Uninstall one of them, or turn plugins off: {plugins.SWITCH}=0.",
            )

    def _import_all(self) -> None:
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")

    def _import_named(self, name: str) -> None:
        """Import the one module that a name says, if there is one: most often it is enough."""
        module = f"{self.package}.{name}"
        if name.isidentifier() and importlib.util.find_spec(module) is not None:
            importlib.import_module(module)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _built_in(module: str) -> Origin:
    from gancheck import __version__

    return Origin(module, "gancheck", __version__)


def _foreign(module: str) -> Origin:
    return plugins.PLUGINS.origin(module)


def _is_anew(known: object, first: Origin, brought: Brought[T]) -> bool:
    """Tell whether something is registered once more: by a program, or a module read again."""
    if known is brought.item:
        return True
    if first != brought.origin:
        return False
    return not first.distribution or _qualified(known) == _qualified(brought.item)


def _qualified(item: object) -> tuple[object, object]:
    named = item if hasattr(item, "__qualname__") else type(item)
    return getattr(named, "__module__", None), getattr(named, "__qualname__", None)
