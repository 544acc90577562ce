"""Several processes that share the work of one run; see `gancheck.crew.interface`."""

from gancheck.crew.interface import Alone, Crew, current, spans, working_with

__all__ = ["Alone", "Crew", "current", "spans", "working_with"]
