"""Which device a rank works on."""

from __future__ import annotations

import os

from gancheck.errors import UsageError


def here(device: str) -> str:
    """Return the device of this rank for what is ``device`` to rank 0.

    Where a machine has several GPUs, and none was named by its number, each rank takes its own.

    Raises:
        UsageError: Rank 0 has a GPU, and this machine has none.
    """
    if not device.startswith("cuda"):
        return device
    import torch

    count = torch.cuda.device_count()
    number = os.environ.get("LOCAL_RANK") or os.environ.get("RANK") or "0"
    if not count:
        raise UsageError(
            f"rank {os.environ.get('RANK', number)} sees no CUDA device, and rank 0 does",
            "Give every machine one, or use --device cpu.",
        )
    return f"cuda:{int(number) % count}" if device == "cuda" and count > 1 else device
