"""Train a CTGAN on a public table, and diagnose it beside real rows that it never saw.

The table is the RAND health insurance experiment as it ships with statsmodels (public domain).
Needs the extra ``example`` of this package; takes a minute or two on a CPU. Writes the report as
``ctgan.gancheck.json`` and ``ctgan.html`` in the current folder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import warnings
from pathlib import Path

import gancheck
import joblib
import numpy as np
import pandas as pd
from ctgan.synthesizers.ctgan import CTGAN
from gancheck.api import REPORTERS, Diagnosis
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


def trained(real: pd.DataFrame, epochs: int) -> CTGAN:
    """Return a CTGAN after some epochs; the more, the better, and 30 are far too few."""
    synthesizer = CTGAN(epochs=epochs, enable_gpu=False)
    synthesizer.set_random_state(0)
    # Threads of its own would take turns at its random numbers: no two trainings were the same.
    with warnings.catch_warnings(), joblib.parallel_config(backend="sequential"):
        warnings.simplefilter("ignore")  # those of its own libraries
        synthesizer.fit(real, WORDS)
    return synthesizer


def shown(diagnosis: Diagnosis, name: str) -> None:
    """Store a report, print it, and write its page."""
    stored = Path(f"{name}.gancheck.json")
    stored.write_text(REPORTERS.get("json").render(diagnosis), encoding="utf-8")
    again = ["report", str(stored), "--terminal", "--html", f"{name}.html"]
    subprocess.run([sys.executable, "-m", "gancheck", *again], check=True)


def main() -> None:
    """Train, diagnose, and show the report."""
    parser = argparse.ArgumentParser(description="diagnose a CTGAN")
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=30)
    asked = parser.parse_args()

    mixed = table().sample(frac=1, random_state=0)
    real, held_out = mixed[: asked.rows], mixed[asked.rows : 2 * asked.rows]
    settings = gancheck.Settings(samples=asked.rows, map="pca")
    honest = gancheck_tabular.diagnose(held_out, real, label="health", settings=settings)
    print(f"Real rows that it never sees: {honest.verdict.value}", flush=True)

    synthesizer = trained(real, asked.epochs)
    found = gancheck_tabular.diagnose(synthesizer, real, label="health", settings=settings)
    shown(found, "ctgan")


if __name__ == "__main__":
    main()
