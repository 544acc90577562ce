"""Benches: run by hand, not by the test suite; what they are made of is tested like the rest."""
