"""A folder of the transformers library, read: its model, and how that wants its images.

Only weights in safetensors are read, nothing that came with them is run, and all of it is quiet.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gancheck.embedders.canvas import digest
from gancheck.errors import LoadError

if TYPE_CHECKING:
    from gancheck.types import JSON

_CONFIG = "config.json"
_PROCESSORS = ("processor_config.json", "preprocessor_config.json")
_WANTED = (_CONFIG, *_PROCESSORS, "model.safetensors", "model-*.safetensors", "*.index.json")
_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
_UNUSED = ("mask_token",)  # weights that only training touches
_OF_NO_MODEL = ("_name_or_path", "transformers_version", "dtype", "torch_dtype")


class Intake(NamedTuple):
    """What a model is fed: pixels times ``rescale``, minus ``mean``, over ``std``.

    Attributes:
        size: Height and width.
        rescale: Factor that brings 0..255 to the model's scale.
        mean: Of each channel, on the model's scale.
        std: Of each channel, on the model's scale.
    """

    size: tuple[int, int]
    rescale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


class VisionModel(NamedTuple):
    """A model that looks at images, as its folder describes it.

    Attributes:
        network: The model of the transformers library, on the CPU, for inference.
        intake: What it is fed.
        pools: Whether its pooling layer, if it has one, was trained: its weights are not random.
        sha256: Hash of configuration and weights, wherever and in whatever files they lie.
    """

    network: Any
    intake: Intake
    pools: bool
    sha256: str


def read_vision_model(source: str) -> VisionModel:
    """Read a folder that ``save_pretrained`` wrote, or a model of the hub.

    Args:
        source: Folder, or name on the hub, which is downloaded if it is not in the hub's cache.

    Raises:
        LoadError: The package transformers is missing, or there is no usable vision model.
    """
    with _quiet():
        folder = _folder(source)
        config = _read(folder / _CONFIG)
        intake = _intake(folder, config)
        network, missing = _load(folder, config)
    pools = not any(map(_is_pooler, missing))
    return VisionModel(network.eval(), intake, pools, _hash(network, missing, config))


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, else its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _folder(source: str) -> Path:
    """Find the folder of a model; a name on the hub is downloaded, or found in the hub's cache."""
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists() or not _HUB_NAME.fullmatch(source):
        raise LoadError(
            f"there is no folder {source}, and it is not a name on the hub either",
            "Write --embedder huggingface:FOLDER or huggingface:OWNER/NAME.",
        )
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(source, allow_patterns=list(_WANTED)))
    except Exception as error:  # the hub documents no list of what it raises
        raise LoadError(
            f"{source} is no folder, and the hub's model of that name is not to be had: "
            f"{first_line(error)}",
            "Without a network, give a folder: --embedder huggingface:FOLDER.",
        ) from error


def _read(path: Path) -> dict[str, JSON]:
    """Read a JSON object."""
    if not path.is_file():
        raise LoadError(
            f"{path.parent} holds no model of the transformers library: it has no {path.name}",
            "Write one with model.save_pretrained(FOLDER).",
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LoadError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise LoadError(f"{path} holds a {type(found).__name__}; expected an object")
    return found


def _intake(folder: Path, config: dict[str, JSON]) -> Intake:
    """Read how a model wants its images from the JSON of its image processor."""
    known = _processor(folder)
    size = _size(known) or _size({"size": config.get("image_size")})
    rescale = known.get("rescale_factor", 1 / 255) if known.get("do_rescale", True) else 1.0
    mean, std = (
        _channels(known.get(key)) if known.get("do_normalize", True) else (plain,) * 3
        for key, plain in (("image_mean", 0.0), ("image_std", 1.0))
    )
    if size is None or mean is None or std is None or 0.0 in std or not _is_number(rescale):
        raise LoadError(
            f"the image processor of {folder} does not say how images are prepared; expected size, "
            "image_mean and image_std",
            f"Write them into {folder / _PROCESSORS[-1]}.",
        )
    return Intake(size, float(rescale), mean, std)


def _processor(folder: Path) -> dict[str, JSON]:
    """Read the settings of an image processor, nested in those of a processor or on their own."""
    nested, alone = (folder / name for name in _PROCESSORS)
    if nested.is_file():
        inner = _read(nested).get("image_processor")
        if isinstance(inner, dict):
            return inner
    if not alone.is_file():
        raise LoadError(
            f"{folder} does not say how images are prepared: it has no {alone.name}",
            "Copy it from the model that this one was trained from, or write it: "
            '{"size": 224, "image_mean": [...], "image_std": [...]}.',
        )
    return _read(alone)


def _size(known: dict[str, JSON]) -> tuple[int, int] | None:
    """Return height and width at the end of the preprocessing, None when it does not say."""
    cropped = known.get("do_center_crop", True) and known.get("crop_size")
    wanted = cropped or known.get("size")
    if isinstance(wanted, dict):
        side = wanted.get("shortest_edge")
        wanted = [wanted.get("height", side), wanted.get("width", side)]
    elif not isinstance(wanted, list):
        wanted = [wanted, wanted]
    if len(wanted) != 2 or not all(isinstance(side, int) and side > 0 for side in wanted):
        return None
    return wanted[0], wanted[1]


def _channels(found: JSON) -> tuple[float, ...] | None:
    values = found if isinstance(found, list) else [found] * 3
    if len(values) != 3 or not all(_is_number(value) for value in values):
        return None
    return tuple(float(value) for value in values)


def _is_number(found: JSON) -> bool:
    return isinstance(found, (int, float)) and not isinstance(found, bool)


def _load(folder: Path, config: dict[str, JSON]) -> tuple[Any, frozenset[str]]:
    """Load a vision model, and name the weights that its file does not have."""
    import torch
    import transformers

    if not any(folder.glob("*.safetensors")):
        raise LoadError(
            f"{folder} holds no weights in safetensors, the only format that is read here",
            "Write them with model.save_pretrained(FOLDER).",
        )
    named = (config.get("architectures") or [""])[0]
    projecting = str(named).endswith("VisionModelWithProjection")
    kind = getattr(transformers, named if projecting else "AutoModel")
    try:
        model, report = kind.from_pretrained(
            folder,
            trust_remote_code=False,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            dtype=torch.float32,
        )
    except Exception as error:  # the library documents no list of what it raises
        raise LoadError(f"{folder} could not be loaded: {first_line(error)}") from error
    if not _sees(model):
        raise LoadError(
            f"{folder} holds a {type(model).__name__}, which does not look at images; expected a "
            "vision model such as DINOv2 or CLIP"
        )
    missing = frozenset(map(str, report["missing_keys"]))
    needed = sorted(key for key in missing if not _is_pooler(key) and not key.endswith(_UNUSED))
    if needed:
        raise LoadError(
            f"{folder} lacks {len(needed)} weights of a {type(model).__name__}, such as {needed[0]}"
        )
    return model, missing


def _sees(model: Any) -> bool:
    return hasattr(model, "get_image_features") or model.main_input_name == "pixel_values"


def _is_pooler(key: str) -> bool:
    return "pooler" in key.split(".")


def _hash(model: Any, missing: frozenset[str], config: dict[str, JSON]) -> str:
    """Hash configuration and weights as they were loaded, however they lay in files."""
    kept = {key: value for key, value in config.items() if key not in _OF_NO_MODEL}
    state = {key: value for key, value in model.state_dict().items() if key not in missing}
    tensors = (part for key in sorted(state) for part in (key, state[key].numpy()))
    return digest(json.dumps(kept, sort_keys=True), *tensors)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep progress bars, reports and warnings of the library off stderr.

    Raises:
        LoadError: The library is not installed.
    """
    try:
        from transformers.utils import logging
    except ImportError as error:
        raise LoadError(
            f"embedder 'huggingface' needs the package transformers: {first_line(error)}",
            "Install it with: pip install 'gancheck[hf]'",
        ) from error
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
