"""Samples that outlive a run are the samples of an uninterrupted one, to the last bit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from core.test_batches import SPEC, Plain
from gancheck.errors import OutputError
from gancheck.samplers.batches import Sampler
from gancheck.types import GeneratorSpec, SampleSet
from gancheck.workdir import MANIFEST, Blocks, open_blocks

if TYPE_CHECKING:
    from torch import Tensor

    from gancheck.types import FloatArray

SHAPE = (1, 4, 4)
IMAGES = dataclasses.replace(
    SPEC, output_kind="image", output_shape=SHAPE, output_range=(-1.0, 1.0), sha256="ab"
)
VECTORS = dataclasses.replace(SPEC, output_shape=(16,), sha256="ab")
CLASSES = dataclasses.replace(VECTORS, classes=3)


def network(seed: int) -> Callable[[Tensor, Tensor | None], Tensor]:
    """Return a dense network, of which the last bits depend on the batch."""
    rng = torch.Generator().manual_seed(seed)
    inside, outside = (torch.randn(sides, generator=rng) for sides in ((3, 64), (64, 16)))

    def run(latents: Tensor, labels: Tensor | None) -> Tensor:
        hidden = latents @ inside if labels is None else latents @ inside + labels[:, None]
        return torch.tanh(torch.relu(hidden) @ outside / 8)

    return run


def generator(spec: GeneratorSpec = IMAGES, seed: int = 0) -> Plain:
    """Return a generator that remembers its calls."""
    run = network(seed)
    return Plain(lambda z, y: run(z, y).reshape(-1, *spec.output_shape), spec)


def opened(work: Path, sampler: Sampler, shares: FloatArray | None = None) -> Blocks:
    """Open a folder that was named."""
    blocks = open_blocks(work, sampler, 0, shares)
    assert blocks is not None
    return blocks


def drawn(work: Path | None, made: Plain, n: int, batch_size: int = 20, seed: int = 0) -> SampleSet:
    """Draw samples, with a folder or without."""
    sampler = Sampler(made, batch_size=batch_size)
    kept = open_blocks(work, sampler, seed)
    made.calls.clear()
    return sampler.draw(n, seed, kept=kept)


class Stopped(Exception):  # noqa: N818 - no error
    """The run was stopped."""


def stopped(work: Path, made: Plain, n: int, after: int, batch_size: int = 20) -> None:
    """Draw samples until so many are there, then stop."""

    def progress(done: int, total: int) -> None:
        if done >= after:
            raise Stopped

    sampler = Sampler(made, batch_size=batch_size, progress=progress)
    with pytest.raises(Stopped):
        sampler.draw(n, 0, kept=open_blocks(work, sampler, 0))


@pytest.mark.parametrize("spec", [IMAGES, VECTORS, CLASSES])
def test_a_run_goes_on_where_another_stopped(tmp_path: Path, spec: GeneratorSpec) -> None:
    """Only what is missing is drawn, and values, latents and labels are those of one run."""
    stopped(tmp_path, generator(spec), 100, after=60)
    made = generator(spec)
    found, wanted = drawn(tmp_path, made, 100), drawn(None, generator(spec), 100)
    assert made.calls == [20, 20]
    np.testing.assert_array_equal(found.values, wanted.values)
    assert found.values.dtype == wanted.values.dtype
    np.testing.assert_array_equal(found.latents, wanted.latents)
    assert found.labels is None or (found.labels == wanted.labels).all()
    again = drawn(tmp_path, made, 100)
    assert made.calls == []
    np.testing.assert_array_equal(again.values, wanted.values)


def test_no_folder_keeps_nothing(tmp_path: Path) -> None:
    """Without a folder there are no blocks."""
    assert open_blocks(None, Sampler(generator()), 0) is None


def test_blocks_can_be_mapped(tmp_path: Path) -> None:
    """A block is the bare array that its name and the manifest describe."""
    wanted = drawn(tmp_path, generator(), 50).values
    (folder,) = tmp_path.iterdir()
    facts = json.loads((folder / MANIFEST).read_text())
    assert (facts["model_sha256"], facts["seed"], facts["output_shape"]) == ("ab", 0, list(SHAPE))
    for path in folder.glob("*.block"):
        start, stop = (int(one) for one in path.name.split("-")[:2])
        mapped = np.memmap(path, dtype=np.uint8, mode="r", shape=(stop - start, *SHAPE))
        np.testing.assert_array_equal(mapped, wanted[start:stop])


def test_a_larger_run_goes_on_from_a_smaller_one(tmp_path: Path) -> None:
    """Its incomplete last batch is drawn anew, so that no bit depends on the smaller run."""
    drawn(tmp_path, generator(VECTORS), 50)
    made = generator(VECTORS)
    found = drawn(tmp_path, made, 90)
    assert made.calls == [20, 20, 10]
    np.testing.assert_array_equal(found.values, drawn(None, generator(VECTORS), 90).values)
    fewer = drawn(tmp_path, made, 50)
    assert made.calls == []
    np.testing.assert_array_equal(fewer.values, drawn(None, generator(VECTORS), 50).values)


def test_another_batch_size_changes_no_number(tmp_path: Path) -> None:
    """Smaller batches go on from larger ones; larger ones begin anew; the samples are the same."""
    wanted = drawn(None, generator(), 100).values
    stopped(tmp_path, generator(), 100, after=60)
    for batch_size, calls in ((7, [7] * 5 + [5]), (50, [50, 50])):
        made = generator()
        np.testing.assert_array_equal(drawn(tmp_path, made, 100, batch_size).values, wanted)
        assert made.calls == calls


def test_too_little_memory_is_kept_too(tmp_path: Path) -> None:
    """Blocks of halved batches are found again on the way down."""
    whole = generator()

    def small(latents: Tensor, labels: Tensor | None) -> Tensor:
        if len(latents) > 12:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return whole.run(latents, labels)

    short = Plain(small, whole.spec)
    stopped(tmp_path, short, 100, after=60)
    short.calls.clear()
    sampler = Sampler(short, batch_size=20)
    found = sampler.draw(100, 0, kept=open_blocks(tmp_path, sampler, 0))
    assert short.calls == [2, 20, *[10] * 4]
    np.testing.assert_array_equal(found.values, drawn(None, whole, 100).values)


@pytest.mark.parametrize(
    ("spec", "seed"),
    [
        (dataclasses.replace(IMAGES, sha256="cd"), 0),
        (dataclasses.replace(IMAGES, latent_law="uniform"), 0),
        (dataclasses.replace(IMAGES, output_range=(0.0, 1.0)), 0),
        (IMAGES, 1),
    ],
)
def test_other_samples_have_a_folder_of_their_own(
    tmp_path: Path, spec: GeneratorSpec, seed: int
) -> None:
    """Another model, law, range or seed is never mixed in, and both can be gone on with."""
    drawn(tmp_path, generator(), 40)
    made = generator(spec)
    drawn(tmp_path, made, 40, seed=seed)
    assert made.calls == [20, 20]
    assert len(list(tmp_path.iterdir())) == 2
    drawn(tmp_path, made, 40, seed=seed)
    assert made.calls == []


def test_other_shares_of_labels_have_a_folder_of_their_own(tmp_path: Path) -> None:
    """Labels are part of what a sample is."""
    sampler = Sampler(generator(CLASSES))
    even = opened(tmp_path, sampler)
    uneven = opened(tmp_path, sampler, shares=np.array([0.5, 0.25, 0.25]))
    assert even.folder != uneven.folder


def test_a_generator_that_changed_behind_its_hash_is_noticed(tmp_path: Path) -> None:
    """Weights may be the same and the code around them not: its samples are drawn anew."""
    drawn(tmp_path, generator(seed=0), 40)
    made = generator(seed=1)
    found = drawn(tmp_path, made, 40)
    assert made.calls == [20, 20]
    np.testing.assert_array_equal(found.values, drawn(None, generator(seed=1), 40).values)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"short", bytes(320), None])
def test_damaged_blocks_are_drawn_anew(tmp_path: Path, content: bytes | None) -> None:
    """A torn block, one of zeros and a folder in its place are as if they were not there."""
    wanted = drawn(tmp_path, generator(), 60).values
    block = sorted(tmp_path.rglob("*.block"))[1]
    block.unlink()
    if content is None:
        block.symlink_to(tmp_path / "nowhere")
    else:
        block.write_bytes(content)
    made = generator()
    np.testing.assert_array_equal(drawn(tmp_path, made, 60).values, wanted)
    assert made.calls == [20]
    drawn(tmp_path, made, 60)
    assert made.calls == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"tried": "no"}', b"\xff"])
def test_a_damaged_manifest_begins_anew(tmp_path: Path, content: bytes) -> None:
    """Blocks that nothing vouches for are not used."""
    drawn(tmp_path, generator(), 40)
    next(tmp_path.rglob(MANIFEST)).write_bytes(content)
    made = generator()
    drawn(tmp_path, made, 40)
    assert made.calls == [20, 20]
    drawn(tmp_path, made, 40)
    assert made.calls == []


def test_only_own_files_are_removed(tmp_path: Path) -> None:
    """What a killed run left half-written goes; what somebody else put there stays."""
    drawn(tmp_path, generator(seed=0), 40)
    (folder,) = tmp_path.iterdir()
    (folder / "notes.txt").touch()
    (folder / ".notes.part").touch()
    (folder / ".000000000-000000020-00000000.block.1-ab.part").touch()
    drawn(tmp_path, generator(seed=1), 40)
    kept = {path.name for path in folder.iterdir() if path.suffix != ".block"}
    assert kept == {MANIFEST, "notes.txt", ".notes.part"}
    assert len(list(folder.glob("*.block"))) == 2


def test_noise_of_the_generators_own_is_not_moved(tmp_path: Path) -> None:
    """Trying a generator draws no random number that the run would have drawn."""
    noisy = Plain(lambda z, y: z[:, :2] + torch.randn(len(z), 2), SPEC)
    torch.manual_seed(5)
    wanted = Sampler(noisy).draw(30, 0).values
    torch.manual_seed(5)
    np.testing.assert_array_equal(drawn(tmp_path, noisy, 30, 64).values, wanted)


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    """A file in its place, or a folder that vanishes, is a message that names the flag."""
    (tmp_path / "file").touch()
    sampler = Sampler(generator())
    with pytest.raises(OutputError, match="--work-dir") as caught:
        open_blocks(tmp_path / "file", sampler, 0)
    assert "written to" in str(caught.value.hint)
    blocks = opened(tmp_path / "work", sampler)
    gone = dataclasses.replace(blocks, folder=tmp_path / "gone")
    with pytest.raises(OutputError, match="samples cannot be written") as caught:
        sampler.draw(40, 0, kept=gone)
    assert "--work-dir" in str(caught.value.hint)
