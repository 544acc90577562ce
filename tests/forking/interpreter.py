"""The interpreter: forks on demand, and tells how its forks ended."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn


def serve(become: Callable[[dict[str, Any]], NoReturn], facts: dict[str, Any]) -> None:
    """Answer one line on stdin by one on stdout: ``wait`` ends a fork, all else begins one.

    Args:
        become: What a fork does with the line that asked for it.
        facts: What is told first.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _answer(facts)
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            status = os.waitpid(asked["wait"], 0)[1]
            _answer({"code": os.waitstatus_to_exitcode(status)})
            continue
        pid = os.fork()
        if not pid:
            become(asked)
        _answer({"pid": pid})


def stand_alone(asked: dict[str, Any]) -> None:
    """Lead a group, in the folder, with the variables and the files that were asked for."""
    os.setpgid(0, 0)
    os.chdir(asked["cwd"])
    os.environ.update(asked["environment"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        target = os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["gancheck", *asked["arguments"]]


def _answer(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
