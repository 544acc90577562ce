"""Labels as networks take them: numbers, one-hot rows, rows of a table; and one class alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancheck.errors import GancheckError, LoadError, ShapeError, UsageError
from gancheck.loaders import InMemory, load
from gancheck.loaders.interface import LoadOptions
from gancheck.types import Generator
from loaders.loader_models import LATENT, Conditional, save_exported, save_onnx, save_torchscript

CLASSES, WIDTH = 5, 3


class Embedded(nn.Module):
    """A generator of points that takes a vector for each class."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT + WIDTH, 4)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Draw points."""
        points: Tensor = torch.tanh(self.dense(torch.cat((z, condition), dim=1)))
        return points


class OneHot(nn.Module):
    """A generator of points that takes one-hot rows."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT + CLASSES, 4)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Draw points."""
        points: Tensor = torch.tanh(self.dense(torch.cat((z, y.float()), dim=1)))
        return points


@pytest.fixture(scope="module")
def embedded() -> Embedded:
    """A generator that takes vectors."""
    torch.manual_seed(5)
    return Embedded().eval()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of five vectors."""
    path = tmp_path / "labels.npy"
    np.save(path, np.random.default_rng(0).standard_normal((CLASSES, WIDTH)))
    return path


def generator(subject: Path | InMemory, options: LoadOptions) -> Generator:
    """Load a generator."""
    found = load(subject, options)
    assert isinstance(found, Generator)
    return found


@pytest.mark.parametrize("form", ["torchscript", "onnx", "exported", "statedict", "memory"])
def test_rows_of_a_table_are_fed_for_labels(
    form: str, embedded: Embedded, table: Path, tmp_path: Path
) -> None:
    """Label y gives what the network draws from row y of the table, whatever the file's format."""
    example = (torch.zeros(2, LATENT), torch.zeros(2, WIDTH))
    path = tmp_path / "model"
    options = LoadOptions(latent_dim=LATENT, label_table=table)
    subject: Path | InMemory = path
    if form == "memory":
        subject = InMemory(embedded)
    elif form == "statedict":
        torch.save(embedded.state_dict(), path)
        code = f"{Path(__file__).resolve()}:Embedded"
        options = LoadOptions(latent_dim=LATENT, label_table=table, arch=code)
    else:
        {"torchscript": save_torchscript, "onnx": save_onnx, "exported": save_exported}[form](
            embedded, example, path
        )
    made = generator(subject, options)

    latents, labels = torch.randn(7, LATENT), torch.arange(7) % CLASSES
    rows = torch.from_numpy(np.load(table).astype(np.float32))[labels]
    with torch.no_grad():
        expected = embedded(latents, rows)
    assert made.spec.classes == CLASSES
    assert "rows of the label table" in made.spec.call
    torch.testing.assert_close(made(latents, labels), expected, rtol=1e-4, atol=1e-5)


def test_one_hot_rows_are_made_of_labels() -> None:
    """A network that takes one-hot rows is found to, and fed with them."""
    torch.manual_seed(1)
    module = OneHot().eval()
    made = generator(InMemory(module), LoadOptions(latent_dim=LATENT, classes=CLASSES))
    latents, labels = torch.randn(4, LATENT), torch.tensor([0, 4, 2, 2])
    with torch.no_grad():
        expected = module(latents, torch.nn.functional.one_hot(labels, CLASSES))
    assert "one-hot" in made.spec.call
    torch.testing.assert_close(made(latents, labels), expected)


@pytest.mark.parametrize("isolate", [None, True])
def test_one_class_alone_is_a_generator_without_labels(
    isolate: bool | None, conditional: Conditional, tmp_path: Path
) -> None:
    """Every latent is drawn under the label, here and in a child process, and it is said."""
    example = (torch.zeros(2, LATENT), torch.zeros(2, dtype=torch.int64))
    path = save_torchscript(conditional, example, tmp_path / "model.pt")
    made = generator(path, LoadOptions(only_class=3, isolate=isolate))
    latents = torch.randn(6, LATENT)
    with torch.no_grad():
        expected = conditional(latents, torch.full((6,), 3))
    assert made.spec.classes is None
    assert any("label 3 of 4" in note for note in made.spec.notes)
    assert "the label is 3" in made.spec.call
    torch.testing.assert_close(made(latents), expected, rtol=1e-4, atol=1e-5)


def test_a_class_goes_with_a_table(embedded: Embedded, table: Path) -> None:
    """One row of the table is fed for every latent."""
    options = LoadOptions(latent_dim=LATENT, label_table=table, only_class=1)
    made = generator(InMemory(embedded), options)
    row = torch.from_numpy(np.load(table)[1].astype(np.float32)).expand(3, -1)
    latents = torch.randn(3, LATENT)
    with torch.no_grad():
        torch.testing.assert_close(made(latents), embedded(latents, row))


def plain() -> nn.Module:
    """A generator that takes no labels."""
    return nn.Sequential(nn.Linear(LATENT, 4), nn.Tanh()).eval()


@pytest.mark.parametrize(
    ("subject", "options", "kind", "said"),
    [
        (Conditional, LoadOptions(only_class=4), ShapeError, "has 4 classes, and none of number 4"),
        (plain, LoadOptions(latent_dim=LATENT, only_class=0), UsageError, "takes no labels"),
    ],
)
def test_a_class_that_is_not_there_is_refused(
    subject: type[nn.Module], options: LoadOptions, kind: type[GancheckError], said: str
) -> None:
    """A label out of range, and a generator without labels: the message says what there is."""
    with pytest.raises(kind, match=said) as caught:
        load(InMemory(subject()), options)
    assert caught.value.hint


def test_samples_cannot_be_drawn_under_a_label() -> None:
    """A set of samples is refused where one class is asked for."""
    with pytest.raises(UsageError, match="holds samples"):
        load(InMemory(np.zeros((10, 3), dtype=np.float32)), LoadOptions(only_class=1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (np.zeros(3), "no table"),
        (np.zeros((0, 3)), "no table"),
        (np.array([["a"]]), "no table"),
        (np.full((2, 3), np.nan), "NaN"),
        (None, "does not exist"),
        (b"no array", "cannot be read as an array"),
    ],
)
def test_what_is_no_table_is_refused(content: object, said: str, tmp_path: Path) -> None:
    """Other shapes and types, broken numbers, missing and damaged files: each is named."""
    path = tmp_path / "labels.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, np.ndarray):
        np.save(path, content)
    with pytest.raises(LoadError, match=said) as caught:
        load(InMemory(Embedded()), LoadOptions(latent_dim=LATENT, label_table=path))
    assert "label_table" in (caught.value.hint or "")


def test_a_table_that_does_not_fit_is_refused(table: Path) -> None:
    """A network without labels, and another number of classes."""
    with pytest.raises(ShapeError, match="no input for labels"):
        load(InMemory(plain()), LoadOptions(latent_dim=LATENT, label_table=table))
    with pytest.raises(ShapeError, match="5 rows, and 4 classes"):
        load(
            InMemory(Embedded()),
            LoadOptions(latent_dim=LATENT, label_table=table, classes=CLASSES - 1),
        )
