"""Numbers that look well while a generator is collapsed, each as a small script."""

from __future__ import annotations

from examples.traps import ppl, sharp, styles, vendi
from examples.traps.trap import Trap

TRAPS: dict[str, Trap] = {one.name: one for one in (sharp.TRAP, styles.TRAP, vendi.TRAP, ppl.TRAP)}
"""Every trap by its name on the command line."""
