"""Find the samples in whatever a network returns, and bring them into one layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from gancheck.errors import GeneratorError, ShapeError

if TYPE_CHECKING:
    import torch

    from gancheck.types import OutputKind

Order: TypeAlias = Literal["nchw", "nhwc", "nhw", "flat"]
CHANNELS = (1, 3)


@dataclass(frozen=True)
class OutputLayout:
    """Where the samples are in a network's output, and how their axes are ordered.

    Attributes:
        steps: Keys and indices that lead from the output to the tensor of samples.
        order: Axes of that tensor.
        shape: Shape of one sample afterwards: (c, h, w) or (d,).
    """

    steps: tuple[int | str, ...]
    order: Order
    shape: tuple[int, ...]

    @property
    def kind(self) -> OutputKind:
        """Images have three axes, vectors one."""
        return "image" if len(self.shape) == 3 else "vector"

    def apply(self, output: object, rows: int) -> torch.Tensor:
        """Return the samples as float32 (rows, *shape).

        Raises:
            GeneratorError: The output is not built like the one this layout was found on.
        """
        for step in self.steps:
            output = output[step]  # type: ignore[index]
        tensor: torch.Tensor = output  # type: ignore[assignment]
        if self.order == "flat":
            tensor = self._unflattened(tensor.flatten(1))
        elif self.order == "nhwc":
            tensor = tensor.permute(0, 3, 1, 2)
        elif self.order == "nhw":
            tensor = tensor.unsqueeze(1)
        if tuple(tensor.shape) != (rows, *self.shape):
            raise GeneratorError(
                f"the generator returned {tuple(tensor.shape)} for {rows} latents, "
                f"expected {(rows, *self.shape)}"
            )
        return tensor.float()

    def _unflattened(self, flat: torch.Tensor) -> torch.Tensor:
        if flat.shape[1] != _product(self.shape):
            return flat  # the caller says what was expected
        return flat.reshape(flat.shape[0], *self.shape)

    def as_images(self, shape: tuple[int, ...]) -> OutputLayout:
        """Return the layout that reads each output as an image (c, h, w), row by row.

        Raises:
            ShapeError: The outputs hold another number of values.
        """
        if shape == self.shape:
            return self
        if _product(shape) != _product(self.shape) or self.order == "nhwc":
            wanted = " x ".join(map(str, shape))
            raise ShapeError(
                f"outputs of shape {self.shape} hold {_product(self.shape)} values, and "
                f"{wanted} = {_product(shape)} were asked for",
                "`--output-shape C,H,W` must name as many; leave it out to take them as they are.",
            )
        return OutputLayout(self.steps, "flat", shape)


def _product(shape: tuple[int, ...]) -> int:
    found = 1
    for side in shape:
        found *= side
    return found


def find_layout(output: object, rows: int) -> tuple[OutputLayout, tuple[str, ...]]:
    """Choose the samples among a network's outputs; return sentences on what was chosen.

    Raises:
        GeneratorError: Nothing in the output has one row for each latent.
    """
    tensors = list(_walk(output, ()))
    fitting = [(steps, t) for steps, t in tensors if t.ndim >= 2 and t.shape[0] == rows]
    if not fitting:
        shapes = ", ".join(str(tuple(t.shape)) for _, t in tensors) or type(output).__name__
        raise GeneratorError(f"the network returned {shapes} for {rows} latents")
    images = [pair for pair in fitting if pair[1].ndim == 4]
    steps, tensor = max(images or fitting, key=lambda pair: pair[1].numel())
    layout, notes = _order(steps, tuple(int(side) for side in tensor.shape[1:]))
    if len(tensors) > 1:
        place = "".join(f"[{step!r}]" for step in steps)
        notes = (
            f"The network returns {len(tensors)} tensors; output{place} of shape "
            f"{layout.shape} was taken as the samples.",
            *notes,
        )
    return layout, notes


def _walk(
    output: object, steps: tuple[int | str, ...]
) -> Iterator[tuple[tuple[int | str, ...], torch.Tensor]]:
    import torch

    if isinstance(output, torch.Tensor):
        yield steps, output
    elif isinstance(output, Mapping):
        for key, value in output.items():
            yield from _walk(value, (*steps, key))
    elif isinstance(output, (list, tuple)):
        for index, value in enumerate(output):
            yield from _walk(value, (*steps, index))


def _order(
    steps: tuple[int | str, ...], shape: tuple[int, ...]
) -> tuple[OutputLayout, tuple[str, ...]]:
    if len(shape) == 3 and min(shape[1:]) > 1 and shape[0] in CHANNELS:
        return OutputLayout(steps, "nchw", shape), ()
    if len(shape) == 3 and min(shape[:2]) > 1 and shape[2] in CHANNELS:
        height, width, channels = shape
        note = f"The network puts channels last, {shape}; the axes were reordered."
        return OutputLayout(steps, "nhwc", (channels, height, width)), (note,)
    if len(shape) == 2 and min(shape) > 1:
        note = f"Outputs of shape {shape} were taken as images of one channel."
        return OutputLayout(steps, "nhw", (1, *shape)), (note,)
    notes = (f"Outputs of shape {shape} were flattened to vectors.",) if len(shape) > 1 else ()
    return OutputLayout(steps, "flat", (_product(shape),)), notes
