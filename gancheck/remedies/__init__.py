"""What each condition means, what usually causes it, and what the literature does about it.

No remedy is a cure: each is said with why it works, what it does not do, where it was shown, and
what it did in the trainings of ``examples/remedies``. A remedy that is no result of a paper is
marked as practice.
"""

from __future__ import annotations

from collections.abc import Mapping

from gancheck.remedies.collapse import COLLAPSE
from gancheck.remedies.nouns import PRACTICE, Advice, Cause, Remedy
from gancheck.remedies.others import OTHERS
from gancheck.remedies.telling import Told, ToldCause, ToldRemedy, lines, told
from gancheck.types import Condition

__all__ = [
    "ADVICE",
    "PRACTICE",
    "Advice",
    "Cause",
    "Remedy",
    "Told",
    "ToldCause",
    "ToldRemedy",
    "lines",
    "told",
]

ADVICE: Mapping[Condition, Advice] = {one: {**COLLAPSE, **OTHERS}[one] for one in Condition}
"""One entry for every condition, in the order in which conditions are listed."""
