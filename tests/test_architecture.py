"""The shape of the code base: layers, sizes, and what may be imported when."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "gancheck"
LAYERS = (
    ("errors", "plain", "atomic", "devices"),
    ("types", "plugins"),
    (
        "registry",
        "scaled",
        "export_recipes",
        "stats",
        "images",
        "memory",
        "ordering",
        "packed",
        "shapes",
        "config",
        "crew",
        "stored",
        "remedies",
    ),
    ("exhibits", "laws", "neighbors", "thumbnails"),
    ("mapping", "measures"),
    ("reference",),
    ("loaders", "samplers", "embedders"),
    ("critic", "settings", "gcref", "workdir"),
    ("study", "cache"),
    ("asking", "training"),
    ("latents", "originals"),
    ("analyzers", "prepare", "policy", "atlas"),
    ("preparation", "inspection", "gate", "analyzing"),
    ("pipeline", "cutting"),
    ("comparing",),
    ("gating", "reporters", "tracing"),
    ("testing",),
    ("callbacks", "api"),
    ("cli",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
LONGEST_FILE, LONGEST_FUNCTION = 400, 60


def modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """Name the top-level module or folder that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def run_time_imports(tree: ast.AST) -> Iterator[str]:
    """Yield imported gancheck modules, leaving out those only the type checker sees."""
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        return
    if isinstance(tree, ast.ImportFrom) and tree.module and tree.module.startswith("gancheck"):
        names = [f"{tree.module}.{alias.name}" for alias in tree.names]
        yield from names if tree.module == "gancheck" else [tree.module]
    for child in ast.iter_child_nodes(tree):
        yield from run_time_imports(child)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_layer_imports_only_from_lower_layers(path: Path) -> None:
    """Dependencies run one way: nothing imports from its own level or from above it."""
    here = room(path)
    if here in ("__init__", "__main__"):
        return
    for module in run_time_imports(ast.parse(path.read_text(encoding="utf-8"))):
        other = module.split(".")[1] if "." in module else here
        if other in (here, "__version__"):
            continue

        assert LEVEL[other] < LEVEL[here], f"{path} imports {module}"


def test_every_room_has_a_level() -> None:
    """A new module has to be given a place in the order of layers."""
    rooms = {room(path) for path in modules()} - {"__init__", "__main__"}

    assert rooms == set(LEVEL)


def test_analyzers_do_not_import_each_other() -> None:
    """What a contributor drops in stands alone: analyzers do not know analyzers."""
    for path in (PACKAGE / "analyzers").glob("*.py"):
        found = run_time_imports(ast.parse(path.read_text(encoding="utf-8")))

        assert not [module for module in found if module.startswith("gancheck.analyzers.")]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """No file outgrows 400 lines and no function 60, its docstring not counted."""
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and not _is_command(node):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0

            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


def _is_command(node: ast.FunctionDef) -> bool:
    return node.name == "command"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["diagnose", "--help"],
        ["prepare", "--help"],
        ["inspect", "--help"],
        ["export-help"],
        ["cuts", "--help"],
        ["compare", "--help"],
        ["trace", "--help"],
        ["report", "--help"],
        ["gate", "--help"],
        ["baseline", "--help"],
        ["explain", "--help"],
        ["plugins", "--help"],
        ["config"],
        ["cache", "info"],
    ],
)
def test_help_is_instant(arguments: list[str]) -> None:
    """Asking for help or the version imports none of the heavy libraries."""
    heavy = ("torch", "numpy", "scipy", "sklearn", "umap", "onnxruntime", "PIL", "jinja2")
    code = (
        "import sys\nfrom gancheck.cli import main\n"
        f"sys.argv = ['gancheck', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_importing_the_package_is_light() -> None:
    """``import gancheck`` and ``import gancheck.api`` load neither torch nor numpy."""
    code = "import sys, gancheck.api; print({'torch', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_public_names_are_sorted_and_real() -> None:
    """Everything in ``__all__`` exists, in order."""
    import gancheck

    public = [name for name in gancheck.__all__ if not name.startswith("__")]

    assert public == sorted(public, key=lambda name: (name[0].islower(), name))
    for name in gancheck.__all__:
        assert getattr(gancheck, name) is not None


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    """Lazy loading does not invent names."""
    import gancheck

    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = gancheck.nonsense
