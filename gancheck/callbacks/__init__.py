"""For training loops: what a generator draws on the way, and a training that fails if it collapses.

`Monitor` measures every so many steps and ends in a trace; `DiversityGate` holds the result against
limits. `gancheck.callbacks.lightning` has both for Lightning, and is only imported by those who
have it.
"""

from __future__ import annotations

from gancheck.callbacks.loop import DiversityGate
from gancheck.callbacks.monitor import Monitor
from gancheck.testing import GateFailed, GateWarning

__all__ = ["DiversityGate", "GateFailed", "GateWarning", "Monitor"]
