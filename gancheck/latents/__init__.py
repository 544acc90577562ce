"""The latent space: scanned along lines, cut into surfaces, sliced, and measured by direction."""
