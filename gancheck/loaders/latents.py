"""Choose the law of the latents: as told, as the BatchNorm layers remember, or assumed."""

from __future__ import annotations

from gancheck.loaders.audit import LayerFit, passes, worst
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.laws import draw_latents
from gancheck.loaders.network import Network

_LEAST_ROWS = 32


def choose_law(
    network: Network, latent_shape: tuple[int, ...], options: LoadOptions
) -> tuple[str, tuple[str, ...]]:
    """Return the latent law and sentences on where it comes from."""
    if options.latent_law is not None:
        fits = audit(network, latent_shape, options.latent_law, options.seed)
        return options.latent_law, _doubt(fits, f"{options.latent_law} latents, as told,")
    normal = audit(network, latent_shape, "normal", options.seed)
    if not normal:
        return "normal", ("Latents were assumed to be normal; `--latent-law` says otherwise.",)
    uniform = audit(network, latent_shape, "uniform", options.seed)
    agreeing = [law for law, fits in (("normal", normal), ("uniform", uniform)) if passes(fits)]
    if len(agreeing) == 1:
        return agreeing[0], (_explain(agreeing[0], normal, uniform),)
    if agreeing:
        return "normal", (
            "The BatchNorm statistics agree with normal and with uniform latents; normal ones "
            "were assumed, `--latent-law` says otherwise.",
        )
    return "normal", (
        *_doubt(normal, "normal or uniform latents"),
        "Latents were assumed to be normal; `--latent-law` says otherwise.",
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


def _explain(law: str, normal: list[LayerFit], uniform: list[LayerFit]) -> str:
    ratios = f"{normal[0].ratio:.2f} times under normal, {uniform[0].ratio:.2f} under uniform"
    return (
        f"Latents are {law}, judged by the BatchNorm statistics: the first such layer sees "
        f"{ratios} latents the variance it remembers."
    )


def _doubt(fits: list[LayerFit], what: str) -> tuple[str, ...]:
    if not fits or passes(fits):
        return ()
    return (
        f"The BatchNorm statistics do not agree with {what} ({worst(fits)}): the latent law or "
        "the architecture may be wrong, or the statistics belong to other weights (an averaged "
        "copy).",
    )
