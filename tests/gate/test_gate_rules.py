"""What a gate may be asked for, and how it answers what makes no sense."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gancheck.errors import UsageError
from gancheck.gate import Level, Limit, OnInconclusive, parse_pair, rules


def test_every_kind_of_limit_is_read_in_order() -> None:
    """Least, most, bans and drops become limits, each with its text."""
    asked = rules(
        min={"diversity": 0.8},
        max={"memorization": 0.01},
        forbid=["missing-modes", "missing-modes"],
        max_drop={"fidelity": 0.035},
    )

    assert [limit.text for limit in asked.limits] == [
        "diversity >= 0.80",
        "memorization <= 0.01",
        "no missing-modes",
        "fidelity drops by at most 0.035",
    ]
    assert not asked.by_default


def test_a_bare_drop_is_of_the_diversity() -> None:
    """A number alone bounds what the diversity may lose."""
    assert rules(max_drop=0.03).limits == (Limit("max-drop", "diversity", 0.03),)


def test_without_any_limit_a_collapse_is_forbidden() -> None:
    """A gate that was asked nothing looks at the verdict, and knows that nobody asked."""
    asked = rules()

    assert asked.limits == (Limit("forbid", "collapsed"),)
    assert asked.by_default


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8, "diversity >= 0.80"),
        (0.123, "diversity >= 0.123"),
        (1, "diversity >= 1"),
        (0.0, "diversity >= 0"),
    ],
)
def test_limits_are_written_as_they_were_given(value: float, text: str) -> None:
    """No digit that was given is lost, and none is made up but a second decimal."""
    assert rules(min={"diversity": value}).limits[0].text == text


def test_large_limits_are_written_in_full() -> None:
    """A number of samples has its thousands apart."""
    assert rules(min={"distinct_samples": 5000}).limits[0].text == "distinct_samples >= 5,000"


def test_levels_go_to_the_limits_of_that_name() -> None:
    """Every limit on a name gets its level; the others stay errors."""
    asked = rules(
        min={"diversity": 0.8, "fidelity": 0.5},
        max={"fidelity": 0.9},
        levels={"fidelity": "warn", "memorization": "off"},
        on_inconclusive="fail",
    )

    assert [limit.level for limit in asked.limits] == [Level.ERROR, Level.WARN, Level.WARN]
    assert asked.on_inconclusive is OnInconclusive.FAIL


def test_the_limit_by_default_has_a_level_too() -> None:
    """A collapse may be a warning only."""
    assert rules(levels={"collapsed": "warn"}).limits[0].level is Level.WARN


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"min": {"diversity": 80}}, "lies between 0 and 1", "0.8"),
    ({"min": {"diversity": -0.1}}, "lies between 0 and 1", ""),
    ({"max": {"memorization": 1.5}}, "lies between 0 and 1", "0.015"),
    ({"max": {"modes.missing": -1}}, "between 0 and inf", ""),
    ({"min": {"diversity": math.nan}}, "finite", ""),
    ({"max": {"frechet": math.inf}}, "finite", ""),
    ({"min": {"diversity": True}}, "expected a number", ""),
    ({"min": {"diversity": "0.8"}}, "expected a number", ""),
    ({"max_drop": -0.03}, "below 0", "0.03"),
    ({"max_drop": 3}, "out of reach", "0.03"),
    ({"min": {"diversity": 0.9}, "max": {"diversity": 0.5}}, "at least 0.90 and at most 0.50", ""),
    ({"forbid": ["missing-mode"]}, "missing-mode", "Did you mean 'missing-modes'"),
    ({"forbid": "colapsed"}, "colapsed", "Did you mean 'collapsed'"),
    ({"forbid": ["healthy"]}, "healthy", "collapsed"),
    ({"forbid": ["diversity"]}, "is a number", "--min diversity"),
    ({"on_inconclusive": "wran"}, "expected pass, warn, fail", "warn"),
    ({"levels": {"diversity": "warn"}}, "no limit", "collapsed"),
    ({"min": {"diversity": 0.8}, "levels": {"divresity": "off"}}, "no limit", "diversity"),
    ({"min": {"diversity": 0.8}, "levels": {"diversity": "fatal"}}, "off, warn, error", ""),
    ({"confidence": 0.9}, "0.95, 0.975, 0.99", "5%"),
    ({"confidence": True}, "0.95, 0.975, 0.99", "5%"),
]


@pytest.mark.parametrize(("asked", "found", "helps"), REFUSED)
def test_what_makes_no_sense_is_refused_with_what_would(
    asked: dict[str, Any], found: str, helps: str
) -> None:
    """The message says what was found, and the hint what was probably meant."""
    with pytest.raises(UsageError) as caught:
        rules(**asked)

    assert found in caught.value.message
    assert helps in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("diversity=0.8", ("diversity", 0.8)),
        (" modes.missing = 0 ", ("modes.missing", 0.0)),
        ("frechet=1e3", ("frechet", 1000.0)),
        ("kernel=-0.5", ("kernel", -0.5)),
    ],
)
def test_a_pair_is_a_name_and_a_number(text: str, pair: tuple[str, float]) -> None:
    """Blanks do not matter, and any way to write a number does."""
    assert parse_pair(text) == pair


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("diversity", "diversity=0.8"),
        ("=0.8", "diversity=0.8"),
        ("", "diversity=0.8"),
        ("fidelity=", "fidelity=0.8"),
        ("diversity=80%", "diversity=0.8"),
        ("diversity=x%", "diversity=0.8"),
        ("diversity=nan", "diversity=0.8"),
        ("diversity=inf", "diversity=0.8"),
        ("diversity>=0.7", "diversity=0.7"),
        ("a\n=b" * 100, "=0.8"),
    ],
)
def test_anything_else_is_answered_with_how_to_write_it(text: str, wanted: str) -> None:
    """The message repeats what was given, on one line, and the hint writes it rightly."""
    with pytest.raises(UsageError) as caught:
        parse_pair(text)

    assert wanted in (caught.value.hint or "")
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200
