"""``python -m bench.faults.server``: an interpreter that has read everything, and forks to run.

Reading torch takes seconds, and a signal that comes meanwhile tells nothing about gancheck. Each
fork runs the command line from its beginning, as a process of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from forking.interpreter import serve, stand_alone


def _read_everything() -> None:
    """Diagnose a little, so that no fork has to read a module or to compile anything."""
    import numpy as np
    import torch

    from gancheck import Settings, diagnose
    from gancheck.cli.application import application

    torch.set_num_threads(1)
    application()
    points = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "points.npz"
        np.savez(path, samples=points)
        diagnose(path, path, Settings(samples=100, cache=False, map="none"))


def _run(asked: dict[str, Any]) -> NoReturn:
    """Become the program."""
    code = 99
    try:
        stand_alone(asked)
        if asked["most_bytes"] is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (asked["most_bytes"],) * 2)
        if asked["without"]:
            from gancheck.analyzers import ANALYZERS

            ANALYZERS.discover()
            for name in asked["without"]:
                del ANALYZERS._items[name]
        from gancheck.cli import main as program

        program()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
    except KeyboardInterrupt:
        code = 97
    finally:
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _read_everything()
    serve(_run, {"ready": threading.active_count()})
