"""Conditions that are collapse."""

from __future__ import annotations

from collections.abc import Mapping

from gancheck.remedies.literature import (
    AUGMENT,
    BALANCE_GENERATOR,
    DEVIATION,
    EARLIER,
    ENCODER,
    GENERATORS,
    GENTLE,
    LABELS,
    MINIBATCH,
    MIXTURE,
    MODE_SEEKING,
    PACKING,
    PULL_AWAY,
    REWEIGH,
    SHUFFLE,
    TRUNCATION_OFF,
    UNROLLED,
    WGAN_GP,
    WIRING,
)
from gancheck.remedies.nouns import PRACTICE, Advice, Cause, Remedy
from gancheck.types import Condition

_IMPATIENT = Cause(
    "a generator that moves more often or faster than the discriminator, to its one best point of "
    "the moment",
    "Goodfellow et al. 2014",
    "imbalanced",
)
_HASTY = Cause(
    "rates that are high and a beta1 of 0.9, with which the generator chases the discriminator",
    "Radford et al. 2016",
    "spiral-gan-collapsed",
    "spiral-gan-better",
)
_ONE_BY_ONE = Cause(
    "a discriminator that sees one sample at a time and cannot tell that variety is lacking",
    "Salimans et al. 2016",
)

_ADVICE = (
    Advice(
        Condition.MISSING_MODES,
        "Whole kinds of reference data are never or hardly ever drawn.",
        (
            Cause("the generator found outputs that the discriminator accepts and stays with them"),
            _ONE_BY_ONE,
            _IMPATIENT,
            _HASTY,
            Cause("the mode is rare in the training data, or not in it at all"),
        ),
        (
            EARLIER,
            PACKING,
            MINIBATCH,
            LABELS,
            UNROLLED,
            WGAN_GP,
            ENCODER,
            GENERATORS,
            GENTLE,
            BALANCE_GENERATOR,
            REWEIGH,
        ),
        ("modes", "overlap"),
    ),
    Advice(
        Condition.IMBALANCED_MODES,
        "Every kind is drawn, some far too often and others far too rarely.",
        (
            Cause("the beginning of a collapse, or a training that swings between modes"),
            Cause(
                "training data with other shares than the reference, or in the order of its classes"
            ),
            _HASTY,
            Cause("a truncated latent law, which prefers what is common"),
        ),
        (TRUNCATION_OFF, PACKING, DEVIATION, LABELS, MINIBATCH, GENTLE, REWEIGH, MIXTURE, SHUFFLE),
        ("effective", "overlap"),
    ),
    Advice(
        Condition.WITHIN_MODE_COLLAPSE,
        "Each kind is drawn, with less variety inside it than the reference has.",
        (
            Cause("truncation, or a latent that is shorter than the data need"),
            Cause("a penalty for pixel error (L1, L2), which draws everything to its mean"),
            _ONE_BY_ONE,
        ),
        (
            TRUNCATION_OFF,
            DEVIATION,
            PACKING,
            MINIBATCH,
            Remedy(
                "Noise on the outputs and a reward for their entropy (PresGAN)",
                "Noise gives the samples a density, and its entropy is a measure of variety that "
                "can be rewarded. The entropy is estimated by sampling, which makes each step "
                "slow, and samples carry the noise.",
                "Dieng et al. 2019",
            ),
            MODE_SEEKING,
            PULL_AWAY,
        ),
        ("overlap", "diversity"),
    ),
    Advice(
        Condition.FEW_DISTINCT_SAMPLES,
        "The samples repeat each other: far fewer different ones exist than were drawn.",
        (
            Cause(
                "a discriminator too small to tell few outputs from the whole distribution",
                "Arora et al. 2017",
            ),
            Cause("the latent hardly reaches the output, or a seed is fixed inside the model"),
            _IMPATIENT,
            Cause("training ended in a few outputs that it moves between", "", "hopping"),
        ),
        (
            EARLIER,
            Remedy(
                "A larger discriminator",
                "A small one cannot tell the data from a limited number of samples of it, and the "
                "number of distinct samples grew with its size. It costs time and memory, and "
                "wins more easily.",
                "Arora et al. 2017; Arora and Zhang 2017",
            ),
            PACKING,
            MINIBATCH,
            UNROLLED,
            BALANCE_GENERATOR,
            PULL_AWAY,
        ),
        ("diversity", "overlap"),
    ),
    Advice(
        Condition.IGNORED_LATENT,
        "The output moves with the latent little or not at all.",
        (
            Cause("the latent does not reach the first layer, or with too small a scale"),
            Cause(
                "a condition (label, image, text) that already decides the output",
                "Zhu et al. 2017",
            ),
            Cause("a latent with many more directions than the data have"),
        ),
        (
            WIRING,
            MODE_SEEKING,
            Remedy(
                "Make the latent recoverable from the output (InfoGAN, BicycleGAN)",
                "A network reads the latent back from the sample, and the generator is paid for "
                "leaving it readable. It is one network more, and what it reads may be hidden "
                "where nobody sees it.",
                "Chen et al. 2016; Zhu et al. 2017",
            ),
            Remedy(
                "A shorter latent where single directions are idle",
                "What is not used need not be there. It makes the latent space easier to read and "
                "the samples no more varied.",
                PRACTICE,
            ),
        ),
        ("diversity", "overlap"),
    ),
    Advice(
        Condition.CLASS_COLLAPSE,
        "Under some labels every latent gives the same output.",
        (
            Cause("classes with few training data", "Shahbazi et al. 2022"),
            Cause(
                "conditional batch normalisation whose weights grow without bound in rare classes",
                "Rangwani et al. 2022",
            ),
            Cause(
                "an auxiliary classifier that rewards the most typical image of a class",
                "Gong et al. 2019",
            ),
        ),
        (
            Remedy(
                "Group spectral regularisation",
                "It holds the conditional normalisation weights of rare classes in bounds, whose "
                "growth goes with their collapse. It reaches networks with such weights only.",
                "Rangwani et al. 2022",
            ),
            Remedy(
                "Begin without labels and bring them in slowly",
                "What the classes have in common is then learned from all data before each class "
                "is left to its own few. It lengthens training, and when to bring them in has to "
                "be tried.",
                "Shahbazi et al. 2022",
            ),
            MODE_SEEKING,
            AUGMENT,
        ),
        ("diversity", "overlap"),
    ),
)

COLLAPSE: Mapping[Condition, Advice] = {one.condition: one for one in _ADVICE}
