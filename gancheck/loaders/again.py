"""Reading a file once more, where another process needs the generator too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gancheck.errors import LoadError
from gancheck.loaders import load
from gancheck.loaders.interface import LoadOptions
from gancheck.types import Generator


@dataclass(frozen=True)
class Again:
    """How a generator was read.

    Attributes:
        path: Its file.
        options: What the user said about it.
    """

    path: Path
    options: LoadOptions

    def __call__(self, device: str) -> Generator:
        """Read it, to run on a torch device.

        Raises:
            LoadError: It is no generator any more, or cannot be read.
        """
        found = load(self.path, replace(self.options, device=device))
        if isinstance(found, Generator):
            return found
        raise LoadError(f"{self.path} holds samples, where a generator was expected")
