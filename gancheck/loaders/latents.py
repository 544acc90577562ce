"""Choose the law of the latents: as told, as the BatchNorm layers remember, or assumed.

The first BatchNorm layer usually follows a linear one, so the variance that it sees grows with
the variance of the latents and with nothing else. Seen over remembered, it tells normal latents
(1) from uniform ones (1/3) and from normal ones that were scaled or truncated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gancheck.loaders.audit import DOUBT, Bar, LayerFit, passes, worst
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.laws import draw_latents
from gancheck.loaders.network import Network
from gancheck.types import Concern, Condition, Severity

_LEAST_ROWS = 32
_KNOWN = ("normal", "uniform")
_SCALES = (0.2, 5.0)
_CLOSE = Bar(0.1, 1.25)  # within this of the first layer, a law is taken for that of training
_DISBELIEF = Bar(0.3, 2.0)  # beyond this, the network is hardly the one that was trained
_LIMIT = f"{1 / DOUBT.factor:.2f} to {DOUBT.factor:.2f}"
_ASSUMED = "Latents were assumed to be normal; `--latent-law` says otherwise."


class LawChoice(NamedTuple):
    """The law of the latents, sentences on where it comes from, and what was measured."""

    law: str
    notes: tuple[str, ...]
    concerns: tuple[Concern, ...]


@dataclass(frozen=True)
class _Trials:
    """How the BatchNorm layers like each law that was tried, in the order of trial."""

    fits: dict[str, list[LayerFit]]

    def ratio(self, law: str) -> float:
        """Return the variance that the first layer sees over the one it remembers."""
        return self.fits[law][0].ratio

    def agreeing(self) -> list[str]:
        """Return the laws that the first layer agrees with; those that all agree with, if any."""
        first = [law for law, fits in self.fits.items() if fits[0].within(_CLOSE)]
        return [law for law in first if passes(self.fits[law])] or first


def choose_law(network: Network, latent_shape: tuple[int, ...], options: LoadOptions) -> LawChoice:
    """Return the latent law that is told, or else the one that the statistics agree with."""
    told = options.latent_law
    first = audit(network, latent_shape, told or "normal", options.seed)
    if not first:
        return _unaudited(told)
    laws = [law for law in _KNOWN if law != (told or "normal")]
    others = {law: audit(network, latent_shape, law, options.seed) for law in laws}
    trials = _Trials({told or "normal": first, **others})
    agreeing = trials.agreeing()
    law, notes = (told, ()) if told is not None else _chosen(agreeing, trials)
    rival = None if law in agreeing else next(iter(agreeing), None)
    if rival is None and not trials.fits[law][0].within(DOUBT):
        rival = _scaled(network, latent_shape, trials, options.seed)
    judged = law if rival is None else rival
    return LawChoice(
        law,
        notes,
        (_law_concern(law, rival, trials, network), _statistics_concern(trials.fits[judged])),
    )


def audit(network: Network, latent_shape: tuple[int, ...], law: str, seed: int) -> list[LayerFit]:
    """Compare the BatchNorm layers' memory with what they see under a latent law.

    Returns nothing where there is no such layer, or batches are too small to judge by.
    """
    import torch

    rows = network.batch or network.audit_rows
    if network.fits is None or rows < _LEAST_ROWS:
        return []
    latents = draw_latents(law, rows, latent_shape, seed)
    labels = None
    if network.plan.label is not None and network.classes is not None:
        labels = torch.arange(rows) % network.classes
    return network.fits(network.inputs(latents, labels))


def _scaled(
    network: Network, latent_shape: tuple[int, ...], trials: _Trials, seed: int
) -> str | None:
    """Name the normal law times a factor that the statistics agree with, None without one."""
    scale = trials.ratio("normal") ** -0.5 if trials.ratio("normal") > 0 else 0.0
    if not _SCALES[0] <= scale <= _SCALES[1]:
        return None
    law = f"normal:{scale:.2g}"
    trials.fits[law] = audit(network, latent_shape, law, seed)
    if passes(trials.fits[law]):
        return law
    del trials.fits[law]
    return None


def _unaudited(told: str | None) -> LawChoice:
    said = f"{told} latents, as told" if told else "normal latents were assumed"
    concern = Concern(
        "latent-law",
        Severity.NOTE,
        f"{said}: there are no BatchNorm statistics to check that against",
        ""
        if told
        else "The law of training is the right one. Try: `--latent-law uniform` where "
        "the training code draws from [-1, 1].",
        Condition.WRONG_LATENT_LAW,
    )
    return LawChoice(told or "normal", () if told else (_ASSUMED,), (concern,))


def _chosen(agreeing: list[str], trials: _Trials) -> tuple[str, tuple[str, ...]]:
    if not agreeing:
        return "normal", (_ASSUMED,)
    if len(agreeing) > 1:
        return "normal", (
            "The BatchNorm statistics agree with normal and with uniform latents; normal ones "
            "were assumed, `--latent-law` says otherwise.",
        )
    law, normal, uniform = agreeing[0], trials.ratio("normal"), trials.ratio("uniform")
    return law, (
        f"Latents are {law}, judged by the BatchNorm statistics: the first such layer sees "
        f"{normal:.2f} times under normal, {uniform:.2f} under uniform latents the variance it "
        "remembers.",
    )


def _law_concern(law: str, rival: str | None, trials: _Trials, network: Network) -> Concern:
    ratio = trials.ratio(law)
    seen = f"the first BatchNorm layer sees {ratio:.2f} times the variance it remembers"
    severity, detail = Severity.OK, ""
    title = f"the network was trained on {law} latents: {seen}"
    if rival is not None:
        severity = Severity.WARN
        title = f"the network was trained on {_named(rival)}, not on {law} latents: {seen}"
        detail = (
            f"Under {_named(rival)} it sees {trials.ratio(rival):.2f} times. Fed the wrong law, a "
            "generator draws too little or too much of what it learned; every number then speaks "
            f"of that. Try: {_remedy(rival, network)}."
        )
    elif not trials.fits[law][0].within(DOUBT):
        severity = Severity.NOTE
        title = f"the BatchNorm statistics belong to no latent law that is known here: {seen}"
        detail = "Try: `--latent-law module:function` with the law of the training code."
    return Concern("latent-law", severity, title, detail, Condition.WRONG_LATENT_LAW, ratio, _LIMIT)


def _named(law: str) -> str:
    base, _, factor = law.partition(":")
    return f"{base} latents times {factor} (truncated?)" if factor else f"{law} latents"


def _remedy(rival: str, network: Network) -> str:
    remedy = f"`--latent-law {rival}`"
    factor = rival.partition(":")[2]
    if factor and network.plan.strength is not None:
        return f"{remedy}, or `--truncation {factor}` if the network truncates by itself"
    return remedy


def _statistics_concern(fits: list[LayerFit]) -> Concern:
    poorest = worst(fits)
    if passes(fits):
        title = f"what {_layers(len(fits))} see is what they remember"
        return Concern("statistics", Severity.OK, title, "", None, poorest.ratio, _LIMIT)
    severity = Severity.NOTE if passes(fits, _DISBELIEF) else Severity.WARN
    return Concern(
        "statistics",
        severity,
        f"BatchNorm statistics contradict what the layers see ({poorest})",
        "Usual causes: another activation or epsilon than in training (--arch), weights that are "
        "averages while the statistics are not, or latents of another law. Samples then come from "
        "a network that was never trained. Try: the code and the weights that belong together.",
        None,
        poorest.ratio,
        _LIMIT,
    )


def _layers(count: int) -> str:
    return f"all {count} BatchNorm layers" if count > 1 else "the BatchNorm layer's inputs"
