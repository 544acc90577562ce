"""A report without what only readers need: small enough to be kept under version control."""

from __future__ import annotations

import math
from dataclasses import replace

from gancheck.types import Diagnosis, Finding

HOPELESS = 1e99
"""Stands for "no number of samples": infinity, and what JSON makes of it, would be lost."""


def slim(diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis without pictures, points on cuts and latents of copies; scores whole."""
    return replace(
        diagnosis,
        exhibits=(),
        findings=tuple(_without_pictures(finding) for finding in diagnosis.findings),
        cuts=tuple(replace(cut, points=()) for cut in diagnosis.cuts),
        copies=tuple(replace(copy, latent=()) for copy in diagnosis.copies),
    )


def _without_pictures(finding: Finding) -> Finding:
    endless = finding.needed is not None and math.isinf(finding.needed)
    return replace(finding, exhibits=(), needed=HOPELESS if endless else finding.needed)
