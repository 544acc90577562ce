"""What a comparison of two subjects says: frozen dataclasses, no I/O."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

from gancheck.plain import to_json
from gancheck.types import JSON, SCHEMA_VERSION, Condition, Exhibit, Score, Subject, Verdict
from gancheck.types.display import Displayed

if TYPE_CHECKING:
    from gancheck.measures.spectrum import Spectrum

ModeShift: TypeAlias = Literal["lost", "thinned", "same", "grown", "gained"]


class Ruling(str, Enum):
    """What B is against A."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"
    SAME = "no difference"


@dataclass(frozen=True)
class Side:
    """One of the two, as it was found by itself.

    Attributes:
        letter: ``A`` or ``B``.
        name: The file it came from, or what stands for it.
        subject: What is known of it.
        verdict: On it alone.
        conditions: What was found of it alone.
        scores: Its scores.
        warnings: What the user should know of it.
    """

    letter: str
    name: str
    subject: Subject
    verdict: Verdict
    conditions: tuple[Condition, ...]
    scores: Mapping[str, Score]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pairing:
    """What the two sides share besides their number of samples.

    Attributes:
        latents: Whether sample i of both was drawn from the same latent.
        reference: Whether both were held against the same samples of the reference.
        reason: Why latents are not shared; empty where they are.
    """

    latents: bool
    reference: bool
    reason: str = ""


@dataclass(frozen=True)
class ScoreChange:
    """A score of B minus that of A.

    Attributes:
        name: Of the score.
        a: Its value for A.
        b: Its value for B.
        value: The difference; above zero where B has more.
        low: Lower end of its 95% interval; minus infinity where it is not known.
        high: Upper end of its 95% interval; infinity where it is not known.
        paired: Whether the error is that of the difference itself, not of two runs apart.
        p_value: Chance of a difference as large were there none; None where there is no error.
        se: Standard error; None where there is none.
        n: Samples a side; None where the score does not say.
    """

    name: str
    a: float
    b: float
    value: float
    low: float
    high: float
    paired: bool
    p_value: float | None
    se: float | None
    n: int | None = None

    @property
    def shown(self) -> bool:
        """Whether its interval leaves zero out, taken by itself; never without an error."""
        return self.se is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class ModeChange:
    """One mode in both.

    Attributes:
        id: Number of the mode.
        label: Its name.
        reference_share: Its share of the reference; None without one.
        a_hits: Samples of A in it.
        b_hits: Samples of B in it.
        a_share: The same as a share of what is clearly of one mode.
        b_share: The same for B.
        low: Lower end of the 95% interval of the share of B over that of A.
        high: Upper end; infinity where A has none.
        shift: ``lost`` or ``thinned`` where B is shown to have less than a quarter or a half of
            what A has; ``gained`` or ``grown`` where A has of B.
    """

    id: int
    label: str
    reference_share: float | None
    a_hits: int
    b_hits: int
    a_share: float
    b_share: float
    low: float
    high: float
    shift: ModeShift


@dataclass(frozen=True)
class Look:
    """One of the numbers that the verdict is decided by.

    Attributes:
        name: A score, or ``spectrum``.
        p_value: By itself.
        shown: Whether it stands with all looks taken together.
    """

    name: str
    p_value: float
    shown: bool


@dataclass(frozen=True)
class Power:
    """What the comparison could have seen of the diversity, four times of five.

    Attributes:
        n: Samples a side.
        visible: The smallest difference.
        asked: A difference that matters.
        needed: Samples a side that would see that one.
    """

    n: int
    visible: float
    asked: float
    needed: int


@dataclass(frozen=True)
class Comparison(Displayed):
    """B against A.

    Attributes:
        ruling: The verdict.
        reasons: Why, in sentences.
        a: The one that is compared with.
        b: The one that is judged.
        pairing: What they share.
        scores: Every score that both have.
        looks: What the verdict was decided by.
        power: What could have been seen; None without a diversity.
        modes: Modes of the reference, else of the pool; those that changed most first.
        modes_of: ``reference``, ``pool``, or empty where there are none.
        spectrum: In which directions they differ; None where samples are not at hand.
        exhibits: Pictures of what was lost and gained.
        settings: What the comparison depended on.
        versions: What it ran with.
        timings: Seconds of its stages.
        warnings: What the user should know.
        created: When.
    """

    ruling: Ruling
    reasons: tuple[str, ...]
    a: Side
    b: Side
    pairing: Pairing
    scores: tuple[ScoreChange, ...]
    looks: tuple[Look, ...]
    power: Power | None
    modes: tuple[ModeChange, ...]
    modes_of: str
    spectrum: Spectrum | None
    exhibits: tuple[Exhibit, ...]
    settings: Mapping[str, JSON]
    versions: Mapping[str, str]
    timings: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    created: str = ""
    schema: int = field(default=SCHEMA_VERSION)

    def shifted(self, *shifts: ModeShift) -> tuple[ModeChange, ...]:
        """Return the modes that changed in one of these ways."""
        return tuple(mode for mode in self.modes if mode.shift in shifts)

    def to_dict(self) -> dict[str, JSON]:
        """Return the comparison as JSON: ``schema`` and ``kind`` first, the ruling as ``verdict``.

        The scores of each side go without their replicates, which only paired errors need.
        """
        plain = {item.name: to_json(getattr(self, item.name)) for item in dataclasses.fields(self)}
        for side in (plain["a"], plain["b"]):
            for score in side["scores"].values():
                score["replicates"] = None
        schema, ruling = plain.pop("schema"), plain.pop("ruling")
        return {"schema": schema, "kind": "comparison", "verdict": ruling, **plain}
