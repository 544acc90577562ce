"""Check texts of a torch.export file that torch turns into Python code.

Sizes are texts that sympy evaluates, guards are texts that become the body of a function, and trees
of inputs may name modules to import. Each is parsed, never evaluated, and has to be plain.
"""

from __future__ import annotations

import ast
import json
import re

_MOST_LETTERS = 4000
_LARGEST_INTEGER = 1 << 63
_LARGEST_POWER = 8
_SYMBOL = re.compile(r"[a-z]+\d+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIZE_FUNCTIONS = frozenset(
    (
        *("Add", "Mul", "Pow", "Integer", "Rational", "Symbol", "Max", "Min", "Mod", "PythonMod"),
        *("FloorDiv", "CleanDiv", "CeilDiv", "CeilToInt", "FloorToInt", "TruncToInt", "RoundToInt"),
        *("IntTrueDiv", "FloatTrueDiv", "ToFloat", "PowByNatural", "Identity", "ModularIndexing"),
        *("Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Equality", "Unequality", "GreaterThan", "LessThan"),
        *("StrictGreaterThan", "StrictLessThan", "And", "Or", "Not", "floor", "ceiling", "Abs"),
    )
)
_ASSUMPTIONS = frozenset(("positive", "integer", "nonnegative", "negative", "real", "finite"))
_POWERS = frozenset(("Pow", "PowByNatural"))
_OPERATORS = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.USub, ast.UAdd, ast.Not),
    *(ast.And, ast.Or, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)
_SIZE_METHODS = frozenset(("size", "stride"))
_CONTAINERS = frozenset(
    ("builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict")
)


def is_name(text: object) -> bool:
    """Tell whether a text is one plain name, as a variable in code may have."""
    return isinstance(text, str) and len(text) < 512 and bool(_NAME.fullmatch(text))


def is_size(text: object) -> bool:
    """Tell whether a text is arithmetic on numbers and symbols such as ``s77``."""
    tree = _parse(text)
    return tree is not None and _is_arithmetic(tree, guard=False)


def is_guard(text: object) -> bool:
    """Tell whether a text compares sizes of inputs, such as ``L['z'].size()[0] <= 64``."""
    tree = _parse(text)
    return tree is not None and _is_arithmetic(tree, guard=True)


def is_tree(text: object) -> bool:
    """Tell whether a text describes nested tuples, lists and dictionaries with plain keys."""
    if not isinstance(text, str):
        return False
    try:
        protocol, tree = json.loads(text)
        return protocol == 1 and _is_node(tree)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def _parse(text: object) -> ast.expr | None:
    if not isinstance(text, str) or len(text) > _MOST_LETTERS or not text.isascii():
        return None
    if "\n" in text or "#" in text or "\\" in text:
        return None
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_arithmetic(node: ast.expr, *, guard: bool) -> bool:
    def all_of(*parts: ast.expr) -> bool:
        return all(_is_arithmetic(part, guard=guard) for part in parts)

    if isinstance(node, ast.Constant):
        return _is_number(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return all_of(node.left) and _is_small(node.right)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, _OPERATORS) and all_of(node.left, node.right)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, _OPERATORS) and all_of(node.operand)
    if isinstance(node, ast.BoolOp):
        return all_of(*node.values)
    if isinstance(node, ast.Compare):
        known = all(isinstance(op, _OPERATORS) for op in node.ops)
        return known and all_of(node.left, *node.comparators)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _is_function(node, node.func.id, guard=guard)
    if guard:
        return _is_extent(node)
    return isinstance(node, ast.Name) and bool(_SYMBOL.fullmatch(node.id) or node.id == "oo")


def _is_number(value: object) -> bool:
    return isinstance(value, (bool, int, float)) and abs(value) <= _LARGEST_INTEGER


def _is_small(node: ast.expr) -> bool:
    """Powers beyond any size of a tensor would keep sympy busy for ever."""
    if isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, (int, float)) and abs(value) <= _LARGEST_POWER


def _is_function(node: ast.Call, name: str, *, guard: bool) -> bool:
    if name not in _SIZE_FUNCTIONS:
        return False
    if name == "Symbol":
        return not guard and _is_symbol(node)
    if node.keywords or (name in _POWERS and not (node.args[1:] and _is_small(node.args[1]))):
        return False
    return all(_is_arithmetic(argument, guard=guard) for argument in node.args)


def _is_symbol(node: ast.Call) -> bool:
    values = [word.value for word in node.keywords]
    plain = all(isinstance(v, ast.Constant) and isinstance(v.value, bool) for v in values)
    known = {word.arg for word in node.keywords} <= _ASSUMPTIONS
    name = node.args[0] if len(node.args) == 1 else None
    text = name.value if isinstance(name, ast.Constant) else None
    return plain and known and isinstance(text, str) and bool(_SYMBOL.fullmatch(text))


def _is_extent(node: ast.expr) -> bool:
    """Accept ``L['z'].size()[0]``, ``L['z'].storage_offset()`` and ``L['psi']``."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call):
        method = node.value.func
        if not (isinstance(method, ast.Attribute) and method.attr in _SIZE_METHODS):
            return False
        return _is_index(node.slice) and not _arguments(node.value) and _is_input(method.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        known = node.func.attr in ("storage_offset", "dim", "ndimension")
        return known and not _arguments(node) and _is_input(node.func.value)
    return _is_input(node)


def _arguments(node: ast.Call) -> int:
    return len(node.args) + len(node.keywords)


def _is_index(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_input(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return False
    while isinstance(node, ast.Subscript):
        key = node.slice
        if not _is_index(key) and not (isinstance(key, ast.Constant) and is_name(key.value)):
            return False
        node = node.value
    return isinstance(node, ast.Name) and node.id == "L"


def _is_node(tree: dict[str, object]) -> bool:
    kind, context, children = tree["type"], tree["context"], tree["children_spec"]
    if not isinstance(children, list) or len(tree) != 3:
        return False
    if kind is None:
        return context is None and not children
    if kind not in _CONTAINERS or not isinstance(context, str):
        return False
    keys = json.loads(context)
    plain = keys is None or (isinstance(keys, list) and all(_is_key(key) for key in keys))
    return plain and all(isinstance(child, dict) and _is_node(child) for child in children)


def _is_key(key: object) -> bool:
    return type(key) is int or is_name(key)
