"""Tables that several tests diagnose, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gancheck
import numpy as np
import pandas as pd
import pytest
from gancheck.api import Diagnosis, Finding

import gancheck_tabular
import public_table

SETTINGS = gancheck.Settings(samples=1200, map="none", cache=False)


@dataclass(frozen=True)
class Halves:
    """Real rows, and others of the same table that nothing was trained on."""

    real: pd.DataFrame
    held_out: pd.DataFrame


def finding(diagnosis: Diagnosis, name: str) -> Finding:
    """Return one finding by its id."""
    return next(one for one in diagnosis.findings if one.id == name)


@pytest.fixture(scope="session")
def halves() -> Halves:
    """Years of the public table, in two random parts."""
    return Halves(*public_table.parted(public_table.years(), 2400, 1200))


@pytest.fixture(scope="session")
def trained(halves: Halves) -> Any:
    """A CTGAN trained on all kinds of rows, far too briefly."""
    return public_table.train(halves.real, epochs=5)


@pytest.fixture(scope="session")
def collapsed(halves: Halves) -> Any:
    """A CTGAN that lost everybody in fair or poor health: its training rows lacked them."""
    return public_table.train(
        halves.real[halves.real.health.isin(["good", "excellent"])].reset_index(drop=True), epochs=5
    )


@pytest.fixture(scope="session")
def variational(halves: Halves) -> Any:
    """A TVAE that draws what is usual and no rare words, as they do at first."""
    return public_table.train_variational(halves.real, epochs=20)


def mixed(n: int, seed: int) -> pd.DataFrame:
    """Draw rows of a small law: words, numbers that hang on them, missing values, a rare word."""
    rng = np.random.default_rng(seed)
    colour = rng.choice(["red", "green", "blue", "mauve"], n, p=[0.5, 0.3, 0.17, 0.03])
    size = rng.normal(0, 1, n) + np.select([colour == "red", colour == "green"], [3.0, -3.0], 0.0)
    return pd.DataFrame(
        {
            "colour": colour,
            "size": size,
            "weight": 2 * size + rng.normal(0, 0.5, n),
            "price": np.where(rng.random(n) < 0.4, 0.0, rng.lognormal(3, 1, n)),
            "owner": rng.choice(np.array(["cat", "dog", None], dtype=object), n, p=[0.4, 0.4, 0.2]),
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 5, n)),
        }
    )


@pytest.fixture(scope="session")
def sick() -> Diagnosis:
    """Rows in which a word is lost, one is made up, and two columns know nothing of each other."""
    rows = mixed(900, 1)
    rng = np.random.default_rng(2)
    rows["colour"] = rows.colour.replace("mauve", "red")
    rows["weight"] = rng.permutation(rows.weight.to_numpy())
    rows.loc[rng.permutation(len(rows))[:60], "owner"] = "horse"
    rows["price"] = rows.price + 30.0
    return gancheck_tabular.diagnose(rows, mixed(1500, 0), settings=SETTINGS)
