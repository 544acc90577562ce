"""Folders that ``save_pretrained`` wrote, read without downloads or code from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gancheck.api import LoadError, RefusedError

from gancheck_diffusers.quiet import quiet

INDEX, CONFIG = "model_index.json", "config.json"
DECODERS = ("AutoencoderKL", "AutoencoderTiny", "VQModel")
DENOISERS = ("UNet2DModel",)
_LIBRARIES = ("diffusers", "transformers")
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_FILTERS = ("safety_checker", "image_safety_checker", "watermarker")
_SAFE = "Save it anew with save_pretrained(FOLDER, safe_serialization=True)."


@dataclass(frozen=True)
class Folder:
    """A folder of a pipeline or of one network.

    Attributes:
        path: The folder.
        facts: Its index, or its configuration.
        kind: Name of the class that it was saved from.
    """

    path: Path
    facts: dict[str, Any]
    kind: str

    @property
    def is_pipeline(self) -> bool:
        """Whether it holds several parts."""
        return (self.path / INDEX).is_file()

    def pickles(self) -> list[str]:
        """Return weights that are no safetensors and have no such file beside them."""
        return [
            file.relative_to(self.path).as_posix()
            for file in sorted(self.path.rglob("*"))
            if file.suffix in _PICKLES and not any(file.parent.glob("*.safetensors"))
        ]

    def files(self) -> list[Path]:
        """Return what the pipeline is made of: configurations, vocabularies and weights."""
        kinds = (".json", ".txt", ".safetensors", ".model", *_PICKLES)
        found = (file for file in self.path.rglob("*") if file.suffix in kinds and file.is_file())
        shown = (file for file in found if not _is_hidden(file.relative_to(self.path)))
        return sorted(shown)


def look(path: Path) -> Folder | None:
    """Tell what a folder holds; None where it is neither a pipeline nor a network of diffusers."""
    if (path / INDEX).is_file():
        facts = _facts(path / INDEX)
        kind = facts.get("_class_name")
        return Folder(path, facts, str(kind)) if "_diffusers_version" in facts or kind else None
    if not (path / CONFIG).is_file():
        return None
    facts = _facts(path / CONFIG)
    kind = str(facts.get("_class_name", ""))
    return Folder(path, facts, kind) if kind in (*DECODERS, *DENOISERS) else None


def read(folder: Folder, device: str, *, trust: bool = False) -> Any:
    """Load a pipeline or a network.

    Args:
        folder: Where it lies.
        device: Where it will run.
        trust: Whether weights that are pickles are read, by torch's reader of plain tensors.

    Raises:
        RefusedError: Weights are pickles, or parts ask for code from elsewhere.
        LoadError: A part is missing or damaged.
    """
    import diffusers

    _require_safe(folder, trust=trust)
    _prepare(folder)
    with quiet():  # the class is imported here, and with it what it needs
        kind = getattr(diffusers, folder.kind, None)
    if kind is None:
        raise LoadError(
            f"{folder.path} was saved from {folder.kind}, which diffusers {diffusers.__version__} "
            "does not have",
            "Install the version of diffusers that it was saved with.",
        )
    how: dict[str, Any] = {"local_files_only": True, "use_safetensors": None if trust else True}
    left_out = [name for name in _FILTERS if folder.facts.get(name, [None])[0] is not None]
    how |= dict.fromkeys(left_out) if folder.is_pipeline else {}
    try:
        with quiet():
            return kind.from_pretrained(str(folder.path), **how).to(device)
    except Exception as error:  # files may be damaged in any way
        raise LoadError(f"{folder.path} cannot be read: {reason(error)}", _SAFE) from error


def reason(error: Exception) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return first[:300]


def local(path: str) -> Folder:
    """Return the folder that a text names.

    Raises:
        LoadError: There is none: pipelines are never downloaded.
    """
    folder = look(Path(path)) if Path(path).is_dir() else None
    if folder is None:
        raise LoadError(
            f"{path} is no folder of a diffusers pipeline, and nothing is downloaded here",
            f"Download it first: `hf download {path} --local-dir FOLDER`, and give that folder.",
        )
    return folder


def _require_safe(folder: Folder, *, trust: bool) -> None:
    if folder.is_pipeline:
        for name, library in _parts(folder):
            if library not in _LIBRARIES:
                raise RefusedError(
                    f"{folder.path} asks for code of {library!r} in its part {name}",
                    "Load it in Python with the code that wrote it, and give the pipeline to "
                    "gancheck_diffusers.generator.",
                )
    pickles = folder.pickles()
    if pickles and not trust:
        raise RefusedError(
            f"{folder.path} holds weights that are pickles: {pickles[0]}",
            f"{_SAFE} --trust reads them, as plain tensors.",
        )


def _parts(folder: Folder) -> Iterator[tuple[str, str]]:
    """Yield the parts of a pipeline, and the library that each comes from."""
    if not isinstance(folder.facts.get("_class_name"), str):
        yield "_class_name", str(folder.facts.get("_class_name"))
    for name, value in folder.facts.items():
        known = isinstance(value, list) and len(value) == 2 and not name.startswith("_")
        if known and isinstance(value[0], str):
            # Classes of pipelines name the folder of the pipeline, which is part of diffusers.
            yield name, "diffusers" if _is_pipeline_module(value[0]) else value[0]


def _is_pipeline_module(name: str) -> bool:
    from diffusers import pipelines

    return name.isidentifier() and hasattr(pipelines, name)


def _prepare(folder: Folder) -> None:
    """Import what text encoders need before bars are silenced."""
    if folder.is_pipeline and "transformers" in dict(_parts(folder)).values():
        try:
            import transformers.utils.logging  # noqa: F401
        except ImportError as error:
            raise LoadError(
                f"{folder.path} has parts of transformers, which is not installed",
                'Install it: pip install "gancheck-diffusers[prompts]".',
            ) from error


def _facts(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
