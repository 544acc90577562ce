"""Shapes of the initial noise, as configurations tell them."""

from __future__ import annotations

from typing import Any

from gancheck.api import LoadError

_SIZE = "Give it: --arch-args '{\"size\": 64}' (height and width of the pictures)."


def noise_shape(config: Any, what: str, size: int | None, shrinks: int = 1) -> tuple[int, int, int]:
    """Return the shape (c, h, w) of the input of a denoising network.

    Args:
        config: Its configuration.
        what: Its name, for messages.
        size: Height and width of the pictures, as told; None reads the configuration.
        shrinks: How many times smaller the network's input is than the pictures.

    Raises:
        LoadError: The configuration does not tell its size, or the size told does not fit.
    """
    channels = config.get("in_channels")
    sides = _sides(config.get("sample_size")) if size is None else _shrunk(size, shrinks)
    if not isinstance(channels, int) or sides is None:
        raise LoadError(f"the configuration of {what} does not tell the size of its input", _SIZE)
    return channels, *sides


def code_shape(config: Any, what: str, size: int | None) -> tuple[int, int, int]:
    """Return the shape (c, h, w) of what a VAE decodes.

    Raises:
        LoadError: The configuration does not tell its size, or the size told does not fit.
    """
    pictures = _sides(config.get("sample_size")) if size is None else (size, size)
    channels = config.get("vq_embed_dim") or config.get("latent_channels")
    if pictures is None or not isinstance(channels, int):
        raise LoadError(f"the configuration of {what} does not tell the size of its output", _SIZE)
    height, width = (_shrunk(side, shrinkage(config))[0] for side in pictures)
    return channels, height, width


def shrinkage(config: Any) -> int:
    """Return how many times smaller the latents of a VAE are than its pictures."""
    blocks = config.get("block_out_channels") or config.get("encoder_block_out_channels") or (0,)
    return int(2 ** (len(blocks) - 1))


def _shrunk(size: int, shrinks: int) -> tuple[int, int]:
    if size % shrinks:
        raise LoadError(
            f"pictures of {size} x {size} do not divide by {shrinks}, which their latents need",
            f"Take a multiple of {shrinks} as size.",
        )
    return size // shrinks, size // shrinks


def _sides(value: Any) -> tuple[int, int] | None:
    if isinstance(value, int):
        return value, value
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return int(value[0]), int(value[1])
    return None
