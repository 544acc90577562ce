"""What a trace says of trainings whose truth is known: simulated ones, and the spiral's own."""
