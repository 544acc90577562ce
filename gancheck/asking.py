"""What a discriminator says of the two sides of a study."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.measures.judgements import are_probabilities, sigmoid, to_logits
from gancheck.study import Study
from gancheck.types import GeneratorSpec, SampleSet

if TYPE_CHECKING:
    from gancheck.critic import Critic
    from gancheck.types import FloatArray

_MOST = 2000  # samples of each side that it is asked about
_LEAST = 50
_EXTREME, _FEW = 100.0, 64  # samples so many times too large bring any scale to its ends


@dataclass(frozen=True)
class Asked:
    """What a discriminator said, as logits.

    Attributes:
        generated: Of generated samples.
        real: Of the scored part of the reference, None without one.
        apart: Of the part that was set aside, None without one.
        probabilities: Whether it returns probabilities; logits otherwise.
    """

    generated: FloatArray
    real: FloatArray | None
    apart: FloatArray | None
    probabilities: bool

    @classmethod
    def of(cls, study: Study) -> Asked:
        """Ask about samples of the generator and, where they are at hand, of the reference.

        Raises:
            NotAvailable: There is no discriminator, no generator, or too few samples.
        """
        critic, samples, spec = study.discriminator, study.samples, study.spec
        if samples.latents is None or len(samples) < _LEAST:
            raise NotAvailable(f"needs at least {_LEAST} samples of the generator")
        labels = None if samples.labels is None else samples.labels[:_MOST]
        latents = samples.latents[:_MOST].reshape(-1, study.dimension)
        made = _raw(study.outputs_at(latents, labels), spec)
        said = [critic(made, labels)]
        parts = study.reference_parts
        for part in () if parts is None else (parts.scored, parts.independent):
            with contextlib.suppress(NotAvailable):
                said.append(_of_real(part.given(), critic, spec))
        tried = critic(_EXTREME * made[:_FEW], None if labels is None else labels[:_FEW])
        probabilities = all(are_probabilities(outputs) for outputs in (*said, tried))
        logits = [to_logits(outputs) if probabilities else outputs for outputs in said]
        real, apart = (*logits[1:], None, None)[:2]
        return cls(logits[0], real, apart, probabilities)

    def probability(self, outputs: FloatArray) -> FloatArray:
        """Return what the discriminator said as probabilities of being real."""
        return outputs if self.probabilities else sigmoid(outputs)

    def over_latents(self, study: Study, latents: FloatArray) -> FloatArray:
        """Return D(G(z)) as probabilities at latents (n, d), all of them under label 0."""
        labels = None
        if study.discriminator.conditional:
            labels = np.zeros(len(latents), dtype=np.int64)
        made = _raw(study.outputs_at(latents), study.spec)
        return self.probability(study.discriminator(made, labels))


def _of_real(real: SampleSet, critic: Critic, spec: GeneratorSpec) -> FloatArray:
    """Ask about reference samples; a discriminator of labels needs theirs."""
    labels = None
    if critic.conditional:
        labels = real.labels
        if labels is None or labels.min() < 0 or labels.max() >= (spec.classes or 0):
            raise NotAvailable("needs the labels of the reference")
    values = real.values[:_MOST].astype(np.float32)
    if values.shape[1:] != spec.output_shape:  # a colour reference of a grey generator
        values = values.mean(axis=1, keepdims=True)
    return critic(_raw(values, spec), None if labels is None else labels[:_MOST])


def _raw(values: FloatArray, spec: GeneratorSpec) -> FloatArray:
    """Put images on the scale 0..255 back into the range that the generator returns."""
    if spec.output_range is None:
        return values
    low, high = spec.output_range
    return np.asarray(low + values / np.float32(255) * np.float32(high - low))
