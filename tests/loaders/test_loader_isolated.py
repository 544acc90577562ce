"""Generators in a child process: the same samples, and whatever goes wrong stays in there."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor

from gancheck.errors import AmbiguousError, GeneratorError, LoadError, RefusedError, ShapeError
from gancheck.loaders import LoadOptions, isolated, load
from gancheck.loaders.isolated import IsolatedGenerator
from gancheck.loaders.isolated_messages import (
    BrokenMessageError,
    Message,
    receive,
    send,
    spec_from_json,
    spec_to_json,
)
from gancheck.types import Generator, SampleSet
from loaders.loader_models import LATENT, Conditional, Dcgan

if TYPE_CHECKING:
    from gancheck.types import AnyArray

BEHAVIOURS = """
import ctypes, os, sys, time
import torch
from torch import nn

class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(3, 2)
        self.calls = 0

    def forward(self, z):
        if len(z) == 11:
            ctypes.string_at(0)
        if len(z) == 12:
            time.sleep(1000)
        if len(z) == 13:
            torch.zeros(1 << 36)
        if len(z) == 14:
            os.write(1, b"what the program prints")
            print("printed")
        if len(z) == 15:
            raise KeyError("odd number")
        if len(z) == 16:
            with open("written", "wb", buffering=0) as stream:
                stream.write(b"x")
        if len(z) == 17:
            raise KeyError(" ".join(sorted(os.environ)) + " " + os.getcwd())
        if len(z) == 18:
            os._exit(3)
        return self.dense(z)

def leave():
    os._exit(7)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights, and code that does whatever the number of latents asks for."""
    place = tmp_path_factory.mktemp("odd")
    (place / "odd.py").write_text(BEHAVIOURS)
    torch.manual_seed(0)
    torch.save(torch.nn.Sequential(torch.nn.Linear(3, 2)).state_dict(), place / "plain.pt")
    state = torch.nn.Linear(3, 2).state_dict()
    torch.save({f"dense.{name}": value for name, value in state.items()}, place / "odd.pt")
    return place


def start(folder: Path, maker: str = "Odd") -> IsolatedGenerator:
    """Load the odd generator in a child process."""
    options = LoadOptions(arch=f"{folder / 'odd.py'}:{maker}", latent_dim=3, isolate=True)
    loaded = load(folder / "odd.pt", options)
    assert isinstance(loaded, IsolatedGenerator)
    return loaded


@pytest.fixture(scope="module")
def odd(folder: Path) -> Iterator[IsolatedGenerator]:
    """An odd generator that lives as long as nothing kills it."""
    loaded = start(folder)
    yield loaded
    loaded.child.end()


def test_samples_are_those_of_the_own_process(saved: Path, latents: Tensor, dcgan: Dcgan) -> None:
    """A program in a child draws what it draws here, and its spec is the same but for two facts."""
    here = load(saved / "torchscript")
    there = load(saved / "torchscript", LoadOptions(isolate=True))
    assert isinstance(there, Generator)
    assert isinstance(here, Generator)
    torch.testing.assert_close(there(latents), here(latents), atol=1e-6, rtol=0)
    torch.testing.assert_close(there(latents), dcgan(latents), atol=1e-4, rtol=0)
    assert (there.spec.isolated, there.spec.differentiable) == (True, False)
    assert (there.spec.latent_shape, there.spec.sha256) == ((LATENT, 1, 1), here.spec.sha256)
    assert (there.spec.origin, there.spec.format) == (here.spec.origin, here.spec.format)
    assert there.spec.concerns == here.spec.concerns
    assert there.spec.output_range == here.spec.output_range
    assert there.spec.notes[:-1] == here.spec.notes
    assert "no sandbox" in there.spec.notes[-1]
    with pytest.raises(ShapeError, match="takes latents"):
        there(latents[:, :3])


def test_labels_cross_over(
    conditional: Conditional, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels reach a child whose code is named as a module; wrong ones come back as an error."""
    monkeypatch.chdir(tmp_path)
    torch.save(conditional.state_dict(), "weights.pt")
    arch = "loaders.loader_models:Conditional"
    loaded = load(Path("weights.pt"), LoadOptions(arch=arch, isolate=True))
    assert isinstance(loaded, Generator)
    latents, labels = torch.randn(4, LATENT), torch.tensor([3, 0, 1, 2])
    wanted = conditional(latents, labels)
    torch.testing.assert_close(loaded(latents, labels), wanted, atol=1e-6, rtol=0)
    with pytest.raises(ShapeError, match="labels from 4 to 7 for 4 classes") as caught:
        loaded(latents, torch.arange(4, 8))
    assert "weights.pt" in str(loaded.spec.origin)
    assert str(tmp_path) not in str(caught.value)


def test_what_goes_wrong_in_one_call_is_told(odd: IsolatedGenerator, folder: Path) -> None:
    """Errors, prints, too much memory and files that may not be written leave the child alive."""
    with pytest.raises(GeneratorError, match="KeyError: 'odd number'"):
        odd(torch.zeros(15, 3))
    with pytest.raises(GeneratorError, match="needs more memory than"):
        odd(torch.zeros(13, 3))
    with pytest.raises(GeneratorError, match="File too large"):
        odd(torch.zeros(16, 3))
    weight = torch.load(folder / "odd.pt")
    latents = torch.randn(14, 3)
    wanted = torch.nn.functional.linear(latents, weight["dense.weight"], weight["dense.bias"])
    torch.testing.assert_close(odd(latents), wanted, atol=1e-6, rtol=0)


def test_no_secrets_of_the_environment(
    folder: Path, odd: IsolatedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child's environment is listed, not inherited, and its folder is its own."""
    with pytest.raises(GeneratorError) as caught:
        odd(torch.zeros(17, 3))
    *names, place = caught.value.message.partition("KeyError: ")[2].strip("'").split()
    assert set(names) <= {
        *isolated._KEPT,
        *("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "HOME", "TMPDIR", "LANG"),
        *("OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "LC_CTYPE", "PYTHON"),
        *(name for name in names if name.startswith(("TORCH", "KMP_", "PYTORCH"))),
    }
    assert "PYTEST_CURRENT_TEST" not in names
    assert Path(place) == Path(odd.child.folder).resolve()


@pytest.mark.parametrize(
    ("rows", "message"), [(11, r"crashed \(SIGSEGV\)"), (12, "gave no answer within 1 s")]
)
def test_a_dead_child_is_no_end_of_the_run(
    rows: int, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash and an endless call are one error, which is raised again; nothing is left behind."""
    loaded = start(folder)
    place = Path(loaded.child.folder)
    assert place.is_dir()
    monkeypatch.setattr(isolated, "CALL_SECONDS", 1.0)
    with pytest.raises(GeneratorError, match=message) as caught:
        loaded(torch.zeros(rows, 3))
    assert caught.value.hint
    assert not place.exists()
    assert loaded.child.process.returncode is not None
    with pytest.raises(GeneratorError, match="ended earlier in this run"):
        loaded(torch.zeros(2, 3))


def test_a_child_that_ends_while_loading(folder: Path) -> None:
    """A program that leaves is a file that cannot be loaded."""
    with pytest.raises(LoadError, match="ended by itself with code 7"):
        start(folder, "leave")


def test_errors_keep_their_class_and_hint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loaders raise in the child is raised here: class, message with our path, hint."""
    monkeypatch.chdir(folder)
    state = torch.load("odd.pt")
    torch.save({"left": dict(state), "right": dict(state)}, "two.pt")
    for options in (LoadOptions(), LoadOptions(isolate=True)):
        with pytest.raises(AmbiguousError) as caught:
            load(Path("two.pt"), options)
        assert caught.value.message.startswith("two.pt holds several")
        assert "--key" in str(caught.value.hint)


def test_samples_come_from_the_own_process(tmp_path: Path) -> None:
    """A file of samples that a child could read loads as samples here."""
    path = tmp_path / "points.npz"
    np.savez(path, samples=np.zeros((5, 2), dtype=np.float32))
    loaded = load(path, LoadOptions(isolate=True))
    assert isinstance(loaded, SampleSet)
    assert len(loaded) == 5


def test_nothing_outlives_the_interpreter(folder: Path) -> None:
    """Leaving Python without a word ends the child and removes its folder."""
    code = (
        "from pathlib import Path\nfrom gancheck.loaders import LoadOptions, load\n"
        f"options = LoadOptions(arch={str(folder / 'odd.py') + ':Odd'!r}, latent_dim=3, "
        "isolate=True)\n"
        f"loaded = load(Path({str(folder / 'odd.pt')!r}), options)\n"
        "print(loaded.child.process.pid, loaded.child.folder)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid, place = done.stdout.split()
    assert not Path(place).exists()
    assert Path(place).parent == Path(tempfile.gettempdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\xff",
        b"\x02\x00\x00\x00{}",
        b"\x04\x00\x00\x00" + b"[" * 4,
        b'\x2d\x00\x00\x00{"facts": {}, "arrays": [["a", "|O", [1000]]]}',
        b'\x30\x00\x00\x00{"facts": {}, "arrays": [["a", "<f4", [999, 99]]]}',
        b'\x2b\x00\x00\x00{"facts": {}, "arrays": [["a", "<f4", [-4]]]}',
        b'\x2d\x00\x00\x00{"facts": {}, "arrays": [["a", "<f4", [1e9]]]}',
    ],
)
def test_messages_are_not_believed(sent: bytes) -> None:
    """Lengths, types and sizes that no honest child sends are refused, not allocated."""
    length = len(sent) - 4
    framed = length.to_bytes(4, "little") + sent[4:] if length else sent
    with pytest.raises(BrokenMessageError):
        receive(io.BytesIO(framed), 1000)


def test_messages_come_back_whole() -> None:
    """Facts and arrays survive, and half a message is the end of the stream."""
    stream = io.BytesIO()
    arrays: dict[str, AnyArray] = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.arange(3),
    }
    send(stream, Message({"kind": "x"}, arrays))
    stream.seek(0)
    back = receive(stream, 1000)
    assert back.facts == {"kind": "x"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(back.arrays[name], array)
    with pytest.raises(EOFError):
        receive(io.BytesIO(stream.getvalue()[:-1]), 1000)


@pytest.mark.parametrize(
    "change",
    [
        {"latent_shape": "everything"},
        {"output_shape": [1 << 60]},
        {"output_kind": "feeling"},
        {"notes": [3]},
        {"concerns": [{"name": "x"}]},
        {"classes": True},
    ],
)
def test_specs_are_not_believed(change: dict[str, object], saved: Path) -> None:
    """A description whose fields are of the wrong types is no description."""
    loaded = load(saved / "torchscript")
    assert isinstance(loaded, Generator)
    plain = spec_to_json(loaded.spec)
    assert spec_from_json(plain) == loaded.spec
    with pytest.raises(BrokenMessageError):
        spec_from_json({**plain, **change})
    with pytest.raises(BrokenMessageError):
        spec_from_json(None)


class Careless(torch.nn.Module):
    """A program that does more than tensor maths: it would write what it is given to a file."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        torch.save(z, "/dev/null/nowhere" if z.shape[0] > 10_000 else "kept")
        return z * 2


def test_trust_is_told_from_before_anything_ran(tmp_path: Path, saved: Path) -> None:
    """``trusted`` stands for what trust let in, and not for what would have come in anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(Careless()), str(tmp_path / "careless"))
    with pytest.raises(RefusedError, match="--trust"):
        load(tmp_path / "careless", LoadOptions(latent_dim=3))
    loaded = load(tmp_path / "careless", LoadOptions(trust=True, latent_dim=3))
    assert isinstance(loaded, IsolatedGenerator)
    assert loaded.spec.trusted
    assert any(item.name == "program" or "trust" in item.title for item in loaded.spec.concerns)
    torch.testing.assert_close(loaded(torch.ones(2, 3)), torch.full((2, 3), 2.0))
    assert not (tmp_path / "kept").exists()
    harmless = load(saved / "torchscript", LoadOptions(trust=True))
    assert isinstance(harmless, Generator)
    assert (harmless.spec.trusted, harmless.spec.isolated) == (False, False)
