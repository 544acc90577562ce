"""Speed and memory, side by side with the packages that compute the same."""
