"""Things are found by name, near misses are named, and two things never share a name."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint

import pytest

from gancheck import registry as module
from gancheck.errors import UsageError
from gancheck.registry import Registry


@pytest.fixture
def animals(monkeypatch: pytest.MonkeyPatch) -> Registry[int]:
    """A registry of numbers over an empty package, without plugins."""
    monkeypatch.setattr(module, "entry_points", lambda group: ())
    found: Registry[int] = Registry("animal", "gancheck.samplers")
    found.register("cat")(1)
    found.register("ant")(2)
    return found


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


def test_two_things_cannot_share_a_name(animals: Registry[int]) -> None:
    """Registering the same thing again is harmless, another one under its name is not."""
    one = animals.get("cat")
    animals.register("cat")(one)
    with pytest.raises(ValueError, match="two animals are called 'cat'"):
        animals.register("cat")(99)


def test_a_broken_plugin_is_a_warning(
    animals: Registry[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that cannot be imported is named, and everything else still works."""
    broken = EntryPoint("lion", "no_such_module_here:thing", "gancheck.samplers")
    monkeypatch.setattr(module, "entry_points", lambda group: (broken,))
    with pytest.warns(UserWarning, match="animal plugin 'lion' could not be loaded"):
        assert animals.names() == ["ant", "cat"]
    assert animals.get("cat") == 1


def test_a_module_of_that_name_is_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up one thing reads its module, and neither the others nor the plugins."""
    read: list[str] = []
    monkeypatch.setattr(module, "entry_points", read.append)
    found: Registry[int] = Registry("animal", "gancheck.samplers")

    def reading(name: str) -> None:
        read.append(name)
        found.register("prior")(3)

    monkeypatch.setattr(importlib, "import_module", reading)
    assert found.get("prior") == 3
    assert read == ["gancheck.samplers.prior"]


def test_plugins_are_asked_for_under_the_name_of_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Discovery reads one entry-point group, once."""
    asked: list[str] = []

    def none_of(group: str) -> tuple[EntryPoint, ...]:
        asked.append(group)
        return ()

    monkeypatch.setattr(module, "entry_points", none_of)
    found: Registry[int] = Registry("animal", "gancheck.samplers")
    assert found.names() == []
    assert found.names() == []
    assert asked == ["gancheck.samplers"]
