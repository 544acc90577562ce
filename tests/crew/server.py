"""``python -m crew.server``: an interpreter that has read everything, and forks to be ranks.

Reading torch takes seconds for each rank. Each fork runs ``python -m gancheck`` from its beginning,
or a program of `crew.programs`, as a process of its own.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

TASKS = "TASKS_TO"  # names a file that the tasks are counted in; shares the smallest work too


def main() -> None:
    """Answer one line on stdin by one on stdout: ``run`` starts a rank, ``wait`` ends it."""
    _read_everything()
    _answer({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            status = os.waitpid(asked["wait"], 0)[1]
            _answer({"code": os.waitstatus_to_exitcode(status)})
            continue
        pid = os.fork()
        if not pid:
            _become(asked)
        _answer({"pid": pid})


def _answer(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


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
    os.setpgid(0, 0)
    os.chdir(asked["cwd"])
    os.environ.update(asked["environment"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        target = os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
        sys.argv = ["gancheck", *asked["arguments"]]
        runpy.run_module("gancheck", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
    finally:
        sys.stdout.flush()
        os._exit(code)


def share_everything(log: Path) -> None:
    """Share also what is over sooner alone, and write down the tasks that rank 0 gives out."""
    from gancheck.crew.processes import Processes
    from gancheck.embedders import sharing as embedding
    from gancheck.neighbors import sharing as searching

    searching.LEAST, embedding._STEP = 0, 64
    run = Processes.run

    def noted(self: Processes, task: Any, shared: Any, parts: Any) -> Any:
        with log.open("a") as file:
            file.write(f"{task.__name__} {len(parts)}\n")
        return run(self, task, shared, parts)

    Processes.run = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
