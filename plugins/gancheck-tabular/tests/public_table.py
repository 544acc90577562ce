"""A public table of mixed columns, and a synthesizer that is really trained on it.

The RAND health insurance experiment (Newhouse et al. 1993), in the public domain, as it ships with
statsmodels: 20,190 years of 5,908 persons.
"""

from __future__ import annotations

import warnings
from typing import Any

import joblib
import numpy as np
import pandas as pd
import torch

WORDS = ("plan", "deductible", "limited", "health")
_PERSON = ["plan", "deductible", "incentive", "maximum", "limited", "diseases", "health"]


def years() -> pd.DataFrame:
    """Return all rows: visits to a doctor in a year, the insurance plan, and health."""
    from train_ctgan import table

    return table()


def persons() -> pd.DataFrame:
    """Return one year of everybody who differs from all others: honest rows never coincide."""
    return years().drop_duplicates(_PERSON).reset_index(drop=True)


def parted(table: pd.DataFrame, *sizes: int, seed: int = 0) -> list[pd.DataFrame]:
    """Return random parts of a table that share no row."""
    order = np.random.default_rng(seed).permutation(len(table))
    parts = np.split(order[: sum(sizes)], np.cumsum(sizes)[:-1])
    return [table.iloc[part].reset_index(drop=True) for part in parts]


def train(table: pd.DataFrame, epochs: int) -> Any:
    """Train a CTGAN (Xu et al. 2019) on a table."""
    from ctgan.synthesizers.ctgan import CTGAN

    return _fitted(
        CTGAN(
            embedding_dim=32,
            generator_dim=(64, 64),
            discriminator_dim=(64, 64),
            batch_size=200,
            epochs=epochs,
            enable_gpu=False,
        ),
        table,
    )


def train_variational(table: pd.DataFrame, epochs: int) -> Any:
    """Train a TVAE (Xu et al. 2019) on a table."""
    from ctgan.synthesizers.tvae import TVAE

    return _fitted(TVAE(batch_size=100, epochs=epochs, enable_gpu=False), table)


def _fitted(synthesizer: Any, table: pd.DataFrame) -> Any:
    torch.set_num_threads(1)
    synthesizer.set_random_state(0)
    # Threads of its own would take turns at its random numbers: no two trainings were the same.
    with warnings.catch_warnings(), joblib.parallel_config(backend="sequential"):
        warnings.simplefilter("ignore")  # those of its own libraries
        synthesizer.fit(table, WORDS)
    return synthesizer
