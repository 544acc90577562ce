"""Everything that a plugin may use of gancheck, beside what `gancheck` itself offers.

A plugin imports from `gancheck` and from here, and from nowhere else. The names of both change only
with the major version of gancheck: until then none is dropped or renamed, and no argument is added
that has no default.

Importing this module imports neither torch nor numpy; the names load what they need when they are
first used. ``AnyArray``, ``FloatArray`` and ``IntArray`` are for annotations: as a program runs,
each is ``numpy.ndarray``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gancheck.analyzers import ANALYZERS, Analyzer
    from gancheck.embedders import (
        EMBEDDERS,
        ENOUGH_INDEPENDENT,
        Embedder,
        Material,
        Restorer,
        Stateful,
    )
    from gancheck.errors import (
        AmbiguousError,
        GancheckError,
        GeneratorError,
        LoadError,
        NotAvailable,
        RefusedError,
        ShapeError,
        UsageError,
    )
    from gancheck.exhibits import (
        bars,
        crossing,
        grid,
        heatmap,
        histogram,
        pairs,
        scatter,
        strip,
        table,
    )
    from gancheck.gate import GateResult
    from gancheck.images import to_pixels, to_uint8
    from gancheck.laws import LAWS, Law
    from gancheck.loaders import LOADERS, Loader, LoadOptions, Sniffed, sniff
    from gancheck.loaders.architectures import ARCHITECTURES, Architecture, Proposal
    from gancheck.loaders.arrays import RawSamples, make_samples
    from gancheck.loaders.called import make_called
    from gancheck.loaders.hashing import hash_file, hash_files
    from gancheck.loaders.interface import expect_generator
    from gancheck.loaders.probe import Source
    from gancheck.packed import pack, unpack
    from gancheck.reference import Reference
    from gancheck.reporters import REPORTERS, Reporter
    from gancheck.reporters.gates import GATE_REPORTERS, GateReporter
    from gancheck.samplers.batches import Sampler
    from gancheck.samplers.prior import draw_labels, draw_latents
    from gancheck.stats import (
        poisson_interval,
        proportion_interval,
        reject_false_discoveries,
        share_ratio_interval,
        share_ratio_p_values,
        split_se,
        tails_around,
        tails_of,
    )
    from gancheck.study import Study, View
    from gancheck.types import (
        JSON,
        AnyArray,
        Column,
        Concern,
        Condition,
        Copy,
        CopyKind,
        Cut,
        CutKind,
        Diagnosis,
        Embedding,
        Evidence,
        Exhibit,
        Features,
        Finding,
        FloatArray,
        Generator,
        GeneratorSpec,
        IntArray,
        Interval,
        Mode,
        ModeStatus,
        OutputKind,
        Rate,
        Replicates,
        SampleSet,
        Score,
        Severity,
        Skipped,
        Subject,
        Tails,
        Verdict,
    )

__all__ = [
    "ANALYZERS",
    "ARCHITECTURES",
    "EMBEDDERS",
    "ENOUGH_INDEPENDENT",
    "GATE_REPORTERS",
    "JSON",
    "LAWS",
    "LOADERS",
    "REPORTERS",
    "AmbiguousError",
    "Analyzer",
    "AnyArray",
    "Architecture",
    "Column",
    "Concern",
    "Condition",
    "Copy",
    "CopyKind",
    "Cut",
    "CutKind",
    "Diagnosis",
    "Embedder",
    "Embedding",
    "Evidence",
    "Exhibit",
    "Features",
    "Finding",
    "FloatArray",
    "GancheckError",
    "GateReporter",
    "GateResult",
    "Generator",
    "GeneratorError",
    "GeneratorSpec",
    "IntArray",
    "Interval",
    "Law",
    "LoadError",
    "LoadOptions",
    "Loader",
    "Material",
    "Mode",
    "ModeStatus",
    "NotAvailable",
    "OutputKind",
    "Proposal",
    "Rate",
    "RawSamples",
    "Reference",
    "RefusedError",
    "Replicates",
    "Reporter",
    "Restorer",
    "SampleSet",
    "Sampler",
    "Score",
    "Severity",
    "ShapeError",
    "Skipped",
    "Sniffed",
    "Source",
    "Stateful",
    "Study",
    "Subject",
    "Tails",
    "UsageError",
    "Verdict",
    "View",
    "bars",
    "crossing",
    "draw_labels",
    "draw_latents",
    "expect_generator",
    "grid",
    "hash_file",
    "hash_files",
    "heatmap",
    "histogram",
    "make_called",
    "make_samples",
    "pack",
    "pairs",
    "poisson_interval",
    "proportion_interval",
    "reject_false_discoveries",
    "scatter",
    "share_ratio_interval",
    "share_ratio_p_values",
    "sniff",
    "split_se",
    "strip",
    "table",
    "tails_around",
    "tails_of",
    "to_pixels",
    "to_uint8",
    "unpack",
]

_HOMES = {
    "gancheck.analyzers": "ANALYZERS Analyzer",
    "gancheck.embedders": "EMBEDDERS ENOUGH_INDEPENDENT Embedder Material Restorer Stateful",
    "gancheck.errors": (
        "AmbiguousError GancheckError GeneratorError LoadError NotAvailable RefusedError "
        "ShapeError UsageError"
    ),
    "gancheck.exhibits": "bars crossing grid heatmap histogram pairs scatter strip table",
    "gancheck.gate": "GateResult",
    "gancheck.images": "to_pixels to_uint8",
    "gancheck.laws": "LAWS Law",
    "gancheck.loaders": "LOADERS Loader LoadOptions Sniffed sniff",
    "gancheck.loaders.architectures": "ARCHITECTURES Architecture Proposal",
    "gancheck.loaders.arrays": "RawSamples make_samples",
    "gancheck.loaders.called": "make_called",
    "gancheck.loaders.hashing": "hash_file hash_files",
    "gancheck.loaders.interface": "expect_generator",
    "gancheck.loaders.probe": "Source",
    "gancheck.packed": "pack unpack",
    "gancheck.reference": "Reference",
    "gancheck.reporters": "REPORTERS Reporter",
    "gancheck.reporters.gates": "GATE_REPORTERS GateReporter",
    "gancheck.samplers.batches": "Sampler",
    "gancheck.samplers.prior": "draw_labels draw_latents",
    "gancheck.stats": (
        "poisson_interval proportion_interval reject_false_discoveries share_ratio_interval "
        "share_ratio_p_values split_se tails_around tails_of"
    ),
    "gancheck.study": "Study View",
    "gancheck.types": (
        "JSON Column Concern Condition Copy CopyKind Cut CutKind Diagnosis Embedding Evidence "
        "Exhibit Features Finding Generator GeneratorSpec Interval Mode ModeStatus OutputKind "
        "Rate Replicates SampleSet Score Severity Skipped Subject Tails Verdict"
    ),
}
"""Where the names live, by module."""

_ARRAYS = ("AnyArray", "FloatArray", "IntArray")


def __getattr__(name: str) -> object:
    if name in _ARRAYS:
        return importlib.import_module("numpy").ndarray
    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module 'gancheck.api' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
