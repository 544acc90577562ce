"""The result of a gate as JSON, for scripts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.reporters.gates import GATE_REPORTERS

if TYPE_CHECKING:
    from gancheck.gate import GateResult


@dataclass(frozen=True)
class JsonGate:
    """Writes `GateResult.to_dict`: equal results give equal texts."""

    name: str = "json"
    suffix: str = ".json"

    def render(self, result: GateResult) -> str:
        """Return the result as strict JSON: numbers that JSON cannot hold are null."""
        return json.dumps(result.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


GATE_REPORTERS.register("json")(JsonGate())
