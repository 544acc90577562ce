"""Conditions that are no collapse, though some of them look like it."""

from __future__ import annotations

from collections.abc import Mapping

from gancheck.remedies.literature import (
    AUGMENT,
    AVERAGE,
    DRAGAN,
    R1,
    REJECT,
    SHUFFLE,
    SPECTRAL,
    TIME_SCALES,
    UNROLLED,
    WGAN_GP,
)
from gancheck.remedies.nouns import PRACTICE, Advice, Remedy
from gancheck.types import Condition

OTHERS: Mapping[Condition, Advice] = {
    Condition.OFF_DISTRIBUTION: Advice(
        "Many samples lie where no reference data is.",
        (
            "training that is too short, or a generator too small",
            "samples between modes, on the bridges of a continuous generator",
            "a reference that was cropped, scaled or coloured differently from the training data",
        ),
        (
            Remedy(
                "Compare the size, crop and value range of reference and training data.",
                PRACTICE,
                True,
            ),
            AVERAGE,
            Remedy(
                "Truncate the latent law: samples come closer to the data, and variety is lost.",
                "Brock et al. 2019; Karras et al. 2019",
                trained=True,
            ),
            REJECT,
            TIME_SCALES,
            R1,
        ),
    ),
    Condition.MEMORIZATION: Advice(
        "Some samples repeat training data.",
        (
            "few training data, or the same ones many times",
            "a discriminator that knows the training data by heart",
            "training that went on long after held-out data stopped gaining",
        ),
        (
            Remedy(
                "Remove duplicates from the training data: what occurs often is copied first. "
                "Shown for diffusion models.",
                "Carlini et al. 2023; Somepalli et al. 2023",
            ),
            Remedy(
                "More training data: the share of copies falls steeply with their number.",
                "Feng et al. 2021",
            ),
            AUGMENT,
            Remedy(
                "Hold the distances to training data against those to held-out data during "
                "training, and stop when copies appear.",
                "Meehan et al. 2020",
            ),
            Remedy(
                "Reject samples that come too near to a training sample before they are used.",
                PRACTICE,
                True,
            ),
        ),
    ),
    Condition.LATENT_CUTS: Advice(
        "Neighbouring latents land far apart, and samples in between look like neither side.",
        (
            "data in separate pieces: a continuous generator must bridge them",
            "a latent law in one piece",
            "steps inside the model: quantisation, argmax, sorting",
        ),
        (
            Remedy(
                "Reject latents where the output moves fastest: they are the bridges.",
                "Tanielian et al. 2020",
                trained=True,
            ),
            Remedy(
                "Learn a weight of latents that leaves bridges out, after training.",
                "Issenhuth et al. 2022",
                trained=True,
            ),
            Remedy(
                "A latent law in pieces: a mixture of normals.",
                "Gurumurthy et al. 2017; Ben-Yosef and Weinshall 2018",
            ),
            Remedy(
                "Several generators, one for each piece of the data.",
                "Ghosh et al. 2018; Khayatkhoei et al. 2018",
            ),
        ),
    ),
    Condition.IGNORED_LABEL: Advice(
        "The output is the same under every label.",
        (
            "the label does not reach the generator, or is embedded with too small a scale",
            "the discriminator does not see the label, so nothing asks for it",
            "labels that say nothing about the data, or were shuffled against it",
        ),
        (
            Remedy(
                "Check that labels and data stay together while they are loaded.", PRACTICE, True
            ),
            Remedy("Show the discriminator the label by projection.", "Miyato and Koyama 2018"),
            Remedy(
                "Have the discriminator name the class (AC-GAN). It lowers the variety inside "
                "classes.",
                "Odena et al. 2017; on its cost, Gong et al. 2019",
            ),
        ),
    ),
    Condition.MODE_HOPPING: Advice(
        "From checkpoint to checkpoint the generator moves from some modes to others.",
        (
            "generator and discriminator chase each other in a circle",
            "learning rates that are too high",
            "training data in the order of its classes",
        ),
        (AVERAGE, UNROLLED, R1, TIME_SCALES, SHUFFLE),
    ),
    Condition.SATURATED_DISCRIMINATOR: Advice(
        "The discriminator is certain of almost everything, so the generator learns next to "
        "nothing.",
        (
            "a discriminator that learns much faster than the generator",
            "few training data, which it knows by heart",
            "real and generated data that differ in something trivial, such as the value range",
        ),
        (
            Remedy(
                "The non-saturating loss, -log D, keeps the generator's gradient.",
                "Goodfellow et al. 2014",
            ),
            R1,
            SPECTRAL,
            WGAN_GP,
            DRAGAN,
            AUGMENT,
            Remedy(
                "Noise on the discriminator's inputs, less and less of it, makes both sides "
                "overlap.",
                "Arjovsky and Bottou 2017; Sønderby et al. 2017",
            ),
        ),
    ),
    Condition.WRONG_LATENT_LAW: Advice(
        "The generator is fed with other latents than it was trained on.",
        (
            "the law is a guess, because the file does not say it",
            "latents that were normalised or truncated in training and are not now",
        ),
        (
            Remedy(
                "Name the law of the training script with `--latent-law`, and diagnose again.",
                PRACTICE,
                True,
            ),
            Remedy(
                "Normal and uniform latents of many numbers differ in length, and generators draw "
                "poorly at lengths that they hardly saw.",
                "White 2016",
                trained=True,
            ),
        ),
    ),
    Condition.UNSTABLE_OUTPUT: Advice(
        "The same latent gives different outputs, or a sample changes with its batch.",
        (
            "batch normalisation or dropout in training mode",
            "an average of weights that was saved without its running statistics",
            "noise inputs inside the model, which may be meant",
        ),
        (
            Remedy(
                "Export after `model.eval()`: normalisation then uses the statistics it learned.",
                "Ioffe and Szegedy 2015",
                trained=True,
            ),
            Remedy(
                "Recompute the statistics over many batches of samples (standing statistics).",
                "Brock et al. 2019",
                trained=True,
            ),
            Remedy(
                "Fix noise inputs to constants for the diagnosis, where the model allows it.",
                PRACTICE,
                True,
            ),
        ),
    ),
}
