"""What a form of the gate's result is: a name, a file suffix and a pure rendering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from gancheck.gate import GateResult


@runtime_checkable
class GateReporter(Protocol):
    """Turns the result of a gate into text; it never decides, and never reads or writes a file."""

    @property
    def name(self) -> str:
        """Name in the CLI and the docs."""

    @property
    def suffix(self) -> str:
        """File suffix that asks for this form, such as ``.xml``."""

    def render(self, result: GateResult) -> str:
        """Return the whole result as text."""
