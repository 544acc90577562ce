"""Find out by calling it which latents, labels and batch sizes a network takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import GancheckError, LoadError, ShapeError
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.label_table import read_label_table
from gancheck.loaders.laws import draw_latents
from gancheck.loaders.network import WRAP, LabelStyle, Network, fixed_strength, strength_note
from gancheck.loaders.outputs import OutputLayout, find_layout

if TYPE_CHECKING:
    import torch

_FIXED_BATCHES = (1, 4, 8, 16, 32, 64, 128, 256, 10, 20, 25, 36, 50, 100)
_FIXED_CANDIDATES = 4


@dataclass(frozen=True)
class Call:
    """A way of calling a network that was seen to work."""

    network: Network
    latent_shape: tuple[int, ...]
    layout: OutputLayout
    notes: tuple[str, ...]

    @property
    def classes(self) -> int | None:
        """Number of classes, None when the network takes no label."""
        return None if self.network.plan.label is None else self.network.classes

    def labels(self, rows: int) -> torch.Tensor | None:
        """Return labels (rows,) that go round the classes, None without any."""
        return _labels(self.network, rows)


def find_call(network: Network, path: Path, options: LoadOptions) -> Call:
    """Call a network with the likely latents until it answers.

    Raises:
        LoadError: Nothing works, or the number of classes or the latents' length is not known.
        ShapeError: The options contradict the file.
    """
    network = _with_table(_with_truncation(network, path, options), path, options)
    if network.table is None:
        network = _with_classes(network, path, options)
    candidates = _candidates(network, options.latent_dim)
    if not candidates:
        raise LoadError(
            f"the length of the latents cannot be read from {path}", "Give it: `--latent-dim N`."
        )
    call, complaint = _first_working(network, candidates)
    if call is None:
        raise _give_up(network, path, options, complaint)
    if options.output_shape is None:
        return call
    return _as_images(call, options.output_shape)


def _as_images(call: Call, shape: tuple[int, ...]) -> Call:
    layout = call.layout.as_images(shape)
    if layout == call.layout:
        return call
    # Said of outputs that stay vectors; they no longer do.
    kept = tuple(note for note in call.notes if "flattened to vectors" not in note)
    note = f"Outputs of shape {call.layout.shape} were taken for images of shape {shape}, as told."
    return replace(call, layout=layout, notes=(*kept, note))


def _with_truncation(network: Network, path: Path, options: LoadOptions) -> Network:
    if options.truncation is None:
        return network
    plan, value = network.plan, options.truncation
    if plan.strength is None:
        fixed = fixed_strength(plan)
        inputs = ", ".join(plan.names)
        raise LoadError(
            f"{path} has no truncation to set: its inputs are ({inputs})"
            if fixed is None
            else f"{path} fixes its truncation: {fixed} = {plan.fixed[fixed]}",
            "Leave `--truncation` out. `--latent-law normal:0.7` narrows the latents themselves."
            if fixed is None
            else "Leave `--truncation` out, or export the generator with another value.",
        )
    notes = tuple(note for note in network.notes if note != strength_note(plan.strength, 1.0))
    plan = replace(plan, fixed={**plan.fixed, plan.strength: value})
    return replace(network, plan=plan, notes=(*notes, strength_note(plan.strength or "", value)))


def _with_classes(network: Network, path: Path, options: LoadOptions) -> Network:
    if network.plan.label is None:
        if options.classes is None:
            return network
        raise ShapeError(f"{path} takes no labels, but {options.classes} classes were asked for")
    known, told = network.classes, options.classes
    if known is None and told is None:
        raise LoadError(
            f"{path} takes labels ({network.plan.label}), and their number cannot be read from it",
            "Give it: `--classes N`.",
        )
    exact = network.plan.label_style == "onehot"
    if known and told and (told > known or (exact and told != known)):
        raise ShapeError(f"{path} has {known} classes, not {told}", f"`--classes {known}`")
    if told is None or told == known:
        note = f"The file shows {known} classes."
    else:
        note = f"{told} classes, as told" + (f", of {known} in the file." if known else ".")
    classes = known if exact else told or known
    return replace(network, classes=classes, notes=(*network.notes, note))


def label_widths(options: LoadOptions) -> list[int]:
    """Return how many numbers a label takes beside the latents, by what the user says."""
    if options.label_table is not None:
        return [int(read_label_table(options.label_table).shape[1])]
    return [options.classes] if options.classes else []


def _with_table(network: Network, path: Path, options: LoadOptions) -> Network:
    """Feed vectors for labels where the user gave some."""
    if options.label_table is None:
        return network
    import torch

    table = torch.from_numpy(read_label_table(options.label_table))
    classes, width = table.shape
    if network.plan.label is None:
        raise ShapeError(
            f"{path} has no input for labels: its inputs are ({', '.join(network.plan.names)})",
            "Leave out `--label-table`.",
        )
    if options.classes not in (None, classes):
        raise ShapeError(
            f"{options.label_table} has {classes} rows, and {options.classes} classes were asked "
            "for",
            f"`--classes {classes}`, or leave it out.",
        )
    note = f"Labels are fed as rows of {options.label_table}: {classes} classes, {width} numbers."
    plan = replace(network.plan, label_style="table")
    return replace(network, plan=plan, classes=classes, table=table, notes=(*network.notes, note))


def _candidates(network: Network, latent_dim: int | None) -> tuple[tuple[int, ...], ...]:
    if latent_dim is None:
        return network.latent_shapes
    flat: dict[tuple[int, ...], None] = {}
    for shape in (*network.latent_shapes, (latent_dim,), (latent_dim, 1, 1)):
        if _length(shape) == latent_dim:
            flat.setdefault(shape)
    return tuple(flat)


def _length(shape: tuple[int, ...]) -> int:
    length = 1
    for side in shape:
        length *= side
    return length


def _first_working(
    network: Network, candidates: tuple[tuple[int, ...], ...]
) -> tuple[Call | None, str]:
    """Return the first call that works, and what the network said to the first that did not."""
    complaint = ""
    for variant, shape in _variants(network, candidates):
        call, answer = _try(variant, shape)
        if call is not None:
            return call, complaint
        complaint = complaint or answer
    return None, complaint


def _try(network: Network, shape: tuple[int, ...]) -> tuple[Call | None, str]:
    try:
        return _attempt(network, shape), ""
    except Exception as error:  # the network is foreign code and may raise anything
        return None, _first_line(error)


def _variants(
    network: Network, candidates: tuple[tuple[int, ...], ...]
) -> Iterator[tuple[Network, tuple[int, ...]]]:
    styles: tuple[LabelStyle, ...] = (network.plan.label_style,)
    if network.plan.label is not None and styles == ("unknown",):
        styles = ("index", "onehot")
    styled = [replace(network, plan=replace(network.plan, label_style=style)) for style in styles]
    for shape in candidates:
        yield from ((variant, shape) for variant in styled)
    if network.batch is not None:
        return
    for batch in _FIXED_BATCHES:
        note = f"The network only takes batches of {batch}; it is called once for each such batch."
        fixed = [replace(each, batch=batch, notes=(*each.notes, note)) for each in styled]
        for shape in candidates[:_FIXED_CANDIDATES]:
            yield from ((variant, shape) for variant in fixed)


def _attempt(network: Network, shape: tuple[int, ...]) -> Call:
    """Call with two batch sizes, or twice with the only one, and compare what comes back."""
    import torch

    sizes = (network.batch, network.batch) if network.batch else (3, 2)
    if network.smallest_batch > min(sizes):
        sizes = (network.smallest_batch + 1, network.smallest_batch)
    found = []
    for seed, size in enumerate(sizes):
        latents = draw_latents("normal", size, shape, seed)
        with torch.no_grad():
            output = network.run(latents, _labels(network, size))
        found.append(find_layout(output, size))
    if found[0][0] != found[1][0]:
        raise ShapeError(f"outputs {found[0][0].shape} and {found[1][0].shape} for equal latents")
    layout, notes = found[0]
    return Call(network, shape, layout, notes)


def _labels(network: Network, rows: int) -> torch.Tensor | None:
    import torch

    if network.plan.label is None or network.classes is None:
        return None
    return torch.arange(rows) % network.classes


def _first_line(error: Exception) -> str:
    text = error.message if isinstance(error, GancheckError) else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "Error" in line] or lines
    return telling[-1][:300] if telling else type(error).__name__


def _give_up(network: Network, path: Path, options: LoadOptions, complaint: str) -> GancheckError:
    if "cuda" in complaint.lower() and network.device == "cpu":
        return LoadError(
            f"{path} was traced on a GPU and asks for one by name: {complaint}",
            "Move it to the CPU and export it again, or run with `--device cuda`.",
        )
    if options.latent_dim is None:
        tried = ", ".join(str(shape) for shape in network.latent_shapes[:4])
        return LoadError(
            f"{path} answers none of the latents that its weights suggest ({tried}, ...): "
            f"{complaint}",
            f"Give their length, `--latent-dim N`. {WRAP}",
        )
    call, _ = _first_working(network, network.latent_shapes)
    if call is None:
        return ShapeError(
            f"{path} does not take latents of length {options.latent_dim}: {complaint}",
            "Correct `--latent-dim N`.",
        )
    expected = _length(call.latent_shape)
    return ShapeError(
        f"{path} takes latents of length {expected}, not {options.latent_dim}",
        f"Give `--latent-dim {expected}`, or leave it out.",
    )
