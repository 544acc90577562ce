"""Modules, functions and arrays in memory: read like files, and left as they were found."""

from __future__ import annotations

import functools
import random
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

from gancheck import Settings, diagnose
from gancheck.errors import GancheckError, GeneratorError, LoadError, ShapeError, UsageError
from gancheck.loaders import InMemory, LoadOptions, load, load_samples
from gancheck.loaders.borrowed import left_as_found, modules_behind
from gancheck.loaders.called import hash_weights
from gancheck.loaders.hints import in_python
from gancheck.loaders.in_memory import located
from gancheck.samplers.batches import Sampler
from gancheck.types import Generator, SampleSet
from loaders.loader_models import Conditional, Dcgan, Points

POINTS = np.random.default_rng(1).standard_normal((600, 2)).astype(np.float32)
QUICK = Settings(samples=150, map="none", cache=False)


class Noisy(nn.Module):
    """A generator with everything that a run could disturb: modes, statistics, chance."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.layers = nn.Sequential(
            spectral_norm(nn.Linear(3, 16)), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1)
        )
        self.frozen = nn.BatchNorm1d(16).eval()
        self.last = nn.Linear(16, 2).requires_grad_(False)
        self.calls = 0

    def forward(self, z: Tensor) -> Tensor:
        """Draw points with a little chance of their own."""
        self.calls += 1
        drawn: Tensor = self.last(self.frozen(self.layers(z)))
        return drawn + 0.01 * torch.randn_like(drawn)


def trained() -> Noisy:
    """Return a module in the middle of its training, with gradients."""
    module = Noisy()
    module(torch.randn(32, 3)).square().mean().backward()
    return module


def facts(module: nn.Module) -> list[Any]:
    """List what a run must not change, tensors by place and by content."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return [
        [(name, each.training) for name, each in module.named_modules()],
        [(name, id(t), t.data_ptr(), t.device, t.stride()) for name, t in tensors.items()],
        [(name, t.requires_grad, t.tolist()) for name, t in tensors.items()],
        [None if p.grad is None else p.grad.tolist() for p in module.parameters()],
        [len(each._forward_pre_hooks) for each in module.modules()],
    ]


def chance() -> list[Any]:
    """Return the state of every global random number generator, and whether gradients flow."""
    numbers = np.random.get_state(legacy=False)
    return [
        random.getstate(),
        str(numbers),
        torch.get_rng_state().tolist(),
        torch.is_grad_enabled(),
    ]


def generator(value: object, options: LoadOptions | None = None) -> Generator:
    """Load what has to be a generator."""
    loaded = load(InMemory(value), options)
    assert isinstance(loaded, Generator)
    return loaded


def test_a_module_is_read_like_its_file(dcgan: Dcgan, saved: Path) -> None:
    """In memory or traced to a file, one DCGAN has one description and draws the same pictures."""
    here, file = generator(dcgan.train()), load(saved / "torchscript")
    dcgan.eval()
    assert isinstance(file, Generator)

    for name in ("latent_shape", "latent_law", "classes", "output_shape", "output_range"):
        assert getattr(here.spec, name) == getattr(file.spec, name)
    assert [one.name for one in here.spec.concerns] == [one.name for one in file.spec.concerns]
    assert (here.spec.origin, here.spec.format) == ("Dcgan (in memory)", "memory")
    one, other = (Sampler(each).draw(32, 0).values.astype(int) for each in (here, file))
    assert abs(one - other).max() <= 1


def test_a_diagnosis_leaves_a_module_and_all_chance_as_they_were() -> None:
    """Modes, weights, statistics, gradients, counters and random numbers survive a whole run."""
    module = trained()
    before, luck = facts(module), chance()
    found = diagnose(module, POINTS, QUICK)

    assert facts(module) == before
    assert chance() == luck
    assert module.calls == 1
    assert found.subject.path == "Noisy (in memory)"
    module(torch.randn(8, 3)).square().mean().backward()


def test_a_training_takes_the_same_course_with_and_without_a_look() -> None:
    """Weights after more steps do not depend on whether the generator was loaded in between."""

    def course(*, looked_at: bool) -> list[Any]:
        torch.manual_seed(0)
        module = Noisy()
        steps = torch.optim.Adam([w for w in module.parameters() if w.requires_grad])
        for step in range(6):
            if looked_at and step % 2:
                with left_as_found(module, 3):
                    Sampler(generator(module)).draw(100, 0)
            steps.zero_grad()
            module(torch.randn(16, 3)).square().mean().backward()
            steps.step()
        found: list[Any] = facts(module)[2]
        return found

    assert course(looked_at=True) == course(looked_at=False)


def test_random_numbers_do_not_depend_on_the_caller() -> None:
    """A module with chance inside draws the same whatever was drawn before."""
    drawn = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        with left_as_found(None, 0):
            drawn.append(Sampler(generator(Noisy().eval())).draw(64, 0).values)

    np.testing.assert_array_equal(drawn[0], drawn[1])


class Sampling:
    """An object that holds its network, as trainers do."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def sample(self, z: Tensor) -> Any:
        """Draw points."""
        return self.network(z)

    __call__ = sample


shared = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))


def plain(z: Tensor) -> Any:
    """Draw points from a network that is known by a global name."""
    return shared(z)


@pytest.mark.parametrize(
    "make",
    [
        lambda network: lambda z: network(z),
        lambda network: functools.partial(lambda net, z: net(z), network),
        lambda network: Sampling(network),
        lambda network: Sampling(network).sample,
        lambda network: lambda z: Sampling(network).sample(z),
        lambda network: network.forward,
        lambda _: plain,
    ],
    ids=["closure", "partial", "object", "method", "inner", "forward", "global"],
)
def test_networks_behind_a_function_run_in_eval_mode_and_are_put_back(
    make: Callable[[nn.Module], Callable[..., object]],
) -> None:
    """However a function knows its network: its latents are inferred, nothing of it changes."""
    network = shared.train()
    seen: list[bool] = []
    handle = shared[1].register_forward_hook(lambda module, *_: seen.append(module.training))
    before, function = facts(network), make(network)
    with left_as_found(function, 0):
        drawn = Sampler(generator(function)).draw(100, 0)
    handle.remove()

    assert modules_behind(function) == (network,)
    assert drawn.shape == (2,)
    assert seen
    assert not any(seen)
    assert facts(network) == before


def test_python_modules_are_looked_into_only_for_what_is_named() -> None:
    """Torch itself holds objects that raise when they are asked for anything."""
    network, unused = nn.Linear(2, 2), nn.Linear(2, 2)
    module = ModuleType("here")
    vars(module).update(network=network, unused=unused)
    names: dict[str, Any] = {"torch": torch, "here": module}
    exec("def draw(z):\n    return torch.tanh(here.network(z))\n", names)

    assert modules_behind(names["draw"]) == (network,)


class Locked(nn.Module):
    """Cannot be copied; keeps a grid for each size of batch, once it needs one."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.lock, self.dense = threading.Lock(), nn.Linear(3, 2)
        self.grids: dict[int, Tensor] = {}
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        self.seen.add_(1)
        grid = self.grids.setdefault(len(z), torch.ones(len(z), 2))
        points: Tensor = self.dense(z) * grid
        return points


def test_a_module_that_cannot_be_copied_is_run_itself_and_said_so() -> None:
    """It is put back, a note says that it was run, and what it kept is good for training."""
    module = Locked()
    before = facts(module)
    with left_as_found(module, 0):
        drawn = generator(module)
        Sampler(drawn).draw(100, 0)

    assert any("cannot be copied" in note for note in drawn.spec.notes)
    assert facts(module) == before
    assert 100 in module.grids
    module(torch.randn(100, 3)).sum().backward()


def test_modules_are_not_run_themselves() -> None:
    """Not even counters in a module change; a hash of its weights is the file's identity."""
    module = Noisy().eval()
    found = generator(module)

    assert module.calls == 0
    assert found.spec.sha256 == hash_weights(module.state_dict())


def test_weights_are_hashed_by_name_type_shape_and_content() -> None:
    """Equal weights have equal hashes; each kind of difference shows; modes and places do not."""
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}
    same = {"b": weights["b"].clone(), "a": weights["a"].t().contiguous().t()}
    others = [
        {**weights, "a": weights["a"].reshape(3, 2)},
        {**weights, "a": weights["a"] + 1e-6},
        {**weights, "b": weights["b"].half()},
        {"c": weights["a"], "b": weights["b"]},
    ]

    assert hash_weights(weights) == hash_weights(same)
    assert len({hash_weights(each) for each in (weights, *others)}) == 5


def test_wrappers_are_looked_through() -> None:
    """Data parallelism neither hides the name of a generator nor its weights."""
    bare = Points()
    wrapped = generator(nn.DataParallel(bare))

    assert wrapped.spec.origin == "Points (in memory)"
    assert wrapped.spec.sha256 == hash_weights(bare.state_dict())


def test_functions_of_numpy_draw_without_gradients() -> None:
    """Arrays are taken for tensors; a function that needs arrays is not differentiable."""
    found = generator(lambda z: np.tanh(z.numpy() @ np.ones((3, 2))), LoadOptions(latent_dim=3))

    assert not found.spec.differentiable
    assert found.spec.sha256 == ""
    assert found(torch.zeros(2, 3)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_second_input_takes_the_labels_where_classes_are_told() -> None:
    """Whatever it is called, and also in a conditional module, which tells its classes itself."""

    def draw(latents: Tensor, digit: Tensor) -> Tensor:
        return latents + 10 * digit[:, None]

    found = generator(draw, LoadOptions(latent_dim=2, classes=4))
    module = generator(Conditional())

    assert found.spec.classes == module.spec.classes == 4
    assert found(torch.zeros(2, 2), torch.tensor([0, 3])).tolist() == [[0, 0], [30, 30]]


def test_programs_in_memory_are_run() -> None:
    """A TorchScript module, whose inputs Python does not know, is a generator as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        program = torch.jit.script(Points())

    spec = generator(program).spec
    assert (spec.origin, spec.output_shape) == ("Points (in memory)", (2,))


@pytest.mark.parametrize(
    ("value", "options", "kind", "said"),
    [
        (lambda z: z, LoadOptions(), LoadError, "`LoadOptions(latent_dim=N)`"),
        (Points(), LoadOptions(latent_dim=7), ShapeError, "`LoadOptions(latent_dim=5)`"),
        (lambda z: z / 0, LoadOptions(latent_dim=2), GeneratorError, "function (in memory)"),
        (lambda z: "no", LoadOptions(latent_dim=2), ShapeError, "returned str"),
        (Points(), LoadOptions(arch="models:G"), UsageError, "LoadOptions(arch=...)"),
        (Points(), LoadOptions(isolate=True), UsageError, "in memory"),
        (Points(), LoadOptions(device="cuda:9"), LoadError, "cuda:9"),
        ({"latents": POINTS}, LoadOptions(), LoadError, "images or samples"),
    ],
)
def test_refusals_speak_python(
    value: object, options: LoadOptions, kind: type[GancheckError], said: str
) -> None:
    """What cannot be judged is refused with the class of files, and hints name options."""
    with pytest.raises(kind) as caught:
        load(InMemory(value), options)

    assert said in str(caught.value)
    assert "`--" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "said"), [(3, "int"), ([1, 2], "list"), (Points, "class Points")]
)
def test_what_is_no_model_is_refused(value: object, said: str) -> None:
    """Numbers, lists and classes are neither models nor samples."""
    with pytest.raises(UsageError, match=said):
        located(value)


def test_hints_are_translated_and_other_text_stays() -> None:
    """Flags of loading become options with Python's values; other flags stay flags."""
    assert in_python("Give it: `--latent-dim N`.") == "Give it: `LoadOptions(latent_dim=N)`."
    assert in_python("`--latent-law normal:0.7`") == "`LoadOptions(latent_law='normal:0.7')`"
    assert in_python("`--output-range LOW,HIGH`") == "`LoadOptions(output_range=(LOW, HIGH))`"
    assert in_python("`--truncation`") == "`LoadOptions(truncation=...)`"
    assert in_python("`--samples 9`") == "`--samples 9`"
    assert in_python(None) is None


@pytest.mark.parametrize("form", ["array", "tensor", "pair", "named"])
def test_samples_are_read_like_their_file(form: str, tmp_path: Path) -> None:
    """Arrays, tensors, pairs and names give the values, labels and subset that a file gives."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 3), dtype=np.uint8)
    labels = np.arange(40) % 3
    named = {"images": pixels} if form in ("array", "tensor") else {"images": pixels, "y": labels}
    np.savez(tmp_path / "samples.npz", **named)
    given = {
        "array": pixels,
        "tensor": torch.from_numpy(pixels),
        "pair": (torch.from_numpy(pixels), labels),
        "named": named,
    }[form]
    options = LoadOptions(limit=25, resize=(4, 4))
    here = load_samples(InMemory(given), options)
    file = load_samples(tmp_path / "samples.npz", options)

    np.testing.assert_array_equal(here.values, file.values)
    np.testing.assert_array_equal(here.labels, file.labels)
    assert here.ids == file.ids
    assert here.origin == "array of 40x6x6x3 (in memory)"
    assert len(here.sha256) == 64


def test_one_changed_value_or_label_changes_the_hash_of_samples() -> None:
    """Prepared references are kept by this hash."""
    other = POINTS.copy()
    other[5, 1] += 1e-3
    labels = np.zeros(len(POINTS), dtype=np.int64)
    given = (POINTS, other, (POINTS, labels), (POINTS, labels + 1))

    assert len({load_samples(InMemory(each)).sha256 for each in given}) == 4


def test_a_sample_set_is_taken_as_it_is_and_thinned() -> None:
    """Samples that were drawn keep their origin; a limit takes a random subset."""
    drawn = SampleSet(POINTS, "somewhere", "generator", labels=np.arange(len(POINTS)))
    found = load_samples(InMemory(drawn), LoadOptions(limit=10))

    assert found.origin == "somewhere"
    assert found.labels is not None
    np.testing.assert_array_equal(found.values, POINTS[found.labels])


def test_a_diagnosis_of_arrays_is_that_of_their_files(tmp_path: Path) -> None:
    """Model and reference in memory or on disk: the same scores, verdict and conditions."""
    samples = 0.5 * np.random.default_rng(2).standard_normal((300, 2)).astype(np.float32)
    np.save(tmp_path / "samples.npy", samples)
    np.save(tmp_path / "reference.npy", POINTS)
    here = diagnose(samples, torch.from_numpy(POINTS), QUICK)
    file = diagnose(tmp_path / "samples.npy", tmp_path / "reference.npy", QUICK)

    assert here.scores == file.scores
    assert (here.verdict, here.conditions) == (file.verdict, file.conditions)
    assert here.settings["reference"] == "array of 600x2 (in memory)"


def test_held_out_data_needs_a_reference_on_disk(tmp_path: Path) -> None:
    """Training data is read in pieces from its file; an array is refused, with what to give."""
    settings = Settings(samples=150, map="none", holdout=tmp_path)
    with pytest.raises(UsageError, match="reference that is in memory"):
        diagnose(Points(), POINTS, settings)
