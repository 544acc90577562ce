"""Plugins are found once, remembered by their package, and named when they are broken."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributions import install, write

from gancheck import plugins
from gancheck.errors import UsageError
from gancheck.plugins import Origin, Plugins, PluginWarning
from gancheck.registry import Registry

Install = Callable[..., None]
BIRDS = "from gancheck.registry import Registry\nBIRDS = Registry('bird', 'plugin_aviary')\n"
REGISTER = "from plugin_aviary import BIRDS\nBIRDS.register('{}')({!r})\n"


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install packages beside a registry of birds, in a process that knows no plugin yet."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugins, "PLUGINS", Plugins())
    monkeypatch.delenv(plugins.SWITCH, raising=False)
    wren = REGISTER.format("wren", 1)
    write(tmp_path, {"plugin_aviary/__init__.py": BIRDS, "plugin_aviary/wren.py": wren})

    def added(name: str, text: str, version: str = "1.2", module: str = "") -> None:
        module = module or f"plugin_{name}"
        install(tmp_path, f"the-{name}", version, {name: module})
        write(tmp_path, {f"{module.replace('.', '/')}.py": text})
        importlib.invalidate_caches()

    yield added
    for module in [one for one in sys.modules if one.startswith("plugin_")]:
        del sys.modules[module]


def birds() -> Registry[object]:
    """Return the registry."""
    found: Registry[object] = importlib.import_module("plugin_aviary").BIRDS
    return found


def test_a_plugin_brings_things_with_its_name_and_version(add: Install) -> None:
    """What a module registers while it is imported is its plugin's."""
    add("owl", REGISTER.format("barn-owl", "hoot"))

    assert birds().names() == ["barn-owl", "wren"]
    assert birds().get("barn-owl") == "hoot"
    assert birds().origin("barn-owl") == Origin("plugin_owl", "the-owl", "1.2", "owl")
    assert str(birds().origin("barn-owl")) == "the-owl 1.2"
    assert birds().is_built_in("wren")


def test_plugins_are_imported_once_for_all_registries(add: Install, tmp_path: Path) -> None:
    """A second registry finds what was brought when the first one looked."""
    more = "FISH = Registry('fish', 'plugin_pond')\n"
    write(tmp_path, {"plugin_pond/__init__.py": "from gancheck.registry import Registry\n" + more})
    count = "import plugin_pond\nplugin_pond.count = getattr(plugin_pond, 'count', 0) + 1\n"
    fish = "plugin_pond.FISH.register('carp')(2)\n"
    add("owl", count + REGISTER.format("barn-owl", "hoot") + fish)
    pond = importlib.import_module("plugin_pond")

    assert birds().names() == ["barn-owl", "wren"]
    assert pond.FISH.names() == ["carp"]
    assert pond.count == 1


def test_a_built_in_thing_costs_no_plugin(add: Install) -> None:
    """Getting what the package has imports no plugin."""
    add("owl", "raise RuntimeError('imported')")

    assert birds().get("wren") == 1
    assert "plugin_owl" not in sys.modules


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "import no_such_module",
            "ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("def", "SyntaxError: invalid syntax"),
    ],
)
def test_a_broken_plugin_is_one_warning(add: Install, text: str, error: str) -> None:
    """Its package, version and error are named; what it had registered is gone, others stay."""
    add("owl", REGISTER.format("barn-owl", "hoot") + text)
    add("rook", REGISTER.format("rook", 3))
    said = "plugin 'owl' (the-owl 1.2) could not be imported: " + error
    with pytest.warns(PluginWarning) as caught:
        assert "rook" in birds().names()

    assert len(caught) == 1
    assert str(caught[0].message).startswith(said)
    assert "barn-owl" not in birds().names()
    assert [str(one).startswith(said) for one in plugins.PLUGINS.broken] == [True]


def test_two_plugins_of_one_name_are_named(add: Install) -> None:
    """The error names the thing, both packages and both versions, each time one looks."""
    add("owl", REGISTER.format("barn-owl", "hoot"))
    add("rook", REGISTER.format("barn-owl", "caw"), version="0.3")
    for _ in range(2):
        with pytest.raises(UsageError) as caught:
            birds().names()
        message = "bird 'barn-owl' is brought by the-owl 1.2 and by the-rook 0.3"
        assert caught.value.message == message
        assert plugins.SWITCH in (caught.value.hint or "")
    assert birds().get("wren") == 1


def test_a_plugin_cannot_replace_a_built_in_thing(add: Install) -> None:
    """Not even if it was imported before the built-in thing was read."""
    add("owl", REGISTER.format("wren", "hoot"))
    plugins.PLUGINS.load()
    with pytest.raises(UsageError, match=r"'wren' is brought by gancheck .* and by the-owl 1\.2"):
        birds().get("wren")


@pytest.mark.parametrize("word", ["0", "false", "NO", "off", "none"])
def test_plugins_can_be_turned_off(
    add: Install, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No plugin is imported, broken or not."""
    add("owl", "raise RuntimeError('imported')")
    monkeypatch.setenv(plugins.SWITCH, word)

    assert birds().names() == ["wren"]
    assert "plugin_owl" not in sys.modules


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("", ["barn-owl", "rook", "wren"]),
        ("1", ["barn-owl", "rook", "wren"]),
        ("owl", ["barn-owl", "wren"]),
        ("the-owl, rook", ["barn-owl", "rook", "wren"]),
    ],
)
def test_some_plugins_can_be_chosen(
    add: Install, said: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of the plugin or of its package."""
    add("owl", REGISTER.format("barn-owl", "hoot"))
    add("rook", REGISTER.format("rook", 3))
    monkeypatch.setenv(plugins.SWITCH, said)

    assert birds().names() == names


def test_choosing_what_is_not_installed_is_refused(
    add: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error does not turn everything off in silence."""
    add("owl", REGISTER.format("barn-owl", "hoot"))
    monkeypatch.setenv(plugins.SWITCH, "flase")
    with pytest.raises(UsageError, match="no plugin called 'flase' is installed") as caught:
        birds().names()
    assert caught.value.hint == "0 turns all of them off. Installed: owl."


def test_a_plugin_that_was_imported_before_is_still_a_plugin(add: Install) -> None:
    """Its tests import the module itself; what it brings is known as the package's all the same."""
    add("owl", REGISTER.format("barn-owl", "hoot"))
    importlib.import_module("plugin_owl")

    assert birds().origin("barn-owl").distribution == "the-owl"


def test_a_plugin_that_imports_another_does_not_take_its_things(add: Install) -> None:
    """Each thing belongs to the package whose module registers it."""
    add("owl", "import plugin_rook\n" + REGISTER.format("barn-owl", "hoot"))
    add("rook", REGISTER.format("rook", 3))

    assert birds().origin("rook").distribution == "the-rook"
    assert birds().origin("barn-owl").distribution == "the-owl"


def test_modules_beside_the_named_one_belong_to_the_plugin(add: Install, tmp_path: Path) -> None:
    """A package may spread what it brings over its modules, and read some of them late."""
    egg = REGISTER.format("egg", 4)
    write(tmp_path, {"plugin_nest/__init__.py": "", "plugin_nest/egg.py": egg})
    add("nest", "", module="plugin_nest.entry")
    assert birds().names() == ["wren"]
    importlib.import_module("plugin_nest.egg")

    assert birds().origin("egg") == Origin("plugin_nest.entry", "the-nest", "1.2", "nest")
