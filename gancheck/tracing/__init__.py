"""One look at many checkpoints of a training: the same latents, one view, one reference."""

from __future__ import annotations

from gancheck.tracing.tracer import SAMPLES, Tracer

__all__ = ["SAMPLES", "Tracer"]
