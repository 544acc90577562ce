"""The table of effects is what the runs say, and every remedy that was trained is in it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest

from examples.remedies import effects
from examples.remedies.judging import JUDGED, Outcome
from examples.remedies.kept import kept
from examples.remedies.systems import SYSTEMS
from gancheck.remedies import ADVICE
from gancheck.remedies.measured import FILE, measured


def outcome(system: str = "plain", seed: int = 0, **changes: Any) -> Outcome:
    """Return what a run on the ring could have given."""
    made = Outcome(
        system=system,
        world="ring",
        seed=seed,
        steps=SYSTEMS[system].steps,
        recipe=dataclasses.asdict(SYSTEMS[system]),
        seconds=1.0,
        modes=6 + seed,
        high_quality=0.9,
        reverse_kl=0.25,
        effective=5.0,
        overlap=0.5 + seed / 10,
        diversity=0.45,
        low=0.4,
        high=0.5,
        verdict="collapsed" if seed else "suspect",
        conditions=["missing-modes"] if seed else [],
        judged=JUDGED,
    )
    return dataclasses.replace(made, **changes)


def keep(folder: Path, name: str, found: Outcome, **changes: Any) -> None:
    """Put a run in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(dataclasses.asdict(found) | changes), encoding="utf-8")


def test_a_row_is_mean_and_spread_of_its_runs(tmp_path: Path) -> None:
    """Written and read back, numbers and counts are those of the runs."""
    effects.write([outcome(seed=seed) for seed in range(3)], tmp_path / "measured.json")

    (row,) = measured(tmp_path / "measured.json").rows
    assert (row.system, row.world, row.against, row.runs) == ("plain", "ring", "", 3)
    assert row.values["overlap"].mean == pytest.approx(mean([0.5, 0.6, 0.7]), abs=1e-4)
    assert row.values["overlap"].sd == pytest.approx(stdev([0.5, 0.6, 0.7]), abs=1e-4)
    assert row.values["modes"].mean == 7
    assert row.verdicts == {"collapsed": 2, "suspect": 1}
    assert row.conditions == {"missing-modes": 2}


def test_one_run_has_no_spread_and_what_is_not_counted_is_left_out(tmp_path: Path) -> None:
    """A single run has no standard deviation; a world without centres has no modes."""
    flat = outcome("wgan", world="spiral", modes=None, effective=None)
    effects.write([flat], tmp_path / "measured.json")

    (row,) = measured(tmp_path / "measured.json").rows
    assert row.values["overlap"].sd is None
    assert not {"modes", "effective"} & row.values.keys()
    assert row.against == "plain"


def test_pictures_are_held_against_the_gan_for_pictures(tmp_path: Path) -> None:
    """The plain GAN of points draws no digits."""
    effects.write([outcome("dcgan", world="digits")], tmp_path / "measured.json")

    assert measured(tmp_path / "measured.json").rows[0].against == ""


def test_systems_of_stacked_digits_count_for_the_remedy_they_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packing is packing, whatever it is trained on; what it is held against draws pictures too."""

    class Stacked:
        name, centres = "stacked", None

    for name in ("stacked-dcgan", "stacked-pacgan2"):
        monkeypatch.setitem(SYSTEMS, name, SYSTEMS["dcgan"])
    monkeypatch.setattr(effects, "WORLDS", {"stacked": Stacked})
    runs = [outcome(name, world="stacked") for name in ("stacked-dcgan", "stacked-pacgan2")]
    effects.write(runs, tmp_path / "measured.json")

    found = measured(tmp_path / "measured.json")
    assert found.worlds == {"stacked": "1,000 stacked digits"}
    assert {row.system for row in found.rows} == {"dcgan", "pacgan2"}


def test_runs_of_other_settings_are_left_out(tmp_path: Path) -> None:
    """What was trained before a system was changed says nothing of it as it is."""
    keep(tmp_path, "a.json", outcome())
    keep(tmp_path, "b.json", outcome(seed=1), steps=3)
    keep(tmp_path, "c.json", outcome(seed=2), recipe={"rate_g": 1.0})
    keep(tmp_path, "d.json", outcome(seed=2), system="gone")
    keep(tmp_path, "e.json", outcome(seed=2), further=1)

    assert kept(tmp_path) == [outcome()]


def test_the_command_writes_the_table_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It reads the folder, and leaves no half-written file behind."""
    keep(tmp_path / "runs", "a.json", outcome())
    target = tmp_path / "measured.json"

    assert effects.main(["--runs", str(tmp_path / "runs"), "--output", str(target)]) == 0
    assert "1 runs of" in capsys.readouterr().err
    assert [path.name for path in tmp_path.glob("measured*")] == ["measured.json"]
    written = target.stat().st_mtime_ns
    effects.write([outcome()], target)
    assert target.stat().st_mtime_ns == written


def test_every_remedy_names_a_system_that_there_is() -> None:
    """What is advised can be trained under the name it is measured by."""
    named = {
        name
        for advice in ADVICE.values()
        for pairs in (
            [(one.system, one.against) for one in advice.causes],
            [(one.system, one.against) for one in advice.remedies],
        )
        for pair in pairs
        for name in pair
    }

    assert named - {""} <= set(SYSTEMS)
    assert len(named) > 10


def test_failures_on_purpose_are_causes_and_the_others_remedies() -> None:
    """Nothing that was built to fail is recommended."""
    for advice in ADVICE.values():
        for remedy in advice.remedies:
            assert not remedy.system or not SYSTEMS[remedy.system].planted
        for cause in advice.causes:
            assert not cause.system or SYSTEMS[cause.system].planted


def test_the_packaged_table_is_of_systems_that_there_are() -> None:
    """Each row of the table in the package can be trained again."""
    for row in measured(FILE).rows:
        assert row.system in SYSTEMS
        assert not row.against or row.against in SYSTEMS
