"""What a sequence of rows shows: verdict, conditions, and how loud each finding is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gancheck.tracing.concluding import Conclusions, conclude
from gancheck.types import Checkpoint, Condition, Finding, Mode, Score, Severity, Verdict

SE = 0.01
BASE = (500, 500, 500)


def row(
    step: int, diversity: float, counts: Sequence[int] = (100, 100, 100), overlap: float = 0.7
) -> Checkpoint:
    """Return a row with a diversity, an overlap, and counts of three modes."""
    scores = {
        name: Score(name, value, value - 2 * SE, value + 2 * SE)
        for name, value in (("diversity", diversity), ("overlap", overlap))
    }
    n = sum(counts)
    modes = tuple(
        Mode(at, "abc"[at], 1 / 3, count / n, 0.0, 1.0, "ok") for at, count in enumerate(counts)
    )
    verdict = Verdict.COLLAPSED if diversity < 0.5 else Verdict.HEALTHY
    return Checkpoint(
        f"G_{step}.pt", step, verdict, scores=scores, modes=modes, counts=tuple(counts)
    )


def sequence(*diversities: float) -> Conclusions:
    """Conclude from diversities with a little jitter, every hundred steps."""
    noise = np.random.default_rng(0).normal(0, 0.005, len(diversities))
    rows = [row(100 * at, value + noise[at - 1]) for at, value in enumerate(diversities, 1)]
    return conclude(rows, BASE)


def finding(found: Conclusions, name: str) -> Finding:
    """Return one finding by its name."""
    return next(one for one in found.findings if one.id == f"trace.{name}")


def test_a_healthy_training_is_healthy() -> None:
    """Nothing is flagged, and nothing is hopping or falling."""
    found = sequence(*[0.9] * 10)

    assert found.verdict is Verdict.HEALTHY
    assert found.conditions == ()
    assert found.turns == ()
    assert all(one.severity is Severity.OK for one in found.findings)


def test_a_fall_that_stays_above_the_limit_is_suspect() -> None:
    """The last checkpoint alone looks well; the sequence does not."""
    found = sequence(*[0.95] * 8, *[0.7] * 6)

    assert found.verdict is Verdict.SUSPECT
    assert finding(found, "onset").severity is Severity.WARN
    assert "at step 900" in finding(found, "onset").title
    assert found.best[0].step <= 800
    assert finding(found, "best_diversity").severity is Severity.NOTE
    assert "The last step, 1,400, is worse." in finding(found, "best_diversity").detail


def test_what_recovered_is_told_and_not_held_against_it() -> None:
    """Onset and recovery are both dated; the verdict is that of the end."""
    found = sequence(*[0.9] * 6, *[0.2] * 6, *[0.9] * 6)

    assert [turn.kind for turn in found.turns] == ["onset", "recovery"]
    assert finding(found, "onset").severity is Severity.NOTE
    assert "it recovers later" in finding(found, "onset").title
    assert "Recovery at step 1,300" in finding(found, "onset").detail
    assert found.verdict is Verdict.HEALTHY


def test_hopping_that_ended_is_a_note_and_no_condition() -> None:
    """A training that hopped early and then found its way is not blamed for it at the end."""
    places = [(300, 0, 0), (0, 300, 0), (0, 0, 300), (300, 0, 0)]
    early = [row(at, 0.1, counts) for at, counts in enumerate(places, 1)]
    hopping = conclude(early, BASE)
    recovered = conclude([*early, *(row(at, 0.9) for at in range(5, 12))], BASE)

    assert finding(hopping, "hopping").severity is Severity.WARN
    assert Condition.MODE_HOPPING in hopping.conditions
    assert [visit.label for visit in hopping.visits] == ["a", "b", "c", "a"]
    assert finding(recovered, "hopping").severity is Severity.NOTE
    assert "diversity recovered" in finding(recovered, "hopping").title
    assert Condition.MODE_HOPPING not in recovered.conditions


def test_checkpoints_are_ranked_once_where_both_scores_are_one() -> None:
    """In a single view overlap is diversity; naming it twice says nothing."""
    same = [row(at, 0.8 + at / 100, overlap=0.8 + at / 100) for at in range(3)]
    other = [row(at, 0.8 + at / 100, overlap=0.9 - at / 10) for at in range(3)]

    assert [one.score for one in conclude(same, BASE).best] == ["diversity"]
    assert [(one.score, one.step) for one in conclude(other, BASE).best] == [
        ("diversity", 2),
        ("overlap", 0),
    ]


def test_without_modes_and_scores_only_what_is_known_is_said() -> None:
    """A trace without a reference has no diversity; failures are counted."""
    rows = [Checkpoint("a", 1, Verdict.INCONCLUSIVE), Checkpoint("b", 2, error="it is broken")]
    found = conclude(rows, ())

    assert [one.id for one in found.findings] == ["trace.failed"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.best == ()
