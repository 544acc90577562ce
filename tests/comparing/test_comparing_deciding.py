"""The verdict: what decides, in which order, and how seldom chance does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from gancheck.comparing.deciding import decide, holm, power
from gancheck.comparing.nouns import ModeChange, ModeShift, Ruling, ScoreChange


def change(name: str, value: float, se: float = 0.01, n: int = 1000) -> ScoreChange:
    """Return a difference with a normal error."""
    half, p_value = 1.96 * se, float(2 * norm.sf(abs(value) / se))
    return ScoreChange(
        name, 0.5, 0.5 + value, value, value - half, value + half, True, p_value, se, n
    )


def mode(label: str, shift: ModeShift) -> ModeChange:
    """Return a mode that changed in some way."""
    return ModeChange(0, label, 0.1, 100, 100, 0.1, 0.1, 0.5, 2.0, shift)


def ruled(*args: Any, p: float | None = 0.5, modes: tuple[ModeChange, ...] = ()) -> Ruling:
    """Return the verdict on some differences, with a reference."""
    return decide(args, modes, p, reference=True).ruling


@pytest.mark.parametrize(
    ("changes", "ruling"),
    [
        ((change("diversity", 0.05),), Ruling.BETTER),
        ((change("diversity", -0.05),), Ruling.WORSE),
        ((change("diversity", -0.05), change("fidelity", 0.2)), Ruling.WORSE),
        ((change("diversity", 0.005), change("overlap", -0.06)), Ruling.WORSE),
        ((change("diversity", 0.005), change("fidelity", 0.2)), Ruling.BETTER),
        ((change("diversity", 0.005), change("precision", 0.2)), Ruling.SAME),
    ],
)
def test_diversity_decides_then_overlap_then_fidelity(
    changes: tuple[ScoreChange, ...], ruling: Ruling
) -> None:
    """A later score counts only where the earlier ones leave it open; others never count."""
    assert ruled(*changes) is ruling


@pytest.mark.parametrize(
    ("modes", "ruling"),
    [
        ((mode("8", "lost"),), Ruling.WORSE),
        ((mode("8", "gained"),), Ruling.BETTER),
        ((mode("8", "gained"), mode("3", "lost")), Ruling.DIFFERENT),
        ((mode("8", "thinned"),), Ruling.DIFFERENT),
        ((mode("8", "same"),), Ruling.SAME),
    ],
)
def test_modes_decide_where_scores_do_not(modes: tuple[ModeChange, ...], ruling: Ruling) -> None:
    """Lost alone is worse, gained alone better, both at once different."""
    assert ruled(change("diversity", 0.001), modes=modes) is ruling


def test_a_spectrum_alone_says_different() -> None:
    """Directions of difference do not say which side is the better one."""
    assert ruled(change("diversity", 0.001), p=0.002) is Ruling.DIFFERENT


def test_without_a_reference_nothing_is_better() -> None:
    """A mode gained against A may be junk: that takes a reference to tell."""
    found = decide((), (mode("cluster 3", "gained"),), 0.002, reference=False)

    assert found.ruling is Ruling.DIFFERENT
    assert found.reasons[0] == "B gained 1 mode: cluster 3."
    assert "Without a reference" in found.reasons[-1]


def test_reasons_name_numbers_and_modes() -> None:
    """The difference comes with its interval, the modes with their names."""
    lost = tuple(mode(str(number), "lost") for number in range(8))
    found = decide((change("diversity", -0.05),), lost, None, reference=True)

    assert found.reasons[0] == (
        "The diversity of B is lower by 0.050 (95% interval of the difference -0.070 to -0.030)."
    )
    assert found.reasons[1] == "B lost 8 modes: 0, 1, 2, 3, 4, 5 and 2 more."


def test_many_looks_are_held_to_one_percent_together() -> None:
    """Holm: the smallest of three needs a third of 1%, the next a half."""
    shown = [look.shown for look in holm({"a": 0.003, "b": 0.03, "c": 0.0045})]

    assert shown == [True, False, True]
    assert [look.shown for look in holm({"a": 0.004, "b": 0.004, "c": 0.004})] == [False] * 3


def test_a_model_against_itself_shows_no_difference() -> None:
    """Of 100 comparisons of equal laws, with errors as they are, 95 at least say so, each time."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        same = 0
        for _ in range(100):
            drawn = [
                change(name, float(rng.normal(0, 0.02)), 0.02)
                for name in ("diversity", "overlap", "fidelity")
            ]
            same += ruled(*drawn, p=float(rng.random())) is Ruling.SAME

        assert same >= 95


def test_a_score_that_repeats_another_is_no_look_of_its_own() -> None:
    """Where both views are one, the overlap is the diversity, and does not cost a look."""
    one = change("diversity", 0.03)
    same = change("overlap", 0.03)

    assert [look.name for look in decide((one, same), (), None, reference=True).looks] == [
        "diversity"
    ]


def test_power_says_what_a_difference_takes() -> None:
    """Half the error at four times the samples: n for 0.05 follows from the visible difference."""
    found = power([change("diversity", 0.0, 0.02, 1000)], 1)

    assert found is not None
    assert found.visible == pytest.approx((2.576 + 0.842) * 0.02, rel=1e-3)
    assert found.needed == pytest.approx(1000 * (found.visible / 0.05) ** 2, abs=1)
    assert power([change("fidelity", 0.0)], 1) is None


def test_nothing_to_decide_by_is_said() -> None:
    """Without scores, modes and spectrum, no difference means nothing, and says so."""
    found = decide((), (), None, reference=True)

    assert found.ruling is Ruling.SAME
    assert found.reasons == ("Nothing that decides could be measured on both sides.",)
