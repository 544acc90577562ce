"""Option texts into values; every refusal names the flag and what it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gancheck.errors import UsageError
from gancheck.scaled import split_law
from gancheck.types import JSON

if TYPE_CHECKING:
    from gancheck.settings import LabelShares, MapKind

_LAWS = ("normal", "uniform", "sphere")


def output_range(text: str) -> tuple[float, float] | None:
    """Read ``--output-range``; None infers it."""
    if text == "auto":
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = 0.0
    if not low < high:
        raise UsageError(
            f"--output-range {text!r} is not a range",
            "Use auto, or the values of black and white, such as -1,1 or 0,1 or 0,255.",
        )
    return low, high


def resize(text: str | None) -> tuple[int, int] | None:
    """Read ``--resize``: height and width in pixels; None keeps the size."""
    if text is None:
        return None
    sides = text.lower().replace("x", ",").split(",")
    if len(sides) != 2 or not all(side.strip().isdigit() and int(side) > 0 for side in sides):
        raise UsageError(f"--resize {text!r} is not a size", "Write HEIGHT,WIDTH, such as 64,64.")
    return int(sides[0]), int(sides[1])


def output_shape(text: str | None) -> tuple[int, int, int] | None:
    """Read ``--output-shape``: channels, height, width; one channel where none are named."""
    if text is None:
        return None
    sides = [side.strip() for side in text.lower().replace("x", ",").split(",")]
    whole = [int(side) for side in sides if side.isdigit()]
    if len(whole) == len(sides) == 2:
        whole = [1, *whole]
    if len(whole) != 3 or len(sides) > 3 or whole[0] not in (1, 3) or min(whole) < 1:
        raise UsageError(
            f"--output-shape {text!r} is not the shape of an image",
            "Write CHANNELS,HEIGHT,WIDTH with 1 or 3 channels, such as 1,28,28, or HEIGHT,WIDTH.",
        )
    return whole[0], whole[1], whole[2]


def latent_law(text: str | None) -> str | None:
    """Read ``--latent-law``; None infers it."""
    if text is None or text == "auto":
        return None
    law, factor = split_law(text)
    if ":" in law or _is_law(law):
        return text
    if law == text:
        raise UsageError(f"--latent-law {text!r} is not known", _law_hint())
    raise UsageError(
        f"--latent-law {text!r}: there is no law {law!r} to take {factor:g} times", _law_hint()
    )


def _is_law(name: str) -> bool:
    if name in _LAWS:
        return True
    from gancheck.laws import LAWS

    return name in LAWS.names()


def _law_hint() -> str:
    from gancheck.laws import LAWS

    known = [*_LAWS, *(name for name in LAWS.names() if name not in _LAWS)]
    return (
        f"Use {', '.join(known)}, one of them times a factor, such as normal:0.7, or "
        "module:function."
    )


def arch_args(text: str | None) -> Mapping[str, JSON]:
    """Read ``--arch-args``: a JSON object of keyword arguments."""
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--arch-args is not JSON: {error}", _ARGS_HINT) from error
    if not isinstance(found, dict):
        raise UsageError(f"--arch-args is a JSON {type(found).__name__}", _ARGS_HINT)
    return found


_ARGS_HINT = """Write an object, such as --arch-args '{"width": 64}'."""


def map_kind(text: str) -> MapKind:
    """Read ``--map``."""
    known: dict[str, MapKind] = {"umap": "umap", "pca": "pca", "none": "none"}
    if text not in known:
        raise UsageError(f"--map {text!r} is not known", f"Use {', '.join(known)}.")
    return known[text]


def labels(text: str) -> LabelShares:
    """Read ``--labels``."""
    known: dict[str, LabelShares] = {
        "auto": "auto",
        "reference": "reference",
        "uniform": "uniform",
    }
    if text not in known:
        raise UsageError(f"--labels {text!r} is not known", f"Use {', '.join(known)}.")
    return known[text]


def batch_size(text: str) -> int | None:
    """Read ``--batch-size``; None chooses."""
    if text == "auto":
        return None
    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"--batch-size {text!r} is not a size", "Use auto or a whole number.")
    return int(text)


def device(text: str) -> str:
    """Read ``--device``; auto takes CUDA where there is one."""
    import torch

    kind, _, number = text.partition(":")
    if text != "auto" and (kind not in ("cpu", "cuda") or (number and not number.isdigit())):
        raise UsageError(f"--device {text!r} is not known", "Use auto, cpu or cuda.")
    available = torch.cuda.is_available()
    if text == "auto":
        return "cuda" if available else "cpu"
    if kind == "cuda" and not available:
        raise UsageError("--device cuda: torch sees no CUDA device here", "Use --device cpu.")
    return text
