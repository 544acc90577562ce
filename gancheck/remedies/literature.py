"""Remedies that several conditions share."""

from __future__ import annotations

from gancheck.remedies.nouns import PRACTICE, Remedy

PACKING = Remedy(
    "Packing (PacGAN)",
    "The discriminator judges several samples at once, and a pack from a collapsed generator is "
    "told from real ones far more easily than a single sample is. Only its first layer grows; on "
    "1,000 stacked digits the authors count 79 modes without and 1,000 with it.",
    "Lin et al. 2018",
    system="pacgan2",
)
MINIBATCH = Remedy(
    "Minibatch discrimination",
    "The discriminator is told how alike the samples of a batch are, so that copies give "
    "themselves away and the generator gets a slope away from them. It looks for variety within "
    "one batch only, and has more weights to train.",
    "Salimans et al. 2016",
    system="minibatch",
)
DEVIATION = Remedy(
    "Minibatch standard deviation",
    "One more feature map says how much a batch varies, so that a batch without variety is told "
    "from a real one without new weights. It sees how wide samples spread, not which modes they "
    "leave out.",
    "Karras et al. 2018",
)
UNROLLED = Remedy(
    "Unrolling",
    "The generator is trained against a discriminator some steps ahead, so that moving all mass to "
    "one place no longer pays. It costs as many more steps, with gradients through each of them.",
    "Metz et al. 2017",
    system="unrolled",
)
WGAN = Remedy(
    "A Wasserstein loss with clipped weights",
    "The Wasserstein distance falls as both laws come nearer, also where they do not overlap and "
    "the Jensen-Shannon divergence stands still. Clipping holds the critic's slope crudely and "
    "makes it slow and weak, as the authors say themselves.",
    "Arjovsky et al. 2017",
    system="wgan",
)
WGAN_GP = Remedy(
    "A Wasserstein loss with gradient penalty",
    "It keeps a slope where samples and data do not overlap, without clipping weights. It steadies "
    "training at the price of several critic steps a round, and shares of modes can still be off.",
    "Gulrajani et al. 2017",
    system="wgan-gp",
)
SPECTRAL = Remedy(
    "Spectral normalisation of the discriminator",
    "It bounds how steeply the discriminator can tell real from generated, so that its gradient "
    "stays of use, at little cost. It steadies training and does not ask for variety.",
    "Miyato et al. 2018",
    system="spectral",
)
TIME_SCALES = Remedy(
    "Two time scales",
    "With a discriminator that learns faster, the generator follows slopes that are up to date, "
    "and both can settle. There are two rates to choose in place of one, and nothing asks for "
    "variety.",
    "Heusel et al. 2017",
    system="ttur",
)
GENTLE = Remedy(
    "A slower generator, and a beta1 of 0.5 or less",
    "The generator then moves by slopes that are up to date, and without much momentum it stops "
    "where it should. Training takes longer, and nothing asks for variety.",
    "Radford et al. 2016; Heusel et al. 2017",
    system="spiral-gan-better",
    against="spiral-gan-collapsed",
)
BALANCE_GENERATOR = Remedy(
    "As many updates for the discriminator as for the generator",
    "A discriminator that keeps up makes the one best point of a moment a bad one in the next. It "
    "costs time in each round, and how many updates are right has to be tried.",
    "Goodfellow et al. 2014",
    system="plain",
    against="imbalanced",
)
BALANCE_DISCRIMINATOR = Remedy(
    "Fewer or slower updates of the discriminator",
    "A discriminator that has not won yet still has a slope to learn from. The balance has to be "
    "found anew for all data, where a loss that does not saturate needs none.",
    "Goodfellow et al. 2014; Arjovsky and Bottou 2017",
    system="minimax",
    against="strong-discriminator",
)
NON_SATURATING = Remedy(
    "The non-saturating loss, -log D",
    "Its gradient is largest where the discriminator is certain, where that of log(1 - D) fades "
    "out. The gradient there is noisy, and it punishes bad samples more than missing ones.",
    "Goodfellow et al. 2014; Arjovsky and Bottou 2017",
    system="plain",
    against="minimax",
)
SMOOTHING = Remedy(
    "One-sided label smoothing",
    "A discriminator that is told 0.9 for real samples may never be certain, and keeps its slopes "
    "gentle. It still looks at one sample at a time, so that nothing asks for variety.",
    "Salimans et al. 2016",
    system="vanilla",
)
R1 = Remedy(
    "A gradient penalty on real data (R1)",
    "It takes the discriminator's slope away at the data, so that training converges near the "
    "equilibrium where it otherwise circles. The proof is local, and the weight of the penalty "
    "depends on the data.",
    "Mescheder et al. 2018",
)
DRAGAN = Remedy(
    "A gradient penalty around the data (DRAGAN)",
    "It keeps the discriminator from the steep slopes around real samples that the authors saw go "
    "with collapse. It steadies training, and does not ask for variety.",
    "Kodali et al. 2017",
    system="dragan",
)
AVERAGE = Remedy(
    "Sample from a moving average of the weights",
    "Circling weights average out, near the point that they circle around. It has to be kept "
    "during training, and brings back no mode that all of the averaged weights lack.",
    "Yazici et al. 2019",
)
MODE_SEEKING = Remedy(
    "Mode seeking (MSGAN)",
    "A generator that maps latents far apart to one place pays for it. The price knows nothing of "
    "the data and drives samples off them where it is too high; it was made for conditional "
    "generators.",
    "Mao et al. 2019; Yang et al. 2019",
    system="msgan",
)
LABELS = Remedy(
    "Labels for both networks",
    "A label says which mode to draw, so that no class can be dropped unnoticed. It needs labels, "
    "and does nothing for the variety inside a class.",
    "Mirza and Osindero 2014",
    system="conditional",
)
ENCODER = Remedy(
    "An encoder that leads back to the data (MRGAN)",
    "Every real sample is turned into a latent and drawn again, so that a mode that is never drawn "
    "costs something. It takes a second network, and a distance between samples that means "
    "something.",
    "Che et al. 2017",
    system="mrgan",
)
PULL_AWAY = Remedy(
    "An autoencoder as discriminator, with a pull-away term (EBGAN)",
    "Codes of a batch are pushed to point apart, which copies cannot. They may point apart within "
    "one mode, and margin and weight are two more settings.",
    "Zhao et al. 2017",
    system="ebgan",
)
GENERATORS = Remedy(
    "Several generators, told apart by the discriminator (MAD-GAN)",
    "To tell them apart is to push them to different modes, one continuous piece for each. It "
    "costs as many generators, and each may collapse by itself.",
    "Ghosh et al. 2018; Khayatkhoei et al. 2018",
    system="mad-gan",
)
MIXTURE = Remedy(
    "Several generators and a classifier of them (MGAN)",
    "Generators help the classifier by taking different modes, and the discriminator judges "
    "quality apart from that. All have the same share of the samples, whatever the shares of the "
    "modes.",
    "Hoang et al. 2018",
    system="mgan",
)
AUGMENT = Remedy(
    "Augment what the discriminator sees",
    "Real and generated samples are altered alike, so that a discriminator does not know few "
    "training images by heart so soon. Alterations that are too strong or too certain turn up in "
    "the samples.",
    "Karras et al. 2020; Zhao et al. 2020",
)
REWEIGH = Remedy(
    "More weight for training data that is drawn too rarely",
    "How the discriminator's answer to a sample wavers during training tells which these are. It "
    "needs a training that is well under way, and mislabelled or broken data get more weight too.",
    "Lee et al. 2021",
)
TRUNCATION_OFF = Remedy(
    "Draw without truncation",
    "Truncation trades variety for quality, so that a truncated latent law looks like collapse. "
    "Without it single samples look worse.",
    "Brock et al. 2019; Karras et al. 2019",
    trained=True,
)
TRUNCATION_ON = Remedy(
    "Truncate the latent law",
    "Samples near the middle of the latents are closer to the data. Variety is lost, so diagnose "
    "again.",
    "Brock et al. 2019; Karras et al. 2019",
    trained=True,
)
SHUFFLE = Remedy(
    "Shuffle the training data before every epoch",
    "Batches of one class teach one class at a time, and the one before is forgotten. It costs "
    "nothing, and helps only where data came in an order.",
    "Bottou 2012",
)
EARLIER = Remedy(
    "Diagnose earlier checkpoints",
    "Collapse often comes late and all at once, so that an earlier checkpoint may be well. "
    "`gancheck trace` finds it; the cause stays.",
    "Brock et al. 2019",
    trained=True,
)
REJECT = Remedy(
    "Reject samples that the discriminator takes for generated",
    "Where it is right, what is left is closer to the data. It costs draws and needs the "
    "discriminator; it cannot bring a mode that is never drawn.",
    "Azadi et al. 2019; Turner et al. 2019",
    trained=True,
)
NOISE = Remedy(
    "Noise on the discriminator's inputs, less and less of it",
    "Both laws then overlap, and there is a slope between them. Samples stay blurred as long as "
    "the noise is there, and how fast to take it away has to be tried.",
    "Arjovsky and Bottou 2017; Sønderby et al. 2017",
)
WIRING = Remedy(
    "Check the wiring",
    "Draw two latents and follow the difference through the layers: where it dies, the latent is "
    "lost. It takes minutes and finds nothing where the training taught the network to ignore it.",
    PRACTICE,
    trained=True,
)
