"""The table of the remedies: runs are kept and not done twice, and the page says what they say."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.remedies import __main__ as command
from examples.remedies import judging, table, worlds
from examples.remedies.comparing import comparison
from examples.remedies.judging import JUDGED, Outcome
from examples.remedies.page import counted, page, spread
from examples.remedies.system import System
from examples.remedies.systems import SYSTEMS
from examples.remedies.table import Job, Runs, collect, jobs
from examples.remedies.worlds import RING, World
from gancheck import GancheckError, LoadOptions, load
from gancheck.types import SampleSet


def outcome(system: str = "plain", world: str = "ring", seed: int = 0, **changes: Any) -> Outcome:
    """Return what a run could have given."""
    flat = world == "spiral"
    made = Outcome(
        system=system,
        world=world,
        seed=seed,
        steps=SYSTEMS[system].steps,
        recipe=dataclasses.asdict(SYSTEMS[system]),
        seconds=1.0,
        modes=None if flat else 6 + seed,
        high_quality=0.9,
        reverse_kl=None if flat else 0.25,
        effective=None if flat else 5.0,
        overlap=0.5,
        diversity=0.45,
        low=0.4 - seed / 100,
        high=0.5,
        verdict="collapsed",
        conditions=["missing-modes"],
        judged=JUDGED,
    )
    return dataclasses.replace(made, **changes)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Count the trainings that are asked for, and train nothing."""
    asked: list[Job] = []

    def run(
        system: System, world: World, seed: int, steps: int | None
    ) -> tuple[Outcome, None, None]:
        asked.append(Job(system.name, world.name, seed))
        if system.name == "wgan":
            raise GancheckError("the outputs are not finite", "Train it longer.")
        changes = {} if steps is None else {"steps": steps}
        return outcome(system.name, world.name, seed, **changes), None, None

    monkeypatch.setattr(table, "run", run)
    return asked


def arguments(folder: Path, *more: str) -> list[str]:
    """Ask for two systems on the ring, with two seeds, in this process."""
    systems = ["--systems", "plain", "vanilla", "--worlds", "ring", "--seeds", "2"]
    where = ["--runs", str(folder / "runs"), "--output", str(folder / "RESULTS.md")]
    return [*systems, "--processes", "1", *where, *more]


def test_a_run_that_is_there_is_not_done_again(tmp_path: Path, trained: list[Job]) -> None:
    """A second call trains nothing; one that lost a file trains that one; the page stays."""
    assert table.main(arguments(tmp_path)) == 0
    assert len(trained) == 4
    written = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    trained.clear()
    assert table.main(arguments(tmp_path)) == 0
    assert trained == []
    (tmp_path / "runs" / "ring_vanilla_1.json").unlink()
    assert table.main(arguments(tmp_path)) == 0
    assert trained == [("vanilla", "ring", 1)]
    assert (tmp_path / "RESULTS.md").read_text(encoding="utf-8") == written
    assert not list((tmp_path / "runs").glob("*.part"))


def test_a_run_with_other_settings_is_done_again(tmp_path: Path, trained: list[Job]) -> None:
    """Other rounds, a system that was changed since, or other rules make a run stale."""
    runs = Runs(tmp_path)
    job = Job("plain", "ring", 0)
    runs.do(job)
    assert runs.find(job) == outcome()
    assert Runs(tmp_path, steps=5).find(job) is None
    kept = json.loads(runs.path(job).read_text(encoding="utf-8"))
    for change in ({"recipe": kept["recipe"] | {"rate_g": 1.0}}, {"judged": JUDGED - 1}):
        runs.path(job).write_text(json.dumps(kept | change), encoding="utf-8")
        assert runs.find(job) is None


def test_the_page_is_of_all_runs_there_are(tmp_path: Path, trained: list[Job]) -> None:
    """Training one system more leaves the rows of the others on the page."""
    assert table.main(arguments(tmp_path)) == 0
    assert table.main([*arguments(tmp_path), "--systems", "dragan", "--seeds", "1"]) == 0
    written = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")

    assert [job.system for job in trained].count("dragan") == 1
    assert all(f"| {name} | {runs} |" in written for name, runs in [("plain", 2), ("dragan", 1)])


def test_a_generator_that_is_refused_does_not_stop_the_others(
    tmp_path: Path, trained: list[Job], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told on stderr, the rest is done and written, and the exit code says so."""
    systems = ["--systems", "wgan", "plain", "--seeds", "1"]
    assert table.main([*arguments(tmp_path), *systems]) == 1

    said = capsys.readouterr().err
    assert "wgan ring 0: the outputs are not finite" in said
    assert "wgan" not in (tmp_path / "RESULTS.md").read_text(encoding="utf-8").split("## The")[0]


def test_a_stopped_table_keeps_what_it_has(
    tmp_path: Path, trained: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C gives 130; the runs before it are there, and the next call does the others."""
    whole = vars(table)["run"]

    def stopped(system: System, world: World, seed: int, steps: int | None) -> Any:
        if len(trained) == 2:
            raise KeyboardInterrupt
        return whole(system, world, seed, steps)

    monkeypatch.setattr(table, "run", stopped)
    assert table.main(arguments(tmp_path)) == 130
    monkeypatch.setattr(table, "run", whole)
    trained.clear()
    assert table.main(arguments(tmp_path)) == 0

    assert len(trained) == 2


def test_two_processes_find_what_is_there(tmp_path: Path, trained: list[Job]) -> None:
    """With nothing left to train, a pool yields the kept runs as well."""
    wanted = jobs(["plain", "ttur"], ["ring"], 1)
    runs = Runs(tmp_path)
    kept = [runs.do(job) for job in wanted]

    assert [found for _, found in collect(runs, wanted, processes=2)] == kept


def test_the_first_seed_of_all_comes_first() -> None:
    """A table that is stopped early has each system once, and the ring before the grid."""
    order = jobs(["plain", "wgan"], ["ring", "grid"], 2)

    assert [job.seed for job in order] == [0] * 4 + [1] * 4
    assert [job.world for job in order[:4]] == ["ring", "ring", "grid", "grid"]


def test_the_page_says_what_the_runs_say() -> None:
    """Mean, spread, ends of the intervals, counts of verdicts that differ; a row says its runs."""
    runs = [
        outcome(seed=0),
        outcome(seed=1),
        outcome(seed=2, verdict="suspect", conditions=[], reverse_kl=None),
        outcome("hopping"),
        outcome("plain", "spiral"),
    ]
    text = page(runs)

    assert "from 5 trainings" in text
    assert (
        "| plain | 3 | 7.0 ± 1.0 | 90.0 ± 0.0% | 0.25 ± 0.00 | 5.0 ± 0.0 | 0.50 ± 0.00 "
        "| 0.45 [0.38, 0.50] | collapsed (2), suspect (1) | missing-modes (2) |" in text
    )
    assert "| hopping (fails on purpose) | 1 | 6.0 | 90.0% | 0.25 | 5.0 | 0.50 |" in text
    assert "| plain | 1 | 90.0% | 0.50 | 0.45 [0.40, 0.50] | collapsed | missing-modes |" in text
    assert "| *perfect sampler* |  | 8 | 98.9% | 0.0014 | 8.0 | 0.99 | 1.00 | healthy |  |" in text
    assert "## Grid" not in text


def test_the_page_owns_up() -> None:
    """Failures that escaped and remedies that did not cure are listed with their runs."""
    text = page(
        [outcome("hopping", verdict="healthy"), outcome("pacgan2"), outcome("ttur", "grid")]
    )

    assert "- hopping, ring: 1 of 1 runs" in text
    assert "- pacgan2, ring: 1 of 1 runs, overlap 0.50, modes 6.0" in text
    assert "- ttur, grid: 1 of 1 runs" in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    """Markdown tables are whole."""
    text = page([outcome(name, world) for name in SYSTEMS for world in ("ring", "grid", "spiral")])
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1, block


def test_published_rows_stand_above_ours() -> None:
    """PacGAN's ring: 6.3 modes and 0.45; ours within, and then far from it."""
    near = [outcome(modes=modes, reverse_kl=0.4, high_quality=0.98) for modes in (6, 7)]
    text = comparison(near)
    assert (
        "| ring | PacGAN 2018, Table 1 | GAN | plain | theirs | 6.3 ± 0.5 | 98.2 ± 0.2% |" in text
    )
    assert "|  |  |  |  | ours | 6.5 ± 0.7 | 98.0 ± 0.0% | 0.40 ± 0.00 |" in text
    assert "GAN of PacGAN 2018, Table 1, ring: " not in text
    assert "GAN of VEEGAN 2017, ring: modes above (6.50, published 1.00)" in text
    far = comparison([outcome(modes=8, reverse_kl=0.0) for _ in range(3)])

    assert "PacGAN 2018, Table 1, ring: modes above (8.00, published 6.30)" in far
    assert "reverse KL below (0.00, published 0.45)" in far


def test_numbers_are_written_with_their_spread() -> None:
    """One value has none; missing values do not count; no value is a dash."""
    assert spread([1.0, None, 3.0], 1) == "2.0 ± 1.4"
    assert spread([2.0], 2, "%") == "2.00%"
    assert spread([None], 2) == "-"
    assert counted(["a", "b", "b"], 2) == "b, a (1)"
    assert counted([], 2) == "-"


def test_a_generator_is_trained_diagnosed_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints the report and the protocol, and its files can be diagnosed again."""
    for module in (judging, worlds):
        monkeypatch.setattr(module, "REFERENCE", 300)
    asked = ["vanilla", "--steps", "3", "--out", str(tmp_path / "kept")]
    assert command.main(asked) == 0

    said = capsys.readouterr()
    assert "COLLAPSED" in said.out
    assert "of 8 modes, " in said.out.splitlines()[-1]
    assert said.err == ""
    generator = load(tmp_path / "kept" / "generator.pt", LoadOptions(latent_law="normal"))
    assert not isinstance(generator, SampleSet)
    assert generator.spec.latent_shape == (2,)
    assert (tmp_path / "kept" / "discriminator.pt").exists()
    with np.load(tmp_path / "kept" / "reference.npz") as kept:
        assert np.array_equal(kept["samples"], RING.reference()[0])


@pytest.mark.parametrize(
    "asked", [[], ["nonsense"], ["plain", "--steps", "-1"], ["plain", "--data", "digits"]]
)
def test_what_cannot_be_trained_is_a_usage_error(asked: list[str]) -> None:
    """No name, an unknown one, rounds below nothing, data it is not made for: exit code 2."""
    with pytest.raises(SystemExit) as left:
        command.main(asked)

    assert left.value.code == 2


def test_the_list_names_every_system(capsys: pytest.CaptureFixture[str]) -> None:
    """``--list`` gives name, paper and reason."""
    assert command.main(["--list"]) == 0
    said = capsys.readouterr().out

    for name, system in SYSTEMS.items():
        assert f"{name} ({system.paper})" in said
