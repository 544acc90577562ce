"""The same commit with the same seed, over and over: the gate must say the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.gate.worlds import drawn, modes
from gancheck.gate import rules
from gancheck.loaders.interface import LoadOptions
from gancheck.settings import Settings

BATCHES = (None, 32, 64, 100, 333, 500)
_D, _KEPT, _SAMPLES, _REFERENCE = 4, 8, 500, 1500


@dataclass(frozen=True)
class Reruns:
    """What many runs of one gate said.

    Attributes:
        runs: How many.
        different: Different results among them; 1 when all agree to the last digit.
        states: What the first run made of each limit.
    """

    runs: int
    different: int
    states: tuple[str, ...]


def rerun(runs: int, tell: Callable[[str], None]) -> Reruns:
    """Gate one small generator again and again, with other batch sizes and numbers of threads."""
    import torch

    before = torch.get_num_threads()
    with TemporaryDirectory() as folder:
        model, reference = write_files(Path(folder))
        found: dict[str, tuple[str, ...]] = {}
        try:
            for run in range(runs):
                torch.set_num_threads(1 + run % 2)
                text, states = once(model, reference, BATCHES[run % len(BATCHES)])
                found.setdefault(text, states)
                if run % 20 == 19:
                    tell(f"{run + 1} reruns, {len(found)} different")
        finally:
            torch.set_num_threads(before)
    return Reruns(runs, len(found), next(iter(found.values())))


def once(model: Path, reference: Path, batch_size: int | None) -> tuple[str, tuple[str, ...]]:
    """Run the gate; return all it says but for times, and the state of each limit."""
    from gancheck.gating import run_gate

    settings = Settings(
        samples=_SAMPLES,
        batch_size=batch_size,
        cache=False,
        map="none",
        load=LoadOptions(latent_dim=_D + 1),
    )
    asked = rules(min={"diversity": 0.8, "fidelity": 0.5}, forbid=["missing-modes"])
    _, result = run_gate(model, reference, settings, asked)
    plain = replace(result, seconds=0.0, created="", settings={})
    return repr(plain), tuple(one.state.value for one in result.outcomes)


def write_files(folder: Path) -> tuple[Path, Path]:
    """Write a generator of eight of ten modes, which one the first latent says; and real data."""
    import torch

    class Modes(torch.nn.Module):
        middles: torch.Tensor

        def __init__(self, middles: torch.Tensor) -> None:
            super().__init__()
            self.register_buffer("middles", middles)

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            share = torch.special.ndtr(z[:, 0])
            which = torch.clamp((share * len(self.middles)).long(), max=len(self.middles) - 1)
            return self.middles[which] + z[:, 1:]

    middles = torch.tensor(modes(_D)[:_KEPT], dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing still makes the files that people have
        example = torch.randn(4, _D + 1)
        traced = torch.jit.trace(Modes(middles), example)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, folder / "generator.pt")
    model, reference = folder / "generator.pt", folder / "reference.npy"
    np.save(reference, drawn(np.random.default_rng(0), _REFERENCE, _D))
    return model, reference


def sentence(found: Reruns) -> str:
    """Say what came of it."""
    said: Sequence[str] = found.states
    return (
        f"{found.runs} reruns with batches of {', '.join(str(one or 'auto') for one in BATCHES)} "
        f"and one or two threads: {found.different} different result"
        f"{'' if found.different == 1 else 's'} ({', '.join(said)})."
    )
