"""A trained network behind one call, whatever file it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from gancheck.errors import LoadError
from gancheck.loaders.noise import draw_noise

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.audit import LayerFit

ArgumentKind: TypeAlias = Literal["tensor", "index", "scalar", "other"]
LabelStyle: TypeAlias = Literal["index", "onehot", "table", "unknown"]
LABEL_NAMES = frozenset({"y", "c", "cls", "class", "classes", "label", "labels", "class_labels"})
STRENGTH_NAMES = frozenset({"psi", "truncation", "truncation_psi"})
LATENT_NAMES = frozenset({"z", "w", "latent", "latents", "style", "styles"})
_FORMS = {"onehot": " as one-hot rows", "table": " as rows of the label table"}
_SAME = 1e-5  # of the largest output
WRAP = (
    "Wrap it in a module that takes latents, or latents and labels, and export that: "
    "`gancheck export-help` shows how for known repositories."
)


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
    """Which input takes the latents, which the labels, and what the others are set to.

    Attributes:
        names: Names of all inputs, in the order of the network.
        latent: The input that takes the latents.
        label: The input that takes the labels, None without any.
        label_style: How it takes them.
        fixed: What the other inputs are set to.
        strength: The input among them that sets the truncation, None where the file fixes it.
        noise: Shapes of one row of the inputs that are fed noise.
    """

    names: tuple[str, ...]
    latent: str
    label: str | None = None
    label_style: LabelStyle = "unknown"
    fixed: Mapping[str, object] = field(default_factory=dict)
    strength: str | None = None
    noise: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def arguments(
        self,
        latents: torch.Tensor,
        labels: object = None,
        noise: Mapping[str, torch.Tensor] | None = None,
    ) -> tuple[object, ...]:
        """Return the inputs in the order of the network."""
        given = {**self.fixed, **(noise or {}), self.latent: latents}
        if self.label is not None:
            given[self.label] = labels
        return tuple(given[name] for name in self.names)

    def described(self, latent_shape: tuple[int, ...], classes: int | None) -> str:
        """Say what each input is given, such as ``z = latents (100, 1, 1), psi = 1.0``."""
        said = {name: repr(value) for name, value in self.fixed.items()}
        said |= {name: f"N(0, 1) noise {shape}" for name, shape in self.noise.items()}
        said[self.latent] = f"latents {latent_shape}"
        if self.label is not None:
            form = _FORMS.get(self.label_style, "")
            said[self.label] = f"classes 0..{(classes or 1) - 1}{form}"
        return ", ".join(f"{name} = {said[name]}" for name in self.names)


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
        backend: What runs it and how, such as ``torch, channels last``; for the report.
        order_channels: Puts the channels of its weights last, or first again; None where that
            makes nothing faster.
        table: (classes, k) float32 rows that stand for labels; None where labels are fed
            themselves.
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
    backend: str = ""
    order_channels: Callable[[bool], None] | None = None
    table: torch.Tensor | None = None

    def inputs(self, latents: torch.Tensor, labels: torch.Tensor | None) -> tuple[object, ...]:
        """Return what one call of the network takes, in its own types and on its device."""
        import torch

        native = latents.to(device=self.device, dtype=getattr(torch, self.dtype))
        noise = {}
        if self.plan.noise:
            drawn = draw_noise(latents, self.plan.noise)
            noise = {name: values.to(native) for name, values in drawn.items()}
        if labels is None:
            return self.plan.arguments(native, noise=noise)
        given = labels.to(self.device)
        if self.table is not None:
            given = self.table.to(native)[given]
        elif self.plan.label_style == "onehot":
            given = torch.nn.functional.one_hot(given, self.classes or -1).to(native.dtype)
        return self.plan.arguments(native, given, noise)

    def run(self, latents: torch.Tensor, labels: torch.Tensor | None) -> object:
        """Call the network once and return whatever it returns."""
        return self.forward(self.inputs(latents, labels))


def quickened(network: Network, latents: torch.Tensor, labels: torch.Tensor | None) -> Network:
    """Put channels last where the network can, if its outputs stay what they are.

    Some networks cannot run so (``view`` needs the usual order), and those that draw noise draw
    it in another order; they stay as they are.
    """
    import torch

    if network.order_channels is None:
        return network
    size = network.batch or max(network.smallest_batch, min(4, len(latents)))
    shown = None if labels is None else labels[:size]
    with torch.no_grad():
        before = network.run(latents[:size], shown)
        try:
            network.order_channels(True)
            after = network.run(latents[:size], shown)
        except Exception:  # the network is foreign code and may raise anything
            after = None
    if after is not None and _alike(before, after):
        return replace(network, backend=f"{network.backend}, channels last")
    network.order_channels(False)
    return network


def _alike(before: object, after: object) -> bool:
    import torch

    if isinstance(before, torch.Tensor) and isinstance(after, torch.Tensor):
        if before.shape != after.shape or not before.is_floating_point():
            return before.shape == after.shape and bool((before == after).all())
        scale = float(before.abs().max()) + 1e-12
        return not bool(((before - after).abs() > _SAME * scale).any())
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(_alike(value, after[key]) for key, value in before.items())
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        return all(_alike(one, other) for one, other in zip(before, after, strict=True))
    return True


def plan_call(
    arguments: Sequence[Argument], *, conditional: bool, fed: bool = False
) -> tuple[CallPlan, list[str]]:
    """Tell latents, labels and settings apart by the kinds and names of the inputs.

    Args:
        arguments: The network's inputs in order.
        conditional: Whether classes are known to exist, so that an optional label is a label.
        fed: Whether vectors stand for labels, so that an input of another name may take them.

    Raises:
        LoadError: An input is required whose meaning is not known.
    """
    label = next((item for item in arguments if _is_label(item, conditional or fed)), None)
    if label is None and fed:
        label = _second(arguments)
    others = [item for item in arguments if item is not label]
    latent = _find_latent(others)
    if latent is None:
        raise LoadError(f"the network has no input for latents: {_signature(arguments)}", WRAP)
    noise = {item.name: item for item in others if item is not latent and _is_noise(item)}
    settled = [item for item in others if item is not latent and item.name not in noise]
    decided = [_settle(item, arguments) for item in settled]
    notes = [note for _, note in decided if note]
    if noise:
        notes.append(
            f"Noise inputs ({', '.join(noise)}) are fed N(0, 1) numbers drawn from each latent: "
            "equal latents give equal samples."
        )
    plan = CallPlan(
        names=tuple(item.name for item in arguments),
        latent=latent.name,
        label=label.name if label else None,
        label_style=_label_style(label),
        fixed={item.name: value for item, (value, _) in zip(settled, decided, strict=True)},
        strength=next((item.name for item in settled if _is_strength(item)), None),
        noise={name: _noise_shape(item, arguments) for name, item in noise.items()},
    )
    return plan, notes


def strength_note(name: str, value: float) -> str:
    """Say what a truncation input was set to."""
    return f"The input {name} was set to {value:g}."


def fixed_strength(plan: CallPlan) -> str | None:
    """Name the truncation input whose value the file fixes, None without one."""
    return next((name for name in plan.fixed if name.lower() in STRENGTH_NAMES), None)


def _find_latent(items: Sequence[Argument]) -> Argument | None:
    tensors = [item for item in items if item.kind in ("tensor", "other")]
    first = next(iter(tensors), None)
    if first is not None and _is_noise(first):
        return next((item for item in tensors if item.name.lower() in LATENT_NAMES), first)
    return first


def _second(arguments: Sequence[Argument]) -> Argument | None:
    """Return the first required input beside the latents that is neither noise nor a setting."""
    latent = _find_latent(arguments)
    return next(
        (
            item
            for item in arguments
            if item is not latent and item.required and item.kind == "tensor"
            if not _is_noise(item) and not _is_strength(item)
        ),
        None,
    )


def _is_noise(item: Argument) -> bool:
    return item.kind == "tensor" and item.required and item.name.lower().startswith("noise")


def _noise_shape(item: Argument, arguments: Sequence[Argument]) -> tuple[int, ...]:
    if item.shape is None or None in item.shape:
        raise LoadError(
            f"the network asks for noise in {item.name!r}, whose shape the file does not show: "
            f"its inputs are {_signature(arguments)}",
            WRAP,
        )
    return tuple(side for side in item.shape if side is not None)


def _label_style(label: Argument | None) -> LabelStyle:
    if label is not None and label.kind == "index":
        return "index"
    if label is not None and label.shape and len(label.shape) == 1:
        return "onehot"
    return "unknown"


def _is_label(item: Argument, conditional: bool) -> bool:
    if item.kind == "index":
        return True
    named = item.name.lower() in LABEL_NAMES and item.kind != "scalar"
    return named and (item.required or conditional)


def _is_strength(item: Argument) -> bool:
    """Whether an input sets the truncation, and the file leaves it open."""
    if item.name.lower() not in STRENGTH_NAMES or item.kind == "other":
        return False
    return item.value is None or (item.kind == "scalar" and not item.required)


def _settle(item: Argument, arguments: Sequence[Argument]) -> tuple[object, str | None]:
    if _is_strength(item):
        return 1.0, strength_note(item.name, 1.0)
    if item.name.lower() in STRENGTH_NAMES and item.kind != "other":
        return item.value, f"The input {item.name} is fixed at {item.value} by the file."
    if not item.required or item.value is not None:
        return item.value, None
    raise LoadError(
        f"the network asks for {item.name!r}, whose meaning is not known: "
        f"its inputs are {_signature(arguments)}",
        WRAP,
    )


def _signature(arguments: Sequence[Argument]) -> str:
    return "(" + ", ".join(f"{item.name}: {item.kind}" for item in arguments) + ")"
