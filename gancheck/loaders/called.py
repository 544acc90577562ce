"""Make generators of modules and of functions: those in memory, and those that plugins read."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gancheck.errors import GancheckError
from gancheck.loaders.hints import in_python
from gancheck.loaders.interface import LoadOptions, expect_generator
from gancheck.types import Generator

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.generator import LoadedGenerator
    from gancheck.loaders.network import Network
    from gancheck.loaders.probe import Source

    Forward: TypeAlias = Callable[[tuple[object, ...]], object]

FORMAT = "memory"


def make_called(
    name: str,
    function: Callable[..., object],
    options: LoadOptions,
    *,
    source: Source | None = None,
    latent_shape: tuple[int, ...] | None = None,
    classes: int | None = None,
) -> Generator:
    """Make a generator of a module, or of a function from latents to samples.

    A module is run as a copy on its own device, in eval mode. A function is called as it is: with
    a tensor (n, *latent_shape), and with labels (n,) int64 where it takes them or classes are
    told; it returns a tensor or an array. The modules that it refers to are put into eval mode,
    see `gancheck.loaders.borrowed.left_as_found`.

    Args:
        name: What it is called in the report.
        function: The module or function.
        options: What the user says about it.
        source: The file that it was read from; None for what is in memory, whose messages name
            options of Python instead of flags.
        latent_shape: Shape of one latent, where it is known: nothing is then inferred, and a
            module is called as a function is, on the device of the options.
        classes: Number of classes, where the shape is told; None calls it with latents alone.

    Raises:
        LoadError: Something cannot be inferred; the hint names the option that tells it.
        ShapeError: The options contradict the function.
        GeneratorError: The outputs are not finite.
    """
    from gancheck.loaders.probe import Source, make_generator

    def make(source: Source | None) -> LoadedGenerator:
        path = Path(name) if source is None else source.path
        expect_generator(path, FORMAT if source is None else source.format, options)
        if latent_shape is None:
            network, sha256 = _network(function, options)
        else:
            network, sha256 = _told(function, latent_shape, classes, options), ""
        return make_generator(network, source or Source(path, FORMAT, "", sha256), options)

    if source is not None:
        return make(source)
    try:
        return _in_python(make(None))
    except GancheckError as error:
        raise type(error)(in_python(error.message), in_python(error.hint)) from error


def _in_python(made: LoadedGenerator) -> LoadedGenerator:
    """Name options of Python where flags were named."""
    concerns = tuple(
        dataclasses.replace(concern, detail=in_python(concern.detail))
        for concern in made.spec.concerns
    )
    notes = tuple(in_python(note) for note in made.spec.notes)
    spec = dataclasses.replace(made.spec, notes=notes, concerns=concerns)
    return dataclasses.replace(made, spec=spec)


def hash_weights(weights: Mapping[str, Any]) -> str:
    """Return the SHA-256 over name, type, shape and bytes of each tensor, hexadecimal."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name]
        if not isinstance(tensor, torch.Tensor):
            continue
        digest.update(f"{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\n".encode())
        plain = tensor.detach().to_dense() if tensor.is_sparse else tensor.detach()
        digest.update(plain.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _network(function: Callable[..., object], options: LoadOptions) -> tuple[Network, str]:
    """Describe a module or a function, and hash a module's weights."""
    from torch import nn

    from gancheck.loaders.borrowed import copied, modules_behind, unwrapped

    if not isinstance(function, nn.Module):
        return _of_function(function, modules_behind(function), options), ""
    module = unwrapped(function)
    sha256 = hash_weights(module.state_dict())
    own = copied(module)
    if own is None:
        network = _of_function(module, (module,), options)
        note = "The module cannot be copied; it was run itself, and put back as it was."
        return dataclasses.replace(network, notes=(*network.notes, note)), sha256
    return _of_copy(own, options), sha256


def _told(
    function: Callable[..., object],
    latent_shape: tuple[int, ...],
    classes: int | None,
    options: LoadOptions,
) -> Network:
    """Describe a function whose inputs are known."""
    from gancheck.loaders.borrowed import shielded
    from gancheck.loaders.network import CallPlan, Network

    called = shielded(function)
    label = None if classes is None else "labels"
    names = ("latents",) if label is None else ("latents", label)
    return Network(
        forward=_tolerant(lambda inputs: called(*inputs)),
        plan=CallPlan(names, "latents", label, label_style="index"),
        latent_shapes=(latent_shape,),
        classes=classes,
        device=options.device,
        backend="torch",
    )


def _of_copy(module: torch.nn.Module, options: LoadOptions) -> Network:
    from gancheck.loaders.borrowed import device_of
    from gancheck.loaders.module import describe_module

    options = dataclasses.replace(options, device=device_of((module,), options))
    held = module
    if not _signed(module.forward):
        held = _holder(module, _signature(module, options), (module,))
    network = describe_module(held, options)
    return dataclasses.replace(network, forward=_tolerant(network.forward))


def _of_function(
    function: Callable[..., object], modules: tuple[torch.nn.Module, ...], options: LoadOptions
) -> Network:
    """Describe what is run as it is, so that nothing of its weights may be laid out anew."""
    from gancheck.loaders.borrowed import device_of, shielded
    from gancheck.loaders.module import describe_module

    options = dataclasses.replace(options, device=device_of(modules, options))
    held = _holder(shielded(function), _signature(function, options), modules)
    network = describe_module(held, options)
    forward = _tolerant(network.forward)
    return dataclasses.replace(network, forward=forward, order_channels=None)


def _holder(
    function: Callable[..., object],
    signature: inspect.Signature,
    modules: tuple[torch.nn.Module, ...],
) -> torch.nn.Module:
    """Return a module whose ``forward`` is the function, and whose parts are its modules."""
    from torch import nn

    def forward(*inputs: object) -> object:
        return function(*inputs)

    forward.__signature__ = signature  # type: ignore[attr-defined]
    holder = nn.Module()
    holder.parts = nn.ModuleList(modules)
    holder.forward = forward
    return holder


def _signature(function: Callable[..., object], options: LoadOptions) -> inspect.Signature:
    """Return the inputs of a function; the second is the label where only classes tell so."""
    from gancheck.loaders.network import LABEL_NAMES

    inputs = _inputs(function)
    named = any(item.name.lower() in LABEL_NAMES for item in inputs)
    if options.classes is not None and len(inputs) > 1 and not named:
        inputs[1] = inputs[1].replace(name="labels")
    return inspect.Signature(inputs)


def _inputs(function: Callable[..., object]) -> list[inspect.Parameter]:
    called = getattr(function, "forward", function)
    if _signed(called):
        return list(inspect.signature(called).parameters.values())
    schema = getattr(called, "schema", None)  # of a TorchScript program
    names = [item.name for item in schema.arguments[1:]] if schema is not None else ["latents"]
    return [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]


def _signed(function: Callable[..., object]) -> bool:
    """Tell whether Python knows the inputs of a function."""
    try:
        inspect.signature(function)
    except (TypeError, ValueError):  # built in, or a program of TorchScript
        return False
    return True


def _tolerant(forward: Forward) -> Forward:
    """Take arrays for tensors, and do without gradients where a function cannot have them."""

    def run(inputs: tuple[object, ...]) -> object:
        import torch

        tensors = [item for item in inputs if isinstance(item, torch.Tensor)]
        try:
            return _as_tensors(forward(inputs))
        except Exception:  # such as numpy's on latents that ask for a gradient
            if not any(item.requires_grad for item in tensors):
                raise
        plain = (item.detach() if isinstance(item, torch.Tensor) else item for item in inputs)
        with torch.no_grad():
            return _as_tensors(forward(tuple(plain)))

    return run


def _as_tensors(output: Any) -> object:
    import numpy as np
    import torch

    if isinstance(output, np.ndarray):
        return torch.from_numpy(np.array(output))
    if isinstance(output, Mapping):
        return {key: _as_tensors(value) for key, value in output.items()}
    if isinstance(output, (list, tuple)):
        return [_as_tensors(value) for value in output]
    return output
