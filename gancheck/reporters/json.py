"""The diagnosis as JSON: the contract that scripts, gates and later renderings read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.reporters import REPORTERS
from gancheck.reporters.slimming import size

if TYPE_CHECKING:
    from gancheck.types import JSON, Diagnosis


@dataclass(frozen=True)
class Json:
    """Writes `Diagnosis.to_dict` in the order of the contract, one key a line."""

    name: str = "json"
    suffix: str = ".json"

    def render(self, diagnosis: Diagnosis) -> str:
        """Return the diagnosis as strict JSON: numbers JSON cannot hold are null."""
        return json.dumps(diagnosis.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def pictures_size(diagnosis: Diagnosis) -> int:
    """Return how many bytes of the JSON are pictures."""
    shown = [*diagnosis.exhibits, *(one for f in diagnosis.findings for one in f.exhibits)]
    return sum(len(uri) for exhibit in shown for uri in _pictures(exhibit.payload))


def spent(taken: int, diagnosis: Diagnosis) -> str:
    """Say how large the JSON of a diagnosis is and what of it are pictures."""
    return f"{size(taken)}, of it pictures {size(pictures_size(diagnosis))}"


def _pictures(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("data:image/"):
            yield value
    elif hasattr(value, "values"):
        for item in value.values():
            yield from _pictures(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _pictures(item)


REPORTERS.register("json")(Json())
