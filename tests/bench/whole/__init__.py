"""Where the time of a whole diagnosis goes: kernels, and everything around them."""
