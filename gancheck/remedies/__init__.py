"""What each condition means, what usually causes it, and what the literature does about it.

No remedy is a cure: each is said with what it does and where it was shown. A remedy that is no
result of a paper is marked as practice.
"""

from __future__ import annotations

from collections.abc import Mapping

from gancheck.remedies.collapse import COLLAPSE
from gancheck.remedies.nouns import PRACTICE, Advice, Remedy
from gancheck.remedies.others import OTHERS
from gancheck.types import Condition

__all__ = ["ADVICE", "PRACTICE", "Advice", "Remedy"]

ADVICE: Mapping[Condition, Advice] = {one: {**COLLAPSE, **OTHERS}[one] for one in Condition}
"""One entry for every condition, in the order in which conditions are listed."""
