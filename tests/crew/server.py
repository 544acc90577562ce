"""``python -m crew.server``: an interpreter that has read everything, and forks to be ranks.

Reading torch takes seconds for each rank. Each fork runs ``python -m gancheck`` from its beginning,
or a program of `crew.programs`, as a process of its own.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any, NoReturn

from forking.interpreter import serve, stand_alone

TASKS = "TASKS_TO"  # names a file that the tasks are counted in; shares the smallest work too


def _read_everything() -> None:
    import ot
    import sklearn.cluster
    import sklearn.decomposition
    import torch
    import torch.distributed

    import gancheck.analyzers
    import gancheck.crew.joining
    import gancheck.pipeline
    from gancheck.cli.application import application

    _ = ot, sklearn
    torch.set_num_threads(1)
    gancheck.analyzers.ANALYZERS.discover()
    application()


def _become(asked: dict[str, Any]) -> NoReturn:
    stand_alone(asked)
    code = 99
    try:
        if log := os.environ.get(TASKS):
            share_everything(Path(log))
        if asked["program"]:
            from crew import programs
            from gancheck.crew import joining

            joining.run(getattr(programs, asked["program"]))
        for name in asked["without"]:
            from gancheck.analyzers import ANALYZERS

            del ANALYZERS._items[name]
        runpy.run_module("gancheck", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
    finally:
        sys.stdout.flush()
        os._exit(code)


def share_everything(log: Path) -> None:
    """Share also what is over sooner alone, in small batches, and write down what is given out."""
    from gancheck.crew.processes import Processes
    from gancheck.embedders import pixels
    from gancheck.embedders import sharing as embedding
    from gancheck.neighbors import sharing as searching

    # What is shared are whole batches: of other lengths a processor may round products otherwise.
    searching.LEAST, embedding._STEP, pixels._BATCH = 0, 64, 64
    run = Processes.run

    def noted(self: Processes, task: Any, shared: Any, parts: Any) -> Any:
        with log.open("a") as file:
            file.write(f"{task.__name__} {len(parts)}\n")
        return run(self, task, shared, parts)

    Processes.run = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    _read_everything()
    serve(_become, {"ready": True})
