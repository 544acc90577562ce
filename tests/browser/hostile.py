"""Names and messages as an enemy would choose them, in every place that a report has for text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from example_diagnosis import collapsed
from example_digits import digits

from gancheck import exhibits
from gancheck.cutting import CutReport
from gancheck.types import (
    Copy,
    Cut,
    Exhibit,
    Finding,
    Mode,
    Rate,
    Score,
    Severity,
    Skipped,
    Subject,
)

if TYPE_CHECKING:
    from gancheck import Diagnosis

MARK = "__pwned"  # what every text tries to set on the window
TEXTS = {
    "script": f"<script>window.{MARK}=1;alert(1)</script>",
    "quotes": f'"\'`><img src=x onerror="window.{MARK}=1">',
    "closing tags": f"</style></title></textarea></svg></script><svg onload=window.{MARK}=1>",
    "handlers": f"' onmouseover='window.{MARK}=1' autofocus onfocus=window.{MARK}=1 x='",
    "templates": f"{{{{7*7}}}} {{% raw %}} ${{window.{MARK}=1}}",
    "an address": f"javascript:window.{MARK}=1",
    "a comment": "<!-- --!> ]]> <![CDATA[ &amp; &lt; &#60;",
    "a pattern": r"\u003cscript\u003e \x3c $& $1 %3Cb%3E",
    "emoji": "👩‍👩‍👧‍👦 🇩🇪 ❤️ e\u0301",
    "right to left": "שלום مرحبا",
}
CONTROLLED = (  # each begins and ends with letters of its own
    "one\u2028two\u2029three",
    "bell\x07 escape\x1b[31m nul\x00 del\x7f next\x85 feed\x0c end",
    "odd\udcff name",
)
STEERING = frozenset(map(chr, (*range(9), *range(11, 32), *range(0x7F, 0xA0), 0x2028, 0x2029)))
LONG = "W" * 400
TURNED = "photo\u202egnp.exe"  # all that follows on the line would run backwards
HOSTILE = " ".join([*TEXTS.values(), *CONTROLLED])


def report(text: str) -> Diagnosis:
    """Return a diagnosis that says a text wherever a report has words of others."""
    finding = Finding(
        text, text, Severity.FAIL, text, f"{text}\n\nTry: {text}", limit=text, value=0.5,
        exhibits=pictures(text),
    )  # fmt: skip
    plain = dataclasses.replace(finding, exhibits=())
    beside = (
        *(dataclasses.replace(plain, analyzer=one) for one in ("modes", "cuts", "memorization")),
        dataclasses.replace(plain, severity=Severity.OK),
    )
    return dataclasses.replace(
        collapsed(),
        subject=subject(text),
        summary=(text,),
        scores={text: Score(text, 0.5, 0.4, 0.6, 0.9, 100, 5, text)},
        modes=tuple(Mode(i, f"{text} {i}", 0.5, 0.5, 0.4, 0.6, "ok") for i in range(2)),
        cuts=(surface(text),),
        findings=(finding, *beside),
        exhibits=pictures(text)[:4],
        skipped=(Skipped(text, text),),
        settings={"command": text, "reference": text, "embedder": text, text: text},
        versions={"gancheck": text, text: text},
        timings={text: 1.0},
        warnings=(text,),
        copies=(Copy(text, text, "exact", 0.0), Copy(text, text, "close", 0.1, 0.2, 0.3, (0.5,))),
        created=text,
    )


def cut_report(text: str) -> CutReport:
    """Return a look at a latent space that says a text wherever it can."""
    finding = Finding(text, text, Severity.WARN, text, text, exhibits=pictures(text))
    return CutReport(
        subject=subject(text),
        cuts=(surface(text),),
        cut_mass=Score("cut_mass", 0.1, 0.05, 0.2),
        slice=None,
        findings=(finding,),
        skipped=(Skipped(text, text),),
        settings={"command": text, "reference": text, "embedder": text, text: text},
        versions={"gancheck": text, text: text},
        warnings=(text,),
        morph=None,
    )


def subject(text: str) -> Subject:
    """Return a generator whose file, format and law are a text."""
    return dataclasses.replace(
        collapsed().subject, path=text, format=text, notes=(text,), latent_law=text
    )


def surface(text: str) -> Cut:
    """Return a surface between two modes whose names are a text."""
    return Cut("cut", 3, Rate(0.1, 0.05, 0.2), 0.1, 0.4, (1.0, 0.0), 0.3, 1, 0.9, 2.5, (text, text))


def pictures(text: str) -> tuple[Exhibit, ...]:
    """Return one picture of each kind, with a text for its title, caption and labels."""
    rng = np.random.default_rng(0)
    images = digits("12", rng)
    points = rng.normal(size=(20, 2)).astype(np.float32)
    side = exhibits.Side(
        points,
        modes=np.zeros(20, dtype=np.int64),
        pictured=np.arange(2),
        pictures=images,
        names=[text] * 20,
    )
    counts, edges = np.array([1.0, 2.0]), np.array([0.0, 0.5, 1.0])
    extent, axes = (-2.0, 2.0, -2.0, 2.0), (text, text)
    field = rng.random((8, 8)).astype(np.float32)
    line = ("cut", text, False, np.array([[0.0, -1.0], [0.0, 1.0]]))
    layers = [("off", text, text, field), ("jump", text, text, field)]
    return (
        exhibits.grid(text, text, images, role="samples"),
        Exhibit("grid", text, "", {"tiles": [{"image": text, "caption": text}], "role": text}),
        exhibits.strip(text, text, images, [text, text], jumps=(0.1,)),
        exhibits.pairs(text, text, images, images, [text, text], titles=axes),
        exhibits.compared_pairs(text, text, images, images, [text, text], titles=axes),
        exhibits.bars(text, text, (Mode(0, text, 0.5, 0.5, 0.4, 0.6, "ok"),)),
        exhibits.scatter(text, text, [(text, side, points) for side in ("reference", text)],
                         axes=axes),
        exhibits.heatmap(text, text, field, extent, unit=text, axes=axes, marks=points),
        exhibits.latent_slice(text, text, layers, [line], extent, axes=axes, rings=(0.5,)),
        exhibits.crossing(text, text, points[:4], [0.1, 0.2, 0.3], points, axes=axes),
        exhibits.morph(text, text, points, points, points, extent=extent, axes=(axes, axes)),
        exhibits.cloud(text, text, side, side, labels=[text], axes=axes),
        exhibits.histogram(
            text, text, [(text, text, counts)], edges, axes=axes, marks=[(0.5, text)]
        ),
        Exhibit("lines", text, text, {
            "series": [{"name": text, "role": text, "lines": [[0.0, 1.0, 0.5]]}],
            "x_label": text, "y_label": text,
        }),
        Exhibit("table", text, text, {"columns": [text], "rows": [[text]], "note": text}),
        Exhibit(text, text, text, {}),
    )  # fmt: skip
