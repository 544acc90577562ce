"""Two subjects against each other, on a terminal and as JSON."""
