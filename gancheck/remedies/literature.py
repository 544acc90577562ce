"""Remedies that several conditions share."""

from __future__ import annotations

from gancheck.remedies.nouns import Remedy

PACKING = Remedy(
    "Packing: the discriminator judges several samples at once, so that a lack of variety shows. "
    "On 1,000 stacked digits the authors count 79 modes without and 1,000 with it.",
    "Lin et al. 2018",
)
MINIBATCH = Remedy(
    "Minibatch discrimination: the discriminator is told how much the samples of a batch differ.",
    "Salimans et al. 2016",
)
DEVIATION = Remedy(
    "Minibatch standard deviation: the same idea as one extra feature map, without new parameters.",
    "Karras et al. 2018",
)
UNROLLED = Remedy(
    "Unrolling: the generator is trained against a discriminator some steps ahead, so that moving "
    "all mass to one place no longer pays. Costs as many more steps.",
    "Metz et al. 2017",
)
WGAN_GP = Remedy(
    "A Wasserstein loss with gradient penalty keeps a gradient where samples and data do not "
    "overlap. It steadies training; shares of modes can still be off.",
    "Gulrajani et al. 2017",
)
SPECTRAL = Remedy(
    "Spectral normalisation of the discriminator bounds its slope, at little cost. It steadies "
    "training; it does not ask for variety.",
    "Miyato et al. 2018",
)
TIME_SCALES = Remedy(
    "Two time scales: each network has a learning rate of its own, chosen together.",
    "Heusel et al. 2017",
)
R1 = Remedy(
    "A zero-centred gradient penalty on real data (R1): training then converges near the "
    "equilibrium, where it otherwise circles.",
    "Mescheder et al. 2018",
)
DRAGAN = Remedy(
    "A gradient penalty around the data (DRAGAN): keeps the discriminator from the steep slopes "
    "there that the authors link to collapse.",
    "Kodali et al. 2017",
)
AVERAGE = Remedy(
    "Sample from a moving average of the generator's weights: it damps the circling of training.",
    "Yazici et al. 2019",
)
MODE_SEEKING = Remedy(
    "Mode seeking: reward the generator when different latents give different outputs (MSGAN). "
    "Made for conditional generators.",
    "Mao et al. 2019",
)
AUGMENT = Remedy(
    "Augment what the discriminator sees, real and generated alike: it then does not know few "
    "training images by heart so soon.",
    "Karras et al. 2020; Zhao et al. 2020",
)
REWEIGH = Remedy(
    "Give training data that is drawn too rarely more weight, as told by how the discriminator's "
    "answer to it wavers during training.",
    "Lee et al. 2021",
)
TRUNCATION_OFF = Remedy(
    "Draw without truncation: it trades variety for quality, so a truncated latent law looks like "
    "collapse.",
    "Brock et al. 2019; Karras et al. 2019",
    trained=True,
)
SHUFFLE = Remedy(
    "Shuffle the training data before every epoch; batches of one class teach one class at a time.",
    "Bottou 2012",
)
EARLIER = Remedy(
    "Diagnose earlier checkpoints: collapse often comes late, and all at once.",
    "Brock et al. 2019",
    trained=True,
)
REJECT = Remedy(
    "Reject samples that the discriminator takes for generated (rejection sampling).",
    "Azadi et al. 2019; Turner et al. 2019",
    trained=True,
)
