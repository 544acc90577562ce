"""An inspection on a terminal: what the file is, how it is called, what the audit found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import (
    SEVERITY_STYLES,
    Column,
    Ink,
    indented,
    plain,
    row,
    taken,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from gancheck.inspection import FileFacts, Inspection
    from gancheck.loaders.inventory import TensorFact
    from gancheck.types import JSON, Concern, GeneratorSpec

_FACT = Column("", 10)
_MARK = Column("", 7)
_ROOMY = 44  # cells from which the meaning has a column of its own
_KIB, _UNITS = 1024, ("bytes", "KiB", "MiB", "GiB")
_HASH = 16  # digits that tell files apart by eye


def print_inspection(found: Inspection, console: Console) -> None:
    """Print the whole inspection."""
    ink = Ink.of(console)
    print_file(found.file, console, found.sha256)
    lines: list[RenderableType] = [_fact(*fact) for fact in _facts(found)]
    if found.concerns:
        lines += [plain(""), *_audit(found.concerns, ink)]
    if found.notes:
        lines.append(plain(""))
    lines += [indented(plain(f". {note}", "dim"), 1) for note in found.notes]
    lines += [plain(""), Text.assemble(plain(" Next      ", "dim"), plain(found.next, "bold"))]
    for line in lines:
        console.print(
            line, width=None if line is lines[-1] else ink.width, soft_wrap=line is lines[-1]
        )


def print_file(file: FileFacts, console: Console, sha256: str = "") -> None:
    """Print what a file is before it is loaded."""
    ink = Ink.of(console)
    console.print(plain(str(file.path), "bold"), soft_wrap=True)
    for title, text in _of_file(file, sha256 or file.sha256):
        console.print(_fact(title, text), width=ink.width)


def _fact(title: str, text: str) -> RenderableType:
    return row([plain(f" {title}", "dim"), plain(text)], [_FACT, Column("", 0)])


def _of_file(file: FileFacts, sha256: str) -> Iterator[tuple[str, str]]:
    size = "" if file.size is None else f", {_size(file.size)}"
    yield "file", f"{file.looks_like}{size}"
    if sha256:
        yield "sha256", sha256
    if file.tensors is not None:
        held = file.tensors
        kinds = ", ".join(f"{count} {dtype}" for dtype, count in held.dtypes.items())
        yield "tensors", f"{len(held.tensors):,} with {held.parameters:,} numbers ({kinds})"
        yield "largest", ", ".join(_tensor(tensor) for tensor in held.biggest)


def _facts(found: Inspection) -> Iterator[tuple[str, str]]:
    if found.spec is not None:
        yield from _of_generator(found.spec)
    elif found.kind == "samples":
        yield "holds", _counted(found.holds)
    elif found.kind == "reference":
        holds = found.holds
        yield "holds", f"{_counted(holds)}, prepared by {holds['prepared_by']}"
        yield (
            "split",
            (
                f"{holds['scored']:,} to compare with, {holds['independent']:,} to fit on "
                f"(seed {holds['seed']})"
            ),
        )
        yield "views", f"{' + '.join(holds['views'])}: {holds['reason']}"
        yield "source", f"{holds['source']} (sha256 {holds['source_sha256'][:_HASH]}..)"


def _of_generator(spec: GeneratorSpec) -> Iterator[tuple[str, str]]:
    yield "call", spec.call
    sides = " x ".join(str(side) for side in spec.latent_shape)
    classes = f", {spec.classes} classes" if spec.classes else ""
    yield "latents", f"{sides}, {spec.latent_law}{classes}"
    values = ""
    if spec.output_range is not None:
        low, high = spec.output_range
        values = f", black and white at {low:g} and {high:g}"
    smooth = "" if spec.differentiable else ", no gradients"
    yield "output", f"{_shape(spec.output_shape)}{values}{smooth}"
    place = "a child process with limits" if spec.isolated else "this process"
    trusted = ", because of --trust" if spec.trusted else ""
    backend = f"{spec.backend}, " if spec.backend else ""
    yield "runs on", f"{backend}in {place}{trusted}"


def _audit(concerns: tuple[Concern, ...], ink: Ink) -> Iterator[RenderableType]:
    """Yield the table of what was measured, what matters most first."""
    ordered = sorted(concerns, key=lambda concern: -concern.severity)
    columns = [
        _MARK,
        Column("audit", max(len(concern.name) for concern in concerns)),
        Column("value", max([5, *(len(_value(concern)) for concern in concerns)]), "right"),
        Column("limit", max([5, *(len(concern.limit or "") for concern in concerns)])),
    ]
    roomy = ink.width - taken(columns) >= _ROOMY
    yield ink.heading([*columns, Column("what was found", 0)] if roomy else columns)
    yield ink.rule()
    for concern in ordered:
        mark = wording.SEVERITIES[concern.severity]
        cells = [
            plain(f" {mark.symbol} {mark.word}", SEVERITY_STYLES[concern.severity]),
            plain(concern.name),
            plain(_value(concern)),
            plain(concern.limit or ""),
        ]
        if roomy:
            yield row([*cells, plain(concern.title)], [*columns, Column("", 0)])
        else:
            yield row(cells, columns)
            yield indented(plain(concern.title), taken([_MARK]))
        if concern.detail:
            yield indented(plain(concern.detail, "dim"), taken([_MARK]))


def _value(concern: Concern) -> str:
    return wording.number(concern.value)


def _tensor(tensor: TensorFact) -> str:
    return f"{tensor.name} {'x'.join(str(side) for side in tensor.shape)}"


def _counted(holds: JSON) -> str:
    labels = "" if holds["labels"] is None else f", {holds['labels']} labels"
    return f"{holds['count']:,} {_shape(tuple(holds['shape']))}{labels}"


def _shape(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"vectors of length {shape[0]}"
    channels, height, width = shape
    colour = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    return f"{colour} images of {width} x {height} pixels"


def _size(count: int) -> str:
    size, unit = float(count), 0
    while size >= _KIB and unit < len(_UNITS) - 1:
        size, unit = size / _KIB, unit + 1
    return f"{count} bytes" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"
