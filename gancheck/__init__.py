"""Diagnose collapse in trained generators, with evidence and error bars."""

__version__ = "0.1.0"
