"""Read a torch.export archive before torch does, and name what is more than tensor maths.

torch unpickles some entries without restraint, evaluates the texts of sizes, runs the texts of
guards, imports the modules that a tree of inputs names, and generates source from what it read. So
every text in the file is held against what may stand in its place.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.archive import Archive
from gancheck.loaders.exported_grammar import is_guard, is_name, is_size, is_tree
from gancheck.loaders.torchscript_audit import DENIED_OPERATORS

_MODEL = "models/model.json"
_SAMPLES = "data/sample_inputs/model.pt"
_CONFIGS = {
    "data/weights/model_weights_config.json": re.compile(r"weight_\d+"),
    "data/constants/model_constants_config.json": re.compile(r"tensor_\d+"),
}
_ENTRIES = re.compile(
    r"archive_format|archive_version|version|byteorder|\.data/(version|serialization_id)|"
    r"models/model\.json|data/sample_inputs/model\.pt|data/weights/model_weights_config\.json|"
    r"data/constants/model_constants_config\.json|data/weights/weight_\d+|"
    r"data/constants/tensor_\d+"
)
_NATIVE = re.compile(r"data/aotinductor/.*|.*\.(so|dll|dylib|cubin|o)")
_PICKLED = re.compile(r"data/constants/(custom|opaque)_obj_.*|data/(weights|constants)/.*\.pt")
_IGNORED = re.compile(r"extra/.*")
# Of the numbers that files use for types of values.
_ITEM_BYTES = {
    **dict.fromkeys((1, 2, 12, 29, 30, 31, 32, 33), 1),
    **dict.fromkeys((3, 6, 13, 28), 2),
    **dict.fromkeys((4, 7, 9, 34), 4),
    **dict.fromkeys((5, 8, 10, 35), 8),
    11: 16,
}
_MOST_REPEATED = 4
_SMALL = 1 << 20
_ATEN = re.compile(r"torch\.ops\.(aten|prims)\.([A-Za-z0-9_]+)\.[A-Za-z0-9_]+")
_ARITHMETIC = frozenset(
    (
        *("add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "pos", "pow", "abs", "getitem"),
        *("eq", "ne", "lt", "le", "gt", "ge", "and_", "or_", "xor", "not_", "lshift", "rshift"),
    )
)
_FUNCTIONS = frozenset(
    [f"_operator.{name}" for name in _ARITHMETIC]
    + [f"torch.sym_{name}" for name in ("max", "min", "not", "float", "int", "ite", "sum")]
    + [f"math.{name}" for name in ("ceil", "floor", "trunc", "sqrt")]
    # These run graphs that are in the same file, and are looked at like the rest of it.
    + ["torch.ops.higher_order.wrap_with_set_grad_enabled"]
    + ["torch.ops.higher_order.wrap_with_autocast", "torch.ops.higher_order.cond"]
)
_DOTTED = re.compile(r"[A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
_TEXT = re.compile(r"[\w .,:;()\[\]<>=+*/>-]{0,300}", re.ASCII)
_DEVICES = frozenset(("cpu", "cuda", "mps", "xpu", "meta"))
_NAMED = frozenset(("name", "as_name", "forward_arg_names"))
_PARAMETERS = frozenset(
    ("parameter_name", "buffer_name", "tensor_constant_name", "user_input_name", "fqn")
)


def trimmed(archive: Archive) -> Archive:
    """Return the archive without what torch does not need to run the program.

    Where each node came from goes too: torch would look it up, nothing is computed with it.

    Raises:
        RefusedError: It holds native code, pickled objects, or entries that no program needs.
        LoadError: It is damaged.
    """
    root = _root(archive)
    entries: dict[str, bytes] = {}
    for name, content in archive.entries.items():
        inner = name.removeprefix(f"{root}/")
        if _NATIVE.fullmatch(inner):
            raise RefusedError(
                f"{archive.path} carries native code ({inner})", "Save it with torch.export.save."
            )
        if _PICKLED.fullmatch(inner):
            raise _pickled(archive, inner)
        if _ENTRIES.fullmatch(inner):
            entries[name] = content
        elif not _IGNORED.fullmatch(inner):
            raise RefusedError(
                f"{archive.path} is a torch.export file with an entry that torch.export.save does "
                f"not write: {inner}",
                "Save it anew with torch.export.save.",
            )
    model = _without_origins(_read_json(archive, f"{root}/{_MODEL}"))
    entries[f"{root}/{_MODEL}"] = json.dumps(model).encode()
    return replace(archive, entries=entries)


def audit_exported(archive: Archive) -> str:
    """Return what the program holds beside tensor maths, in words; nothing when it is clean.

    Raises:
        RefusedError: Reading it would unpickle objects, or its tensors are not stored in it.
        LoadError: It is damaged.
    """
    root = _root(archive)
    for name, pattern in _CONFIGS.items():
        _check_tensors(archive, f"{root}/{name}", pattern)
    _check_samples(archive, f"{root}/{_SAMPLES}")
    model = _read_json(archive, f"{root}/{_MODEL}")
    try:
        return next(_complaints(model, ""), "")
    except RecursionError:
        return "has a graph that is nested too deeply"


def devices_named(archive: Archive) -> tuple[str, ...]:
    """Return the devices other than the CPU that the program and its tensors were saved on."""
    pattern = re.compile(rb'"type":\s*"(cuda|mps|xpu)"')
    texts = archive.named(".json").values()
    return tuple(sorted({kind.decode() for text in texts for kind in pattern.findall(text)}))


def _root(archive: Archive) -> str:
    roots = {name.partition("/")[0] for name in archive.entries}
    if len(roots) != 1:
        raise RefusedError(
            f"{archive.path} is a torch.export file with {len(roots)} folders at its root",
            "Save it anew with torch.export.save.",
        )
    return roots.pop()


def _read_json(archive: Archive, name: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) != len(pairs):
            raise ValueError("a key is there twice")
        return read

    try:
        return json.loads(archive.entries[name], object_pairs_hook=once)
    except (KeyError, ValueError, RecursionError) as error:
        reason = "it is missing" if isinstance(error, KeyError) else str(error)
        raise LoadError(
            f"{archive.path} is a damaged torch.export file: {name.partition('/')[2]}: {reason}",
            "Save it anew with torch.export.save.",
        ) from error


def _without_origins(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: {} if k == "metadata" else _without_origins(v) for k, v in value.items()}
    return [_without_origins(item) for item in value] if isinstance(value, list) else value


def _check_tensors(archive: Archive, name: str, allowed: re.Pattern[str]) -> None:
    folder = name.rpartition("/")[0]
    try:
        for known_as, tensor in _read_json(archive, name)["config"].items():
            path, meta = tensor["path_name"], tensor["tensor_meta"]
            plain = allowed.fullmatch(path) and _DOTTED.fullmatch(known_as)
            if tensor["use_pickle"] or not plain:
                raise _pickled(archive, path)
            _check_extent(archive, meta, len(archive.entries[f"{folder}/{path}"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise LoadError(
            f"{archive.path} is a damaged torch.export file: its list of tensors cannot be read",
            "Save it anew with torch.export.save.",
        ) from error


def _check_extent(archive: Archive, meta: dict[str, Any], stored: int) -> None:
    sizes = [size["as_int"] for size in meta["sizes"]]
    strides = [stride["as_int"] for stride in meta["strides"]]
    offset, item_bytes = meta["storage_offset"]["as_int"], _ITEM_BYTES[meta["dtype"]]
    count, last = math.prod(sizes), offset
    last += sum((size - 1) * step for size, step in zip(sizes, strides, strict=False))
    whole = len(sizes) == len(strides) and min((offset, *sizes, *strides)) >= 0
    repeated = count * item_bytes > max(_MOST_REPEATED * stored, _SMALL)
    if not whole or repeated or (count and (last + 1) * item_bytes > stored):
        raise RefusedError(
            f"{archive.path} is a torch.export file with a tensor of sizes {sizes} in an entry of "
            f"{stored} bytes",
            "Save it anew with torch.export.save; `--trust` does not open it.",
        )


def _check_samples(archive: Archive, name: str) -> None:
    """Refuse example inputs that are not plain tensors; torch would unpickle those all the same."""
    import torch

    content = archive.entries.get(name, b"")
    if not content:
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as inner:
            stored = all(info.compress_type == zipfile.ZIP_STORED for info in inner.infolist())
        samples = torch.load(BytesIO(content), weights_only=True) if stored else None
    except Exception as error:  # the reader raises whatever its unpacking runs into
        raise _pickled(archive, _SAMPLES) from error
    if not _is_plain(samples):
        raise _pickled(archive, _SAMPLES)


def _is_plain(value: object) -> bool:
    import torch

    if isinstance(value, dict):
        return all(is_name(key) and _is_plain(item) for key, item in value.items())
    if isinstance(value, (tuple, list)):
        return all(_is_plain(item) for item in value)
    if isinstance(value, str):
        return bool(_TEXT.fullmatch(value))
    return value is None or isinstance(value, (torch.Tensor, bool, int, float))


def _pickled(archive: Archive, inner: str) -> RefusedError:
    return RefusedError(
        f"{archive.path} is a torch.export file with pickled objects ({inner}), and reading one "
        "runs code that came with it",
        "Export a module that takes and holds tensors only; `--trust` does not open pickles.",
    )


def _complaints(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        if key == "treespec_namedtuple_fields" and value:
            yield "takes or returns named tuples of classes that are not in the file"
        for name, item in value.items():
            if not is_name(name):
                yield f"has a name that is none: {_short(name)}"
            yield from _complaints(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _complaints(item, key)
    elif isinstance(value, str) and not _is_expected(key, value):
        yield f"has {_WHAT.get(key, 'an unexpected text')}: {key} {_short(value)}"


_WHAT = {
    "target": "a step that is no tensor maths",
    "expr_str": "a size that is no arithmetic",
    "guards_code": "a condition on its inputs that does not only compare sizes",
    "in_spec": "inputs of an unknown class",
    "out_spec": "outputs of an unknown class",
    "class_fqn": "an object of a class that is not in the file",
    "name": "a name that is none",
    "as_name": "a name that is none",
}


def _is_expected(key: str, text: str) -> bool:
    if key in _NAMED:
        return is_name(text) or text == ""
    if key in _PARAMETERS:
        return bool(_DOTTED.fullmatch(text))
    if key in ("in_spec", "out_spec"):
        return is_tree(text)
    rules = {
        "target": lambda: text in _FUNCTIONS or _is_operator(text),
        "expr_str": lambda: is_size(text),
        "guards_code": lambda: is_guard(text),
        "as_string": lambda: bool(_TEXT.fullmatch(text)),
        "as_strings": lambda: bool(_TEXT.fullmatch(text)),
        "as_float": lambda: text in ("Infinity", "-Infinity", "NaN"),
        "as_floats": lambda: text in ("Infinity", "-Infinity", "NaN"),
        "type": lambda: text in _DEVICES,
        "verifiers": lambda: text in ("TRAINING", "ATEN", ""),
        "torch_version": lambda: bool(re.fullmatch(r"[\w.+<=-]{1,60}", text)),
    }
    return key in rules and rules[key]()


def _is_operator(target: str) -> bool:
    match = _ATEN.fullmatch(target)
    return match is not None and match.group(2) not in DENIED_OPERATORS


def _short(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= 80 else shown[:77] + "..."
