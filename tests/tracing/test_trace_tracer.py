"""Checkpoints measured one after the other: what is shared, what is used again, what goes wrong."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancheck import Settings
from gancheck.errors import GancheckError, LoadError, UsageError
from gancheck.loaders import LoadOptions
from gancheck.tracing import Tracer
from gancheck.types import Checkpoint, Condition, Trace, Verdict

QUICK = Settings(samples=400, cache=False, map="pca", load=LoadOptions(latent_dim=2))
CENTRES = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0], [0.0, -3.0]])


class Modes(nn.Module):
    """Draws the four modes with some shares: which one, the first latent says."""

    edges: Tensor
    centres: Tensor

    def __init__(self, *shares: float) -> None:
        super().__init__()
        self.register_buffer("edges", torch.cumsum(torch.tensor(shares), 0)[:-1].contiguous())
        self.register_buffer("centres", CENTRES.clone())

    def forward(self, z: Tensor) -> Tensor:
        """Place the rest of the latent beside the centre of its mode."""
        level = 0.5 * (1 + torch.erf(z[:, :1] / 2**0.5))
        mode = (level > self.edges).sum(dim=1)
        around = torch.stack((z[:, 1], torch.sin(7 * z[:, 1] + 3 * z[:, 0])), dim=1)
        return self.centres[mode] + 0.3 * around


EVEN = (0.25, 0.25, 0.25, 0.25)
ONLY = tuple(tuple(float(at == mode) for at in range(4)) for mode in range(4))


@pytest.fixture(scope="module")
def reference() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Samples of all four modes."""
    generator = torch.Generator().manual_seed(5)
    with torch.inference_mode():
        return np.asarray(Modes(*EVEN)(torch.randn(2400, 2, generator=generator)).numpy())


def traced(reference: object, *shares: tuple[float, ...]) -> Trace:
    """Trace generators with these shares, at steps 10, 20, ..."""
    tracer = Tracer(reference, QUICK)  # type: ignore[arg-type]
    for at, each in enumerate(shares, 1):
        tracer.add(Modes(*each), 10 * at)
    return tracer.trace()


def save(module: nn.Module, path: Path) -> None:
    """Save a module as TorchScript."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        program = torch.jit.trace(module.eval(), torch.zeros(4, 2))  # type: ignore[no-untyped-call]
        torch.jit.save(program, str(path))


def numbers(row: Checkpoint) -> dict[str, object]:
    """Return a row without what two runs need not share."""
    return {**dataclasses.asdict(row), "seconds": 0.0, "reused": False}


def test_a_generator_that_hops_is_told_with_its_places_in_order(reference: object) -> None:
    """Four single modes one after the other: three hops; the shares are those that were drawn."""
    trace = traced(reference, *(ONLY[mode] for mode in (2, 0, 0, 3, 1)))
    found = {one.id: one for one in trace.findings}
    drawn = [max(row.modes, key=lambda mode: mode.sample_share).id for row in trace.checkpoints]

    assert trace.verdict is Verdict.COLLAPSED
    assert Condition.MODE_HOPPING in trace.conditions
    assert [visit.mode for visit in trace.visits] == [drawn[0], drawn[1], drawn[3], drawn[4]]
    assert [visit.first_step for visit in trace.visits] == [10, 20, 40, 50]
    assert "3 changes" in found["trace.hopping"].title
    assert len(set(drawn)) == 4
    assert all(sum(row.counts) <= 400 for row in trace.checkpoints)
    assert found["trace.best_diversity"].title.startswith("no checkpoint is worth using")
    assert trace.best == ()


def test_a_collapse_is_dated_and_the_checkpoint_before_it_named(reference: object) -> None:
    """Diversity falls at step 60: between the last good one and the first bad one."""
    trace = traced(reference, *[EVEN] * 5, *[ONLY[0]] * 4)
    (turn,) = trace.turns

    assert (turn.kind, turn.step) == ("onset", 60)
    assert turn.low <= 60 <= turn.high
    assert turn.high - turn.low <= 20
    assert trace.best[0].step <= 50
    assert set(trace.best[0].tied) | {trace.best[0].step} == {10, 20, 30, 40, 50}
    assert not any(one.id == "trace.hopping" and one.severity > 0 for one in trace.findings)


def test_latents_that_keep_their_samples_move_nothing(reference: object) -> None:
    """Equal checkpoints do not move, other ones of the same modes do, and it is a share."""
    tracer = Tracer(reference, QUICK)  # type: ignore[arg-type]
    rows = [tracer.add(Modes(*shares), step) for step, shares in enumerate((EVEN, EVEN, ONLY[0]))]

    assert rows[0].moved is None
    assert rows[1].moved == 0.0
    assert rows[2].moved is not None
    assert 0.5 < rows[2].moved <= 1.1


def test_a_checkpoint_that_fails_is_a_row_and_the_rest_go_on(
    reference: object, tmp_path: Path
) -> None:
    """It says why; what comes after it is compared with what came before it."""
    (tmp_path / "broken.pt").write_bytes(b"not a model")
    tracer = Tracer(reference, QUICK)  # type: ignore[arg-type]
    first = tracer.add(tmp_path / "broken.pt", 1)
    tracer.add(Modes(*EVEN), 2)
    tracer.add(_nan, 3)
    tracer.add(Modes(*EVEN), 4)
    trace = tracer.trace()

    assert "broken.pt" in first.error
    assert first.verdict is None
    assert [bool(row.error) for row in trace.checkpoints] == [True, False, True, False]
    assert trace.checkpoints[3].moved == 0.0
    assert any(one.id == "trace.failed" and "2 of 4" in one.title for one in trace.findings)


def _nan(z: Tensor) -> Tensor:
    return torch.full((len(z), 2), float("nan"))


def test_a_trace_without_one_good_checkpoint_is_an_error(tmp_path: Path) -> None:
    """The first reason is told."""
    tracer = Tracer(None, QUICK)
    with pytest.raises(UsageError, match="no checkpoints"):
        tracer.trace()
    tracer.add(tmp_path / "gone.pt", 1)
    with pytest.raises(LoadError, match=r"no checkpoint could be measured: .*gone.pt"):
        tracer.trace()


def test_a_bad_reference_ends_the_trace_at_once(tmp_path: Path) -> None:
    """It is no fault of the checkpoint, and no row is made of it."""
    tracer = Tracer(tmp_path / "nothing.npz", QUICK)
    with pytest.raises(GancheckError, match=r"nothing.npz"):
        tracer.add(Modes(*EVEN), 1)

    assert tracer.rows == []


def test_files_measured_before_are_used_again_and_alike(reference: object, tmp_path: Path) -> None:
    """The second trace measures its first file only, and gives the same numbers."""
    settings = dataclasses.replace(QUICK, cache=True)
    for step, shares in ((1, EVEN), (2, ONLY[1]), (3, EVEN)):
        save(Modes(*shares), tmp_path / f"G_{step}.pt")

    def run(seed: int = 0) -> Tracer:
        tracer = Tracer(reference, dataclasses.replace(settings, seed=seed))  # type: ignore[arg-type]
        for step in (1, 2, 3):
            tracer.add(tmp_path / f"G_{step}.pt", step)
        return tracer

    first, second, other = run(), run(), run(seed=1)

    assert [row.reused for row in first.rows] == [False, False, False]
    assert [row.reused for row in second.rows] == [False, True, True]
    assert [numbers(row) for row in second.rows] == [numbers(row) for row in first.rows]
    assert first.trace().exhibits == second.trace().exhibits
    assert not any(row.reused for row in other.rows)


def test_without_a_reference_there_are_no_modes_and_no_diversity() -> None:
    """What moves is still told, and the verdict says that it cannot be judged."""
    trace = traced(None, EVEN, ONLY[0])

    assert trace.verdict is Verdict.INCONCLUSIVE
    assert trace.visits == ()
    assert trace.checkpoints[1].moved is not None
    assert {one.id for one in trace.findings} == {"trace.identity"}


def test_training_goes_on_as_it_would_have(reference: object) -> None:
    """Random numbers and the mode of the module are left as they were found."""
    module = Modes(*EVEN).train()
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    Tracer(reference, QUICK).add(module, 1)  # type: ignore[arg-type]

    assert torch.equal(torch.rand(4), expected)
    assert module.training


def test_the_map_follows_the_same_latents(reference: object) -> None:
    """As many points at every step, coloured by their latents, over the reference's window."""
    trace = traced(reference, EVEN, ONLY[0], ONLY[1])
    (voyage,) = [one for one in trace.exhibits if one.kind == "voyage"]

    assert voyage.payload["steps"] == [10, 20, 30]
    assert voyage.payload["points"] == 400
    assert voyage.payload["x_label"] == "x"
    assert voyage.payload["colours"]
