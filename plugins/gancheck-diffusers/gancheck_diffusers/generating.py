"""From a pipeline to a generator of gancheck."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancheck.api import (
    GancheckError,
    Generator,
    GeneratorSpec,
    LoadError,
    LoadOptions,
    Source,
    UsageError,
    draw_latents,
    expect_generator,
    hash_files,
    make_called,
)

from gancheck_diffusers.reading import DECODERS, DENOISERS, Folder, local, read, reason
from gancheck_diffusers.wishes import Wishes

if TYPE_CHECKING:
    import torch

    from gancheck_diffusers.painter import Facts, Painter

FORMAT = "diffusers"
_PROBES = 64  # pictures looked at beforehand: each takes many calls of the network
_NAMED = 20  # classes


@dataclass(frozen=True, eq=False)
class PipelineGenerator:
    """A pipeline as gancheck takes it; see `gancheck.api.Generator`.

    Attributes:
        made: The generator underneath.
        painter: What paints.
        spec: What is known of it.
    """

    made: Generator
    painter: Painter
    spec: GeneratorSpec

    def __call__(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Map initial noise (n, c, h, w) to pictures (n, c, h, w), 0..1."""
        return self.made(latents, labels)


def generator(pipeline: Any, **settings: Any) -> Generator:
    """Make a generator of a pipeline, for `gancheck.diagnose`.

    Args:
        pipeline: A pipeline of diffusers, a ``UNet2DModel``, a VAE, or the path of a folder of one.
            It runs where it is, and is left as it was.
        settings: Those of `gancheck_diffusers.wishes.Wishes` by name, such as ``scheduler="ddim",
            steps=50, prompts=["a red disc", "a blue disc"], classes=[207, 360], guidance=4.0``.

    Raises:
        GancheckError: It cannot be run so; the message says why and what helps.
    """
    if isinstance(pipeline, (str, Path)):
        return of_folder(local(str(pipeline)), LoadOptions(arch_args=settings))
    wishes = Wishes.of(settings)
    painter = painter_of(pipeline, wishes)
    name = f"{type(pipeline).__name__} (in memory)"
    source = Source(Path(name), FORMAT, known_sha256=_hash(pipeline))
    return _made(painter, source, LoadOptions(device=painter.facts.device))


def of_folder(folder: Folder, options: LoadOptions) -> Generator:
    """Make a generator of a folder, with the settings in ``arch_args``.

    Raises:
        GancheckError: It cannot be read or run so; the message says why and what helps.
    """
    expect_generator(folder.path, FORMAT, options)
    wishes = Wishes.of(options.arch_args)
    pipeline = read(folder, options.device, trust=options.trust)
    painter = painter_of(pipeline, wishes)
    pickles = folder.pickles()
    source = Source(
        folder.path,
        FORMAT,
        trusted=f"its weights are pickles ({pickles[0]})" if pickles else "",
        known_sha256=hash_files(folder.path, folder.files()),
    )
    return _made(painter, source, options)


def painter_of(pipeline: Any, wishes: Wishes) -> Painter:
    """Tell what kind of pipeline it is.

    Raises:
        UsageError: None of these.
        LoadError: Its configuration lacks what is needed.
    """
    from gancheck_diffusers.decoding import Alone
    from gancheck_diffusers.diffusion import Diffusion
    from gancheck_diffusers.prompted import Prompted, takes_prompts

    kind = type(pipeline).__name__
    if kind in DECODERS:
        return Alone.of(pipeline, wishes)
    if kind in DENOISERS:
        return Diffusion.of(_lone(pipeline), wishes, None)
    if hasattr(pipeline, "components") and takes_prompts(pipeline):
        return Prompted.of(pipeline, wishes)
    parts = _parts(pipeline)
    if parts is None:
        raise UsageError(
            f"expected a pipeline of noise and a sampler, a UNet2DModel or a VAE, got {kind}",
            "Draw pictures with it, and give their folder.",
        )
    return Diffusion.of(parts, wishes, _usual_steps(pipeline))


def _parts(pipeline: Any) -> Mapping[str, Any] | None:
    """Return denoising network, sampler and decoder; None where a pipeline has other parts."""
    known = dict(getattr(pipeline, "components", {}))
    network = known.pop("unet", None) or known.pop("transformer", None)
    scheduler = known.pop("scheduler", None)
    decoder = known.pop("vae", None) or known.pop("vqvae", None)
    if network is None or scheduler is None or any(value is not None for value in known.values()):
        return None
    names = getattr(pipeline, "labels", {})
    return {"network": network, "scheduler": scheduler, "decoder": decoder, "names": names}


def _lone(network: Any) -> Mapping[str, Any]:
    """Give a network without a sampler that of DDPM, as diffusers configures it."""
    from diffusers import DDPMScheduler

    return {"network": network, "scheduler": DDPMScheduler()}


def _usual_steps(pipeline: Any) -> int | None:
    import inspect

    taken = inspect.signature(type(pipeline).__call__).parameters
    default = taken["num_inference_steps"].default if "num_inference_steps" in taken else None
    return default if isinstance(default, int) else None


def _made(painter: Painter, source: Source, options: LoadOptions) -> Generator:
    facts = painter.facts
    _require_picture(painter)

    def draw(latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return painter.paint(latents, labels, 0)

    told = replace(
        options,
        output_range=options.output_range or (0.0, 1.0),
        latent_law=options.latent_law or "normal",
        limit=min(_PROBES, options.limit or _PROBES),
    )
    made = make_called(
        str(source.path),
        draw,
        told,
        source=source,
        latent_shape=facts.latent_shape,
        classes=len(facts.classes) or None,
    )
    return PipelineGenerator(made, painter, _spec(made.spec, painter, options))


def _require_picture(painter: Painter) -> None:
    """Paint one picture: whatever is wrong with a pipeline is told in its own words.

    Raises:
        LoadError: The pipeline raises; the message quotes it.
    """
    import torch

    facts = painter.facts
    latents = torch.from_numpy(draw_latents("normal", facts.latent_shape, 1, 0)).to(facts.device)
    labels = torch.zeros(1, dtype=torch.long, device=facts.device) if facts.classes else None
    try:
        painter.paint(latents, labels, 0)
    except GancheckError:
        raise
    except Exception as error:  # pipelines are foreign code
        raise LoadError(
            f"{facts.described} raised {type(error).__name__} at its first picture: "
            f"{reason(error)}",
            "Latents and labels are those of its configuration. Settings change how it is run: "
            '--arch-args \'{"scheduler": "keep", "steps": 50, "size": 64}\'.',
        ) from error


def _spec(spec: GeneratorSpec, painter: Painter, options: LoadOptions) -> GeneratorSpec:
    from gancheck_diffusers.measuring import about

    facts = painter.facts
    concerns, notes = about(spec, painter, options)
    return replace(
        spec,
        concerns=concerns,
        notes=(*facts.notes, *_names(facts), *spec.notes, *notes),
        call=f"{spec.call}; {facts.described}",
        backend="torch, diffusers",
        differentiable=False,
        label_names=facts.classes,
    )


def _names(facts: Facts) -> tuple[str, ...]:
    are_told = any(note.startswith("Labels are prompts") for note in facts.notes)
    if are_told or all(name == str(at) for at, name in enumerate(facts.classes)):
        return ()
    shown = ", ".join(f"{at} = {name}" for at, name in enumerate(facts.classes[:_NAMED]))
    more = f", and {len(facts.classes) - _NAMED} more" if len(facts.classes) > _NAMED else ""
    return (f"Labels are classes: {shown}{more}.",)


def _hash(pipeline: Any) -> str:
    """Return the SHA-256 over the weights of all networks of a pipeline."""
    import torch
    from torch import nn

    digest = hashlib.sha256()
    parts = getattr(pipeline, "components", {"network": pipeline})
    for name in sorted(parts):
        if not isinstance(parts[name], nn.Module):
            continue
        for key, weight in sorted(parts[name].state_dict().items()):
            digest.update(f"{name}.{key}\0{weight.dtype}\0{tuple(weight.shape)}\n".encode())
            flat = weight.detach().cpu().contiguous().reshape(-1)
            digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()
