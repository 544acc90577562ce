"""Diagnose many checkpoints on a Ray cluster, and print the one with the largest diversity.

    python ray_checkpoints.py reference.gcref reports runs/*/generator.pt

Reference, checkpoints and reports lie on storage that all machines see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import ray

CPUS = 8


@ray.remote(num_cpus=CPUS, max_retries=2)
def diagnose(model: str, reference: str, report: str) -> int:
    """Write the report of one checkpoint, and return the exit code."""
    command = [
        *("gancheck", "diagnose", model, "--reference", reference),
        *("--json", report, "--no-html", "--map", "none", "--quiet"),
    ]
    threads = {"OMP_NUM_THREADS": str(CPUS)}
    return subprocess.run(command, env={**os.environ, **threads}, check=False).returncode


def main(reference: str, folder: str, *models: str) -> None:
    """Diagnose all, then compare."""
    ray.init()
    Path(folder).mkdir(parents=True, exist_ok=True)
    reports = [str(Path(folder, f"{number}.json").resolve()) for number in range(len(models))]
    codes = ray.get(
        [
            diagnose.remote(str(Path(model).resolve()), str(Path(reference).resolve()), report)
            for model, report in zip(models, reports, strict=True)
        ]
    )
    found = {}
    for model, report, code in zip(models, reports, codes, strict=True):
        if code:
            print(f"{model}: no report, exit code {code}")
            continue
        found[model] = json.loads(Path(report).read_text())["scores"]["diversity"]["value"]
        print(f"{model}: diversity {found[model]:.3f}, {report}")
    if found:
        print(f"largest diversity: {max(found, key=lambda model: found[model])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
