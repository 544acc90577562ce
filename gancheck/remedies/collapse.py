"""Conditions that are collapse."""

from __future__ import annotations

from collections.abc import Mapping

from gancheck.remedies.literature import (
    AUGMENT,
    DEVIATION,
    EARLIER,
    MINIBATCH,
    MODE_SEEKING,
    PACKING,
    REWEIGH,
    SHUFFLE,
    TRUNCATION_OFF,
    UNROLLED,
    WGAN_GP,
)
from gancheck.remedies.nouns import PRACTICE, Advice, Remedy
from gancheck.types import Condition

COLLAPSE: Mapping[Condition, Advice] = {
    Condition.MISSING_MODES: Advice(
        "Whole kinds of reference data are never or hardly ever drawn.",
        (
            "the generator found outputs that the discriminator accepts and stays with them",
            "a discriminator that sees one sample at a time cannot tell that variety is lacking",
            "the mode is rare in the training data, or not in it at all",
        ),
        (PACKING, MINIBATCH, UNROLLED, WGAN_GP, REWEIGH, EARLIER),
    ),
    Condition.IMBALANCED_MODES: Advice(
        "Every kind is drawn, some far too often and others far too rarely.",
        (
            "the beginning of a collapse, or a training that swings between modes",
            "training data with other shares than the reference, or in the order of its classes",
            "a truncated latent law, which prefers what is common",
        ),
        (PACKING, DEVIATION, REWEIGH, TRUNCATION_OFF, SHUFFLE),
    ),
    Condition.WITHIN_MODE_COLLAPSE: Advice(
        "Each kind is drawn, with less variety inside it than the reference has.",
        (
            "truncation, or a latent that is shorter than the data need",
            "a penalty for pixel error (L1, L2), which draws everything to its mean",
            "a discriminator that looks at single samples",
        ),
        (
            TRUNCATION_OFF,
            DEVIATION,
            PACKING,
            Remedy(
                "Noise on the outputs and a reward for their entropy (PresGAN).",
                "Dieng et al. 2019",
            ),
            MODE_SEEKING,
        ),
    ),
    Condition.FEW_DISTINCT_SAMPLES: Advice(
        "The samples repeat each other: far fewer different ones exist than were drawn.",
        (
            "a discriminator too small to tell few outputs from the whole distribution",
            "the latent hardly reaches the output, or a seed is fixed inside the model",
            "training ended in a few outputs that it moves between",
        ),
        (
            Remedy(
                "A larger discriminator: a small one cannot tell the data from a limited number "
                "of samples of it, and the number of distinct samples grew with its size.",
                "Arora et al. 2017; Arora and Zhang 2017",
            ),
            PACKING,
            MINIBATCH,
            UNROLLED,
            EARLIER,
        ),
    ),
    Condition.IGNORED_LATENT: Advice(
        "The output moves with the latent little or not at all.",
        (
            "the latent does not reach the first layer, or with too small a scale",
            "a condition (label, image, text) that already decides the output",
            "a latent with many more directions than the data have",
        ),
        (
            Remedy(
                "Check the wiring: draw two latents and follow the difference through the layers.",
                PRACTICE,
                True,
            ),
            MODE_SEEKING,
            Remedy(
                "Make the latent recoverable from the output: a network that reads it back "
                "(InfoGAN; for images from images, BicycleGAN).",
                "Chen et al. 2016; Zhu et al. 2017",
            ),
            Remedy("Use a shorter latent where single directions are idle.", PRACTICE),
        ),
    ),
    Condition.CLASS_COLLAPSE: Advice(
        "Under some labels every latent gives the same output.",
        (
            "classes with few training data",
            "conditional batch normalisation whose weights grow without bound in rare classes",
            "an auxiliary classifier that rewards the most typical image of a class",
        ),
        (
            Remedy(
                "Group spectral regularisation: hold the conditional normalisation weights of rare "
                "classes in bounds.",
                "Rangwani et al. 2022",
            ),
            Remedy(
                "Begin without labels and bring them in slowly, where data are few.",
                "Shahbazi et al. 2022",
            ),
            MODE_SEEKING,
            AUGMENT,
        ),
    ),
}
