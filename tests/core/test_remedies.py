"""What is known of each condition, and what was measured of its remedies."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gancheck.errors import LoadError
from gancheck.policy import COLLAPSE
from gancheck.remedies import ADVICE, PRACTICE, Cause, Remedy, lines, told
from gancheck.remedies.collapse import COLLAPSE as COLLAPSES
from gancheck.remedies.effects import Change, Outcome, balance, effects
from gancheck.remedies.measured import FILE, Measured, Row, Spread, measured
from gancheck.remedies.telling import NOT_MEASURED
from gancheck.types import Condition

REMEDIES = sorted({remedy for advice in ADVICE.values() for remedy in advice.remedies})
SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z`]|$)")
YEAR = re.compile(r"[A-Z]\w+.* (19|20)\d\d$")
PACKING = Remedy("Packing", "It helps. It costs.", "Lin et al. 2018", system="pacgan2")
LOST = Condition.MISSING_MODES


def row(system: str, world: str, modes: Spread | None, overlap: Spread, **more: Any) -> Row:
    """Return a row of the table; the plain GAN is what the others are held against."""
    values = {"overlap": overlap} if modes is None else {"modes": modes, "overlap": overlap}
    runs = overlap.runs
    return Row(
        system=system,
        world=world,
        against="" if system == "plain" else "plain",
        runs=runs,
        steps=more.get("steps", 1000),
        values=values,
        verdicts={"collapsed": runs},
        conditions=more.get("conditions", {}),
    )


def table() -> Measured:
    """Return a table in which packing helps on the ring, hurts on the spiral, and once each."""
    worlds = {"ring": "ring of 8", "grid": "grid of 25", "spiral": "spiral"}
    three, one = Spread(0.41, 0.05, 3), Spread(0.5, None, 1)
    return Measured(
        1,
        worlds,
        (
            row("plain", "ring", Spread(6.3, 0.5, 3), three, conditions={"missing-modes": 3}),
            row("pacgan2", "ring", Spread(8.0, 0.0, 3), Spread(0.63, 0.04, 3), steps=1500),
            row("plain", "grid", Spread(20.0, None, 1), one),
            row("pacgan2", "grid", Spread(24.0, None, 1), Spread(0.9, None, 1)),
            row("plain", "spiral", None, Spread(0.6, 0.01, 3)),
            row("pacgan2", "spiral", None, Spread(0.4, 0.01, 3)),
        ),
    )


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_has_causes_and_remedies(condition: Condition) -> None:
    """Whatever a report can name, it can also say why and what to try."""
    advice = ADVICE[condition]

    assert advice.condition is condition
    assert advice.meaning.endswith(".")
    assert len(advice.causes) >= 2
    assert len(advice.remedies) >= 2
    assert len(set(advice.remedies)) == len(advice.remedies)
    assert not [cause for cause in advice.causes if cause.text.endswith(".")]
    for cause in advice.causes:
        assert not cause.source or YEAR.search(cause.source)


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda one: one.name)
def test_every_remedy_has_its_reason_in_two_sentences_and_names_its_source(remedy: Remedy) -> None:
    """Why it works and what it does not do; authors and years, or it is called practice."""
    assert len(SENTENCE_END.findall(remedy.reason)) == 2
    assert remedy.reason.endswith(".")
    assert remedy.name[0].isupper()
    assert not remedy.name.endswith(".")
    assert remedy.source == PRACTICE or all(map(YEAR.search, remedy.source.split("; ")))


def test_the_same_conditions_count_as_collapse_everywhere() -> None:
    """The advice sorts conditions as the verdict does."""
    assert set(COLLAPSES) == COLLAPSE


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (Spread(0.41, 0.05, 3), Spread(0.63, 0.04, 3), Outcome.BETTER),
        (Spread(0.63, 0.04, 3), Spread(0.41, 0.05, 3), Outcome.WORSE),
        # 3 standard errors are 3 * sqrt(2 * 0.05**2 / 3) = 0.1225
        (Spread(0.40, 0.05, 3), Spread(0.52, 0.05, 3), Outcome.UNCLEAR),
        (Spread(0.40, 0.05, 3), Spread(0.53, 0.05, 3), Outcome.BETTER),
        (Spread(0.40, 0.05, 12), Spread(0.47, 0.05, 12), Outcome.BETTER),
        (Spread(0.40, None, 1), Spread(0.99, None, 1), Outcome.SINGLE),
        (Spread(0.40, 0.01, 3), Spread(0.99, None, 1), Outcome.SINGLE),
        (Spread(0.50, 0.0, 3), Spread(0.50, 0.0, 3), Outcome.UNCLEAR),
        (Spread(0.501, 0.0, 3), Spread(0.502, 0.0, 3), Outcome.UNCLEAR),
        (Spread(0.10, 0.0, 3), Spread(0.90, 0.0, 3), Outcome.BETTER),
    ],
)
def test_a_difference_counts_beyond_three_standard_errors(
    before: Spread, after: Spread, outcome: Outcome
) -> None:
    """One run proves nothing, and what reads alike is no difference."""
    assert Change("overlap", before, after).outcome is outcome


def test_effects_say_what_the_table_says() -> None:
    """Means, standard deviations, runs, rounds and diagnoses of both sides, world by world."""
    found = effects(PACKING, LOST, ("modes", "overlap"), table())

    assert [effect.whole() for effect in found] == [
        "ring of 8 (3 runs each, 1,000 -> 1,500 rounds): modes 6.3 ± 0.5 -> 8.0 ± 0.0, better; "
        "overlap 0.41 ± 0.05 -> 0.63 ± 0.04, better; missing-modes found in 3 of 3 -> 0 of 3",
        "grid of 25 (one run each, no error bar): modes 20.0 -> 24.0; overlap 0.50 -> 0.90",
        "spiral (3 runs each): overlap 0.60 ± 0.01 -> 0.40 ± 0.01, worse",
    ]
    assert balance(found) == 0
    assert balance(found[:1]) == 1
    assert balance(found[1:]) == -1


def test_one_line_says_where_it_helped_and_where_it_hurt() -> None:
    """The outcome leads, and only the most telling number follows."""
    advice = ADVICE[LOST]
    short = next(one for one in told(advice, table()).remedies if one.remedy.system == "pacgan2")

    assert short.short == (
        "Measured: better on ring of 8 (modes 6.3 -> 8.0); worse on spiral (overlap 0.60 -> 0.40); "
        "one run, no error bar on grid of 25 (modes 20.0 -> 24.0)."
    )
    assert short.heading == "Measured, plain GAN -> pacgan2:"


def test_what_was_not_trained_is_not_measured() -> None:
    """A remedy without a training, or without one of what it is held against, says so."""
    untrained = Remedy("R1", "It helps. It costs.", "Mescheder et al. 2018")
    alone = Remedy("X", "It helps. It costs.", "Nobody 2000", system="pacgan2", against="minimax")

    for remedy in (untrained, alone):
        assert effects(remedy, LOST, ("overlap",), table()) == ()
    text = "\n".join(lines(told(ADVICE[LOST], Measured(1, {}, ())), 80))
    free = sum(one.trained for one in ADVICE[LOST].remedies)
    assert text.count(NOT_MEASURED) == len(ADVICE[LOST].remedies) - free
    assert "standard errors" not in text


def test_what_needs_no_training_comes_first_and_what_hurt_last() -> None:
    """In between stands what helped, then what was not measured, each in its own order."""
    worse = tuple(
        row(system, "spiral", None, Spread(0.1, 0.01, 3)) for system in ("minibatch", "unrolled")
    )
    better = row("mrgan", "spiral", None, Spread(0.9, 0.01, 3))
    plain = table().find("plain", "spiral")
    assert plain is not None
    found = told(ADVICE[LOST], Measured(1, {"spiral": "spiral"}, (plain, *worse, better)))

    names = [one.remedy.system for one in found.remedies]
    assert found.remedies[0].remedy.trained
    assert names[1] == "mrgan"
    assert names[-2:] == ["minibatch", "unrolled"]
    assert set(names) == {remedy.system for remedy in ADVICE[LOST].remedies}


def test_a_cause_that_was_built_in_on_purpose_shows_what_it_did() -> None:
    """A planted failure is the evidence for a cause."""
    bad = row("imbalanced", "ring", Spread(1.0, 0.0, 3), Spread(0.02, 0.01, 3))
    found = told(ADVICE[LOST], Measured(1, {"ring": "ring of 8"}, (table().rows[0], bad)))

    said = [one.measured for one in found.causes if one.cause.system == "imbalanced"]
    assert said == ["Built in on purpose: worse on ring of 8 (modes 6.3 -> 1.0)."]
    assert said[0] in " ".join(" ".join(lines(found, 500)).split())


@pytest.mark.parametrize("condition", Condition)
def test_what_is_told_is_what_the_file_says(condition: Condition) -> None:
    """Every number that is shown is a mean or a standard deviation of the packaged table."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))["rows"]
    systems = {(one["system"], one["world"]): one for one in rows}
    found = told(ADVICE[condition])
    shown = [(one.remedy.system, effect) for one in found.remedies for effect in one.effects]
    shown += [(one.cause.system, effect) for one in found.causes for effect in one.effects]
    for system, effect in shown:
        row = systems[system, effect.after.world]
        change = effect.changes[0]
        places = 1 if change.measure in ("modes", "effective") else 2
        assert f"-> {row['values'][change.measure]['mean']:.{places}f}" in effect.short()
        assert f"{row['runs']} runs" in effect.whole() or row["runs"] == 1
    for one in found.remedies:
        both = [
            row["world"]
            for (system, world), row in systems.items()
            if system == one.remedy.system
            and (before := systems.get((one.remedy.against or row["against"], world)))
            and {*ADVICE[condition].measures} & row["values"].keys() & before["values"].keys()
        ]
        assert len(one.effects) == len(both)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    """Causes, reasons and measurements are all wrapped."""
    text = [*lines(told(ADVICE[LOST], table()), width)]

    assert max(map(len, text)) <= width
    assert "standard errors." in " ".join(text)


def written(folder: Path, **changes: object) -> Path:
    """Write a table of one row, changed."""
    values = {"overlap": {"mean": 0.5, "sd": None, "runs": 1}}
    row = {"system": "plain", "world": "ring", "against": "", "runs": 1, "steps": 9}
    row |= {"values": values, "verdicts": {"healthy": 1}, "conditions": {}}
    path = folder / "measured.json"
    whole = {"format": 1, "worlds": {"ring": "ring"}, "rows": [row | changes]}
    path.write_text(json.dumps(whole | changes), encoding="utf-8")
    return path


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Mean, spread and counts come back."""
    found = measured(written(tmp_path)).find("plain", "ring")

    assert found is not None
    assert found.values == {"overlap": Spread(0.5, None, 1)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "format 2, expected 1"),
        ({"rows": 3}, "a list"),
        ({"runs": 2}, "expected as many verdicts"),
        ({"world": "grid"}, "has no name"),
        ({"conditions": {"missing-modes": 2}}, "counts more than 1 runs"),
        ({"values": {"overlap": {"mean": 0.5, "sd": 0.1, "runs": 1}}}, "an sd of other"),
        ({"values": {"overlap": {"mean": "much", "sd": None, "runs": 1}}}, "expected a number"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    """The message says what is wrong, and the hint how to get it right."""
    with pytest.raises(LoadError, match=said) as refused:
        measured(written(tmp_path, **changes))

    assert "examples.remedies.effects" in str(refused.value.hint)


def test_a_table_that_is_no_json_is_refused(tmp_path: Path) -> None:
    """A file that was cut off is no traceback."""
    (tmp_path / "measured.json").write_text('{"format": 1,', encoding="utf-8")

    with pytest.raises(LoadError, match="cannot read the measured effects"):
        measured(tmp_path / "measured.json")


def test_causes_and_remedies_are_of_one_form() -> None:
    """Both name a system by the same two fields, so that both can be measured."""
    assert {"system", "against"} <= set(Cause._fields) & set(Remedy._fields)
