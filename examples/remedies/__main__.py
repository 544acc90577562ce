"""Train one system on toy data and diagnose it: ``python -m examples.remedies NAME --data ring``.

Prints gancheck's report of the generator, held against 6,000 real points, and below it the numbers
by which the literature judges such data. ``--list`` says which systems there are.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from examples.remedies.judging import Outcome, export, run
from examples.remedies.system import Players, System
from examples.remedies.systems import SYSTEMS
from examples.remedies.worlds import WORLDS, World
from gancheck import GancheckError


def main(arguments: list[str] | None = None) -> int:
    """Train, diagnose, print; 2 where the diagnosis was not possible."""
    asked = _parse(arguments)
    if asked.list:
        for system in SYSTEMS.values():
            reason = textwrap.indent(textwrap.fill(system.reason, 76), 4 * " ")
            print(f"{system.name} ({system.paper})\n{reason}\n")
        return 0
    system, world = SYSTEMS[asked.name], WORLDS[asked.data]
    try:
        with _bar(f"{system.name} on {world.name}") as heard:
            outcome, players, found = run(system, world, asked.seed, asked.steps, heard)
    except GancheckError as error:
        print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
        return int(error.exit_code)
    from rich.console import Console

    from gancheck.reporters.terminal import print_report

    print_report(found, Console())
    if outcome.overlap is not None:
        print(protocol_line(outcome, world))
    elif outcome.modes_of_all is not None:
        print(
            f"{outcome.modes_of_all} of {world.classes} modes, reverse KL "
            f"{outcome.reverse_kl_of_all:.3f}, every stack counted"
        )
    if asked.out is not None:
        _keep(system, world, players, asked.out)
    if asked.html is not None:
        from gancheck.reporters import REPORTERS

        asked.html.write_text(REPORTERS.get("html").render(found), encoding="utf-8")
    return 0


def protocol_line(outcome: Outcome, world: World) -> str:
    """Say what the literature would count."""
    ends = f"overlap counted in cells of the law {outcome.overlap:.2f}"
    if outcome.modes is None:
        return f"{outcome.high_quality or 0:.1%} of points on the spiral; {ends}"
    good = f"{outcome.high_quality or 0:.1%} of high quality"
    divergence = "none" if outcome.reverse_kl is None else f"{outcome.reverse_kl:.3f}"
    return (
        f"{outcome.modes} of {world.classes} modes, {good}, "
        f"reverse KL {divergence}, {outcome.effective:.1f} effective modes; {ends}"
    )


def _keep(system: System, world: World, players: Players, folder: Path) -> None:
    """Write the networks and the real points, for ``gancheck diagnose``."""
    folder.mkdir(parents=True, exist_ok=True)
    example: tuple[torch.Tensor, ...] = (system.draw_latents(4, torch.Generator()),)
    if system.takes_labels:
        example = (*example, torch.zeros(4, dtype=torch.int64))
    export(players.generator, example, folder / "generator.pt")
    if system.gives_logits:
        export(players.discriminator, (torch.zeros(4, 2),), folder / "discriminator.pt")
    real, labels = world.reference()
    np.savez_compressed(folder / "reference.npz", samples=real, labels=labels)


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on stderr while training, on terminals only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title)

        def heard(done: int, total: int) -> None:
            if done % 50 == 0 or done == total:
                progress.update(task, completed=done, total=total)

        yield heard


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.remedies", description=__doc__)
    parser.add_argument("name", nargs="?", choices=SYSTEMS, metavar="NAME", help="see --list")
    parser.add_argument("--data", choices=WORLDS, help="what to learn (ring; digits for dcgan)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=_count, help="replace the number of rounds")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="keep networks and data there")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write gancheck's page")
    parser.add_argument("--list", action="store_true", help="say which systems there are")
    asked = parser.parse_args(arguments)
    if asked.name is None and not asked.list:
        parser.error("name a system; --list says which there are")
    if asked.name is not None:
        fitting = [name for name, world in WORLDS.items() if SYSTEMS[asked.name].fits(world)]
        asked.data = asked.data or fitting[0]
        if asked.data not in fitting:
            parser.error(f"{asked.name} learns {', '.join(fitting)}, not {asked.data}")
    return asked


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected a number of rounds, got {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
