"""Diagnosis in, text out; one module per form, and none of them measures anything."""

from __future__ import annotations

from gancheck.registry import Registry
from gancheck.reporters.interface import Reporter

REPORTERS: Registry[Reporter] = Registry("reporter", "gancheck.reporters")

__all__ = ["REPORTERS", "Reporter"]
