"""Conditions that are no collapse, though some of them look like it."""

from __future__ import annotations

from collections.abc import Mapping

from gancheck.remedies.literature import (
    AUGMENT,
    AVERAGE,
    BALANCE_DISCRIMINATOR,
    DRAGAN,
    GENERATORS,
    GENTLE,
    MIXTURE,
    NOISE,
    NON_SATURATING,
    R1,
    REJECT,
    SHUFFLE,
    SMOOTHING,
    SPECTRAL,
    TIME_SCALES,
    TRUNCATION_ON,
    UNROLLED,
    WGAN,
    WGAN_GP,
)
from gancheck.remedies.nouns import PRACTICE, Advice, Cause, Remedy
from gancheck.types import Condition

_ADVICE = (
    Advice(
        Condition.OFF_DISTRIBUTION,
        "Many samples lie where no reference data is.",
        (
            Cause("training that is too short, or a generator too small"),
            Cause(
                "samples between modes, on the bridges of a continuous generator",
                "Tanielian et al. 2020",
            ),
            Cause(
                "a reference that was cropped, scaled or coloured differently from the training "
                "data"
            ),
        ),
        (
            Remedy(
                "Compare the size, crop and value range of reference and training data",
                "Where they differ, the diagnosis speaks of them and not of the generator. It "
                "costs a look, and helps nothing where they agree.",
                PRACTICE,
                trained=True,
            ),
            TRUNCATION_ON,
            REJECT,
            AVERAGE,
            TIME_SCALES,
            R1,
            SMOOTHING,
        ),
        ("high_quality", "overlap"),
    ),
    Advice(
        Condition.MEMORIZATION,
        "Some samples repeat training data.",
        (
            Cause("few training data, or the same ones many times", "Feng et al. 2021"),
            Cause("a discriminator that knows the training data by heart", "Karras et al. 2020"),
            Cause("training that went on long after held-out data stopped gaining"),
        ),
        (
            Remedy(
                "Reject samples that come too near to a training sample",
                "Copies are then never shown. The generator still holds them, and the limit has "
                "to be chosen against held-out data.",
                PRACTICE,
                trained=True,
            ),
            Remedy(
                "Remove duplicates from the training data",
                "What occurs often is copied first. It was shown for diffusion models, and what "
                "occurs once can be copied too.",
                "Carlini et al. 2023; Somepalli et al. 2023",
            ),
            Remedy(
                "More training data",
                "The share of copies falls steeply with their number. It is the dearest remedy, "
                "where it can be had at all.",
                "Feng et al. 2021",
            ),
            AUGMENT,
            Remedy(
                "Stop when copies appear",
                "Distances to training data that fall below those to held-out data tell when. It "
                "needs held-out data, and quality may still be rising.",
                "Meehan et al. 2020",
            ),
        ),
    ),
    Advice(
        Condition.LATENT_CUTS,
        "Neighbouring latents land far apart, and samples in between look like neither side.",
        (
            Cause(
                "data in separate pieces: a continuous generator must bridge them",
                "Tanielian et al. 2020",
            ),
            Cause("a latent law in one piece", "Khayatkhoei et al. 2018"),
            Cause("steps inside the model: quantisation, argmax, sorting"),
        ),
        (
            Remedy(
                "Reject latents where the output moves fastest",
                "These are the bridges. It needs the slope of the generator and a share to throw "
                "away; rare modes can go with them.",
                "Tanielian et al. 2020",
                trained=True,
            ),
            Remedy(
                "Learn a weight of latents that leaves bridges out",
                "A small network learns after training which latents give samples like the data. "
                "It is trained against a critic of its own, and draws fewer samples than latents.",
                "Issenhuth et al. 2022",
                trained=True,
            ),
            Remedy(
                "A latent law in pieces: a mixture of normals",
                "Where the latents have gaps, the generator need not fill the gaps of the data. "
                "How many pieces, and of which weight, has to be known or learned.",
                "Gurumurthy et al. 2017; Ben-Yosef and Weinshall 2018",
            ),
            GENERATORS,
            MIXTURE,
        ),
        ("high_quality", "overlap"),
    ),
    Advice(
        Condition.IGNORED_LABEL,
        "The output is the same under every label.",
        (
            Cause("the label does not reach the generator, or is embedded with too small a scale"),
            Cause("the discriminator does not see the label, so nothing asks for it"),
            Cause("labels that say nothing about the data, or were shuffled against it"),
        ),
        (
            Remedy(
                "Check that labels and data stay together while they are loaded",
                "Labels that were shuffled apart say nothing, and the best answer to them is to "
                "ignore them. It takes minutes, and clears the loading only.",
                PRACTICE,
                trained=True,
            ),
            Remedy(
                "Show the discriminator the label by projection",
                "A sample that does not fit its label is then a bad sample. It needs labels that "
                "are right, and lets the variety inside classes be.",
                "Miyato and Koyama 2018",
            ),
            Remedy(
                "Have the discriminator name the class (AC-GAN)",
                "A sample is paid for showing its class. It prefers what is typical and lowers the "
                "variety inside classes.",
                "Odena et al. 2017; Gong et al. 2019",
            ),
        ),
    ),
    Advice(
        Condition.MODE_HOPPING,
        "From checkpoint to checkpoint the generator moves from some modes to others.",
        (
            Cause(
                "generator and discriminator chase each other in a circle: all mass flees the mode "
                "that was just learned",
                "Metz et al. 2017",
            ),
            Cause(
                "a generator rate and a beta1 that are too high, so that momentum carries it past "
                "the next mode",
                "Radford et al. 2016",
                "hopping",
            ),
            Cause("training data in the order of its classes", "Bottou 2012"),
        ),
        (AVERAGE, GENTLE, UNROLLED, R1, TIME_SCALES, SHUFFLE),
        ("effective", "overlap"),
    ),
    Advice(
        Condition.SATURATED_DISCRIMINATOR,
        "The discriminator is certain of almost everything, so the generator learns next to "
        "nothing.",
        (
            Cause(
                "a discriminator that learns much faster than the generator, with the loss "
                "log(1 - D), which is flat where it has won",
                "Goodfellow et al. 2014",
                "strong-discriminator",
                "minimax",
            ),
            Cause(
                "real and generated samples that do not overlap: the Jensen-Shannon divergence is "
                "then log 2 wherever the samples are, and has no slope to follow",
                "Arjovsky and Bottou 2017",
            ),
            Cause("few training data, which it knows by heart", "Karras et al. 2020"),
            Cause(
                "real and generated data that differ in something trivial, such as the value range"
            ),
        ),
        (
            NON_SATURATING,
            BALANCE_DISCRIMINATOR,
            R1,
            SPECTRAL,
            WGAN_GP,
            DRAGAN,
            WGAN,
            SMOOTHING,
            AUGMENT,
            NOISE,
        ),
        ("overlap", "diversity"),
    ),
    Advice(
        Condition.WRONG_LATENT_LAW,
        "The generator is fed with other latents than it was trained on.",
        (
            Cause("the law is a guess, because the file does not say it"),
            Cause("latents that were normalised or truncated in training and are not now"),
        ),
        (
            Remedy(
                "Name the law of the training script with `--latent-law`, and diagnose again",
                "What a generator draws from latents that it never saw is no judgement of it. It "
                "costs one run.",
                PRACTICE,
                trained=True,
            ),
            Remedy(
                "Draw latents of the length that the generator was trained on",
                "Normal and uniform latents of many numbers differ in length, and generators draw "
                "poorly at lengths that they hardly saw. It mends the length, not the shape, of a "
                "wrong law.",
                "White 2016",
                trained=True,
            ),
        ),
    ),
    Advice(
        Condition.UNSTABLE_OUTPUT,
        "The same latent gives different outputs, or a sample changes with its batch.",
        (
            Cause("batch normalisation or dropout in training mode", "Ioffe and Szegedy 2015"),
            Cause("an average of weights that was saved without its running statistics"),
            Cause("noise inputs inside the model, which may be meant", "Karras et al. 2019"),
        ),
        (
            Remedy(
                "Export after `model.eval()`",
                "Normalisation then uses the statistics it learned, in place of those of a batch. "
                "It costs nothing, and shows whether those statistics are any good.",
                "Ioffe and Szegedy 2015",
                trained=True,
            ),
            Remedy(
                "Recompute the statistics over many batches (standing statistics)",
                "Weights that were averaged no longer fit statistics that were not. It takes some "
                "thousand samples and no training.",
                "Brock et al. 2019",
                trained=True,
            ),
            Remedy(
                "Fix noise inputs to constants for the diagnosis",
                "What is then left moves with the latent alone. It hides the variety that the "
                "noise brings, and needs a model that allows it.",
                PRACTICE,
                trained=True,
            ),
        ),
    ),
)

OTHERS: Mapping[Condition, Advice] = {one.condition: one for one in _ADVICE}
