"""What is known of collapse in numbers: overlap, distances, clusters, dimension; no I/O."""
