"""Generators of functions: inputs that are told instead of inferred, files that plugins read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from gancheck.errors import LoadError
from gancheck.loaders import LOADERS, LoadOptions, Sniffed, load
from gancheck.loaders.called import make_called
from gancheck.loaders.outputs import OutputLayout
from gancheck.loaders.probe import Source, probe_rows
from gancheck.types import Generator


def _waves(latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
    shift = 0.0 if labels is None else labels[:, None, None, None] / 4
    return torch.sigmoid(latents.mean(dim=1, keepdim=True) + shift)


def test_inputs_that_are_told_are_not_inferred() -> None:
    """Latents have the shape that was told, labels the number, and the source names the file."""
    source = Source(Path("some.file"), "waves", known_sha256="ab")
    made = make_called(
        "waves", _waves, LoadOptions(limit=40), source=source, latent_shape=(2, 4, 4), classes=3
    )
    spec = made.spec
    assert (spec.latent_shape, spec.classes, spec.output_shape) == ((2, 4, 4), 3, (1, 4, 4))
    assert (spec.format, spec.origin, spec.sha256) == ("waves", "some.file", "ab")
    latents, labels = torch.randn(3, 2, 4, 4), torch.tensor([0, 1, 2])
    assert torch.equal(made(latents, labels), _waves(latents, labels))


def test_messages_about_files_name_flags() -> None:
    """What is read from a file is told about in flags, not in options of Python."""
    source = Source(Path("some.file"), "waves", known_sha256="")
    with pytest.raises(LoadError) as caught:
        make_called("waves", len, LoadOptions(), source=source, latent_shape=(2,))
    assert "--latent-dim" in (caught.value.hint or "")


def test_no_more_outputs_are_looked_at_than_will_be_drawn() -> None:
    """512 outputs are looked at, fewer where few are drawn, and never fewer than 32."""
    layout = OutputLayout((), "nchw", (1, 8, 8))
    assert [probe_rows(layout, drawn) for drawn in (None, 10_000, 100, 5)] == [512, 512, 100, 32]


@dataclass(frozen=True)
class _Late:
    """Reads any folder, and comes after all built-in loaders by its name."""

    name: str = "zz-late"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Any folder."""
        return sniffed.kind == "directory"

    def load(self, path: Path, options: LoadOptions) -> Generator:
        """Make the waves."""
        source = Source(path, self.name, known_sha256="")
        return make_called("waves", _waves, options, source=source, latent_shape=(2, 4, 4))


def test_what_a_plugin_recognises_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder goes to a plugin's loader although the built-in one for images takes any."""
    LOADERS.discover()
    monkeypatch.setattr(LOADERS, "_items", {**LOADERS._items, "zz-late": _Late()})
    monkeypatch.setattr(LOADERS, "is_built_in", lambda name: name != "zz-late")
    made = load(tmp_path, LoadOptions(limit=40))
    assert isinstance(made, Generator)
    assert made.spec.format == "zz-late"


def test_folders_of_plugins_are_not_isolated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child takes single files; a folder is refused in words, before anything is started."""
    LOADERS.discover()
    monkeypatch.setattr(LOADERS, "_items", {**LOADERS._items, "zz-late": _Late()})
    monkeypatch.setattr(LOADERS, "is_built_in", lambda name: name != "zz-late")
    with pytest.raises(LoadError, match="--isolate takes single files only") as caught:
        load(tmp_path, LoadOptions(isolate=True))
    assert "Leave --isolate out" in (caught.value.hint or "")
