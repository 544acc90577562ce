"""What a pickle names and builds, kept as plain data: nothing is imported and nothing is called.

A pickle is a program for a small machine whose one power is to call what it names. Here a name
stays a name, and an object is a record of what it would have been made of. Calls that no honest
checkpoint makes are refused all the same, for a file that makes them is not what it claims to be.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from gancheck.errors import RefusedError

_MOST_KEY_PARTS = 1000
_HINT = "Load it with the code that wrote it and save generator.state_dict() anew."
_MODULE_PARTS = frozenset({"_parameters", "_buffers", "_modules"})
_STANDARD_MODULES = frozenset(sys.stdlib_module_names) | {
    *("__builtin__", "cPickle", "commands", "copy_reg", "popen2", "urllib2", "imp", "distutils"),
}
# Classes of the standard library that settings are made of.
_STANDARD_OBJECTS = frozenset(
    {
        *("argparse.Namespace", "types.SimpleNamespace", "uuid.UUID", "decimal.Decimal"),
        *("fractions.Fraction", "random.Random", "time.struct_time", "builtins.object"),
        *("datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta"),
        *("datetime.timezone", "collections.UserDict", "collections.UserList"),
        *("collections.ChainMap", "logging.Logger", "enum.Enum", "array.array"),
    }
    | {
        f"{module}.{system}{kind}"
        for module in ("pathlib", "pathlib._local")
        for system, kind in (
            *(("Posix", "Path"), ("Windows", "Path"), ("", "Path"), ("", "PurePath")),
            *(("Pure", "PosixPath"), ("Pure", "WindowsPath")),
        )
    }
)
# Functions that only put an object together; here they do not even do that.
_ASSEMBLERS = frozenset(
    {
        *("functools.partial", "logging.getLogger", "re._compile", "array._array_reconstructor"),
        *("numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor"),
        *("numpy.random._pickle.__bit_generator_ctor", "numpy.random.__RandomState_ctor"),
        *("numpy.ma.core._mareconstruct", "pandas._libs.internals._unpickle_block"),
        "torch.nn.backends.thnn._get_thnn_function_backend",
        *("pandas.core.indexes.base._new_Index", "sklearn.utils._bunch.Bunch"),
        *("pandas._libs.arrays.__pyx_unpickle_NDArrayBacked", "pandas.core.internals._unpickle"),
    }
)
_PLAIN_TYPES = frozenset(
    f"builtins.{name}"
    for name in (
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list"),
        *("object", "range", "set", "slice", "str", "tuple", "type", "getattr", "NoneType"),
        *("Ellipsis", "NotImplemented", "min", "max", "abs", "sum", "len", "round", "sorted"),
    )
)
_KNOWN_CONTAINERS = frozenset(
    {
        *("collections.OrderedDict", "collections.Counter", "collections.defaultdict"),
        *("collections.deque", "_codecs.encode", "copyreg._reconstructor"),
        *("copyreg.__newobj__", "copyreg.__newobj_ex__"),
    }
)
_REFERABLE = _STANDARD_OBJECTS | _ASSEMBLERS | _PLAIN_TYPES | _KNOWN_CONTAINERS
_REFERABLE_MODULES = ("typing.", "math.", "numbers.", "collections.abc.", "types.NoneType")
_TORCH_PROGRAMS = (
    *("torch.load", "torch.save", "torch.hub", "torch.jit", "torch.package", "torch.fx"),
    *("torch.serialization.load", "torch.serialization.save", "torch.utils.cpp_extension"),
    *("torch._C", "torch._inductor", "torch.ops", "torch.classes", "torch.multiprocessing"),
    *("torch.distributed.rpc", "torch.storage._load_from_bytes", "torch.export", "torch.library"),
)
# Where torch keeps functions such as tanh, which modules refer to as their activation.
TORCH_FUNCTIONS = ("torch._C._VariableFunctionsClass", "torch._C._VariableFunctions")
_TORCH_OBJECTS = (
    *("torch.nn.", "torch.optim.", "torch.amp.", "torch.cuda.amp.", "torch.distributions."),
    *("torch.utils.data.", "torch._dynamo.eval_frame.OptimizedModule", "torch.Generator"),
    *("torch.ao.", "torch.utils.hooks."),
)


@dataclass(frozen=True)
class Named:
    """A class or a function that a pickle refers to; it was not looked up.

    Attributes:
        path: Module and name, joined by a dot.
    """

    path: str


@dataclass(eq=False)
class Inert:
    """An object of a class that is not loaded: what it would have been made of.

    Attributes:
        name: The path of its class.
        arguments: What its class would have been called with.
        state: Its attributes by name, or whatever it would have restored itself from.
        items: What it holds by key, where its class is a kind of dictionary.
        elements: What it holds in order, where its class is a kind of list or set.
    """

    name: str
    arguments: tuple[object, ...] = ()
    state: object = None
    items: dict[object, object] = field(default_factory=dict)
    elements: list[object] = field(default_factory=list)

    def build(self, state: object) -> None:
        """Keep the state; slots come as a pair of two dictionaries."""
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
            first = state[0] if isinstance(state[0], dict) else {}
            state = {**first, **state[1]}
        self.state = state

    @property
    def attributes(self) -> Mapping[object, object]:
        """Everything it holds by name: its attributes, and its items."""
        own = self.state if isinstance(self.state, dict) else {}
        return {**self.items, **own}

    @property
    def is_module(self) -> bool:
        """Whether it is a `torch.nn.Module` of whatever class."""
        return isinstance(self.state, dict) and self.state.keys() >= _MODULE_PARTS


def refusal(what: str) -> RefusedError:
    """Return the error for a pickle that does what no checkpoint needs."""
    return RefusedError(f"its pickle {what}", _HINT)


def check_name(path: str) -> None:
    """Refuse names that a pickle has no honest reason to utter.

    Raises:
        RefusedError: It is a function of the standard library, or one of torch that runs programs.
    """
    is_function = path in TORCH_FUNCTIONS or path.startswith("torch._C._nn.")
    if _is_under(path, _TORCH_PROGRAMS) and not is_function:
        raise refusal(f"refers to {path}, which runs code or touches files")
    root = path.partition(".")[0]
    if root not in _STANDARD_MODULES or path in _REFERABLE:
        return
    if not path.startswith(_REFERABLE_MODULES):
        raise refusal(f"refers to {path}, and weights need nothing of that module")


def check_class(path: str) -> None:
    """Refuse to keep even a record of an object of this class.

    Raises:
        RefusedError: The class is no kind of setting, layer or optimizer.
    """
    check_name(path)
    root = path.partition(".")[0]
    if root in _STANDARD_MODULES and path not in _REFERABLE:
        raise refusal(f"makes an object of {path}")
    if root == "torch" and not path.startswith(_TORCH_OBJECTS):
        raise refusal(f"makes an object of {path}, which holds no plain weights")


def check_call(path: str) -> None:
    """Refuse calls of functions; classes are told from them by their capital.

    Raises:
        RefusedError: It is a function that no data container is restored with.
    """
    check_name(path)
    if path in _ASSEMBLERS:
        return
    if path not in _STANDARD_OBJECTS and not is_class_name(path):
        raise refusal(f"calls {path}")
    check_class(path)


def check_key(key: object) -> None:
    """Refuse keys whose hash would overflow the stack of the interpreter, or never end.

    Raises:
        RefusedError: Tuples lie in tuples lie in tuples.
    """
    parts, seen = [key], 0
    while parts:
        part = parts.pop()
        seen += 1
        if isinstance(part, (tuple, frozenset)):
            if seen + len(part) > _MOST_KEY_PARTS:
                raise refusal("nests keys too deeply")
            parts.extend(part)


def is_class_name(path: str) -> bool:
    """Tell from its spelling whether a name is that of a class."""
    return path.rpartition(".")[2].lstrip("_")[:1].isupper()


def _is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith(prefix + ".") for prefix in prefixes)
