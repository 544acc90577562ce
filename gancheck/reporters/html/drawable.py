"""Pictures of a stored report: what cannot be drawn is set aside before the page is."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gancheck.reporters.html.figures import figure
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import Diagnosis


def drawable(diagnosis: Diagnosis) -> Diagnosis:
    """Return the diagnosis with the data of every picture that cannot be drawn left out.

    The data of pictures are as free as plugins want them, so that only drawing them shows whether
    they can be drawn. One damaged picture must not take the page with it.
    """
    findings = tuple(
        dataclasses.replace(finding, exhibits=sound(finding.exhibits))
        for finding in diagnosis.findings
    )
    return dataclasses.replace(diagnosis, findings=findings, exhibits=sound(diagnosis.exhibits))


def sound(exhibits: Sequence[Exhibit]) -> tuple[Exhibit, ...]:
    """Return exhibits with the data of those that cannot be drawn left out."""
    return tuple(one if _can_be_drawn(one) else _set_aside(one) for one in exhibits)


def _can_be_drawn(exhibit: Exhibit) -> bool:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            figure(exhibit)
    except Exception:  # whatever the data make drawing stumble over
        return False
    return True


def _set_aside(exhibit: Exhibit) -> Exhibit:
    return Exhibit(f"{exhibit.kind} with damaged data", exhibit.title, exhibit.caption, {})
