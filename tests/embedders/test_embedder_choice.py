"""Which embedder stands for auto, which view is strict, and how their names are read."""

from __future__ import annotations

import pytest

from gancheck.embedders import AUTO, EMBEDDERS, choose, create, strict
from gancheck.embedders.efficientnet import EfficientNet
from gancheck.embedders.module import OnnxFile, TorchFile
from gancheck.errors import UsageError
from gancheck.types import OutputKind


@pytest.mark.parametrize(
    ("kind", "shape", "reference_n", "expected"),
    [
        ("vector", (2,), 50_000, "vectors"),
        ("vector", (2,), None, "vectors"),
        ("image", (1, 28, 28), 1200, "fitted"),
        ("image", (3, 256, 256), 50_000, "fitted"),
        ("image", (1, 28, 28), 999, "pixels"),
        ("image", (3, 33, 20), 999, "efficientnet"),
        ("image", (3, 32, 32), None, "pixels"),
        ("image", (3, 64, 64), None, "efficientnet"),
    ],
)
def test_auto(
    kind: OutputKind, shape: tuple[int, ...], reference_n: int | None, expected: str
) -> None:
    """The choice follows kind, size and reference, and names an embedder that exists."""
    choice = choose(kind, shape, reference_n)
    assert choice.text == expected
    assert choice.text in EMBEDDERS.names()


def test_the_reason_names_the_numbers() -> None:
    """A reference too small to fit a view on is named with its size and the size needed."""
    reason = choose("image", (1, 28, 28), 640).reason
    assert "640" in reason
    assert "1,200" in reason
    assert "no reference" in choose("image", (1, 28, 28), None).reason


def test_the_reason_names_what_stands_for_a_reference() -> None:
    """An independent draw that the view is fitted on is not called a reference."""
    choice = choose("image", (1, 28, 28), 3000, source="a draw of {} images")
    assert choice.text == "fitted"
    assert choice.reason.startswith("a draw of 3,000 images is enough")


@pytest.mark.parametrize(
    ("kind", "shape", "expected"),
    [
        ("vector", (64,), "vectors"),
        ("image", (3, 32, 32), "pixels"),
        ("image", (1, 16, 33), "efficientnet"),
    ],
)
def test_strict(kind: OutputKind, shape: tuple[int, ...], expected: str) -> None:
    """The strict view depends on the samples alone."""
    assert strict(kind, shape).text == expected


def test_names_and_arguments() -> None:
    """What follows the colon becomes the file, colons of its own included."""
    assert create("efficientnet") == EfficientNet()
    assert create("torch:C:/inception.pt") == TorchFile("C:/inception.pt")
    assert create("onnx:net.onnx") == OnnxFile("net.onnx")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pixel", "Did you mean 'pixels'"),
        ("torch", "torch:FILE"),
        ("pixels:32", "Write pixels"),
        (AUTO, "must be resolved"),
    ],
)
def test_what_cannot_be_made(text: str, message: str) -> None:
    """Unknown names get a suggestion; a missing or superfluous argument is named."""
    with pytest.raises(UsageError, match=message):
        create(text)


def test_every_embedder_documents_itself() -> None:
    """Each registered embedder has a docstring for people and says what argument it takes."""
    for name, kind in EMBEDDERS:
        assert kind.__doc__, name
        assert isinstance(kind.argument, str), name
