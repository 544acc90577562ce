"""How a process finds its crew: by the variables that torchrun and its like set.

Only ``python -m gancheck`` looks at them. A training script that runs under torchrun and starts
``gancheck`` passes them on, and means no crew.
"""

from __future__ import annotations

import atexit
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NoReturn

from gancheck.crew.interface import working_with
from gancheck.crew.peers import Peer
from gancheck.crew.processes import Joined, Processes, serve
from gancheck.errors import ExitCode, GancheckError, UsageError

TIMEOUT = "GANCHECK_RANK_TIMEOUT"
_SECONDS = 60.0
_SIZE, _NEEDED = "WORLD_SIZE", ("RANK", "MASTER_ADDR", "MASTER_PORT")
_UNFLUSHED = 120  # what Python ends with when the last of stdout cannot be written


def launched(environment: Mapping[str, str]) -> bool:
    """Tell whether this process was started as one of several."""
    size = environment.get(_SIZE, "")
    return size.isdigit() and int(size) > 1 and all(environment.get(name) for name in _NEEDED)


def run(program: Callable[[], None]) -> NoReturn:
    """Run the program on rank 0 and serve it on all others, then end the process."""
    try:
        joined = join(os.environ)
        code = _first(program, joined) if joined.rank == 0 else serve(joined)
    except GancheckError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        sys.stderr.write(f"error: {error.message}{hint}\n")
        code = error.exit_code
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception:
        traceback.print_exc()
        code = ExitCode.BUG
    _end(code)


def join(environment: Mapping[str, str]) -> Joined:
    """Meet the other ranks.

    Raises:
        UsageError: They do not come, or run another version.
    """
    seconds = _timeout(environment)
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # before torch is read
    from torch import distributed
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    rank, size = environment["RANK"], environment[_SIZE]
    wait = timedelta(seconds=seconds)
    try:
        store, number, count = next(rendezvous("env://", timeout=wait))
        notes = PrefixStore("gancheck", store)
        me = Peer.me(number)
        notes.set(f"peer{number}", me.written())
        distributed.init_process_group(
            "gloo", store=notes, rank=number, world_size=count, timeout=wait
        )
        peers = [Peer.read(notes.get(f"peer{other}")) for other in range(count)]
    except (RuntimeError, ValueError, OSError) as error:
        where = f"{environment['MASTER_ADDR']}:{environment['MASTER_PORT']}"
        raise UsageError(
            f"rank {rank} of {size} waited {seconds:g} seconds for the others at {where}, in vain: "
            f"{_first_line(error)}",
            f"Start all ranks with torchrun. {TIMEOUT} waits longer; GLOO_SOCKET_IFNAME names the "
            f"network; without {_SIZE} gancheck runs alone.",
        ) from error
    for peer in peers:
        if peer.version != me.version:
            raise UsageError(f"{me} runs gancheck {me.version}, {peer} runs {peer.version}")
    return Joined(number, peers, notes)


def _first(program: Callable[[], None], joined: Joined) -> int:
    crew = Processes(joined)
    try:
        with working_with(crew):
            program()
        return ExitCode.OK
    except SystemExit as end:
        return _code_of(end)
    finally:
        crew.dismiss()


def _code_of(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1


def _timeout(environment: Mapping[str, str]) -> float:
    text = environment.get(TIMEOUT, "")
    try:
        seconds = float(text or _SECONDS)
        if not 0 < seconds < float("inf"):
            raise ValueError
    except ValueError:
        raise UsageError(f"{TIMEOUT}={text!r} is not a number of seconds") from None
    return seconds


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _end(code: int) -> NoReturn:
    """End at once: threads that wait for other ranks would keep the interpreter from it."""
    atexit._run_exitfuncs()
    try:
        sys.stderr.flush()
        sys.stdout.flush()
    except (OSError, ValueError):
        code = code or _UNFLUSHED
    os._exit(code)
