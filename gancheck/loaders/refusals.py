"""Say why weights without code cannot be put to work, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.audit import REBUILD, LayerFit, worst

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.architectures import Proposal

_SHOWN = 4


def arch_line(path: Path) -> str:
    """Return the command that names the code of a generator."""
    return (
        f"Name the code that builds it: `gancheck diagnose {path} --arch file.py:make_generator`."
    )


def unknown(state: Mapping[str, torch.Tensor], path: Path) -> LoadError:
    """Return the refusal of weights that are of no known family."""
    shapes = [f"{name} {tuple(tensor.shape)}" for name, tensor in state.items() if tensor.ndim > 1]
    listed = ", ".join(shapes[:_SHOWN]) + (", ..." if len(shapes) > _SHOWN else "")
    message = f"{path} holds {len(state)} tensors ({listed}) and no architecture to run them in"
    return RefusedError(f"{message}; {_reason(state)}", arch_line(path))


def contradicted(
    path: Path, proposal: Proposal, fits: Sequence[LayerFit], law: str
) -> RefusedError:
    """Return the refusal of weights whose statistics contradict each network of their family."""
    found = worst(fits) if fits else "no BatchNorm layer remembers anything"
    message = (
        f"{path} has the layers of a network such as {proposal.description}, but its BatchNorm "
        f"statistics contradict that one and every other that was tried ({found}): the "
        "activations, strides, latent law or statistics are others"
    )
    if fits and fits[0].shift < REBUILD.shift and fits[0].ratio > 0 and not _agrees(fits[0]):
        scale = fits[0].ratio ** -0.5
        return RefusedError(
            message,
            f"Were latents scaled in training? Then try `--latent-law {law}:{scale:.2g}`. "
            + arch_line(path),
        )
    return RefusedError(message, arch_line(path))


def _agrees(fit: LayerFit) -> bool:
    return fit.within(REBUILD)


def _reason(state: Mapping[str, torch.Tensor]) -> str:
    if _looks_like_judge(state):
        return "from many inputs to one output, they look like a discriminator's"
    names = {name.rpartition(".")[2] for name in state}
    if any(name in names for name in ("running_mean", "running_var")):
        return "their order or kinds of layers belong to no family that is known here"
    return (
        "no BatchNorm statistics are among them, so nothing could confirm the activations, and a "
        "wrong guess would change the samples without a trace"
    )


def _looks_like_judge(state: Mapping[str, torch.Tensor]) -> bool:
    shapes = [tuple(tensor.shape) for tensor in state.values() if tensor.ndim in (2, 4)]
    if len(shapes) < 2:
        return False
    first, last = shapes[0], shapes[-1]
    return last[0] == 1 and (first[1] in (1, 3) if len(first) == 4 else first[1] > first[0])
