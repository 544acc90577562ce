"""The child process of `gancheck.loaders.isolated`: loads one file under limits and runs it.

Run as ``python -m gancheck.loaders.isolated_child``; it talks through its standard streams. What
the loaded program prints goes to the standard error, so that it cannot speak for the child.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gancheck.errors import GancheckError
from gancheck.loaders.isolated_messages import Message, receive, send, spec_to_json

if TYPE_CHECKING:
    from gancheck.types import JSON, Generator

_MOST_BYTES = 1 << 34
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "Failed to allocate memory")
_LINUX_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl
_KILL = 9


def main() -> int:
    """Answer requests until the parent closes the stream."""
    inbox, outbox = _take_streams()
    _die_with_parent()
    import torch

    from gancheck.loaders.interface import LOADERS

    LOADERS.discover()  # nothing foreign runs before the limits hold, so import before they do
    tempfile.gettempdir()  # remembers what it finds out by writing a file, which the limits forbid
    send(outbox, Message({"kind": "ready"}))
    generator: Generator | None = None
    held: list[str] | None = None
    while True:
        try:
            request = receive(inbox, _MOST_BYTES)
        except EOFError:
            return 0
        try:
            if generator is None:
                torch.set_num_threads(int(request.facts["threads"]))
                held = limit(request.facts["memory"]) if held is None else held
                generator, answer = _load(request.facts)
                answer = replace(answer, facts={**answer.facts, "limits": held})
            else:
                answer = _sample(generator, request)
        except Exception as error:  # whatever the program raises, the parent has to hear of it
            answer = Message(_complaint(error))
        send(outbox, answer)


def limit(memory: int | None) -> list[str]:
    """Bound what this process may use from now on, and name the limits that hold.

    Args:
        memory: Bytes of address space beyond what is in use already; None for no limit.
    """
    try:
        import resource
    except ImportError:  # not on Windows
        return []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    used = Path("/proc/self/statm")
    if memory is None or not used.exists():
        return ["files"]
    pages = int(used.read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + memory
    already = resource.getrlimit(resource.RLIMIT_AS)[1]
    if already == resource.RLIM_INFINITY or already > most:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return ["files", "memory"]


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the streams to the parent to ourselves, and let prints go to the standard error."""
    inbox, outbox = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd()))]
    return os.fdopen(inbox, "rb"), os.fdopen(outbox, "wb")


def _die_with_parent() -> None:
    """Ask Linux to end this process with its parent, should the parent be killed itself."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    ctypes.CDLL(None).prctl(_LINUX_DEATH_SIGNAL, _KILL)


def _load(facts: Mapping[str, JSON]) -> tuple[Generator | None, Message]:
    from gancheck.loaders import load
    from gancheck.loaders.interface import LoadOptions
    from gancheck.types import SampleSet

    told = dict(facts["options"])
    for name in ("output_range", "resize", "output_shape"):
        told[name] = None if told[name] is None else tuple(told[name])
    loaded = load(Path(facts["path"]), LoadOptions(**{**told, "isolate": False}))
    if isinstance(loaded, SampleSet):
        return None, Message({"kind": "samples"})
    return loaded, Message({"kind": "generator", "spec": spec_to_json(loaded.spec)})


def _sample(generator: Generator, request: Message) -> Message:
    import torch

    labels = request.arrays.get("labels")
    with torch.no_grad():
        outputs = generator(
            torch.from_numpy(request.arrays["latents"].copy()),
            None if labels is None else torch.from_numpy(labels.copy()),
        )
    return Message({"kind": "outputs"}, {"outputs": outputs.numpy()})


def _complaint(error: BaseException) -> dict[str, JSON]:
    if _is_about_memory(error):
        return {"kind": "memory"}
    if isinstance(error, GancheckError):
        name = type(error).__name__
        return {"kind": "error", "error": name, "message": error.message, "hint": error.hint}
    reason = (str(error).strip() or "no reason given").splitlines()[0]
    return {"kind": "failure", "message": f"{type(error).__name__}: {reason}"}


def _is_about_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in _OUT_OF_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


if __name__ == "__main__":
    sys.exit(main())
