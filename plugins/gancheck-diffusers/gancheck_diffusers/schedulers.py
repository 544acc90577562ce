"""Which samplers are maps from noise to pictures, and what takes the place of those that are not.

The names are classes of diffusers; what they say is checked by measurement once a pipeline runs.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from gancheck.api import LoadError, UsageError

from gancheck_diffusers.quiet import quiet
from gancheck_diffusers.wishes import Wishes

DEFAULT_STEPS = 50
_MAPS = frozenset({
    "DEISMultistepScheduler", "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler",
    "EDMDPMSolverMultistepScheduler", "EDMEulerScheduler", "EulerDiscreteScheduler",
    "FlowMatchEulerDiscreteScheduler", "FlowMatchHeunDiscreteScheduler", "HeunDiscreteScheduler",
    "IPNDMScheduler", "KDPM2DiscreteScheduler", "LMSDiscreteScheduler", "PNDMScheduler",
    "UniPCMultistepScheduler",
})  # fmt: skip
_NOISY = frozenset({
    "CMStochasticIterativeScheduler", "FlowMatchLCMScheduler", "LCMScheduler", "SCMScheduler",
    "TCDScheduler", "UnCLIPScheduler",
})  # fmt: skip
"""They add noise, and networks were distilled for them: no other takes their place."""
_ANCESTRAL = frozenset({
    "DDPMParallelScheduler", "DDPMScheduler", "DPMSolverSDEScheduler",
    "EulerAncestralDiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "SASolverScheduler",
})  # fmt: skip
_ALIASES = {
    "ddim": "DDIMScheduler",
    "ddpm": "DDPMScheduler",
    "dpm++": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "heun": "HeunDiscreteScheduler",
    "pndm": "PNDMScheduler",
    "unipc": "UniPCMultistepScheduler",
}
_SUFFIX = "Scheduler"
_MARKED = "_use_default_values"


@dataclass(frozen=True)
class Chosen:
    """A scheduler of one's own, and how it is run.

    Attributes:
        scheduler: The scheduler.
        steps: Steps of denoising.
        eta: Noise of DDIM.
        notes: What was chosen, in sentences.
    """

    scheduler: Any
    steps: int
    eta: float
    notes: tuple[str, ...]

    @property
    def described(self) -> str:
        """Say what it is, such as ``DDIMScheduler, 50 steps``."""
        noise = f", eta {self.eta:g}" if self.eta else ""
        return f"{type(self.scheduler).__name__}, {self.steps} steps{noise}"


def is_noisy(scheduler: Any, eta: float = 0.0) -> bool | None:
    """Tell by class and configuration whether a sampler adds noise; None where that is not known.

    Args:
        scheduler: A scheduler of diffusers.
        eta: Noise of DDIM.
    """
    name, config = type(scheduler).__name__, scheduler.config
    if name.startswith("DDIM"):
        return eta > 0
    if str(config.get("algorithm_type", "")).startswith("sde"):
        return True
    if name in _MAPS:
        return bool(config.get("stochastic_sampling", False))
    return True if name in _ANCESTRAL | _NOISY else None


def choose(given: Any, wishes: Wishes, usual_steps: int | None) -> Chosen:
    """Return a scheduler as wished, made of the configuration of the given one.

    Args:
        given: The pipeline's scheduler; it is left alone.
        wishes: What the user says.
        usual_steps: Steps that the pipeline takes where nobody says anything.

    Raises:
        UsageError: There is no such scheduler.
        LoadError: It cannot be made for this pipeline, or takes more than single steps.
    """
    name, wish = type(given).__name__, wishes.scheduler
    if wish == "auto":
        replaced = bool(is_noisy(given, wishes.eta)) and _is_plain(given)
        wish = "ddim" if replaced else "keep"
    else:
        replaced = False
    if wish == "keep":
        steps = wishes.steps or usual_steps or DEFAULT_STEPS
        return _checked(Chosen(copy.deepcopy(given), steps, wishes.eta, ()))
    made = _made(wish, given)
    steps = wishes.steps or DEFAULT_STEPS
    chosen = Chosen(made, steps, wishes.eta, ())
    if replaced:
        note = (
            f"The pipeline's sampler, {name}, adds noise at every step; {chosen.described} takes "
            "its place with the same network, so that a picture follows from its initial noise "
            'alone. {"scheduler": "keep"} keeps it.'
        )
        chosen = Chosen(made, steps, wishes.eta, (note,))
    elif type(made).__name__ != name:
        note = f"{chosen.described} takes the place of the pipeline's {name}, as told."
        chosen = Chosen(made, steps, wishes.eta, (note,))
    return _checked(chosen)


def _is_plain(scheduler: Any) -> bool:
    """Tell whether DDIM samples from the same network: it predicts noise under a known schedule."""
    name = type(scheduler).__name__
    sde = str(scheduler.config.get("algorithm_type", "")).startswith("sde")
    known = "beta_schedule" in scheduler.config
    return known and (name in _ANCESTRAL or (sde and name in _MAPS))


def _made(wish: str, given: Any) -> Any:
    import diffusers

    name = _ALIASES.get(wish.lower(), wish)
    kind = getattr(diffusers, name, None) if name.endswith(_SUFFIX) else None
    if kind is None:
        raise UsageError(
            f"there is no scheduler called {wish!r}",
            f"Use auto, keep, {', '.join(_ALIASES)}, or a class of diffusers, such as "
            "DEISMultistepScheduler.",
        )
    try:
        with quiet():
            return kind.from_config(_settings(given))
    except Exception as error:  # the configuration belongs to another class
        raise LoadError(
            f"{name} cannot be made of the settings of {type(given).__name__}: {error}",
            'Keep the pipeline\'s own: {"scheduler": "keep"}.',
        ) from error


def _settings(given: Any) -> dict[str, Any]:
    """Return all settings of a scheduler.

    In memory it marks those that nobody gave, and another class would take its own in their place.
    What was given by position is among the marked: a network would be run under the noise levels
    of another.
    """
    return {name: value for name, value in given.config.items() if name != _MARKED}


def _checked(chosen: Chosen) -> Chosen:
    if hasattr(chosen.scheduler, "step_correct"):
        raise LoadError(
            f"{type(chosen.scheduler).__name__} corrects each step with another call of the "
            "network, which is not done here",
            "Give the pipeline a scheduler of single steps.",
        )
    return chosen
