"""Train a CTGAN on a public table, and diagnose it beside real rows that it never saw.

The table is the RAND health insurance experiment as it ships with statsmodels (public domain).
Needs ``pip install ctgan statsmodels``; takes a minute or two on a CPU.
"""

from __future__ import annotations

import argparse
import warnings

import gancheck
import joblib
import numpy as np
import pandas as pd
from ctgan.synthesizers.ctgan import CTGAN
from statsmodels.datasets import randhie

import gancheck_tabular

WORDS = ("plan", "deductible", "limited", "health")


def table() -> pd.DataFrame:
    """Return the table with its dummies turned back into words."""
    raw = randhie.load_pandas().data
    health = np.select(
        [raw.hlthg == 1, raw.hlthf == 1, raw.hlthp == 1], ["good", "fair", "poor"], "excellent"
    )
    return pd.DataFrame(
        {
            "visits": raw.mdvis.astype(float),
            "plan": [f"pays {paid:.0f}%" for paid in np.expm1(raw.lncoins)],
            "deductible": np.where(raw.idp == 1, "yes", "no"),
            "incentive": raw.lpi,
            "maximum": raw.fmde,
            "limited": np.where(raw.physlm >= 0.5, "yes", "no"),
            "diseases": raw.disea,
            "health": health,
        }
    )


def main() -> None:
    """Train, diagnose, and write ``ctgan.html``."""
    parser = argparse.ArgumentParser(description="diagnose a CTGAN")
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=30)
    asked = parser.parse_args()

    mixed = table().sample(frac=1, random_state=0)
    real, held_out = mixed[: asked.rows], mixed[asked.rows : 2 * asked.rows]
    synthesizer = CTGAN(epochs=asked.epochs, enable_gpu=False)
    synthesizer.set_random_state(0)
    with warnings.catch_warnings(), joblib.parallel_config(backend="threading"):
        warnings.simplefilter("ignore")
        synthesizer.fit(real, WORDS)

    settings = gancheck.Settings(samples=asked.rows, map="pca")
    for name, subject in (("held-out rows", held_out), ("CTGAN", synthesizer)):
        diagnosis = gancheck_tabular.diagnose(subject, real, label="health", settings=settings)
        print(f"{name}: {diagnosis.verdict.value}")
        print(*(f"  {sentence}" for sentence in diagnosis.summary), sep="\n")
    diagnosis.save_html("ctgan.html")
    print("The report is ctgan.html.")


if __name__ == "__main__":
    main()
