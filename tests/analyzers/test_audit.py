"""Audit: what loading showed of a generator becomes findings, and nothing is said twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from analyzers.studies import findings, mapped, study_of, study_of_map
from gancheck.analyzers.audit import Audit
from gancheck.analyzers.sensitivity import Sensitivity
from gancheck.loaders import LoadOptions
from gancheck.loaders.module import describe_module
from gancheck.loaders.probe import Source, make_generator
from gancheck.policy import judge
from gancheck.samplers.batches import Sampler
from gancheck.study import Study
from gancheck.types import Concern, Condition, Finding, Severity, Verdict

CONCERNS = (
    Concern(
        "latent-law",
        Severity.WARN,
        "the network was trained on uniform latents",
        "Try: `--latent-law uniform`.",
        Condition.WRONG_LATENT_LAW,
        3.0,
        "0.71 to 1.40",
    ),
    Concern("batch-mates", Severity.OK, "a sample does not depend on its batch mates"),
)


def loaded_study(module: nn.Module, path: Path) -> Study:
    """Build a study of a network that was probed as if it came from a file."""
    file = path / "file"
    file.write_bytes(b"content")
    made = make_generator(
        describe_module(module, LoadOptions()), Source(file, "test"), LoadOptions()
    )
    sampler = Sampler(made)
    return study_of(sampler.draw(200, 0), sampler=sampler)


def test_each_concern_becomes_a_finding() -> None:
    """Name, severity, condition, value, limit and remedy are passed on, good news included."""
    made = mapped(lambda z: z, 3, (3,))
    made = dataclasses.replace(made, spec=dataclasses.replace(made.spec, concerns=CONCERNS))
    found = findings(Audit().analyze(study_of_map(made)))
    assert list(found) == ["audit.latent-law", "audit.batch-mates"]
    law = found["audit.latent-law"]
    assert (law.severity, law.condition) == (Severity.WARN, Condition.WRONG_LATENT_LAW)
    assert (law.value, law.limit) == (3.0, "0.71 to 1.40")
    assert "`--latent-law uniform`" in law.detail
    assert found["audit.batch-mates"].severity is Severity.OK


def test_a_generator_without_a_file_is_not_called_audited() -> None:
    """What was not looked at is a note, never green."""
    (found,) = Audit().analyze(study_of_map(mapped(lambda z: z, 3, (3,))))
    assert isinstance(found, Finding)
    assert found.severity is Severity.NOTE


class Made(nn.Module):
    """A network with weights, and a last step that each test chooses."""

    def __init__(self, step: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense, self.step = nn.Linear(4, 6), step

    def forward(self, z: Tensor) -> Tensor:
        """Draw vectors."""
        vectors: Tensor = self.step(self.dense(z))
        return vectors


class Mixing(nn.Module):
    """A last step that looks at the whole batch."""

    def forward(self, x: Tensor) -> Tensor:
        """Subtract the batch's mean."""
        return x - x.mean(dim=0)


class Still(nn.Module):
    """A last step that ignores what it is given."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the same for every row."""
        return torch.full_like(x, 0.25)


@pytest.mark.parametrize("step", [nn.Identity(), Mixing(), nn.Dropout(0.5)])
def test_what_the_audit_answered_is_not_asked_again(step: nn.Module, tmp_path: Path) -> None:
    """Noise and batch mates have one finding each, by the audit; the latent has one by its own."""
    study = loaded_study(Made(step), tmp_path)
    both = findings([*Audit().analyze(study), *Sensitivity().analyze(study)])
    assert {"audit.internal-noise", "audit.batch-mates", "sensitivity.latent"} <= set(both)
    assert not {"sensitivity.noise", "sensitivity.batch"} & set(both)


def test_batch_mates_make_a_generator_suspect_with_the_remedy(tmp_path: Path) -> None:
    """Batch statistics are unstable output: a warning that names the cure."""
    found = findings(Audit().analyze(loaded_study(Made(Mixing()), tmp_path)))["audit.batch-mates"]
    assert (found.severity, found.condition) == (Severity.WARN, Condition.UNSTABLE_OUTPUT)
    assert "model.eval()" in found.detail
    assert judge([found], []).verdict is Verdict.SUSPECT


def test_a_constant_generator_is_collapsed_without_a_reference(tmp_path: Path) -> None:
    """One output for every latent is collapse, said once."""
    study = loaded_study(Made(Still()), tmp_path)
    found = findings([*Audit().analyze(study), *Sensitivity().analyze(study)])
    flagged = [one for one in found.values() if one.severity >= Severity.WARN]
    assert [one.id for one in flagged] == ["audit.constant"]
    judgement = judge(found.values(), [])
    assert judgement.verdict is Verdict.COLLAPSED
    assert judgement.conditions == (Condition.IGNORED_LATENT,)
