"""Every attack works on a trusting reader, is refused by this one, and leaves no marker."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from corpus.attacks import ATTACKS, PICKLES, PROGRAMS, Attack, marker_of, prove
from corpus.networks import LATENT
from gancheck.cli import app
from gancheck.errors import LoadError, RefusedError
from gancheck.loaders import LoadOptions, load
from gancheck.loaders.isolated import IsolatedGenerator

LIVE = {name: attack for name, attack in ATTACKS.items() if attack.naive is not None}
CALLS = {name: attack for name, attack in PICKLES.items() if "raw" not in name}


@pytest.mark.parametrize("attack", LIVE.values(), ids=LIVE)
def test_the_attack_is_real(attack: Attack, tmp_path: Path) -> None:
    """A trusting reader falls for the file; otherwise refusing it would prove nothing."""
    path = attack.write(tmp_path)
    assert not marker_of(tmp_path).exists()
    assert prove(attack, path, tmp_path)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_attacks_are_refused(attack: Attack, tmp_path: Path) -> None:
    """One message with a hint, and nothing that came with the file has run."""
    path = attack.write(tmp_path)
    with pytest.raises(LoadError) as caught:
        load(path)
    assert caught.value.hint, caught.value.message
    assert str(path) in caught.value.message
    assert not marker_of(tmp_path).exists()


@pytest.mark.parametrize("name", [*CALLS, *PROGRAMS])
def test_code_is_a_refusal(name: str, tmp_path: Path) -> None:
    """What would run code is not called damaged: the reason is that it would."""
    with pytest.raises(RefusedError):
        load(ATTACKS[name].write(tmp_path))


@pytest.mark.parametrize("attack", PICKLES.values(), ids=PICKLES)
def test_trust_and_torch_do_not_unpickle(attack: Attack, tmp_path: Path) -> None:
    """Neither --trust nor torch's own restricted reader runs what is in a pickle."""
    path = attack.write(tmp_path)
    with pytest.raises(LoadError):
        load(path, LoadOptions(trust=True))
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.load(path, map_location="cpu", weights_only=True)
    assert not marker_of(tmp_path).exists()


@pytest.mark.parametrize("name", ["pt2: sample inputs", "pt2: pickled weight"])
def test_trust_does_not_unpickle_in_programs(name: str, tmp_path: Path) -> None:
    """A pickle in a program stays unread, also where the user trusts the program."""
    path = ATTACKS[name].write(tmp_path)
    with pytest.raises(RefusedError):
        load(path, LoadOptions(trust=True, isolate=False))
    assert not marker_of(tmp_path).exists()


@pytest.mark.parametrize(
    "name",
    ["zip: os.system", "raw pickle, protocol 4", "torchscript: torch.save", "pt2: guards", "bomb"],
)
def test_the_command_line_says_no(name: str, tmp_path: Path) -> None:
    """``gancheck diagnose`` ends with 2 and a short message, and nothing has run."""
    path = ATTACKS[name].write(tmp_path)
    result = CliRunner().invoke(app, ["diagnose", str(path)])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert not marker_of(tmp_path).exists()


def test_the_real_program_says_no(tmp_path: Path) -> None:
    """The installed command refuses a file whose pickle calls ``eval``."""
    path = ATTACKS["zip: eval"].write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "gancheck", "diagnose", str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not marker_of(tmp_path).exists()


def test_what_trust_lets_in_runs_in_a_child(tmp_path: Path) -> None:
    """A program that the audit refuses runs with --trust, can write nothing, and is marked."""
    path = ATTACKS["torchscript: torch.save"].write(tmp_path)
    loaded = load(path, LoadOptions(trust=True, latent_dim=LATENT))
    assert isinstance(loaded, IsolatedGenerator)
    assert loaded.spec.trusted
    latents = torch.randn(3, LATENT)
    torch.testing.assert_close(loaded(latents), latents * 2)
    marker = marker_of(tmp_path)
    assert not marker.exists() or marker.stat().st_size == 0
