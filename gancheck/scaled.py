"""Latent laws times a factor, written ``normal:0.7``."""

from __future__ import annotations


def split_law(text: str) -> tuple[str, float]:
    """Split ``normal:0.7`` into the law and its factor; any other text has the factor 1.

    ``module:function`` stays whole, because no function is called like a number.
    """
    law, _, factor = text.rpartition(":")
    try:
        size = float(factor)
    except ValueError:
        return text, 1.0
    return (law, size) if law and 0 < size < float("inf") else (text, 1.0)
