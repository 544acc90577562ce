"""Real against real, many times: how often gancheck says something where there is nothing."""
