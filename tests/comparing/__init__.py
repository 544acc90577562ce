"""Two subjects against each other: differences, modes, the verdict."""
