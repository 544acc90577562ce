"""Things are found by name, near misses are named, and two things never share a name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gancheck import plugins
from gancheck.errors import UsageError
from gancheck.plugins import Origin, Plugins
from gancheck.registry import Registry

ZOO = "zoo_of_tests"


class NoPlugins(Plugins):
    """Nothing is installed; whether plugins were asked for is remembered."""

    asked = False

    def load(self) -> None:
        """Import nothing."""
        self.asked = True


@pytest.fixture
def none(monkeypatch: pytest.MonkeyPatch) -> NoPlugins:
    """A process without plugins."""
    found = NoPlugins()
    monkeypatch.setattr(found, "installed", ())
    monkeypatch.setattr(plugins, "PLUGINS", found)
    return found


@pytest.fixture
def animals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, none: NoPlugins) -> Registry[int]:
    """A registry of numbers over a package of two modules, without plugins."""
    package = tmp_path / ZOO
    package.mkdir()
    (package / "__init__.py").write_text(
        f"from gancheck.registry import Registry\nANIMALS = Registry('animal', '{ZOO}')\n"
    )
    line = f"from {ZOO} import ANIMALS\nANIMALS.register('{{}}')({{}})\n"
    (package / "cat.py").write_text(line.format("cat", 1))
    (package / "insects.py").write_text(line.format("ant", 2))
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [one for one in sys.modules if one.startswith(ZOO)]:
        monkeypatch.delitem(sys.modules, name)
    found: Registry[int] = __import__(ZOO).ANIMALS
    return found


def registered_by(module: str, registry: Registry[int], name: str, item: int) -> None:
    """Register something as a module of that name would."""
    register: Callable[[str], Callable[[int], int]] = registry.register
    exec("register(name)(item)", {"__name__": module, "register": register, "name": name,
                                  "item": item})  # fmt: skip


def test_names_are_looked_up_and_listed_sorted(animals: Registry[int]) -> None:
    """What was registered is returned, and iteration is in the order of names."""
    assert animals.get("cat") == 1
    assert animals.names() == ["ant", "cat"]
    assert list(animals) == [("ant", 2), ("cat", 1)]


def test_a_near_miss_is_guessed(animals: Registry[int]) -> None:
    """A typing error is answered with the name that was meant, and with all names."""
    with pytest.raises(UsageError, match="no animal called 'cta'") as caught:
        animals.get("cta")
    assert caught.value.hint == "Did you mean 'cat'? Known: ant, cat."


def test_a_far_miss_is_not_guessed(animals: Registry[int]) -> None:
    """Nothing close: only the list."""
    with pytest.raises(UsageError) as caught:
        animals.get("zebrafish")
    assert caught.value.hint == "Known: ant, cat."


def test_a_built_in_name_is_read_alone(animals: Registry[int], none: NoPlugins) -> None:
    """Looking up one thing reads its module, and neither the others nor the plugins."""
    assert animals.get("cat") == 1
    assert f"{ZOO}.cat" in sys.modules
    assert f"{ZOO}.insects" not in sys.modules
    assert not none.asked
    assert animals.get("ant") == 2  # no module of that name: now all are read
    assert none.asked


def test_nothing_takes_the_place_of_a_built_in_thing(animals: Registry[int]) -> None:
    """Whoever comes first: a name that the package has is refused, and both are named."""
    registered_by("jungle", animals, "cat", 99)
    with pytest.raises(UsageError) as caught:
        animals.get("cat")
    assert caught.value.message.startswith("animal 'cat' is brought by gancheck ")
    assert caught.value.message.endswith(" and by jungle")
    assert caught.value.hint == "Uninstall one of them, or turn plugins off: GANCHECK_PLUGINS=0."
    with pytest.raises(UsageError, match="brought by"):
        animals.names()  # and it stays refused


def test_two_modules_cannot_share_a_name(animals: Registry[int]) -> None:
    """Before and after everything was read, by whichever module."""
    registered_by("jungle", animals, "lion", 1)
    assert animals.get("lion") == 1
    registered_by("desert", animals, "lion", 2)
    with pytest.raises(UsageError, match="animal 'lion' is brought by jungle and by desert"):
        list(animals)


def test_a_program_may_register_anew(animals: Registry[int]) -> None:
    """A cell of a notebook that is run twice replaces what it registered before."""
    registered_by("__main__", animals, "newt", 1)
    assert animals.get("newt") == 1
    registered_by("__main__", animals, "newt", 2)
    assert animals.get("newt") == 2
    assert animals.origin("newt") == Origin("__main__")


def test_origins_are_remembered(animals: Registry[int]) -> None:
    """Each thing knows the module that brought it, and whether that was built in."""
    registered_by("jungle", animals, "lion", 1)
    assert animals.origin("cat").module == f"{ZOO}.cat"
    assert animals.origin("lion") == Origin("jungle")
    assert [animals.is_built_in(name) for name in animals.names()] == [True, True, False]


def test_what_cannot_be_read_is_asked_for_again(
    animals: Registry[int], none: NoPlugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure while everything is read is told each time, not only the first."""

    def fail() -> None:
        raise UsageError("no such plugin")

    monkeypatch.setattr(none, "load", fail)
    for _ in range(2):
        with pytest.raises(UsageError, match="no such plugin"):
            animals.names()
