"""A trace on a terminal and as a page: many checkpoints of one training."""
