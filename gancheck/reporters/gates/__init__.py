"""What a gate found, as text; one module per form, and none of them decides anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gancheck.registry import Registry
from gancheck.reporters.gates.interface import GateReporter

if TYPE_CHECKING:
    from rich.console import Console

    from gancheck.gate import GateResult

GATE_REPORTERS: Registry[GateReporter] = Registry("gate format", "gancheck.reporters.gates")


def print_gate(result: GateResult, console: Console) -> None:
    """Print the result of a gate, laid out for the width of the console."""
    from gancheck.reporters.gates.text import print_result

    print_result(result, console)


__all__ = ["GATE_REPORTERS", "GateReporter", "print_gate"]
