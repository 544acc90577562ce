"""Every format holds the same generator, and none is told by its extension."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import LoadError, ShapeError
from gancheck.loaders import LOADERS, LoadOptions, load, load_samples
from gancheck.types import Generator
from loaders.loader_models import (
    LATENT,
    Conditional,
    Dcgan,
    Points,
    save_exported,
    save_onnx,
    save_torchscript,
)

FORMATS = ("torchscript", "onnx", "exported", "safetensors", "state-dict", "legacy")


def generator(path: Path, options: LoadOptions | None = None) -> Generator:
    """Load what has to be a generator."""
    loaded = load(path, options)
    assert isinstance(loaded, Generator)
    return loaded


@pytest.mark.parametrize("name", FORMATS)
def test_outputs_are_those_of_the_module(
    name: str, saved: Path, dcgan: Dcgan, latents: Tensor
) -> None:
    """One DCGAN in six kinds of file, without extensions, draws the same pictures."""
    loaded = generator(saved / name)
    outputs = loaded(latents)
    torch.testing.assert_close(outputs, dcgan(latents), atol=1e-4, rtol=0)
    assert outputs.dtype == torch.float32
    spec = loaded.spec
    assert (spec.latent_shape, spec.output_shape) == ((LATENT, 1, 1), (3, 16, 16))
    assert (spec.latent_law, spec.classes, spec.output_kind) == ("normal", None, "image")
    assert spec.output_range == (-1.0, 1.0)
    assert spec.format == {"legacy": "state-dict"}.get(name, name)
    assert spec.differentiable == (name != "onnx")
    assert len(spec.sha256) == 64
    assert any("judged by the BatchNorm statistics" in note for note in spec.notes)


def test_state_dict_with_architecture_equals_the_module(
    saved: Path, dcgan: Dcgan, latents: Tensor
) -> None:
    """A state dict in the user's own class draws what the class draws."""
    loaded = generator(saved / "state-dict", LoadOptions(arch="loaders.loader_models:Dcgan"))
    torch.testing.assert_close(loaded(latents), dcgan(latents))


def test_gradients_reach_the_latents(saved: Path, latents: Tensor) -> None:
    """A generator that calls itself differentiable is."""
    for name in ("torchscript", "exported", "state-dict"):
        wanted = latents.clone().requires_grad_()
        generator(saved / name)(wanted).sum().backward()  # type: ignore[no-untyped-call]
        assert wanted.grad is not None
        assert float(wanted.grad.abs().sum()) > 0


def test_latents_and_labels_are_checked(saved: Path) -> None:
    """Wrong latents, an empty batch and labels nobody asked for are refused."""
    loaded = generator(saved / "torchscript")
    for latents in (torch.zeros(2, LATENT), torch.zeros(0, LATENT, 1, 1)):
        with pytest.raises(ShapeError, match="takes latents"):
            loaded(latents)
    with pytest.raises(ShapeError, match="takes no labels"):
        loaded(torch.zeros(2, LATENT, 1, 1), torch.zeros(2, dtype=torch.long))


@pytest.mark.parametrize("save", [save_torchscript, save_onnx, save_exported])
def test_vector_generators(save: object, points: Points, tmp_path: Path) -> None:
    """A generator of points is found to take and give vectors."""
    path = save(points, (torch.zeros(4, 5),), tmp_path / "points")  # type: ignore[operator]
    loaded = generator(path)
    latents = torch.randn(7, 5)
    torch.testing.assert_close(loaded(latents), points(latents), atol=1e-5, rtol=0)
    assert (loaded.spec.output_kind, loaded.spec.output_shape) == ("vector", (2,))
    assert (loaded.spec.latent_shape, loaded.spec.output_range) == ((5,), None)
    assert any("assumed to be normal" in note for note in loaded.spec.notes)


@pytest.mark.parametrize("save", [save_torchscript, save_onnx, save_exported])
def test_conditional_generators(save: object, conditional: Conditional, tmp_path: Path) -> None:
    """The number of classes is read from the table of labels, and labels are obeyed."""
    example = (torch.zeros(4, LATENT), torch.zeros(4, dtype=torch.long))
    loaded = generator(save(conditional, example, tmp_path / "cond"))  # type: ignore[operator]
    assert loaded.spec.classes == 4
    assert loaded.spec.output_range == (0.0, 1.0)
    latents, labels = torch.randn(4, LATENT), torch.tensor([3, 0, 1, 2])
    wanted = conditional(latents, labels)
    torch.testing.assert_close(loaded(latents, labels), wanted, atol=1e-5, rtol=0)
    with pytest.raises(ShapeError, match="needs a label"):
        loaded(latents)
    with pytest.raises(ShapeError, match="labels from -1 to 2 for 4 classes"):
        loaded(latents, labels - 1)


def test_conditional_state_dict_with_architecture(conditional: Conditional, tmp_path: Path) -> None:
    """The width of the label comes off the first layer to give the latent's length."""
    path = tmp_path / "weights"
    torch.save(conditional.state_dict(), path)
    loaded = generator(path, LoadOptions(arch="loaders.loader_models:Conditional"))
    assert (loaded.spec.latent_shape, loaded.spec.classes) == ((LATENT,), 4)


class OneHot(nn.Module):
    """A conditional generator that wants its labels one-hot."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(6 + 3, 2)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Draw points."""
        points: Tensor = self.dense(torch.cat((z, y), dim=1))
        return points


def test_one_hot_labels(tmp_path: Path) -> None:
    """A label input with a width is one-hot; without one its number of classes is asked for."""
    module = OneHot().eval()
    example = (torch.zeros(4, 6), torch.zeros(4, 3))
    latents, labels = torch.randn(3, 6), torch.tensor([2, 0, 1])
    wanted = module(latents, nn.functional.one_hot(labels, 3).float())
    exported = generator(save_exported(module, example, tmp_path / "pt2"))
    torch.testing.assert_close(exported(latents, labels), wanted)
    traced = save_torchscript(module, example, tmp_path / "ts")
    with pytest.raises(LoadError, match="--classes N"):
        load(traced)
    loaded = generator(traced, LoadOptions(classes=3))
    assert loaded.spec.latent_shape == (6,)
    torch.testing.assert_close(loaded(latents, labels), wanted)


@pytest.mark.parametrize("save", [save_onnx, save_exported])
def test_fixed_batch(save: object, dcgan: Dcgan, latents: Tensor, tmp_path: Path) -> None:
    """A file for batches of four draws five pictures, and any other number."""
    example = (torch.zeros(4, LATENT, 1, 1),)
    path = save(dcgan, example, tmp_path / "fixed", dynamic=False)  # type: ignore[operator]
    loaded = generator(path)
    for count in (1, 4, 5):
        wanted = dcgan(latents[:count])
        torch.testing.assert_close(loaded(latents[:count]), wanted, atol=1e-4, rtol=0)
    assert any("batch size at 4" in note for note in loaded.spec.notes)


class Viewing(nn.Module):
    """A generator with the batch size of its trace written into it."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return (z @ torch.ones(6, 6).triu()).view(4, 3, 2).flatten(1)


def test_traced_batch(tmp_path: Path) -> None:
    """A trace that only takes its own batch size is called in such batches."""
    path = save_torchscript(Viewing(), (torch.zeros(4, 6),), tmp_path / "ts")
    loaded = generator(path, LoadOptions(latent_dim=6))
    latents = torch.randn(10, 6)
    torch.testing.assert_close(loaded(latents), latents @ torch.ones(6, 6).triu())
    assert any("only takes batches of 4" in note for note in loaded.spec.notes)


def test_exported_smallest_batch(points: Points, tmp_path: Path) -> None:
    """A program that promises two rows or more still draws a single one."""
    path = tmp_path / "pt2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        auto = ({0: torch.export.Dim.AUTO},)
        program = torch.export.export(points, (torch.zeros(4, 5),), dynamic_shapes=auto)
        torch.export.save(program, str(path))
    latents = torch.randn(3, 5)
    loaded = generator(path)
    for count in (1, 3):
        torch.testing.assert_close(loaded(latents[:count]), points(latents[:count]))


class Truncated(nn.Module):
    """A generator with a truncation strength beside the latent."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(4, 2)

    def forward(self, z: Tensor, psi: float = 0.5) -> Tensor:
        """Draw points near their centre."""
        points: Tensor = psi * self.dense(z)
        return points


def test_truncation_is_switched_off(tmp_path: Path) -> None:
    """A strength named psi is set to 1, and the notes say so."""
    module = Truncated().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(module), str(tmp_path / "ts"))
    loaded = generator(tmp_path / "ts")
    latents = torch.randn(3, 4)
    torch.testing.assert_close(loaded(latents), module(latents, 1.0))
    assert "The input psi was set to 1." in loaded.spec.notes


def test_frozen_torchscript(points: Points, tmp_path: Path) -> None:
    """A frozen program, whose weights are constants, still shows its latent's length."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frozen = torch.jit.freeze(torch.jit.script(points))
        torch.jit.save(frozen, str(tmp_path / "ts"))
    assert generator(tmp_path / "ts").spec.latent_shape == (5,)


class OnGpu(nn.Module):
    """A generator that asks for a GPU by name."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z + torch.zeros(z.shape, device="cuda:0")


def test_cuda_trace_on_cpu(tmp_path: Path) -> None:
    """A program with a GPU written into it ends in one message that says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(OnGpu()), str(tmp_path / "ts"))
    if torch.cuda.is_available():
        assert generator(tmp_path / "ts", LoadOptions(latent_dim=3, device="cuda"))
        return
    with pytest.raises(LoadError, match="traced on a GPU"):
        load(tmp_path / "ts", LoadOptions(latent_dim=3))


def test_unusable_device(saved: Path) -> None:
    """A device that does not exist is named in the message."""
    with pytest.raises(LoadError, match="device 'nowhere' cannot be used"):
        load(saved / "state-dict", LoadOptions(device="nowhere"))


@pytest.mark.parametrize("name", FORMATS)
def test_generators_are_no_samples(name: str, saved: Path) -> None:
    """A generator given as a reference is refused before it is run."""
    with pytest.raises(LoadError, match="is a generator"):
        load_samples(saved / name)


@pytest.mark.parametrize("name", FORMATS)
def test_truncated_files(name: str, saved: Path, tmp_path: Path) -> None:
    """The first two thirds of each kind of file end in a message about the file."""
    content = (saved / name).read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(LoadError, match=r"damaged|not a valid ONNX"):
        load(path)


def test_built_in_formats() -> None:
    """The registry knows the formats that the documentation names."""
    wanted = {"torchscript", "exported", "onnx", "state-dict", "arrays", "folder"}
    assert wanted <= set(LOADERS.names())
