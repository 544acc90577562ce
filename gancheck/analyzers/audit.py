"""What loading a generator showed of it, before a single number was measured on its samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gancheck.analyzers import ANALYZERS
from gancheck.study import Study
from gancheck.types import Concern, Evidence, Finding, Severity


@ANALYZERS.register("audit")
@dataclass(frozen=True)
class Audit:
    """Reports what was measured of the generator itself, on a few hundred latents.

    What it measures:
        ``latent-law``: the variance that the first BatchNorm layer sees over the one that it
        remembers from training: 1 under the law of training, 1/3 where uniform latents (-1..1)
        stand in for normal ones, the square of the factor where latents were truncated or scaled.
        ``statistics``: the same for all layers, which also shows a wrong activation or epsilon.
        ``batch-mates``: how far an output moves when the rest of its batch is exchanged.
        ``internal-noise``: the share of the outputs' variance that equal latents leave.
        ``constant``: whether outputs differ at all. ``range``: the share of values beyond black
        and white. ``program``: whether the file only runs because of ``--trust``.

    Why it matters:
        A generator that is fed, rebuilt or read wrongly draws samples of something that nobody
        trained. They can look like collapse, and every number about them is beside the point.

    When it misleads:
        BatchNorm statistics come from the end of training. Averaged weights that kept the
        statistics of others disagree with them and draw well all the same. Laws of equal variance
        look alike. Files without BatchNorm layers, and ONNX files whose exporter folded them
        away, say nothing of their latents.

    What to do:
        Wrong law: run again with the ``--latent-law`` that the finding names. Batch mates: export
        again after ``model.eval()``. Range: name black and white with ``--output-range``.
        ``gancheck inspect MODEL`` shows all this without a diagnosis.

    References:
        Ioffe and Szegedy 2015, on what BatchNorm layers remember; the audit is gancheck's own.
    """

    name = "audit"

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield one finding for each concern, and say so where nothing was looked at."""
        concerns = study.spec.concerns
        if not concerns:
            yield self._unread()
        for concern in concerns:
            yield self._finding(concern)

    def _finding(self, concern: Concern) -> Finding:
        return Finding(
            id=f"{self.name}.{concern.name}",
            analyzer=self.name,
            severity=concern.severity,
            title=concern.title,
            detail=concern.detail,
            condition=concern.condition,
            value=concern.value,
            limit=concern.limit,
        )

    def _unread(self) -> Finding:
        return Finding(
            id=f"{self.name}.none",
            analyzer=self.name,
            severity=Severity.NOTE,
            title="the generator was not read from a file, and was not looked at before sampling",
        )
