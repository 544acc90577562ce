"""Diagnose a synthesizer or a table in Python."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gancheck.api import UsageError

from gancheck_tabular.kinds import Choices

if TYPE_CHECKING:
    import pandas as pd
    from gancheck import Diagnosis, Settings
    from gancheck.api import SampleSet


def diagnose(
    subject: Any,
    reference: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    leave_out: Sequence[str] = (),
    label: str | None = None,
    samples: int | None = None,
    settings: Settings | None = None,
) -> Diagnosis:
    """Diagnose a synthesizer of tables, or a synthetic table.

    Args:
        subject: Anything with ``sample(n)`` that returns a DataFrame, such as CTGAN, TVAE or a
            synthesizer of SDV; or a DataFrame. Where a DataFrame is meant, so is a mapping of one
            name to one, as SDV has them from version 2 on.
        reference: Real rows.
        columns: Kind of columns by name, ``number``, ``category`` or ``date``; what is not named
            is inferred from the reference.
        leave_out: Columns that are not looked at.
        label: Column whose words are the modes; without it gancheck finds clusters.
        samples: Rows to draw; as many as the reference has, and 10,000 at most, by default.
        settings: What the run depends on besides.

    Returns:
        The diagnosis.

    Raises:
        GancheckError: The run is not possible; the message says why and what helps.
    """
    import gancheck

    settings = settings or gancheck.Settings()
    subject, reference = _only_table(subject), _only_table(reference)
    count = samples or min(len(reference), settings.samples)
    settings = dataclasses.replace(settings, samples=count)
    choices = _choices(reference, columns or {}, leave_out, label)
    rows = subject if hasattr(subject, "columns") else drawn(subject, count, settings.seed)
    known = to_samples(reference, choices, "real table", labelled=True)
    name = type(subject).__name__
    origin = "synthetic table" if rows is subject else f"{count:,} rows of {name}"
    return gancheck.diagnose(to_samples(rows, choices, origin), known, settings)


def to_samples(
    frame: pd.DataFrame,
    choices: Choices | None = None,
    origin: str = "table",
    *,
    labelled: bool = False,
) -> SampleSet:
    """Turn a DataFrame into samples for `gancheck.diagnose`.

    Args:
        frame: One row for each sample.
        choices: What is said about columns; all is inferred by default.
        origin: What it is, for people.
        labelled: Whether the label column makes modes, as a reference's does.

    Raises:
        LoadError: It cannot be encoded.
        UsageError: The label is not a column.
    """
    from gancheck_tabular.loader import sample_set

    found = sample_set(frame, choices or Choices(), origin, "", labelled)
    digest = hashlib.sha256(found.sha256.encode())
    digest.update(found.values.tobytes())
    return dataclasses.replace(found, sha256=digest.hexdigest())


def _choices(
    reference: pd.DataFrame,
    columns: Mapping[str, str],
    leave_out: Sequence[str],
    label: str | None,
) -> Choices:
    """Let the reference say what was not said, so that both tables are read alike."""
    from gancheck_tabular.kinds import kind_of

    if not hasattr(reference, "columns"):
        raise UsageError(
            f"the reference is a table of real rows, got {type(reference).__name__}",
            "Give a pandas DataFrame.",
        )
    said = Choices.of(label, list(leave_out), columns)
    said.require_known([str(name) for name in reference.columns])
    inferred = {str(name): kind_of(reference[name]) for name in reference.columns}
    return dataclasses.replace(said, kinds={**inferred, **said.kinds})


def drawn(synthesizer: Any, count: int, seed: int) -> pd.DataFrame:
    """Draw rows from a synthesizer, the same ones in every run with this seed.

    Args:
        synthesizer: Anything with ``sample(n)`` that returns a DataFrame, or a mapping of one.
        count: Rows to draw.
        seed: Seed of torch, of numpy, and of the synthesizer where it can be told.

    Raises:
        UsageError: It has no ``sample``, or returns something else.
    """
    if not callable(getattr(synthesizer, "sample", None)):
        raise UsageError(
            f"expected a synthesizer or a table, got {type(synthesizer).__name__}",
            "A synthesizer has sample(n), and returns a pandas DataFrame.",
        )
    with _seeded(seed):
        if callable(getattr(synthesizer, "set_random_state", None)):
            synthesizer.set_random_state(seed)
        if callable(getattr(synthesizer, "reset_sampling", None)):
            synthesizer.reset_sampling()
        rows = _only_table(synthesizer.sample(count))
    if not hasattr(rows, "columns"):
        raise UsageError(
            f"{type(synthesizer).__name__}.sample({count}) returned a {type(rows).__name__}",
            "It has to return a pandas DataFrame of one table.",
        )
    return rows


def _only_table(given: Any) -> Any:
    """Return the table of a mapping that holds one; anything else as it is."""
    return next(iter(given.values())) if isinstance(given, Mapping) and len(given) == 1 else given


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the generators that synthesizers draw from, and leave them as they were."""
    import numpy as np
    import torch

    state, before = np.random.get_state(), torch.get_rng_state()
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
        torch.set_rng_state(before)
