"""The comparison of BatchNorm memories with what the layers see."""

from __future__ import annotations

import math

import pytest
import torch

from gancheck.loaders.audit import (
    REBUILD,
    Bar,
    LayerFit,
    fit_layer,
    fits_of_module,
    misfit,
    passes,
    residual,
    worst,
)
from loaders.loader_models import LATENT, Dcgan


def test_shift_and_ratio_of_one_layer() -> None:
    """Known means and variances give the shift in deviations and the ratio of variances."""
    torch.manual_seed(0)
    inputs = torch.randn(2000, 3, 4, 4) * 2 + 1
    fit = fit_layer("layer", inputs, torch.full((3,), 0.0), torch.full((3,), 1.0))
    assert fit is not None
    assert fit.shift == pytest.approx(1.0, abs=0.05)
    assert fit.ratio == pytest.approx(4.0, rel=0.02)


def test_dead_channels_are_left_out() -> None:
    """A channel that never varied says nothing; a layer of such channels has no fit."""
    inputs = torch.randn(500, 2)
    one_dead = fit_layer("layer", inputs, torch.zeros(2), torch.tensor([1.0, 0.0]))
    assert one_dead is not None
    assert math.isfinite(one_dead.shift)
    assert fit_layer("layer", inputs, torch.zeros(2), torch.zeros(2)) is None


def test_bars_and_misfit() -> None:
    """Perfect layers pass any bar, poor ones only the wider, and the worst is found."""
    perfect, poor = LayerFit("a", 0.0, 1.0), LayerFit("b", 0.07, 0.8)
    assert passes([perfect], REBUILD)
    assert passes([perfect, poor])
    assert not passes([perfect, poor], REBUILD)
    assert not passes([])
    assert worst([perfect, poor]) is poor
    assert misfit([perfect]) == 0
    assert misfit([]) == math.inf
    assert misfit([LayerFit("c", 0.1, 1.0)]) == pytest.approx(1.0)
    assert misfit([LayerFit("d", 0.0, 1.4)]) == pytest.approx(misfit([LayerFit("e", 0.0, 1 / 1.4)]))


def test_truth_passes_and_untruth_does_not(dcgan: Dcgan) -> None:
    """Normal latents agree with a network trained on them, in both layers; uniform ones do not."""
    torch.manual_seed(0)
    normal, uniform = torch.randn(512, LATENT, 1, 1), 2 * torch.rand(512, LATENT, 1, 1) - 1
    fits = fits_of_module(dcgan, lambda: dcgan(normal))
    assert len(fits) == 2
    assert passes(fits, REBUILD)
    wrong = fits_of_module(dcgan, lambda: dcgan(uniform))
    assert wrong[0].ratio == pytest.approx(1 / 3, rel=0.1)
    assert not passes(wrong)


def test_hooks_are_gone_afterwards(dcgan: Dcgan) -> None:
    """The audit leaves no hook behind, also when the call fails."""
    with pytest.raises(RuntimeError):
        fits_of_module(dcgan, lambda: dcgan(torch.zeros(2, LATENT + 1, 1, 1)))
    assert not any(layer._forward_pre_hooks for layer in dcgan.modules())


def test_a_run_ends_at_the_first_layer_beyond_the_bar(dcgan: Dcgan) -> None:
    """What is already refuted is run no further, and the layer that did it is told."""
    wide = 3 * torch.randn(64, LATENT, 1, 1)
    ran: list[object] = []
    handle = dcgan.main[-1].register_forward_hook(lambda *_: ran.append(1))
    fits = fits_of_module(dcgan, lambda: dcgan(wide), stop=Bar(0.3, 2.0))
    handle.remove()
    assert len(fits) == 1
    assert fits[0].ratio > 2
    assert ran == []


def test_batches_are_judged_together(dcgan: Dcgan) -> None:
    """A call in several batches gives the fits of one call with all of them."""
    latents = torch.randn(96, LATENT, 1, 1, generator=torch.Generator().manual_seed(1))
    whole = fits_of_module(dcgan, lambda: dcgan(latents))
    parts = fits_of_module(dcgan, lambda: [dcgan(part) for part in (latents[:40], latents[40:])])
    assert [fit.shift for fit in parts] == pytest.approx([fit.shift for fit in whole], abs=1e-6)
    assert [fit.ratio for fit in parts] == pytest.approx([fit.ratio for fit in whole], rel=1e-5)


def test_the_residual_leaves_out_the_oddest_channels() -> None:
    """One channel in ten may be far off, as where it hardly varied in training; two may not."""
    inputs = torch.randn(4000, 10, generator=torch.Generator().manual_seed(2))
    inputs = (inputs - inputs.mean(dim=0)) / inputs.std(dim=0, correction=0)
    mean = torch.zeros(10)
    mean[0] = 0.8
    one = fit_layer("layer", inputs, mean, torch.ones(10))
    mean[1] = 0.8
    two = fit_layer("layer", inputs, mean, torch.ones(10))
    assert one is not None
    assert two is not None
    assert one.residual < 0.001
    assert two.residual == pytest.approx(math.sqrt(0.64 / 9 / 2), rel=0.01)
    assert residual([one, two]) == pytest.approx(two.residual / math.sqrt(2), rel=0.01)
    assert residual([]) == math.inf
