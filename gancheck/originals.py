"""What samples may be copies of, and which of them are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.measures import copying
from gancheck.measures.repeats import (
    QUERIES,
    Honest,
    Pictures,
    Repeats,
    picture_repeats,
    repeated,
    row_repeats,
    spacings,
)
from gancheck.neighbors import Neighbors, nearest, nearest_in_blocks
from gancheck.reference import Part, row_hashes
from gancheck.study import Study
from gancheck.training.tables import blocks

if TYPE_CHECKING:
    from gancheck.measures.copying import Mirrored, Relabelling
    from gancheck.training import Side, Training
    from gancheck.types import AnyArray, FloatArray, IntArray

LEAST_DIMENSION = 4
"""In fewer dimensions copies and honest samples look alike."""
_NEIGHBOURS = 10


@dataclass(frozen=True, eq=False)
class Originals:
    """Real samples that may have been copied: all of the training set, else the reference.

    Attributes:
        noun: ``training`` or ``reference``.
        features: (p, d) through the main view.
        hashes: (p, 16) content hashes.
        name: File name or number of each.
        read: Returns pictures at given row numbers.
        readable: How many of them, from the first, can be read; 0 for vectors.
        visible: The same, where small pictures of them are enough.
    """

    noun: str
    features: FloatArray
    hashes: AnyArray
    name: Callable[[int], str]
    read: Callable[[IntArray], AnyArray]
    readable: int
    visible: int

    @property
    def duplicates(self) -> int:
        """How many repeat another one byte for byte."""
        return len(self.hashes) - len(np.unique(self.hashes, axis=0))

    @cached_property
    def pictures(self) -> Pictures:
        """Pictures and fingerprints of as many as can be looked at."""
        return Pictures.of(self.read, self.readable)

    def single_pictures(self, rng: np.random.Generator) -> IntArray:
        """Return row numbers of some pictures of which there is no second one."""
        known = self.hashes[: len(self.pictures)]
        _, first, counts = np.unique(known, axis=0, return_index=True, return_counts=True)
        return np.sort(rng.permutation(np.sort(first[counts == 1]))[:QUERIES])


@dataclass(frozen=True, eq=False)
class Proof:
    """What held-out data says of n samples.

    Attributes:
        near: Their nearest samples of the pool, in which training samples come first.
        closeness: (n,) see `gancheck.measures.copying.closeness`.
        trained: (p,) True for pool samples of the training side.
        test: The relabelling test.
        control: The mirrored control.
    """

    near: Neighbors
    closeness: FloatArray
    trained: AnyArray
    test: Relabelling
    control: Mirrored

    @classmethod
    def of(cls, study: Study, training: Training) -> Proof:
        """Compare the samples with training and held-out samples."""
        near = training.nearest(study.view.samples.values, _NEIGHBOURS)
        twins, distances = near.indices[:, 0], near.distances[:, 0]
        gaps = training.gaps(twins, near.indices)
        closeness = copying.closeness(near.distances, gaps, study.view.tolerance)
        trained = np.arange(len(training)) < len(training.training)
        rng = study.rng("memorization")
        test = copying.relabelling_on_both_scales(
            twins, distances, closeness, trained, training.radius, rng
        )
        return cls(
            near, closeness, trained, test, copying.mirrored_control(twins, closeness, trained)
        )

    @property
    def twins(self) -> IntArray:
        """(n,) row number of the nearest sample of the pool."""
        return np.asarray(self.near.indices[:, 0])

    @property
    def ratio(self) -> float:
        """How many training samples there are for each held-out one."""
        return float(self.trained.sum() / (~self.trained).sum())

    def nearest_of(self, *, trained: bool) -> tuple[IntArray, FloatArray]:
        """Return each sample's nearest one of a side, and its distance.

        Where it is not among the neighbours that are known, -1 and infinity.
        """
        here = self.trained[self.near.indices] == trained
        place, rows = here.argmax(axis=1), np.arange(len(here))
        found = here[rows, place]
        return (
            np.where(found, self.near.indices[rows, place], -1),
            np.where(found, self.near.distances[rows, place], np.inf),
        )


@dataclass(frozen=True, eq=False)
class Search:
    """What was found when n samples were compared with their possible originals.

    Attributes:
        originals: The possible originals.
        training: Training and held-out samples; None without held-out data.
        proof: What those say; None without.
        uncalibrated: Why there is no proof; empty with one.
        rows: (n,) each sample's nearest original; -1 where it is not near.
        distances: (n,) to it, through the main view.
        repeats: Which samples repeat an original, exactly or nearly.
    """

    originals: Originals
    training: Training | None
    proof: Proof | None
    uncalibrated: str
    rows: IntArray
    distances: FloatArray
    repeats: Repeats

    @property
    def close(self) -> AnyArray:
        """(n,) True for samples that the mirrored control alone knows to be copies."""
        if self.proof is None:
            return np.zeros(len(self.rows), dtype=bool)
        return np.asarray(self.proof.control.flagged & ~self.repeats.any)

    @cached_property
    def order(self) -> IntArray:
        """Row numbers of all copies, the most certain first: exact, near-exact, close."""
        kinds = np.select([self.repeats.exact, self.repeats.near, self.close], [0, 1, 2], 3)
        certainty = self.repeats.differences
        if self.proof is not None:
            certainty = np.where(kinds >= 2, -self.proof.closeness, certainty)
        order = np.lexsort((certainty, kinds))
        return np.asarray(order[kinds[order] < 3])

    def originals_of(self, rows: IntArray) -> IntArray:
        """Return what samples at given row numbers are copies of, or nearest to."""
        return np.where(self.repeats.any[rows], self.repeats.rows[rows], self.rows[rows])

    def held_out_distances(self, features: FloatArray) -> FloatArray | None:
        """Return the distance of each of (m, d) features to the nearest held-out sample."""
        if self.training is None:
            return None
        held = blocks(self.training.held_out.features, self.training.rows_at_once)
        found = nearest_in_blocks(features, held, 1, device=self.training.device)
        return np.asarray(found.distances[:, 0])


def search(study: Study) -> Search:
    """Compare the samples with all that they may be copies of.

    Raises:
        NotAvailable: There is no reference.
    """
    training, why = _training(study)
    proof: Proof | None = None
    if training is None:
        originals, device = _of_reference(study), study.view.device
        near = nearest(study.view.samples.values, originals.features, 1, device=device)
        rows, distances = near.indices[:, 0], near.distances[:, 0]
    else:
        originals, proof = _of_training(study, training.training), Proof.of(study, training)
        rows, distances = proof.nearest_of(trained=True)
    if study.samples.kind == "image":
        held = None if training is None or proof is None else (training.held_out, proof.ratio)
        found = _picture_repeats(study, originals, rows, held)
    else:
        found = _row_repeats(study, originals, proof, (rows, distances))
    return Search(originals, training, proof, why, rows, distances, found)


def _training(study: Study) -> tuple[Training | None, str]:
    """Return training and held-out samples, or why they are of no use."""
    dims = study.view.samples.values.shape[1]
    if dims < LEAST_DIMENSION:
        return None, f"copies cannot be told from honest samples in {dims} dimensions"
    try:
        return study.training, ""
    except NotAvailable as absent:
        return None, absent.message


def _of_reference(study: Study) -> Originals:
    """Take the reference for what may have been copied, scored samples first."""
    scored, apart = study.reference.scored, study.reference.independent
    count = len(scored)

    def read(rows: IntArray) -> AnyArray:
        late = rows >= count
        if not late.any():
            return _shown(scored, rows)
        out = np.empty((len(rows), *scored.shape), dtype=np.uint8)
        out[~late], out[late] = _shown(scored, rows[~late]), _shown(apart, rows[late] - count)
        return out

    def name(row: int) -> str:
        if row < count:
            return scored.id_of(row)
        return apart.id_of(row - count) if apart.ids else f"{row - count} of those fitted on"

    readable = visible = 0
    if scored.kind == "image":
        both = count + len(apart)
        readable = both if _is_whole(apart) else count
        readable, visible = (readable, readable) if _is_whole(scored) else (0, count)
    return Originals(
        "reference",
        np.concatenate([study.view.reference, study.view.fitting]),
        np.concatenate([scored.hashes, apart.hashes]),
        name,
        read,
        readable,
        visible if scored.samples is not None or scored.thumbnails is not None else 0,
    )


def _of_training(study: Study, side: Side) -> Originals:
    """Take all training samples for what may have been copied."""

    def read(rows: IntArray) -> AnyArray:
        found = side.samples(rows)
        if found is None:
            raise NotAvailable("needs the training samples themselves (--reference)")
        return found

    visible = readable = len(side) if study.samples.kind == "image" else 0
    if readable and side.samples(np.array([readable - 1])) is None:
        scored = study.reference.scored  # what a prepared reference holds of pictures
        visible = int((side.rows < len(scored)).sum()) * (scored.thumbnails is not None)
        readable = visible * _is_whole(scored)
    return Originals("training", side.features, side.hashes, side.id_of, read, readable, visible)


def _is_whole(part: Part) -> bool:
    """Tell whether the images are at hand: themselves, or as thumbnails without any loss."""
    small = part.thumbnails
    whole = small is not None and small.tiles is not None and small.shape == part.shape
    return whole or part.samples is not None


def _shown(part: Part, rows: IntArray) -> AnyArray:
    """Return images, or thumbnails where there is nothing else."""
    if part.samples is not None:
        chosen: AnyArray = part.values[rows]
        return chosen
    return part.pictures(rows)


def _picture_repeats(
    study: Study, originals: Originals, near: IntArray, held: tuple[Side, float] | None
) -> Repeats:
    """Compare pictures; how near honest ones come is said by held-out ones, else by the originals.

    Samples that come as near to held-out pictures cannot have copied those, so that their number
    says how many come as near to training pictures by chance.
    """
    images, device = study.samples.values, study.view.device
    hashes = row_hashes(images)
    equal = repeated(hashes, originals.hashes)
    if not originals.readable:
        return picture_repeats(equal, None, Honest(np.empty(0), 0.0))
    also = np.where(near < originals.readable, near, -1)
    alike = originals.pictures.nearest(images, also, device)
    if held is None:
        rows = originals.single_pictures(study.rng("memorization originals"))
        chance = originals.pictures.among_themselves(rows, device)
        return picture_repeats(equal, alike, Honest(chance, len(images) / max(1, len(rows))))
    side, ratio = held
    unseen = Pictures.of(lambda rows: _read(side, rows), len(side))
    distances = unseen.nearest(images, None, device).distances
    distances[repeated(hashes, side.hashes) >= 0] = np.inf
    return picture_repeats(equal, alike, Honest(distances, ratio))


def _read(side: Side, rows: IntArray) -> AnyArray:
    found = side.samples(rows)
    if found is None:
        raise NotAvailable("needs the held-out samples themselves (--holdout)")
    return found


def _row_repeats(
    study: Study,
    originals: Originals,
    proof: Proof | None,
    near: tuple[IntArray, FloatArray],
) -> Repeats:
    """Compare vectors by their distance in the view."""
    few = study.view.samples.values.shape[1] < LEAST_DIMENSION
    rows, distances = near
    if proof is not None:
        honest = Honest(proof.nearest_of(trained=False)[1], proof.ratio)
    else:
        count = len(originals.features)
        chosen = study.rng("memorization originals").permutation(count)[:QUERIES]
        spaces = spacings(originals.features, np.sort(chosen), study.view.device)
        honest = Honest(spaces, len(distances) / len(spaces))
    return row_repeats(distances, rows, honest, 0.0 if few else study.view.tolerance)
