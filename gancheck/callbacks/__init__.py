"""Gates for training loops: scores on the way, and a training that fails if its generator does.

`DiversityGate` is for plain loops. `gancheck.callbacks.lightning` has the same for Lightning, and
is only imported by those who have it.
"""

from __future__ import annotations

from gancheck.callbacks.loop import DiversityGate
from gancheck.testing import GateFailed, GateWarning

__all__ = ["DiversityGate", "GateFailed", "GateWarning"]
