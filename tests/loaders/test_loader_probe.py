"""What is inferred from a generator's answers, and what is doubted or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import GeneratorError, LoadError, ShapeError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.concerns import _share, program
from gancheck.loaders.laws import draw_latents
from gancheck.loaders.module import describe_module
from gancheck.loaders.outputs import find_layout
from gancheck.loaders.probe import Source, make_generator
from gancheck.types import Concern, Condition, Generator, GeneratorSpec, Severity
from loaders.loader_models import LATENT, save_exported, save_onnx, save_torchscript


class Wrapped(nn.Module):
    """Pictures (n, 3, 4, 4) in [-1, 1], and a last step that each test chooses."""

    def __init__(self, step: nn.Module | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense = nn.Linear(6, 48)
        self.step = step or nn.Identity()

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures."""
        pictures: Tensor = self.step(torch.tanh(3 * self.dense(z)).view(-1, 3, 4, 4))
        return pictures


def load_wrapped(
    path: Path, step: nn.Module | None, options: LoadOptions | None = None
) -> Generator:
    """Trace, save and load the pictures with a last step."""
    module = Wrapped(step).eval()
    loaded = load(save_torchscript(module, (torch.randn(4, 6),), path / "g.pt"), options)
    assert isinstance(loaded, Generator)
    return loaded


def concern(spec: GeneratorSpec, name: str) -> Concern:
    """Return what was measured under a name."""
    (found,) = [one for one in spec.concerns if one.name == name]
    return found


class Scale(nn.Module):
    """An affine last step."""

    def __init__(self, factor: float, shift: float = 0.0) -> None:
        super().__init__()
        self.factor, self.shift = factor, shift

    def forward(self, x: Tensor) -> Tensor:
        """Scale and shift."""
        return x * self.factor + self.shift


@pytest.mark.parametrize(
    ("step", "expected", "doubted"),
    [
        (Scale(1.0), (-1.0, 1.0), False),
        (Scale(0.5, 0.5), (0.0, 1.0), False),
        (Scale(127.5, 127.5), (0.0, 255.0), False),
        (Scale(1.3), (-1.0, 1.0), True),
        (Scale(0.6, 0.5), (0.0, 1.0), True),
    ],
)
def test_output_range(
    step: nn.Module, expected: tuple[float, float], doubted: bool, tmp_path: Path
) -> None:
    """Black and white are read off the outputs, with a doubt where they stick out."""
    spec = load_wrapped(tmp_path, step).spec
    assert spec.output_range == expected
    assert any("--output-range" in note for note in spec.notes) == doubted


def test_unclear_output_range_asks(tmp_path: Path) -> None:
    """Outputs far from any usual range end in the flag that names theirs."""
    with pytest.raises(LoadError, match="--output-range"):
        load_wrapped(tmp_path, Scale(7.0))
    spec = load_wrapped(tmp_path, Scale(7.0), LoadOptions(output_range=(-7.0, 7.0))).spec
    assert spec.output_range == (-7.0, 7.0)
    narrow = load_wrapped(tmp_path, Scale(7.0), LoadOptions(output_range=(-1.0, 1.0))).spec
    clipped = concern(narrow, "range")
    assert clipped.severity is Severity.WARN
    assert clipped.value is not None
    assert clipped.value > 0.5


class Nan(nn.Module):
    """A last step that spoils one value of each output whose first value is positive."""

    def forward(self, x: Tensor) -> Tensor:
        """Divide by zero now and then."""
        spoiled = torch.where(x[:, :1, :1, :1] > 0, float("nan"), 0.0)
        return torch.cat((x[:, :, :, :3], x[:, :, :, 3:] + spoiled), dim=3)


@pytest.mark.parametrize("save", [save_torchscript, save_onnx, save_exported])
def test_nan_is_one_message(save: object, tmp_path: Path) -> None:
    """A generator that returns NaN is told with counts and likely causes, in every format."""
    path = save(Wrapped(Nan()).eval(), (torch.randn(4, 6),), tmp_path / "g")  # type: ignore[operator]
    with pytest.raises(GeneratorError, match=r"NaN or infinity: \d+ of 24576 values") as caught:
        load(path)
    assert "diverged" in str(caught.value.hint)


@pytest.mark.parametrize("save", [save_torchscript, save_onnx, save_exported])
def test_wrong_latent_dim(save: object, tmp_path: Path) -> None:
    """A wrong length of the latents is answered with the right one."""
    path = save(Wrapped().eval(), (torch.randn(4, 6),), tmp_path / "g")  # type: ignore[operator]
    with pytest.raises(ShapeError, match=r"(?s)of length 6, not 7.*--latent-dim 6"):
        load(path, LoadOptions(latent_dim=7))
    right = load(path, LoadOptions(latent_dim=6))
    assert isinstance(right, Generator)
    assert right.spec.latent_shape == (6,)


def test_wrong_latent_dim_of_a_dcgan(saved: Path) -> None:
    """The same holds where latents are pictures of one pixel."""
    for name in ("state-dict", "torchscript", "onnx"):
        with pytest.raises(ShapeError, match=f"of length {LATENT}, not 99"):
            load(saved / name, LoadOptions(latent_dim=99))


class Weightless(nn.Module):
    """A generator without a single weight."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z[:, :2] * z[:, 2:]


def test_unknown_latent_dim_asks(tmp_path: Path) -> None:
    """Where nothing shows the latents' length, it is asked for, and then confirmed."""
    path = save_torchscript(Weightless(), (torch.randn(3, 4),), tmp_path / "g.pt")
    with pytest.raises(LoadError, match="--latent-dim N"):
        load(path)
    loaded = load(path, LoadOptions(latent_dim=4))
    assert isinstance(loaded, Generator)
    assert loaded.spec.latent_shape == (4,)


class Several(nn.Module):
    """A generator that returns two sizes of its pictures, and something else."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return small and large pictures, and their means."""
        large = torch.nn.functional.interpolate(x, scale_factor=2.0)
        return x, large, x.flatten(1).mean(dim=1)


@pytest.mark.parametrize("save", [save_torchscript, save_onnx, save_exported])
def test_the_largest_picture_is_taken(save: object, tmp_path: Path) -> None:
    """Of several outputs the largest pictures are the samples, and the notes say so."""
    path = save(Wrapped(Several()).eval(), (torch.randn(4, 6),), tmp_path / "g")  # type: ignore[operator]
    loaded = load(path)
    assert isinstance(loaded, Generator)
    assert loaded.spec.output_shape == (3, 8, 8)
    assert any("returns 3 tensors" in note for note in loaded.spec.notes)


@pytest.mark.parametrize(
    ("shape", "expected", "order"),
    [
        ((5, 3, 8, 6), (3, 8, 6), "nchw"),
        ((5, 8, 6, 3), (3, 8, 6), "nhwc"),
        ((5, 8, 6, 1), (1, 8, 6), "nhwc"),
        ((5, 8, 6), (1, 8, 6), "nhw"),
        ((5, 7), (7,), "flat"),
        ((5, 7, 1), (7,), "flat"),
        ((5, 7, 1, 1), (7,), "flat"),
        ((5, 2, 8, 6), (96,), "flat"),
    ],
)
def test_layouts(shape: tuple[int, ...], expected: tuple[int, ...], order: str) -> None:
    """Axes are told apart, brought into one order, and every value keeps its place."""
    output = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).view(shape)
    layout, notes = find_layout({"a": [output]}, 5)
    assert (layout.shape, layout.order) == (expected, order)
    samples = layout.apply({"a": [output]}, 5)
    assert samples.dtype == torch.float32
    assert samples.shape == (5, *expected)
    back = samples.permute(0, 2, 3, 1) if order == "nhwc" else samples
    torch.testing.assert_close(back.reshape(shape), output.float())
    assert bool(notes) == (order not in ("nchw",) and len(shape) > 2)


@pytest.mark.parametrize("output", [torch.zeros(3, 4), [], None, torch.zeros(5)])
def test_outputs_without_a_row_for_each_latent(output: object) -> None:
    """What cannot be samples is described."""
    with pytest.raises(GeneratorError, match="for 5 latents"):
        find_layout(output, 5)


class Noisy(nn.Module):
    """A last step that adds noise of its own."""

    def forward(self, x: Tensor) -> Tensor:
        """Add noise."""
        return 0.5 * x + 0.1 * torch.rand_like(x)


class Drowned(nn.Module):
    """A last step that leaves little of the pictures but noise."""

    def forward(self, x: Tensor) -> Tensor:
        """Add noise."""
        return 0.1 * x + 0.8 * (torch.rand_like(x) - 0.5)


class Mixing(nn.Module):
    """A last step that looks at the whole batch."""

    def forward(self, x: Tensor) -> Tensor:
        """Subtract the batch's mean."""
        return 0.5 * (x - x.mean(dim=0))


@pytest.mark.parametrize("save", [save_torchscript, save_onnx, save_exported])
@pytest.mark.parametrize(
    ("step", "noisy", "coupled"),
    [(Noisy(), True, False), (Mixing(), False, True), (None, False, False)],
)
def test_unstable_outputs_are_concerns(
    step: nn.Module | None, noisy: bool, coupled: bool, save: object, tmp_path: Path
) -> None:
    """Noise inside the network is told from batch statistics, and a plain network is neither."""
    path = save(Wrapped(step).eval(), (torch.randn(4, 6),), tmp_path / "g")  # type: ignore[operator]
    loaded = load(path)
    assert isinstance(loaded, Generator)
    noise, mates = concern(loaded.spec, "internal-noise"), concern(loaded.spec, "batch-mates")
    assert noise.severity is (Severity.NOTE if noisy else Severity.OK)
    assert mates.severity is (Severity.WARN if coupled else Severity.OK)
    assert mates.condition is noise.condition is Condition.UNSTABLE_OUTPUT


@pytest.mark.parametrize("strength", [0.25, 2.0])
def test_the_share_of_noise_is_its_share_of_the_variance(strength: float) -> None:
    """Noise of known variance beside a latent of variance 1 has the share it has by definition."""
    torch.manual_seed(0)
    latents = torch.randn(400, 30)
    calls = torch.stack([latents + strength**0.5 * torch.randn(400, 30) for _ in range(4)])
    assert _share(calls) == pytest.approx(strength / (1 + strength), abs=0.02)


def test_noise_that_drowns_the_latent_is_a_warning(tmp_path: Path) -> None:
    """A network whose output is mostly its own noise is more than a note."""
    path = save_exported(Wrapped(Drowned()).eval(), (torch.randn(4, 6),), tmp_path / "g")
    loaded = load(path)
    assert isinstance(loaded, Generator)
    assert concern(loaded.spec, "internal-noise").severity is Severity.WARN


def test_train_mode_trace_is_a_concern(tmp_path: Path) -> None:
    """A trace made in training mode keeps using batch statistics, and is found out."""
    module = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 2)).train()
    loaded = load(save_torchscript(module, (torch.randn(8, 4),), tmp_path / "g"))
    assert isinstance(loaded, Generator)
    found = concern(loaded.spec, "batch-mates")
    assert found.severity is Severity.WARN
    assert "BatchNorm in training mode" in found.detail


def test_a_constant_generator_is_a_concern(tmp_path: Path) -> None:
    """One picture for every latent fails; so do pictures less than half a grey level apart."""
    for step, constant in ((Scale(0.0, 0.3), True), (Scale(0.001), True), (Scale(0.1), False)):
        spec = load_wrapped(tmp_path, step, LoadOptions(output_range=(-1.0, 1.0))).spec
        found = concern(spec, "constant")
        assert found.severity is (Severity.FAIL if constant else Severity.OK)
        assert found.condition is Condition.IGNORED_LATENT


def test_what_is_trusted_is_on_record() -> None:
    """A program that only runs because of --trust carries the complaint and the file's hash."""
    found = program("it calls torch.save", "ab" * 32)
    assert found.severity is Severity.WARN
    assert "it calls torch.save" in found.title
    assert "ab" * 32 in found.detail


def test_the_source_says_what_was_trusted(points: nn.Module, tmp_path: Path) -> None:
    """A loader that overrode a complaint leaves it in the spec."""
    path = tmp_path / "g"
    path.write_bytes(b"content")
    network = describe_module(points, LoadOptions())
    made = make_generator(network, Source(path, "test", "it calls torch.save"), LoadOptions())
    assert made.spec.trusted
    assert "torch.save" in concern(made.spec, "program").title
    plain = make_generator(network, Source(path, "test"), LoadOptions()).spec
    assert not plain.trusted
    assert "program" not in {one.name for one in plain.concerns}


def test_half_precision_is_named_as_a_cause(tmp_path: Path) -> None:
    """Where 16-bit weights overflow, the message blames them first."""
    module = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 2)).eval().half()
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(60000)
    path = save_torchscript(module, (torch.randn(4, 4).half(),), tmp_path / "g")
    with pytest.raises(GeneratorError, match="overflow of its float16 weights"):
        load(path)


def test_latent_laws() -> None:
    """Each law has its mean, spread and support, and equal seeds give equal latents."""
    normal = draw_latents("normal", 4000, (3,), 0)
    uniform = draw_latents("uniform", 4000, (3,), 0)
    sphere = draw_latents("sphere", 100, (3, 1, 1), 0)
    assert float((normal.std() - 1).abs()) < 0.03
    assert float(uniform.abs().max()) <= 1
    assert float((uniform.var() - 1 / 3).abs()) < 0.02
    torch.testing.assert_close(sphere.flatten(1).norm(dim=1), torch.full((100,), 3**0.5))
    assert torch.equal(0.5 * normal, draw_latents("normal:0.5", 4000, (3,), 0))
    assert torch.equal(normal, draw_latents("normal", 4000, (3,), 0))
    assert not torch.equal(normal, draw_latents("normal", 4000, (3,), 1))


def test_a_law_of_the_users_own(
    saved: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A function on the Python path is a latent law; one that fails is named."""
    (tmp_path / "my_laws.py").write_text(
        "def half(n, shape, rng):\n    return 0.5 * rng.standard_normal((n, *shape))\n"
        "def flat(n, shape, rng):\n    return rng.standard_normal(n)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    loaded = load(saved / "torchscript", LoadOptions(latent_law="my_laws:half"))
    assert isinstance(loaded, Generator)
    assert loaded.spec.latent_law == "my_laws:half"
    found = concern(loaded.spec, "latent-law")
    assert found.severity is Severity.WARN
    assert "my_laws:half" in found.title
    with pytest.raises(LoadError, match="returned"):
        load(saved / "torchscript", LoadOptions(latent_law="my_laws:flat"))
    with pytest.raises(LoadError, match="AttributeError"):
        load(saved / "torchscript", LoadOptions(latent_law="my_laws:none"))
