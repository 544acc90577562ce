"""Read the source of a TorchScript program and name what is more than tensor maths.

Loading a TorchScript file compiles its source and runs methods of it. The language has no Python
in it, but its operators include some that write and read any file. The source is close enough to
Python to be parsed as such, and everything that such a program can reach is spelled out in it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from gancheck.errors import RefusedError
from gancheck.loaders.archive import Archive
from gancheck.loaders.torchscript_pickles import pickle_complaint

# Touch files, reach other threads or machines, or build tensors over memory that nobody checked.
DENIED_OPERATORS = frozenset(
    (
        *("save", "load", "from_file", "wait", "set_", "set_data", "record_stream", "fork"),
        *(
            "_sparse_coo_tensor_unsafe",
            "_sparse_compressed_tensor_unsafe",
            "_sparse_csr_tensor_unsafe",
        ),
        *("_sparse_csc_tensor_unsafe", "_sparse_bsr_tensor_unsafe", "_sparse_bsc_tensor_unsafe"),
        *("_nested_view_from_buffer", "_nested_view_from_buffer_copy", "_nested_view_from_jagged"),
        *("_nested_view_from_jagged_copy", "__setstate__", "__getstate__"),
    )
)
_PRIMITIVES = frozenset(
    (
        *("NumToTensor", "RaiseException", "Print", "TupleIndex", "TupleUnpack", "StringIndex"),
        *("Uninitialized", "unchecked_cast", "unchecked_unwrap_optional", "ModuleContainerIndex"),
        *("EnumName", "EnumValue", "IfThenElse", "abs", "max", "min", "data", "device", "dtype"),
        *("grad", "index", "itemsize", "layout", "name", "nbytes", "rangelist", "requires_grad"),
        *("tolist", "type", "shape", "isinstance", "annotate", "is_cpu", "is_cuda", "is_mps"),
        *("is_meta", "is_mkldnn", "is_nested", "is_quantized", "is_sparse", "is_xla", "is_xpu"),
    )
)
# What torch resolves in ``torch.NAME`` without listing it among its operators.
_SPECIAL = frozenset(("device", "len", "list", "dict", "format", "inf", "nan", "isinstance"))
_FUNCTIONS = frozenset(
    (
        *("annotate", "unchecked_cast", "uninitialized", "getattr", "hasattr", "isinstance", "int"),
        *("float", "bool", "str", "complex", "list", "dict", "tuple", "range", "zip", "enumerate"),
        *(
            "len",
            "min",
            "max",
            "abs",
            "all",
            "any",
            "sorted",
            "round",
            "print",
            "ord",
            "chr",
            "hash",
        ),
        *("divmod", "pow", "sum", "reversed"),
    )
)
_BASES = frozenset(("Module", "NamedTuple", "Interface", "ModuleInterface", "Enum"))
_FOREIGN = (
    *(ast.Lambda, ast.JoinedStr, ast.Await, ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal),
    *(ast.Try, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.ImportFrom, ast.NamedExpr),
)
_KEPT = re.compile(
    r"(code/.+\.py|(data|constants)\.pkl|(data|constants)/\d+|version|byteorder|"
    r"\.data/(version|serialization_id))"
)
# Read for debugging only; without them there is less to check.
_DROPPED = re.compile(r"(code/.+\.debug_pkl|traced_inputs\.pkl|traced_inputs/\d+|extra/.+)")
_PLAIN = re.compile(r"[\n\x20-\x7e]*")


def trimmed(archive: Archive) -> Archive:
    """Return the archive without what only debuggers read.

    Raises:
        RefusedError: It holds entries that ``torch.jit.save`` does not write.
    """
    roots = {name.partition("/")[0] for name in archive.entries}
    entries = {}
    for name, content in archive.entries.items():
        inner = name.partition("/")[2]
        if _KEPT.fullmatch(inner):
            entries[name] = content
        elif not _DROPPED.fullmatch(inner):
            raise RefusedError(
                f"{archive.path} is a TorchScript archive with an entry that torch.jit.save does "
                f"not write: {name}",
                "Save it anew with torch.jit.save; files for mobile phones are not read.",
            )
    if len(roots) != 1:
        raise RefusedError(
            f"{archive.path} is a TorchScript archive with {len(roots)} folders at its root",
            "Save it anew with torch.jit.save.",
        )
    return replace(archive, entries=entries)


def audit_torchscript(archive: Archive) -> str:
    """Return what the program holds beside tensor maths, in words; nothing when it is clean.

    Raises:
        RefusedError: Its tensors do not lie inside their storages; nobody should read those.
        LoadError: One of its pickles is damaged.
    """
    complaint = ""
    for name, content in archive.entries.items():
        if name.endswith(".py"):
            complaint = complaint or source_complaint(name, content)
        elif name.endswith(".pkl"):
            complaint = complaint or pickle_complaint(archive, name)
    return complaint


def devices_named(archive: Archive) -> tuple[str, ...]:
    """Return the devices other than the CPU that the source asks for by name."""
    pattern = re.compile(rb"torch\.device\(\"((?!cpu|meta)[a-z0-9:]+)\"\)")
    sources = archive.named(".py").values()
    found = {match.decode() for source in sources for match in pattern.findall(source)}
    return tuple(sorted(found))


def source_complaint(name: str, content: bytes) -> str:
    """Return what one source file holds beside tensor maths; nothing when it is clean."""
    try:
        text = content.decode("ascii")
        # Python knows more ends of lines than torch, and torch reads types in some comments:
        # what the two parsers read differently must not get past.
        if not _PLAIN.fullmatch(text) or re.search(r"#\s*type:", text):
            return f"has unusual characters or comments in {name}"
        tree = ast.parse(text)
        return next(_complaints(tree, name), "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"has source that cannot be understood ({name})"


def _complaints(tree: ast.Module, name: str) -> Iterator[str]:
    known = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _is_set(node)}
    known |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    inside = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Attribute, ast.Name))
    }
    for node in ast.walk(tree):
        found = _complaint(node, known, whole=id(node) not in inside)
        if found:
            yield f"{found} ({name}, line {getattr(node, 'lineno', 1)})"


def _is_set(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _complaint(node: ast.AST, known: set[str], *, whole: bool) -> str:
    if isinstance(node, _FOREIGN):
        return f"holds a construct that torch never writes, {type(node).__name__}"
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        return "holds bytes, which torch never writes"
    if isinstance(node, ast.Import) and any(
        a.name.split(".")[0] != "__torch__" for a in node.names
    ):
        return f"imports {node.names[0].name}"
    if isinstance(node, ast.ClassDef):
        return _class_complaint(node)
    if isinstance(node, ast.FunctionDef) and node.name in DENIED_OPERATORS:
        return f"defines {node.name}, which torch runs when it saves or loads"
    if isinstance(node, ast.Attribute) and node.attr in DENIED_OPERATORS:
        return f"uses {ast.unparse(node)}, which is no tensor maths"
    if isinstance(node, (ast.Attribute, ast.Name)) and whole:
        return _path_complaint(_path(node))
    if isinstance(node, ast.Call):
        return _call_complaint(node, known)
    return ""


def _class_complaint(node: ast.ClassDef) -> str:
    bases = [base.id if isinstance(base, ast.Name) else "?" for base in node.bases]
    if node.keywords or node.decorator_list or not set(bases) <= _BASES:
        return f"defines the class {node.name} in a way that torch never writes"
    return ""


def _path(node: ast.Attribute | ast.Name) -> tuple[str, ...]:
    """Return the names in ``torch.nn.Module``; begins with an empty one after a call."""
    names: list[str] = []
    at: ast.expr = node
    while isinstance(at, ast.Attribute):
        names.append(at.attr)
        at = at.value
    names.append(at.id if isinstance(at, ast.Name) else "")
    return tuple(reversed(names))


def _path_complaint(path: tuple[str, ...]) -> str:
    shown = ".".join(path)
    if path[0] == "torch":
        allowed = len(path) == 2 and _is_operator("aten", path[1])
        return "" if allowed else f"uses {shown}, which is no operator of tensors"
    if path[0] == "ops":
        allowed = len(path) == 3 and _is_operator(path[1], path[2])
        return "" if allowed else f"uses {shown}, which is no operator of tensors"
    if path[:3] == ("__torch__", "torch", "classes"):
        return f"uses the class {shown}, whose code is not in the file"
    return ""


def _call_complaint(node: ast.Call, known: set[str]) -> str:
    if not isinstance(node.func, ast.Name):
        return ""
    name = node.func.id
    if name not in _FUNCTIONS and name not in known:
        return f"calls {name}"
    if name in ("getattr", "hasattr"):
        wanted = node.args[1] if len(node.args) == 2 else None
        text = wanted.value if isinstance(wanted, ast.Constant) else None
        if not isinstance(text, str) or text in DENIED_OPERATORS:
            return f"asks for an attribute in an unusual way: {ast.unparse(node)[:80]}"
    return ""


def _is_operator(namespace: str, name: str) -> bool:
    """Tell operators that compute from all else.

    There are some 1700 operators of tensors and torch adds more with every release, so a list of
    harmless ones would refuse honest files. What exists and is not denied is let through.
    """
    if name in DENIED_OPERATORS:
        return False
    if namespace == "prim":
        return name in _PRIMITIVES
    known = namespace in ("aten", "quantized")
    return known and (name in _SPECIAL or f"{namespace}::{name}" in _registered())


@cache
def _registered() -> frozenset[str]:
    import torch

    return frozenset(schema.name for schema in torch._C._jit_get_all_schemas())
