"""Analyzers measure one kind of disease each; one file each, looked up by name."""

from __future__ import annotations

from gancheck.registry import Registry
from gancheck.types import Analyzer

ANALYZERS: Registry[type[Analyzer]] = Registry("analyzer", "gancheck.analyzers")

__all__ = ["ANALYZERS", "Analyzer"]
