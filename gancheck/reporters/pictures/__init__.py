"""Pictures as files, drawn with Pillow: a slice of the latent space, and the morph."""
