"""In the view every column weighs the same, whatever it holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from gancheck.api import EMBEDDERS, FloatArray, LoadError, Material, SampleSet, ShapeError

from gancheck_tabular import Tabular, to_samples
from gancheck_tabular.view import TabularView
from gancheck_tabular.weights import NumberWeights, WordWeights


def fitted(frame: pd.DataFrame) -> TabularView:
    """Fit a view on all rows of a table."""
    samples = to_samples(frame)
    return Tabular().prepare(Material(samples, None, samples))


def mean_square(features: FloatArray) -> float:
    """Return the mean squared distance of two random rows."""
    return float(2 * features.var(axis=0, ddof=1).sum())


def test_gancheck_knows_the_view() -> None:
    """It is registered under the name that tables ask for."""
    assert EMBEDDERS.get("tabular") is Tabular


@pytest.mark.parametrize(
    "column",
    [
        np.random.default_rng(0).lognormal(0, 3, 2000),
        np.where(np.arange(2000) < 1400, 0.0, np.random.default_rng(0).normal(9, 1, 2000)),
        np.random.default_rng(0).choice(["a", "b", "c"], 2000, p=[0.9, 0.09, 0.01]),
        np.random.default_rng(0).choice([f"{number}" for number in range(100)], 2000),
    ],
    ids=["heavy tail", "heap at zero", "rare word", "many words"],
)
def test_every_column_weighs_the_same(column: FloatArray) -> None:
    """Two random rows differ by 2 in the mean square, within 5%."""
    view = fitted(pd.DataFrame({"x": column}))
    seen = view(to_samples(pd.DataFrame({"x": column})).values)
    assert mean_square(seen) == pytest.approx(2.0, rel=0.05)


def test_scores_are_ranks() -> None:
    """Any rising change of a column leaves its scores as they were, to the grid of knots."""
    numbers = np.random.default_rng(0).normal(0, 1, 500)
    plain, bent = NumberWeights.fit(numbers), NumberWeights.fit(np.exp(numbers))
    np.testing.assert_allclose(plain(numbers), bent(np.exp(numbers)), atol=1e-9)


def test_values_beyond_all_that_was_seen_go_on_rising() -> None:
    """A number ten deviations out is ten scores further away, not as near as the last one."""
    numbers = np.random.default_rng(0).normal(0, 1, 500)
    scores = NumberWeights.fit(numbers)(np.array([numbers.max(), numbers.max() + 10]))[:, 0]
    assert scores[1] - scores[0] == pytest.approx(10, rel=0.1)


def test_a_new_word_is_far_unless_new_words_are_usual() -> None:
    """Among two words of a thousand rows a third is far; among names another name is not."""
    closed = WordWeights.fit(np.repeat([1, 2], 500))
    names = WordWeights.fit(np.arange(1, 1001))
    assert closed(np.array([3]))[0, -1] > 30
    assert names(np.array([5000]))[0, -1] < 1.5


def test_missing_is_a_value_of_its_own() -> None:
    """Missing numbers lie in the middle, apart from all that are there."""
    view = fitted(pd.DataFrame({"x": [*np.arange(90.0), *[np.nan] * 10]}))
    seen = view(to_samples(pd.DataFrame({"x": [44.5, np.nan]})).values)
    assert seen[:, 0] == pytest.approx([0, 0], abs=0.05)
    assert seen[1, 1] > 3 * seen[0, 1]


def test_a_stored_view_sees_the_same() -> None:
    """Bytes bring back the same features and the same hash; damaged ones are refused."""
    frame = pd.DataFrame({"x": np.arange(200.0) ** 2, "word": ["a", "b"] * 100})
    view, values = fitted(frame), to_samples(frame).values
    again = Tabular().restore(view.to_bytes(), "cpu")
    assert again.sha256 == view.sha256
    np.testing.assert_array_equal(again(values), view(values))
    with pytest.raises(LoadError, match="damaged"):
        Tabular().restore(view.to_bytes()[:-9], "cpu")


def test_rows_of_another_table_are_refused() -> None:
    """Even where they have as many columns: the mark in each row tells."""
    view = fitted(pd.DataFrame({"x": np.arange(200.0)}))
    with pytest.raises(ShapeError, match="other columns"):
        view(to_samples(pd.DataFrame({"y": [1.0, 2.0]})).values)


def test_samples_that_are_no_table_are_refused() -> None:
    """The view says what it is for."""
    samples = SampleSet(np.zeros((300, 3), np.float32), "here", "npy")
    with pytest.raises(ShapeError, match="tables"):
        Tabular().prepare(Material(samples, None, samples))
