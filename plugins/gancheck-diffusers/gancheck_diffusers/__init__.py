"""Diffusion pipelines and VAE decoders of diffusers as generators for gancheck.

Importing this package imports neither torch nor diffusers. It adds a loader, so that
``gancheck diagnose FOLDER`` reads what ``save_pretrained`` wrote; `generator` takes a pipeline that
is in memory.
"""

from __future__ import annotations

from gancheck_diffusers import loader as loader
from gancheck_diffusers.generating import generator

__all__ = ["generator"]
