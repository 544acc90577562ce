"""Latents in, samples out: priors, lines through the latent space, and the batched sampler."""
