"""Conditional generators, judged class by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.latents.directions import Outlook
from gancheck.measures.class_rows import Judged, Probed, Row, Sides, judged, matched, numbered
from gancheck.measures.conditioning import Conditioning, conditioning
from gancheck.measures.obedience import OBEYED_ABOVE, Obedience, obedience
from gancheck.measures.per_class import LEAST, NARROW_BELOW
from gancheck.samplers.prior import draw_latents
from gancheck.stats import proportion_interval, tails_of
from gancheck.study import Study
from gancheck.types import Condition, Evidence, Exhibit, Finding, Interval, Score, Severity

if TYPE_CHECKING:
    from gancheck.types import IntArray

_ROWS = 256
_COLUMNS = 4096  # output coordinates that classes are compared in
_MOST_CLASSES = 1000
_LISTED = 10
_SHOWN, _SHOWN_FLAGGED = 20, 300


@ANALYZERS.register("conditional")
@dataclass(frozen=True)
class Conditional:
    """Judges each class of a conditional generator: is the label obeyed, and does variety remain.

    What it measures:
        ``label_share``: how much of the output's spread the label explains at a given latent; and
        the classes in which every latent gives one and the same output.
        ``worst_class_diversity``: each class is compared with as many real samples of its label,
        300 at most: two-sided overlap times the share of distinct samples, in the main view. A
        class has collapsed when that is shown to be below a half and its samples crowd: most of
        them lie less than half as far from each other as real ones do.
        ``label_fidelity``: how often a sample looks like the class it was asked for, to a
        classifier that learned the reference's labels; its ceiling is what real samples get.

    Why it matters:
        A class that holds one image drowns in the average of a thousand. A label that is not
        obeyed and a latent that is ignored are different diseases: the first draws variety of the
        wrong kind, the second draws the right thing over and over.

    When it misleads:
        Classes with fewer than 50 samples on either side are not compared, only tried for outputs
        that do not move at all. The worst of many classes is partly bad luck: read its interval
        as that of one class. The labels of the reference must be numbered as the generator's are.
        A class whose samples lie off the reference has a low diversity without having collapsed.

    What to do:
        Look at the classes that are named. Few training data in them: share more between classes,
        or augment. Label ignored: check that it reaches the generator and that the discriminator
        sees it. All labels swapped: check how both sides number their classes.

    References:
        Shmelkov et al. 2018 (class by class); Ravuri and Vinyals 2019 (classification accuracy);
        Benjamini and Hochberg 1995 (false discoveries among classes).
    """

    name = "conditional"

    same_below: float = 1e-3
    label_ignored_below: float = 0.01
    fail_collapsed_share: float = 0.05
    diversity_below: float = NARROW_BELOW

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield what label and latent do, then the classes, then how labels are obeyed.

        Raises:
            NotAvailable: There are no labels.
        """
        asked = _asked(study)
        found, kept = self._probed(study)
        if found is not None and len(kept) > 1:
            share = found.label_share
            yield Score("label_share", share, share, share, None, found.latents * len(kept))
            yield self._judge_label(found)
        sides, numbers = _sides(study, asked)
        count = None
        if study.sampler is not None:
            count = study.spec.classes if numbers is None else len(sides.names)
        probed = None if found is None else Probed.of(found, numbered(kept, numbers))
        classes = judged(sides, count, _obedience(study, sides), probed)
        if found is not None:
            yield self._judge_latent(classes)
        yield self._judge_classes(classes, found)
        yield from self._judge_diversity(study, classes)
        if classes.obedience is not None:
            yield from self._judge_obedience(study, classes, classes.obedience)

    def _probed(self, study: Study) -> tuple[Conditioning | None, IntArray]:
        """Measure what label and latent do, in a thousand classes at most; None for samples."""
        if study.sampler is None:
            return None, np.empty(0, dtype=np.int64)
        spec, rng = study.spec, study.rng("conditioning")
        classes = spec.classes or 1
        kept = np.arange(classes)
        if classes > _MOST_CLASSES:
            kept = np.sort(rng.permutation(classes)[:_MOST_CLASSES])
        latents = draw_latents(spec.latent_law, spec.latent_shape, _ROWS, study.seed)
        eyes = Outlook.of(study, _COLUMNS)
        found = conditioning(
            lambda z, y: eyes.outputs(z, kept[y]),
            latents.reshape(_ROWS, -1),
            len(kept),
            _same_share(self.same_below),
            rng,
        )
        return found, kept

    def _judge_label(self, found: Conditioning) -> Finding:
        share = found.label_share
        ignored = share < self.label_ignored_below or not found.label_shown
        return Finding(
            id="conditional.label",
            analyzer=self.name,
            severity=Severity.WARN if ignored else Severity.OK,
            title="the output does not depend on the label"
            if ignored
            else f"{share:.0%} of the output's spread comes from the label at a given latent",
            detail="The same latent gives the same output under every label: differences are "
            f"{np.sqrt(share):.2g} of the spread of outputs."
            if ignored
            else "",
            condition=Condition.IGNORED_LABEL,
            value=share,
            limit=f">= {self.label_ignored_below:g}",
        )

    def _judge_latent(self, classes: Judged) -> Finding:
        """Tell a latent that is ignored under every label from one that is under some."""
        tried = [row for row in classes.rows if row.moved is not None]
        still = [row for row in tried if row.still]
        everywhere = bool(tried) and len(still) == len(tried)
        title = "under every label the output moves with the latent"
        if still:
            title = f"under {len(still):,} of {len(tried):,} labels the latent changes nothing"
        if everywhere:
            title = "the latent changes nothing under any label"
        return Finding(
            id="conditional.latent",
            analyzer=self.name,
            severity=Severity.FAIL if everywhere else Severity.NOTE if still else Severity.OK,
            title=title,
            detail="Given its label, every latent gives the same output, to within "
            f"{_same_share(self.same_below):.0%} of the spread of all outputs: the generator holds "
            "one output for each class."
            if everywhere
            else "",
            condition=Condition.IGNORED_LATENT,
            value=len(still) / max(1, len(tried)),
            limit="< 1",
        )

    def _judge_classes(self, classes: Judged, found: Conditioning | None) -> Finding:
        gone = [row for row in classes.rows if row.lost]
        share = len(gone) / len(classes.rows)
        severity = Severity.WARN if gone else Severity.OK
        if share >= self.fail_collapsed_share:
            severity = Severity.FAIL
        title = f"none of {len(classes.rows):,} classes is shown to have collapsed"
        if gone:
            verb = "has" if len(gone) == 1 else "have"
            title = f"{len(gone):,} of {len(classes.rows):,} classes {verb} collapsed"
            title += f": {_named(gone)}"
        return Finding(
            id="conditional.classes",
            analyzer=self.name,
            severity=severity,
            title=title,
            detail=_about_lost(gone, found) if gone else "",
            condition=Condition.CLASS_COLLAPSE,
            value=share,
            limit="0",
            exhibits=(class_table(classes),),
        )

    def _judge_diversity(self, study: Study, classes: Judged) -> Iterator[Evidence]:
        """Judge classes that have lost variety and still hold some; silent without a reference."""
        if not classes.compared:
            return
        varied = [(row, row.variety) for row in classes.rows if row.variety is not None]
        few = len(classes.rows) - len(varied)
        if not varied:
            title = (
                f"no class has {LEAST} samples and as many real ones, none was compared (--samples "
                f"{LEAST * len(classes.rows):,} draws so many of each)"
            )
            yield Finding("conditional.diversity", self.name, Severity.NOTE, title)
            return
        worst = min((one for _, one in varied), key=lambda one: one.diversity)
        ends = worst.diversity, worst.low, worst.high
        yield Score("worst_class_diversity", *ends, None, worst.n, None, study.view.name)
        thin = [row for row in classes.rows if row.narrow and not row.lost]
        # What has collapsed, or is another class, is told elsewhere.
        left = [pair for pair in varied if not (pair[0].lost or pair[0].disobeyed)]
        row, least = min(left, key=lambda pair: pair[1].diversity, default=(None, worst))
        title = "no class is left that obeys its label and has not collapsed"
        if row is not None:
            title = f"the least varied class, {row.name}, reproduces {least.diversity:.0%}"
            title += " of its real samples' variety"
        if thin:
            title = f"{len(thin):,} of {len(varied):,} classes hold less than half of their variety"
            title += f": {_named(thin)}"
        yield Finding(
            id="conditional.diversity",
            analyzer=self.name,
            severity=Severity.WARN if thin else Severity.OK,
            title=title,
            detail=f"{few:,} classes with fewer than {LEAST} samples on either side were not "
            "compared."
            if few
            else "",
            condition=Condition.WITHIN_MODE_COLLAPSE,
            value=None if row is None else least.diversity,
            interval=None if row is None else Interval(least.low, least.high),
            limit=f">= {self.diversity_below:.2f}",
        )

    def _judge_obedience(
        self, study: Study, classes: Judged, found: Obedience
    ) -> Iterator[Evidence]:
        hits, total = found.hits
        if not total:
            return

        interval, value = proportion_interval(hits, total), hits / total
        tails = tails_of(lambda confidence: proportion_interval(hits, total, confidence))
        yield Score(
            "label_fidelity",
            value,
            *interval,
            found.ceiling,
            total,
            None,
            study.view.name,
            tails,
        )
        wrong = [row for row in classes.rows if row.disobeyed]
        yield Finding(
            id="conditional.obeyed",
            analyzer=self.name,
            severity=Severity.WARN if wrong else Severity.OK,
            title=f"{len(wrong):,} of {len(classes.rows):,} classes do not show what their label "
            f"asks for: {_named(wrong)}"
            if wrong
            else f"{value:.0%} of the samples show what their label asks for, {found.ceiling:.0%} "
            "of real ones",
            detail=_about_wrong(found, wrong) if wrong else "",
            condition=Condition.IGNORED_LABEL if found.ignored else None,
            value=len(wrong) / len(classes.rows),
            limit="0",
        )


def _same_share(of_variance: float) -> float:
    """Return how far two outputs of independent noise lie apart, as a share of the spread."""
    return float(np.sqrt(2 * of_variance))


def class_table(classes: Judged) -> Exhibit:
    """List the classes, the worst first: those that are flagged, and a few of the others."""
    ordered = sorted(classes.rows, key=lambda row: row.rank)
    flagged = [row for row in ordered if row.status]
    shown = ordered[: max(_SHOWN, min(len(flagged), _SHOWN_FLAGGED))]
    rest = ordered[len(shown) :]
    note = ""
    if rest:
        values = [row.variety.diversity for row in rest if row.variety is not None]
        extent = f"; diversity {min(values):.2f} to {max(values):.2f}" if values else ""
        more = sum(bool(row.status) for row in rest)
        which = f"{more:,} of them flagged" if more else "none of them flagged"
        note = f"{len(rest):,} more classes, {which}{extent}."
    return exhibits.table(
        "Classes",
        "The share of the samples that was drawn under each label, and the share of those that "
        "look like it; diversity and fidelity against real samples of the label, at equal n; "
        "distinct samples; how much of the spread of all outputs the latent makes in the class.",
        (
            *("class", "asked", "obeyed", "diversity", "fidelity"),
            *("distinct", "spread from the latent", "status"),
        ),
        [_cells(row) for row in shown],
        note=note,
    )


def _cells(row: Row) -> tuple[str, ...]:
    some = row.variety
    return (
        row.name,
        f"{row.asked:.1%}",
        _percent(row.obeyed),
        "too few" if some is None else f"{some.diversity:.2f} ({some.low:.2f} to {some.high:.2f})",
        "" if some is None else f"{some.fidelity:.2f}",
        _percent(row.distinct),
        "" if row.moved is None else f"{row.moved:.1%}",
        row.status,
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _asked(study: Study) -> IntArray:
    """Return the labels that the samples were drawn under."""
    if study.sampler is not None and study.spec.classes is None:
        raise NotAvailable("needs a generator that takes labels")
    if study.samples.labels is None:
        raise NotAvailable("needs the labels that the samples were drawn under")
    return study.samples.labels


def _sides(study: Study, asked: IntArray) -> tuple[Sides, IntArray | None]:
    """Put samples beside real ones, if those are labelled by the classes of the samples.

    Returns:
        Both sides, and the number that each label of the samples has there; None for its own.
    """
    view, parts, own = study.view, study.reference_parts, study.samples.label_names
    labels = None if parts is None else parts.labels()
    count = np.inf if study.sampler is None else study.spec.classes or 1
    if parts is None or labels is None or not 0 <= labels.min() <= labels.max() < count:
        alone = Sides(view.samples.values, asked, None, None, own, view.tolerance, view.device)
        return alone, None
    names, numbers = matched(own, parts.scored.label_names)
    sides = Sides(
        view.samples.values,
        numbered(asked, numbers),
        view.reference,
        parts.scored.labels,
        names,
        view.twin_radius,
        view.device,
    )
    return sides, numbers


def _obedience(study: Study, sides: Sides) -> Obedience | None:
    """Ask a classifier of real labels what samples look like; None where there are no labels."""
    known = study.reference_parts
    if sides.labels is None or known is None or known.independent.labels is None:
        return None
    values = np.append(np.unique(known.independent.labels), -1)  # -1: cannot be told
    looks, real = values[study.found_modes], values[study.reference_modes]
    return obedience(sides.asked, looks, sides.labels, real)


def _named(rows: Sequence[Row]) -> str:
    named = [
        f"{row.name} (drawn as {row.drawn_as})" if row.drawn_as else row.name
        for row in rows[:_LISTED]
    ]
    more = f" and {len(rows) - _LISTED:,} more" if len(rows) > _LISTED else ""
    return ", ".join(named) + more


def _about_lost(gone: Sequence[Row], found: Conditioning | None) -> str:
    still = [row for row in gone if row.still]
    moving = [row for row in gone if not row.still]
    parts = []
    if still and found is not None:
        parts.append(
            f"One and the same output whatever the latent: {_named(still)}. Every class was given "
            f"the same {found.latents} latents; those that gave one output, {found.suspected:,} of "
            "them, were given more."
        )
    if moving:
        parts.append(
            f"A few outputs, or one that hardly moves: {_named(moving)}. Their samples crowd, and "
            f"reproduce less than {NARROW_BELOW:.0%} of the variety of real ones."
        )
    return " ".join([*parts, "False discoveries among these classes are held at 5%."])


def _about_wrong(found: Obedience, wrong: Sequence[Row]) -> str:
    hits, total = found.hits
    said = (
        f"{hits / total:.0%} of all samples look like what was asked for; of real samples that the "
        f"classifier had not seen {found.ceiling:.0%} do. The classes named get less than "
        f"{OBEYED_ABOVE:.0%} of what real ones get."
    )
    if found.ignored:
        return f"{said} That is hardly more than labels given at random would get."
    if any(row.drawn_as for row in wrong):
        return f"{said} Classes that are swapped may only be numbered otherwise in the reference."
    return said
