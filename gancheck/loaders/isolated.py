"""Load and run a generator in a child process with limits.

The child may use a bounded amount of memory and time, and may not write files of any length. So a
program that crashes, never ends, or asks for all memory takes the child down and not the run. It
is no sandbox: the child has the rights of whoever started it, and can read files, truncate them
and use the network. Whoever needs a wall between a program and a machine needs a container or
another machine.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, NoReturn, cast

import gancheck.errors
from gancheck.errors import GancheckError, GeneratorError, LoadError, ShapeError
from gancheck.loaders.hashing import hash_file
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.isolated_messages import (
    BrokenMessageError,
    Message,
    receive,
    send,
    spec_from_json,
    text_of,
)
from gancheck.plugins import SWITCH
from gancheck.types import GeneratorSpec

if TYPE_CHECKING:
    import torch

    from gancheck.types import JSON

START_SECONDS = (
    120.0  # importing torch takes long on a busy machine, and is not the program's fault
)
LOAD_SECONDS = 180.0
CALL_SECONDS = 120.0
MOST_MEMORY = 8 << 30
_SHARE_OF_MEMORY = 0.75
_LAST_SECONDS = 5.0
_KEPT = (
    *("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT"),
    SWITCH,
)
_RAISED = ("LoadError", "RefusedError", "AmbiguousError", "GeneratorError", "ShapeError")
_WITHOUT = "Without --isolate it runs in gancheck's own process, with no limits."
_ANEW = "Load it with the code that wrote it, and export or save it anew."


class _Gone(Exception):  # noqa: N818 - a state of affairs; told to the user as another error
    """The child is no more, or may as well be."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class _TooLargeError(GeneratorError, MemoryError):
    """A batch was too large for the child: whoever asked may ask for less."""


@dataclass(frozen=True, eq=False)
class Child:
    """A running child process.

    Attributes:
        process: The process, leader of its own group.
        memory: Bytes it may use beyond what it began with, None for any.
        folder: Where it works; removed with it.
        said: The last lines it wrote to its standard error.
        lock: Held from a question to its answer.
        end: Kills the process with its group and removes its folder; once, or at exit.
    """

    process: subprocess.Popen[bytes]
    memory: int | None
    folder: str
    said: deque[str] = field(default_factory=lambda: deque(maxlen=5))
    lock: threading.Lock = field(default_factory=threading.Lock)
    end: weakref.finalize[..., Child] = field(init=False)

    def __post_init__(self) -> None:
        end = weakref.finalize(self, _end, self.process, self.folder)
        object.__setattr__(self, "end", end)
        arguments = (self.process.stderr, self.said)
        threading.Thread(target=_listen, args=arguments, daemon=True).start()

    def ask(self, question: Message | None, seconds: float, most_bytes: int) -> Message:
        """Send a question, or none, and return the answer.

        Raises:
            _Gone: The child died, broke the protocol, or had to be killed.
        """
        with self.lock:
            if not self.end.alive:
                raise _Gone("ended earlier in this run", _ANEW)
            late = threading.Event()
            watchdog = threading.Timer(seconds, self._kill, [late])
            watchdog.daemon = True
            watchdog.start()
            try:
                if question is not None:
                    send(cast(BinaryIO, self.process.stdin), question)
                return receive(cast(BinaryIO, self.process.stdout), most_bytes)
            except BrokenMessageError as error:
                self.end()
                raise _Gone(f"sent what is no answer: {error}", _ANEW) from error
            except (EOFError, OSError) as error:
                watchdog.cancel()
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(_LAST_SECONDS)  # so that its own end is told, not ours
                self.end()
                raise self._why(seconds if late.is_set() else None) from error
            finally:
                watchdog.cancel()

    def _kill(self, late: threading.Event) -> None:
        late.set()
        _kill_group(self.process)

    def _why(self, seconds: float | None) -> _Gone:
        code = self.process.returncode
        if seconds is not None:
            return _Gone(f"gave no answer within {seconds:g} s and was ended", _WITHOUT)
        cause = signal.Signals(-code).name if code < 0 else ""
        if cause == "SIGKILL" or any("bad_alloc" in line for line in self.said):
            return _Gone("was killed, most likely for want of memory", _WITHOUT)
        if cause:
            return _Gone(f"crashed ({cause})", _ANEW)
        last = self.said[-1] if self.said else "it gave no reason"
        return _Gone(f"ended by itself with code {code}: {last}", _ANEW)


@dataclass(frozen=True)
class IsolatedGenerator:
    """A generator that lives in a child process; see `gancheck.types.Generator`."""

    spec: GeneratorSpec
    child: Child

    def __call__(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents (n, *latent_shape) to float32 outputs (n, *output_shape), raw range.

        Raises:
            ShapeError: Latents or labels do not fit the generator.
            GeneratorError: The child died, was killed, or returned something else.
        """
        import torch

        shape = tuple(latents.shape)
        if shape[1:] != self.spec.latent_shape or shape[0] == 0:
            raise ShapeError(
                f"{self.spec.origin} takes latents (n, *{self.spec.latent_shape}), got {shape}"
            )
        arrays = {"latents": latents.detach().cpu().numpy()}
        if labels is not None:
            arrays["labels"] = labels.detach().cpu().numpy()
        wanted = (shape[0], *self.spec.output_shape)
        most = 4 * _product(wanted)
        try:
            answer = self.child.ask(Message({}, arrays), CALL_SECONDS, most)
            _raise_complaint(answer, self.spec.origin, self.child, GeneratorError)
            outputs = answer.arrays.get("outputs")
            if outputs is None or outputs.shape != wanted or outputs.dtype.str != "<f4":
                raise _Gone(f"returned no outputs of shape {wanted}", _ANEW)
        except (_Gone, BrokenMessageError) as error:
            raise _told(error, self.spec.origin, GeneratorError) from error
        return torch.from_numpy(outputs.copy()).to(latents.device)


def load_isolated(path: Path, options: LoadOptions) -> IsolatedGenerator | None:
    """Load a generator in a child process; None where the file holds samples, which need none.

    Raises:
        LoadError: It cannot be loaded, or not within the limits; or as `gancheck.loaders.load`.
    """
    child = _start(options)
    try:
        child.ask(None, START_SECONDS, 0)
        answer = _ask_to_load(child, path, replace(options, trust=False))
        # Only a refusal from before anything ran tells honestly that trust was needed.
        trusted = options.trust and answer.facts.get("error") == "RefusedError"
        if trusted:
            answer = _ask_to_load(child, path, options)
        _raise_complaint(answer, str(path), child, LoadError)
        if answer.facts.get("kind") == "samples":
            child.end()
            return None
        spec = spec_from_json(answer.facts.get("spec"))
        note = _describe(child, answer.facts.get("limits"))
    except (_Gone, BrokenMessageError) as error:
        child.end()
        raise _told(error, str(path), LoadError) from error
    except GancheckError:
        child.end()
        raise
    known = replace(spec, origin=str(path), sha256=hash_file(path), trusted=trusted)
    known = replace(known, differentiable=False, isolated=True, notes=(*spec.notes, note))
    return IsolatedGenerator(known, child)


def _ask_to_load(child: Child, path: Path, options: LoadOptions) -> Message:
    import torch

    facts = {
        "path": os.path.abspath(path),  # noqa: PTH100 - a link stays a link, to be judged as one
        "options": _plain_options(options),
        "threads": torch.get_num_threads(),
        "memory": child.memory,
    }
    return child.ask(Message(facts), LOAD_SECONDS, 0)


def _describe(child: Child, held: JSON) -> str:
    limits = [f"{LOAD_SECONDS:g} s to load", f"{CALL_SECONDS:g} s for a batch"]
    if isinstance(held, list) and "memory" in held and child.memory is not None:
        limits.insert(0, f"{child.memory / 2**30:.1f} GiB of memory")
    if isinstance(held, list) and "files" in held:
        limits.append("no writing to files")
    return (
        f"It was loaded and run in a child process with limits: {', '.join(limits)}. "
        "This contains crashes and bombs; it is no sandbox."
    )


def _start(options: LoadOptions) -> Child:
    import torch

    folder = tempfile.mkdtemp(prefix="gancheck-")
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "gancheck.loaders.isolated_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_environment(folder, options, torch.get_num_threads()),
            start_new_session=True,
        )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise LoadError(f"no child process can be started: {error}", _WITHOUT) from error
    # A GPU's driver maps more address space than any limit that would mean something.
    memory = None if options.device.startswith("cuda") else memory_limit()
    return Child(process, memory, folder)


def memory_limit() -> int:
    """Return how many bytes a child may use: 8 GiB, or three quarters of a smaller machine."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return MOST_MEMORY
    return min(MOST_MEMORY, int(_SHARE_OF_MEMORY * whole))


def _environment(folder: str, options: LoadOptions, threads: int) -> dict[str, str]:
    """Name what the child needs and nothing else: no keys and no tokens of the user's."""
    places = [str(Path(entry).resolve()) for entry in sys.path]
    if options.arch is not None or ":" in (options.latent_law or ""):
        places.append(str(Path.cwd()))  # where the user's own module may lie
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PYTHONPATH": os.pathsep.join(places),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": str(threads),
        "MALLOC_ARENA_MAX": "4",  # each arena reserves address space, which is limited
    }


def _plain_options(options: LoadOptions) -> dict[str, JSON]:
    plain = {item.name: getattr(options, item.name) for item in dataclasses.fields(options)}
    plain["arch_args"] = dict(options.arch_args)
    if options.label_table is not None:
        plain["label_table"] = str(Path(options.label_table).resolve())
    place, colon, name = (options.arch or "").rpartition(":")
    if colon and place.endswith(".py"):
        plain["arch"] = f"{Path(place).resolve()}:{name}"
    return plain


def _raise_complaint(
    answer: Message, origin: str, child: Child, usual: type[GancheckError]
) -> None:
    """Raise here what was raised there, if anything was."""
    kind = answer.facts.get("kind")
    if kind == "memory":
        limit = f"{child.memory / 2**30:.1f} GiB" if child.memory else "the machine's memory"
        short = _TooLargeError if usual is GeneratorError else usual
        raise short(f"{origin} needs more memory than {limit} in its child process", _WITHOUT)
    if kind == "failure":
        raise usual(f"{origin} failed in its child process: {_text(answer, 'message')}", _ANEW)
    if kind == "error":
        _raise_again(answer, origin, usual)


def _raise_again(answer: Message, origin: str, usual: type[GancheckError]) -> NoReturn:
    name = answer.facts.get("error")
    raised: type[GancheckError] = getattr(gancheck.errors, name) if name in _RAISED else usual
    there = os.path.abspath(origin)  # noqa: PTH100 - as it was sent
    hint = None if answer.facts.get("hint") is None else _text(answer, "hint")
    raise raised(
        _text(answer, "message").replace(there, origin), hint and hint.replace(there, origin)
    )


def _text(answer: Message, name: str) -> str:
    return text_of(answer.facts.get(name))


def _told(
    error: _Gone | BrokenMessageError, origin: str, usual: type[GancheckError]
) -> GancheckError:
    if isinstance(error, _Gone):
        return usual(f"the child process that ran {origin} {error.message}", error.hint)
    return usual(f"the child process that ran {origin} sent what is no answer: {error}", _ANEW)


def _listen(stream: IO[bytes], said: deque[str]) -> None:
    """Keep the child's last words."""
    with stream:
        for line in iter(lambda: stream.readline(4096), b""):
            if line.strip():
                said.append(text_of(line.decode(errors="replace").strip()))


def _end(process: subprocess.Popen[bytes], folder: str) -> None:
    _kill_group(process)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):  # what was left to be written has nobody to read it
                stream.close()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    except AttributeError:  # Windows has no groups of this kind
        process.kill()


def _product(sides: tuple[int, ...]) -> int:
    product = 1
    for side in sides:
        product *= side
    return product
