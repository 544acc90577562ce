"""What may be said about a pipeline, and the errors of those who say it wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from gancheck.api import UsageError

_HOW = (
    'Settings are given as --arch-args \'{"steps": 50, "scheduler": "ddim"}\', and to '
    "gancheck_diffusers.generator by name."
)
_NUMBERS = {"steps": int, "size": int, "eta": float, "guidance": float, "scaling": float}
_LEAST = {"steps": 1, "size": 1, "eta": 0.0, "guidance": 0.0}


@dataclass(frozen=True)
class Wishes:
    """Settings of a pipeline.

    Attributes:
        scheduler: ``auto`` keeps what is a map already and replaces samplers that add noise by
            DDIM where the network allows it; ``keep`` keeps any; else ``ddim``, ``ddpm``,
            ``euler``, ``dpm++``, ``heun``, ``pndm``, ``unipc``, or the name of a scheduler class.
        steps: Steps of denoising; None takes 50, or the pipeline's own number where its sampler is
            kept.
        eta: Noise of DDIM, 0 (none) to 1 (as much as DDPM).
        guidance: Strength of classifier-free guidance; None takes none for classes, and the
            pipeline's own strength for prompts.
        prompts: Prompts by the name of their label; labels are numbered in this order.
        classes: Numbers or names of the classes that become labels, in this order; empty for all.
        size: Height and width of the pictures; None takes them from the configuration.
        scaling: Factor between the latents of a VAE and standard normal ones; None takes it from
            the configuration.
    """

    scheduler: str = "auto"
    steps: int | None = None
    eta: float = 0.0
    guidance: float | None = None
    prompts: tuple[tuple[str, str], ...] = ()
    classes: tuple[int | str, ...] = ()
    size: int | None = None
    scaling: float | None = None

    @classmethod
    def of(cls, said: Mapping[str, object]) -> Wishes:
        """Read settings by name.

        Raises:
            UsageError: There is no such setting, or its value makes no sense.
        """
        known = [one.name for one in fields(cls)]
        unknown = [name for name in said if name not in known]
        if unknown:
            raise UsageError(
                f"a diffusers pipeline has no setting {unknown[0]!r}",
                f"Known: {', '.join(known)}. {_HOW}",
            )
        found = {name: _read(name, value) for name, value in said.items() if value is not None}
        return cls(**found)  # type: ignore[arg-type]


def _read(name: str, value: object) -> object:
    if name in _NUMBERS:
        return _number(name, value)
    if name == "prompts":
        return _prompts(value)
    if name == "classes":
        return _classes(value)
    if not isinstance(value, str):
        raise UsageError(f"scheduler={value!r} is not a name", _HOW)
    return value


def _number(name: str, value: object) -> int | float:
    kind = _NUMBERS[name]
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and kind(value) == value
    if not fits or (name == "scaling" and value == 0):
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{name}={value!r} is not {expected} that can be used", _HOW)
    read: int | float = kind(value)
    if name in _LEAST and read < _LEAST[name]:
        raise UsageError(f"{name}={value!r} is less than {_LEAST[name]:g}", _HOW)
    return read


def _prompts(value: object) -> tuple[tuple[str, str], ...]:
    """Return (name, prompt) pairs: in the order of a list, or sorted by the names of an object.

    Folders of reference images are numbered by their sorted names, and so the two agree.
    """
    if isinstance(value, str):
        return ((value, value),)
    if isinstance(value, Mapping):
        pairs = tuple(sorted(value.items()))
    elif isinstance(value, Sequence):
        pairs = tuple((one, one) for one in value)
    else:
        pairs = ()
    if not pairs or not all(isinstance(part, str) for pair in pairs for part in pair):
        raise UsageError(
            f"prompts={value!r} is not a list of texts",
            'Write ["a red disc", "a blue disc"], or {"red": "a red disc", "blue": "a blue disc"} '
            "to name the labels as the folders of the reference.",
        )
    return pairs


def _classes(value: object) -> tuple[int | str, ...]:
    listed = value if isinstance(value, (list, tuple)) else ()
    if not listed or not all(type(one) in (int, str) for one in listed):
        raise UsageError(
            f"classes={value!r} is not a list of classes",
            'Write their numbers or names, such as [207, 360] or ["otter"].',
        )
    return tuple(listed)
