"""What is measured of a pipeline: whether a picture follows from its initial noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gancheck.api import Concern, GeneratorSpec, LoadOptions, Severity, draw_latents

if TYPE_CHECKING:
    import torch

    from gancheck_diffusers.painter import Painter

_ROWS, _SALTS = 8, 4
_MOVED = 1e-4
_SEED = 7  # of the few pictures looked at; another than any run's, by the stream it is used in
_BY_CONSTRUCTION = "the initial noise of a diffusion is normal by construction"


def about(
    spec: GeneratorSpec, painter: Painter, options: LoadOptions
) -> tuple[tuple[Concern, ...], tuple[str, ...]]:
    """Return the concerns of a pipeline, put into its own words, and what the report should say."""
    share = noise_share(painter, options.seed)
    concerns = tuple(_reworded(one, painter, share, options) for one in spec.concerns)
    if share == 0:
        return concerns, ()
    note = (
        f"The sampler adds noise on the way ({share:.0%} of the pictures' variance at equal "
        "initial noise, measured). It is seeded for each sample by its initial noise, so that "
        "samples do not depend on the batch; pictures do not follow the initial noise smoothly, "
        "and cuts and derivatives are not measured."
    )
    return concerns, (note,)


def noise_share(painter: Painter, seed: int) -> float:
    """Return the share of the pictures' variance that equal initial noise leaves, 0 for a map."""
    import torch

    facts = painter.facts
    rows = draw_latents("normal", facts.latent_shape, _ROWS, seed + _SEED)
    latents = torch.from_numpy(rows).to(facts.device)
    labels = None
    if facts.classes:
        labels = torch.arange(_ROWS, device=facts.device) % len(facts.classes)
    first = _flat(painter, latents[:2], labels, 0)
    if float((first - _flat(painter, latents[:2], labels, 1)).abs().max()) <= _MOVED:
        return 0.0
    drawn = torch.stack([_flat(painter, latents, labels, salt) for salt in range(_SALTS)])
    within = float(drawn.var(dim=0).mean())
    whole = float(drawn.flatten(0, 1).var(dim=0).mean())
    return min(1.0, within / whole) if whole > 0 else 0.0


def _flat(
    painter: Painter, latents: torch.Tensor, labels: torch.Tensor | None, salt: int
) -> torch.Tensor:
    asked = None if labels is None else labels[: len(latents)]
    return painter.paint(latents, asked, salt).double().flatten(1).cpu()


def _reworded(one: Concern, painter: Painter, share: float, options: LoadOptions) -> Concern:
    told = options.latent_law not in (None, "normal")
    if one.name == "latent-law" and painter.facts.is_diffusion and not told:
        return replace(one, severity=Severity.OK, title=_BY_CONSTRUCTION, detail="")
    if one.name != "internal-noise":
        return one
    if one.severity is not Severity.OK:
        return replace(
            one,
            detail="The sampler draws noise that cannot be seeded for each sample. Try: "
            '--arch-args \'{"scheduler": "ddim"}\', which adds none.',
        )
    if share == 0:
        return one
    return replace(
        one,
        severity=Severity.NOTE,
        title=f"the sampler adds noise on the way: it makes {share:.0%} of the pictures' variance "
        "at equal initial noise",
        detail="Cut scans and derivatives need a picture that follows from its initial noise. Try: "
        '--arch-args \'{"scheduler": "ddim"}\', which samples from the same network and adds none.',
        value=share,
    )
