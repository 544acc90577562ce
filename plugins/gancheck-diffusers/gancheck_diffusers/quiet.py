"""No bars or warnings of diffusers between the lines of gancheck, and networks put back."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_PACKAGES = ("diffusers", "transformers")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence bars and warnings of diffusers, and of transformers where it is there."""
    import diffusers.utils.logging  # noqa: F401

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", FutureWarning)
        for package in _PACKAGES:
            logging = sys.modules.get(f"{package}.utils.logging")
            if logging is not None:
                stack.enter_context(_silenced(logging))
        yield


@contextmanager
def _silenced(logging: Any) -> Iterator[None]:
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def evaluating(*networks: torch.nn.Module | None) -> Iterator[None]:
    """Run networks in eval mode and without gradients, and put their modes back."""
    import torch

    parts = [part for network in networks if network is not None for part in network.modules()]
    modes = [(part, part.training) for part in parts]
    try:
        for part in parts:
            part.training = False
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode
