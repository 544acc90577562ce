"""A trained network behind one call, whatever file it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from gancheck.errors import LoadError

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.audit import LayerFit

ArgumentKind: TypeAlias = Literal["tensor", "index", "scalar", "other"]
LabelStyle: TypeAlias = Literal["index", "onehot", "unknown"]
LABEL_NAMES = frozenset({"y", "c", "cls", "class", "classes", "label", "labels", "class_labels"})
STRENGTH_NAMES = frozenset({"psi", "truncation", "truncation_psi"})


@dataclass(frozen=True)
class Argument:
    """One input of a network.

    Attributes:
        name: Its name in the file or in the source.
        kind: ``tensor`` of floats or unknown, ``index`` tensor of integers, ``scalar``, ``other``.
        shape: Without the batch axis, None where not known; None for each unknown side.
        required: Whether a call must give it.
        value: What it is when nobody gives it.
    """

    name: str
    kind: ArgumentKind = "tensor"
    shape: tuple[int | None, ...] | None = None
    required: bool = True
    value: object = None


@dataclass(frozen=True)
class CallPlan:
    """Which input takes the latents, which the labels, and what the others are set to."""

    names: tuple[str, ...]
    latent: str
    label: str | None = None
    label_style: LabelStyle = "unknown"
    fixed: Mapping[str, object] = field(default_factory=dict)

    def arguments(self, latents: torch.Tensor, labels: object = None) -> tuple[object, ...]:
        """Return the inputs in the order of the network."""
        given = {**self.fixed, self.latent: latents}
        if self.label is not None:
            given[self.label] = labels
        return tuple(given[name] for name in self.names)


@dataclass(frozen=True)
class Network:
    """What a loader hands over to be probed.

    Attributes:
        forward: The network itself; takes the inputs of the plan in order.
        plan: How latents and labels become inputs.
        latent_shapes: Shapes of one latent that the file suggests, the likeliest first.
        classes: Number of classes that the file shows, None when it does not.
        dtype: Name of the float type that the network computes in, such as ``float32``.
        device: Where it runs.
        batch: The only batch size it takes, None for any.
        smallest_batch: The smallest batch size it takes.
        audit_rows: How many latents the BatchNorm audit draws.
        fits: Runs the BatchNorm audit on inputs, None where there is nothing to audit.
        notes: What was inferred so far.
    """

    forward: Callable[[tuple[object, ...]], object]
    plan: CallPlan
    latent_shapes: tuple[tuple[int, ...], ...] = ()
    classes: int | None = None
    dtype: str = "float32"
    device: str = "cpu"
    batch: int | None = None
    smallest_batch: int = 1
    audit_rows: int = 512
    fits: Callable[[tuple[object, ...]], list[LayerFit]] | None = None
    notes: tuple[str, ...] = ()

    def inputs(self, latents: torch.Tensor, labels: torch.Tensor | None) -> tuple[object, ...]:
        """Return what one call of the network takes, in its own types and on its device."""
        import torch

        native = latents.to(device=self.device, dtype=getattr(torch, self.dtype))
        if labels is None:
            return self.plan.arguments(native)
        given = labels.to(self.device)
        if self.plan.label_style == "onehot":
            given = torch.nn.functional.one_hot(given, self.classes or -1).to(native.dtype)
        return self.plan.arguments(native, given)

    def run(self, latents: torch.Tensor, labels: torch.Tensor | None) -> object:
        """Call the network once and return whatever it returns."""
        return self.forward(self.inputs(latents, labels))


def plan_call(arguments: Sequence[Argument], *, conditional: bool) -> tuple[CallPlan, list[str]]:
    """Tell latents, labels and settings apart by the kinds and names of the inputs.

    Args:
        arguments: The network's inputs in order.
        conditional: Whether classes are known to exist, so that an optional label is a label.

    Raises:
        LoadError: An input is required whose meaning is not known.
    """
    label = next((item for item in arguments if _is_label(item, conditional)), None)
    others = [item for item in arguments if item is not label]
    latent = next((item for item in others if item.kind in ("tensor", "other")), None)
    if latent is None:
        raise LoadError(f"the network has no input for latents: {_signature(arguments)}")
    fixed: dict[str, object] = {}
    notes: list[str] = []
    for item in others:
        if item is latent:
            continue
        fixed[item.name], note = _settle(item, arguments)
        notes += [note] if note else []
    style: LabelStyle = "unknown"
    if label is not None and label.kind == "index":
        style = "index"
    elif label is not None and label.shape and len(label.shape) == 1:
        style = "onehot"
    names = tuple(item.name for item in arguments)
    return CallPlan(names, latent.name, label.name if label else None, style, fixed), notes


def _is_label(item: Argument, conditional: bool) -> bool:
    if item.kind == "index":
        return True
    named = item.name.lower() in LABEL_NAMES and item.kind != "scalar"
    return named and (item.required or conditional)


def _settle(item: Argument, arguments: Sequence[Argument]) -> tuple[object, str | None]:
    if item.name.lower() in STRENGTH_NAMES and item.kind != "other":
        if item.value is None or (item.kind == "scalar" and not item.required):
            return 1.0, f"The input {item.name} was set to 1."
        return item.value, f"The input {item.name} is fixed at {item.value} by the file."
    if not item.required or item.value is not None:
        return item.value, None
    raise LoadError(
        f"the network asks for {item.name!r}, whose meaning is not known: "
        f"its inputs are {_signature(arguments)}",
        "Wrap it in a module that takes latents, or latents and labels, and export that.",
    )


def _signature(arguments: Sequence[Argument]) -> str:
    return "(" + ", ".join(f"{item.name}: {item.kind}" for item in arguments) + ")"
