"""How far the views themselves may be trusted: changes nobody sees, made to the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.measures.trust import LEAST, Change, Trust
from gancheck.study import Study, View
from gancheck.types import Evidence, Finding, Interval, Severity


@ANALYZERS.register("view")
@dataclass(frozen=True)
class ViewTest:
    """Tests the views on real data: what they make of changes that a viewer ignores.

    What it measures:
        Half of the scored reference against its other half, as the samples are compared: as it is
        (the ceiling of every overlap), and with the other half under the noise that rounding to 8
        bits removes, under noise of standard deviation 0.02 of the range from black to white, and
        shifted by half a pixel. 1 means that the view does not see the change. Vectors have the
        ceiling only.

    Why it matters:
        A view that sees what nobody sees reads a small loss of fidelity as a loss of variety. The
        samples are then said to lack what they have.

    When it misleads:
        It tests three changes, not all. A view that sees nothing at all passes: it must also see
        what counts, which the ceilings and the missing modes of a known bad generator show. The
        samples do not enter, so that nothing here speaks for or against the generator.

    What to do:
        Where a change in the main view reads below 0.9, read a low diversity beside the fidelity,
        and give a larger reference or another ``--embedder``. In the strict view such numbers are
        usual: it is there to see them.

    References:
        Kynkaanniemi et al. 2023 and Parmar et al. 2022, on scores that react to what people do
        not see.
    """

    name = "view"

    note_below: float = 0.9

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the ceiling, and a finding for each change."""
        trust = _trust(study.view, study)
        for change in (trust.ceiling, *trust.changes):
            yield self._judge(change, trust, study)

    def _judge(self, change: Change, trust: Trust, study: Study) -> Finding:
        plain = change is trust.ceiling
        low = change.value < self.note_below
        said = f"two halves of the reference score {change.value:.2f} against each other"
        if not plain:
            said = f"{change.words} the reference still scores {change.value:.2f} against itself"
            if low:
                said = f"{change.words} the reference scores only {change.value:.2f} against itself"
        return Finding(
            id=f"{self.name}.{'ceiling' if plain else change.name}",
            analyzer=self.name,
            severity=Severity.NOTE if low else Severity.OK,
            title=said,
            detail=" ".join(_detail(change, study, low=low and not plain)),
            value=change.value,
            interval=Interval(change.low, change.high),
            limit=f">= {self.note_below:.2f}",
        )


def _detail(change: Change, study: Study, *, low: bool) -> Iterator[str]:
    if low:
        yield (
            "The view sees differences that nobody sees: a low diversity may then be a loss of "
            "fidelity."
        )
    other = study.strict_view.trust
    if study.strict_view is study.view or other is None:
        return
    for one in (other.ceiling, *other.changes):
        if one.name == change.name:
            yield f"In the strict view, {study.strict_view.name}: {one.value:.2f}."


def _trust(view: View, study: Study) -> Trust:
    if view.trust is None:
        known = len(study.reference.scored)
        raise NotAvailable(
            f"compares two halves of at least {LEAST} reference samples; {known} are scored"
        )
    return view.trust
