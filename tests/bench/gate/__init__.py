"""How often a gate fails, and how often it should."""
