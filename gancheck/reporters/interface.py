"""What a reporter is: a name, a file suffix and a pure rendering of a diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from gancheck.types import Diagnosis


@runtime_checkable
class Reporter(Protocol):
    """Turns a diagnosis into text; it never measures, and never reads or writes a file."""

    @property
    def name(self) -> str:
        """Name in the CLI and the docs."""

    @property
    def suffix(self) -> str:
        """File suffix that asks for this form, such as ``.html``."""

    def render(self, diagnosis: Diagnosis) -> str:
        """Return the whole report as text."""
