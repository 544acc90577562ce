"""The user's own network as a view: a TorchScript or an ONNX file.

What it is fed: float32 (n, c, h, w) images with values in 0..1, as many channels and pixels as the
samples have, or float32 (n, d) vectors as they are. Three things are read off the file and
respected: channels and size that an ONNX file declares (grey is repeated to RGB, images are
resized with an anti-aliasing filter), a batch size that it declares, and, of a TorchScript file,
an argument ``return_features``. Files with that argument follow the convention of the Inception
detectors of StyleGAN: they get RGB on the 0..255 scale and resize for themselves.

What it returns: one vector for each sample, (n, d).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from gancheck.devices import fetched, is_out_of_memory, placed
from gancheck.embedders import EMBEDDERS
from gancheck.embedders.canvas import as_rgb, digest, resized, shown
from gancheck.embedders.interface import Material
from gancheck.errors import LoadError, ShapeError

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_BATCH = 64

Network = Callable[["FloatArray"], "FloatArray"]


class Intake(NamedTuple):
    """What a network wants to be fed; None where it takes the samples as they are."""

    scale: float = 1.0 / 255.0
    channels: int | None = None
    size: tuple[int, int] | None = None
    batch: int | None = None


@EMBEDDERS.register("torch")
@dataclass(frozen=True)
class TorchFile:
    """Compares samples by the output of a TorchScript file of your own.

    Images arrive as float32 (n, c, h, w) in 0..1; files that know ``return_features``, such as the
    usual Inception file, get RGB in 0..255 and are asked for their features.
    """

    path: str
    argument: ClassVar[str] = "FILE"

    def prepare(self, material: Material) -> FileView:
        """Load the file and try it on two samples.

        Raises:
            LoadError: The file is not TorchScript.
            ShapeError: It does not take these samples, or does not return a vector for each.
        """
        network, intake = _load_torch(Path(self.path), material.device)
        return _tried(FileView(f"torch:{self.path}", _hash(self.path), intake, network), material)


@EMBEDDERS.register("onnx")
@dataclass(frozen=True)
class OnnxFile:
    """Compares samples by the first output of an ONNX file of your own.

    Images arrive as float32 (n, c, h, w) in 0..1, brought to the channels and the size that the
    file declares.
    """

    path: str
    argument: ClassVar[str] = "FILE"

    def prepare(self, material: Material) -> FileView:
        """Load the file and try it on two samples.

        Raises:
            LoadError: The file is not ONNX, or wants more than one input.
            ShapeError: It does not take these samples, or does not return a vector for each.
        """
        network, intake = _load_onnx(Path(self.path))
        return _tried(FileView(f"onnx:{self.path}", _hash(self.path), intake, network), material)


@dataclass(frozen=True)
class FileView:
    """Samples as a network from a file sees them."""

    name: str
    weights: str
    intake: Intake
    network: Network = field(repr=False, compare=False)

    @property
    def sha256(self) -> str:
        """Hash of the file and of what it is fed, wherever the file lies."""
        return digest(self.weights, repr(self.intake))

    def __call__(self, values: AnyArray) -> FloatArray:
        """Map (n, c, h, w) images on the 0..255 scale, or (n, d) vectors, to (n, dim) float32.

        Raises:
            ShapeError: The network fails, or does not return one finite vector for each sample.
        """
        if not len(values):
            raise ShapeError(f"embedder {self.name!r} was given no samples")
        step, fixed = self.intake.batch or _BATCH, self.intake.batch is not None
        return np.concatenate(
            [features for _, features in shown(values, step, self._batch, fixed=fixed)]
        )

    def _batch(self, values: AnyArray) -> FloatArray:
        fed = _prepared(values, self.intake, self.name)
        missing = (self.intake.batch or 0) - len(fed)
        if missing > 0:
            fed = np.concatenate([fed, np.repeat(fed[-1:], missing, axis=0)])
        try:
            features = self.network(fed)
        except _network_errors() as error:
            if is_out_of_memory(error):
                raise
            reason = str(error).strip().splitlines()[-1]
            raise ShapeError(
                f"embedder {self.name!r} failed on float32 {fed.shape}: {reason}"
            ) from error
        return _checked(features, len(fed), self.name)[: len(values)]


def _prepared(values: AnyArray, intake: Intake, name: str) -> FloatArray:
    """Bring samples to the channels, size and scale that a network wants."""
    if values.ndim == 2:
        return np.ascontiguousarray(values, dtype=np.float32)
    images = as_rgb(values, name) if intake.channels == 3 else values
    array: FloatArray = resized(images, *(intake.size or images.shape[2:])).numpy()
    scaled: FloatArray = array * np.float32(intake.scale)  # not in place: it may be the caller's
    return scaled


def _checked(features: AnyArray, n: int, name: str) -> FloatArray:
    """Refuse anything but one finite vector for each of n samples."""
    array = np.asarray(features, dtype=np.float32)
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2 or len(array) != n:
        raise ShapeError(
            f"embedder {name!r} returned the shape {array.shape} for {n} samples; expected one "
            f"vector for each, ({n}, d)",
            "Pool or flatten inside the network before it is saved.",
        )
    if not np.isfinite(array).all():
        raise ShapeError(f"embedder {name!r} returned values that are not finite")
    return array


def _tried(view: FileView, material: Material) -> FileView:
    view(material.samples.values[:2])
    return view


def _hash(path: str) -> str:
    return digest(Path(path).read_bytes())


def _network_errors() -> tuple[type[Exception], ...]:
    """List what torch and onnxruntime raise; the errors of the latter share no base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as raised

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented")
    return RuntimeError, *(getattr(raised, name) for name in (*names, "RuntimeException"))


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise LoadError(f"the embedder file {path} does not exist")


def _load_torch(path: Path, device: str) -> tuple[Network, Intake]:
    import torch

    _require_file(path)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            module = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise LoadError(
            f"{path} is not a TorchScript file", "Save it with torch.jit.trace(...).save(FILE)."
        ) from error
    known = {argument.name for argument in module.forward.schema.arguments}
    detector = "return_features" in known

    def run(batch: FloatArray) -> FloatArray:
        options = {"return_features": True} if detector else {}
        with torch.inference_mode():
            output = module(placed(batch, device), **options)
        if not isinstance(output, torch.Tensor):
            raise ShapeError(f"{path} returned a {type(output).__name__}; expected one tensor")
        return fetched(output.float())

    return run, Intake(scale=1.0, channels=3) if detector else Intake()


def _load_onnx(path: Path) -> tuple[Network, Intake]:
    import onnxruntime

    _require_file(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except _network_errors() as error:
        raise LoadError(f"{path} is not an ONNX file that onnxruntime can run") from error
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        found = ", ".join(f"{one.name} {one.type}" for one in inputs)
        raise LoadError(f"{path} takes {found}; expected one float input")

    def run(batch: FloatArray) -> FloatArray:
        array: FloatArray = session.run(None, {inputs[0].name: batch})[0]
        return array

    return run, _declared(inputs[0].shape)


def _declared(shape: list[Any]) -> Intake:
    """Read an ONNX input shape; names and None stand for free axes."""
    fixed = [axis if isinstance(axis, int) and axis > 0 else None for axis in shape]
    if len(fixed) != 4:
        return Intake(batch=fixed[0] if fixed else None)
    batch, channels, height, width = fixed
    size = (height, width) if height and width else None
    return Intake(channels=channels, size=size, batch=batch)
