"""From files to a study: load, draw, bring both sides together, show them to the views."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from gancheck import cache
from gancheck.critic import Critic, open_critic
from gancheck.embedders import AUTO, Choice, Material, choose, prepared_for, strict
from gancheck.embedders.choice import MIN_REFERENCE
from gancheck.gcref import read
from gancheck.loaders import InMemory, load, sniff
from gancheck.loaders.again import Again
from gancheck.loaders.mode_files import ModeFile, open_modes
from gancheck.loaders.sniff import PREPARED
from gancheck.memory import require, search_bytes
from gancheck.ordering import shuffled
from gancheck.prepare import (
    INDEPENDENT_MOST,
    SCORED_MOST,
    choice_of,
    coloured,
    is_portable,
    prepare,
    read_reference,
    tolerance,
)
from gancheck.reference import PreparedReference, Reference
from gancheck.samplers.batches import Opener, Sampler
from gancheck.samplers.prior import label_shares
from gancheck.settings import Clock, Settings
from gancheck.shapes import as_images, guessed_images, require_same_shape
from gancheck.study import Study, View, embedded
from gancheck.training import (
    Sources,
    Training,
    build,
    open_sources,
    options_of,
    require_reference,
)
from gancheck.types import Generator, SampleSet, Subject
from gancheck.types.subjects import require_same_columns
from gancheck.workdir import open_blocks

INDEPENDENT_DRAW = 3000
"""Samples of its own that the view of a generator without a reference is fitted on."""
_OTHER_SEED = 2**32  # added to the seed: that draw shares no latent with the one that is judged
_FITTED = (AUTO, "fitted")
_FEW = 1000
_POOL = 5000
_FEATURE_DIMENSIONS = 2 * 1280

Origin: TypeAlias = Path | InMemory | PreparedReference
"""Where a reference comes from."""


@dataclass(frozen=True)
class Inputs:
    """What a run starts from, read and drawn.

    Attributes:
        subject: The thing that is diagnosed.
        samples: Its samples.
        sampler: How to draw more; None for a set of samples.
        reference: The reference; None without one.
        prepared: The same, prepared, where it was given so.
        aside: Other samples of the subject, to fit a view on where there is no reference.
        warnings: What the user should know about the inputs.
        critic: The discriminator; None without one.
        sources: Training and held-out data; None without held-out data.
        memory: Bytes that the run takes, about.
        modes: Modes that are known beforehand; None where none were given.
    """

    subject: Subject
    samples: SampleSet
    sampler: Sampler | None
    reference: Reference | None
    prepared: PreparedReference | None
    aside: SampleSet | None
    warnings: tuple[str, ...]
    critic: Critic | None = None
    sources: Sources | None = None
    memory: int = 0
    modes: ModeFile | None = None


@dataclass(frozen=True)
class Start:
    """A study, and what the report says of how it came about.

    Attributes:
        study: What the analyzers see.
        reason: The sentence that justifies the main view.
        warnings: What the user should know.
    """

    study: Study
    reason: str
    warnings: tuple[str, ...]


def gather(
    model: Path | InMemory, reference: Origin | None, settings: Settings, clock: Clock
) -> Inputs:
    """Read model and reference, and draw the samples.

    Raises:
        LoadError: A file cannot be read as what it has to be.
        GeneratorError: The generator's output cannot be judged.
        ShapeError: Samples and reference do not fit together.
        UsageError: The run would not fit into ``max_memory``, ``embedder`` contradicts a prepared
            reference, or there is held-out data without a reference.
    """
    on_disk = reference if isinstance(reference, Path) else None
    require_reference(settings.holdout, on_disk)
    with clock.stage("load model"):
        options = dataclasses.replace(settings.load, seed=settings.seed, limit=settings.samples)
        loaded = load(model, options)
    critic = _critic(loaded, settings, clock)
    shape = loaded.shape if isinstance(loaded, SampleSet) else loaded.spec.output_shape
    known, prepared, sources = None, None, None
    guessed: tuple[str, ...] = ()
    if reference is not None:
        with clock.stage("load reference"):
            known, prepared = _read_known(reference, shape, settings)
        unfolded = None if isinstance(loaded, SampleSet) else as_images(shape, known.shape)
        if unfolded is not None:
            options = dataclasses.replace(options, output_shape=unfolded)
            with clock.stage("load model"):
                loaded = load(model, options)
            shape, guessed = unfolded, (guessed_images(shape, unfolded),)
        _require_same_columns(loaded, known)
        require_same_shape(shape, known.shape, prepared is not None)
        sources = _sources(on_disk, known, prepared, settings, clock)
    modes = open_modes(settings.mode_options, loaded)
    alone = known is None and len(shape) == 3 and settings.embedder in _FITTED
    apart = INDEPENDENT_DRAW if alone and not isinstance(loaded, SampleSet) else 0
    memory = _require_memory(shape, known, sources, apart, settings)
    opener = Again(model, options) if isinstance(model, Path) else None
    samples, sampler, aside = samples_of(loaded, known, settings, clock, opener)
    if known is not None and samples.shape != known.shape:
        samples = coloured(samples)
    warnings = (*guessed, *_warnings(samples, known), *_of_one_class(known, settings))
    subject = Subject.of(loaded, str(model))
    basics = Inputs(subject, samples, sampler, known, prepared, aside, warnings)
    return dataclasses.replace(basics, critic=critic, sources=sources, memory=memory, modes=modes)


def build_study(inputs: Inputs, settings: Settings, clock: Clock) -> Start:
    """Show samples and reference to the main and the strict view."""
    if inputs.reference is None:
        main, other, reason = _views_without_reference(inputs, settings, clock)
        return Start(_study(inputs, settings, main, other), reason, inputs.warnings)
    prepared, warnings = inputs.prepared, inputs.warnings
    if prepared is None:
        prepared, found = prepare_once(inputs.reference, inputs.samples, settings, clock)
        warnings = (*warnings, *found)
    with clock.stage(f"embed {prepared.main.text}"):
        main = other = View.of(inputs.samples, prepared.main, settings.device)
    if prepared.strict is not prepared.main:
        with clock.stage(f"embed {prepared.strict.text}"):
            other = View.of(inputs.samples, prepared.strict, settings.device)
    inputs, training = dataclasses.replace(inputs, reference=prepared.reference), None
    if inputs.sources is not None:
        training = build(inputs.sources, main, settings, clock, taken=inputs.memory)
    return Start(_study(inputs, settings, main, other, training), prepared.reason, warnings)


def _study(
    inputs: Inputs, settings: Settings, main: View, other: View, training: Training | None = None
) -> Study:
    return Study(
        samples=inputs.samples,
        view=main,
        strict_view=other,
        seed=settings.seed,
        device=settings.device,
        sampler=inputs.sampler,
        reference_parts=inputs.reference,
        critic=inputs.critic,
        training_parts=training,
        known=inputs.modes,
    )


def _require_same_columns(loaded: Generator | SampleSet, known: Reference) -> None:
    if isinstance(loaded, SampleSet) and known.scored.samples is not None:
        require_same_columns(loaded, known.scored.samples)


def _critic(loaded: Generator | SampleSet, settings: Settings, clock: Clock) -> Critic | None:
    """Read the discriminator, where one was named."""
    if settings.discriminator is None:
        return None
    with clock.stage("load discriminator"):
        classes = None if isinstance(loaded, SampleSet) else loaded.spec.classes
        arch, device = settings.discriminator_arch, settings.device
        return open_critic(settings.discriminator, arch, classes, device)


def _read_known(
    origin: Origin, shape: tuple[int, ...], settings: Settings
) -> tuple[Reference, PreparedReference | None]:
    """Return the reference, and the same prepared where it was given so."""
    prepared = origin
    if not isinstance(prepared, PreparedReference):
        found = read_prepared(prepared, settings)
        if found is None:
            return read_raw(prepared, shape, settings), None
        prepared = found
    elif settings.only_class is not None:
        prepared = prepared.of_class(settings.only_class)
    return prepared.reference, prepared


def read_prepared(path: Path | InMemory, settings: Settings) -> PreparedReference | None:
    """Read a prepared reference; None when the path is anything else."""
    if isinstance(path, InMemory) or sniff(path).kind != PREPARED:
        return None
    asked = None if settings.embedder == AUTO else settings.embedder
    prepared = read(path, settings.device, embedder=asked)
    here = dataclasses.replace(prepared.reference, path=str(path))
    prepared = dataclasses.replace(prepared, reference=here)
    return prepared if settings.only_class is None else prepared.of_class(settings.only_class)


def read_raw(path: Path | InMemory, shape: tuple[int, ...], settings: Settings) -> Reference:
    """Read reference data: as much of it whatever the number of samples, unless that is larger."""
    channels = shape[0] if len(shape) == 3 else None
    return read_reference(path, settings, scored_most=_scored_most(settings), channels=channels)


def _scored_most(settings: Settings) -> int:
    return max(SCORED_MOST, settings.samples)


def _sources(
    reference: Path | None,
    known: Reference,
    prepared: PreparedReference | None,
    settings: Settings,
    clock: Clock,
) -> Sources | None:
    """Open training and held-out data, where held-out data was named."""
    if settings.holdout is None or reference is None:
        return None
    with clock.stage("load held-out set"):
        limit = _scored_most(settings) + INDEPENDENT_MOST
        options = options_of(settings.seed, limit, settings.load.resize)
        return open_sources(settings.holdout, reference, known, prepared, options)


def samples_of(
    loaded: Generator | SampleSet,
    known: Reference | None,
    settings: Settings,
    clock: Clock,
    opener: Opener | None = None,
) -> tuple[SampleSet, Sampler | None, SampleSet | None]:
    """Return the samples to judge, how to draw more, and others to fit a view on.

    The others are there where images have no reference that a view could be fitted on: a draw of
    the generator's own, or a third of a set of samples.
    """
    alone = known is None and settings.embedder in _FITTED
    if isinstance(loaded, SampleSet):
        mixed = shuffled(loaded, settings.seed)
        if not alone or mixed.kind == "vector" or len(mixed) < MIN_REFERENCE:
            return mixed, None, None
        rows, third = np.arange(len(mixed)), len(mixed) // 3
        return mixed.take(rows[third:]), None, mixed.take(rows[:third])
    heard = clock.listener.progress
    sampler = Sampler(loaded, settings.device, settings.batch_size, heard, opener)
    shares = label_shares(loaded.spec.classes, known, settings.labels)
    with clock.stage("sample"):
        kept = open_blocks(settings.work_dir, sampler, settings.seed, shares)
        samples = sampler.draw(settings.samples, settings.seed, shares=shares, kept=kept)
    aside = None
    if alone and samples.kind == "image":
        with clock.stage("sample apart"):
            other = settings.seed + _OTHER_SEED
            kept = open_blocks(settings.work_dir, sampler, other)
            aside = sampler.draw(INDEPENDENT_DRAW, other, kept=kept)
    return samples, dataclasses.replace(sampler, progress=lambda done, total: None), aside


def prepare_once(
    reference: Reference, samples: SampleSet | None, settings: Settings, clock: Clock
) -> tuple[PreparedReference, tuple[str, ...]]:
    """Prepare a reference, or find it prepared by an earlier run; and warn if it cannot be kept."""
    if not settings.cache or not is_portable(reference):
        return prepare(reference, settings, clock, samples), ()
    key = _key(reference, settings)
    with clock.stage("look up reference"):
        view = choice_of(settings.embedder, reference).text
        found = cache.find(key, settings.device, view)
    if found is not None:
        return found.with_samples_of(reference), ()
    prepared = prepare(reference, settings, clock)
    with clock.stage("keep reference"):
        problem = cache.store(key, prepared)
    return prepared, () if problem is None else (problem,)


def _key(reference: Reference, settings: Settings) -> str:
    return cache.key_of(
        {
            "reference": reference.sha256,
            "seed": settings.seed,
            "sizes": [len(reference.scored), len(reference.independent), reference.total],
            "shape": list(reference.shape),
            "resize": settings.load.resize,
            "embedder": choice_of(settings.embedder, reference).text,
            "chosen": settings.embedder == AUTO,
            "device": settings.device.partition(":")[0],
            **({} if settings.only_class is None else {"class": settings.only_class}),
        }
    )


def _views_without_reference(
    inputs: Inputs, settings: Settings, clock: Clock
) -> tuple[View, View, str]:
    """Fit main and strict view on samples of the subject that are not judged, where there are."""
    kind, shape, suited = inputs.samples.kind, inputs.samples.shape, inputs.samples.view
    chosen = Choice(settings.embedder, "asked for with --embedder")
    if settings.embedder == AUTO:
        n, source = None, ""
        if inputs.aside is not None:
            n, source = len(inputs.aside), "there is no reference; an independent draw of {} images"
            if inputs.sampler is None:
                n += len(inputs.samples)
                source = "there is no reference; a third of {} images, set aside,"
        chosen = choose(kind, shape, n, source=source, suited=suited)
    main = _lone_view(chosen.text, inputs, settings, clock)
    text = strict(kind, shape, suited).text
    other = main if text == chosen.text else _lone_view(text, inputs, settings, clock)
    return main, other, chosen.reason


def _lone_view(text: str, inputs: Inputs, settings: Settings, clock: Clock) -> View:
    aside = inputs.aside
    material = Material(
        samples=inputs.samples,
        pool=inputs.samples.values[:_POOL] if aside is None else None,
        independent=aside,
        seed=settings.seed,
        device=settings.device,
        progress=clock.listener.progress,
    )
    with clock.stage(f"prepare view {text}"):
        embedding = prepared_for(text, material)
    with clock.stage(f"embed {text}"):
        samples = embedded(embedding, inputs.samples)
        width = tolerance(embedding, inputs.samples if aside is None else aside, settings.seed)
    return View(embedding, samples, None, None, width, settings.device)


def _require_memory(
    shape: tuple[int, ...],
    known: Reference | None,
    sources: Sources | None,
    apart: int,
    settings: Settings,
) -> int:
    """Refuse a run that would not fit, and return what it will take."""
    held = settings.samples + apart
    if known is not None:
        held += len(known.scored) + len(known.independent)
    pixel = 1 if len(shape) == 3 else 4
    each = pixel * int(np.prod(shape))
    beside = 0 if sources is None else search_bytes(sources.held, sources.count)
    return require(settings.max_memory, held, each, _FEATURE_DIMENSIONS, beside=beside)


def _of_one_class(known: Reference | None, settings: Settings) -> list[str]:
    if settings.only_class is None or known is None or known.labels() is not None:
        return []
    return [f"The reference has no labels: all of it was taken for class {settings.only_class}."]


def _warnings(samples: SampleSet, known: Reference | None) -> list[str]:
    found = []
    if len(samples) < _FEW:
        found.append(f"Only {len(samples):,} samples: intervals are wide (--samples).")
    if known is not None and len(known.scored) < _FEW:
        found.append(
            f"Only {len(known.scored):,} reference samples are left to compare with, after a "
            "third was set aside to fit on: intervals are wide."
        )
    return found
