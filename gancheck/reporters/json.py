"""The diagnosis as JSON: the contract that scripts, gates and later renderings read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.reporters import REPORTERS

if TYPE_CHECKING:
    from gancheck.types import Diagnosis


@dataclass(frozen=True)
class Json:
    """Writes `Diagnosis.to_dict` in the order of the contract, one key a line."""

    name: str = "json"
    suffix: str = ".json"

    def render(self, diagnosis: Diagnosis) -> str:
        """Return the diagnosis as strict JSON: numbers JSON cannot hold are null."""
        return json.dumps(diagnosis.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


REPORTERS.register("json")(Json())
