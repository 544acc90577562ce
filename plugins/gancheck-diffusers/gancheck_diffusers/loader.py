"""The loader: folders of diffusers on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gancheck.api import LOADERS, Generator, Loader, LoadError, LoadOptions, Sniffed

from gancheck_diffusers.reading import look

FORMAT = "diffusers"


@dataclass(frozen=True)
class Pipelines:
    """Reads folders that ``save_pretrained`` of diffusers wrote: pipelines, UNets and VAEs."""

    name: str = FORMAT

    def recognises(self, sniffed: Sniffed) -> bool:
        """Folders with an index of a pipeline, or the configuration of a network."""
        return sniffed.kind == "directory" and look(sniffed.path) is not None

    def load(self, path: Path, options: LoadOptions) -> Generator:
        """Read the pipeline, choose its sampler, and look at a few pictures."""
        from gancheck_diffusers.generating import of_folder

        folder = look(path)
        if folder is None:
            raise LoadError(f"{path} holds no pipeline of diffusers")
        return of_folder(folder, options)


_LOADER: Loader = Pipelines()
LOADERS.register(FORMAT)(_LOADER)
