"""A report held against limits and an earlier report: passed, failed, or not yet known.

Limits are held against one-sided bounds, not against the measured numbers: a gate fails when the
whole interval is beyond a limit, and passes when all of it is within. Everything here is pure and
light, so that gating a stored report starts at once.
"""

from __future__ import annotations

from gancheck.gate.catalogue import FINDINGS, SCORES, WORDS, require_known
from gancheck.gate.choosing import parse_pair, rules
from gancheck.gate.evaluating import evaluate
from gancheck.gate.limits import CONFIDENCES, Kind, Level, Limit, OnInconclusive, Rules, State
from gancheck.gate.outcome import Alarm, GateResult, Outcome, is_decided, needed
from gancheck.gate.slimming import slim

__all__ = [
    "CONFIDENCES",
    "FINDINGS",
    "SCORES",
    "WORDS",
    "Alarm",
    "GateResult",
    "Kind",
    "Level",
    "Limit",
    "OnInconclusive",
    "Outcome",
    "Rules",
    "State",
    "evaluate",
    "is_decided",
    "needed",
    "parse_pair",
    "require_known",
    "rules",
    "slim",
]
