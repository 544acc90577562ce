"""Groups of flags: declared once as a dataclass, typed as single options, handed over filled.

A group is a frozen dataclass whose fields carry the option they stand for::

    @dataclass(frozen=True)
    class RunFlags:
        seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0

A command that takes ``run: RunFlags`` gets ``--seed``, and is called with ``RunFlags(seed=...)``.
A field may itself be a group.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, cast, get_type_hints

Command: TypeAlias = Callable[..., None]


def expanded(command: Command) -> Command:
    """Return the command with an option in place of each field of its groups."""
    known = tuple(inspect.signature(command, eval_str=True).parameters.values())

    @functools.wraps(command)
    def filled(**given: object) -> None:
        command(**{one.name: _value(one, given) for one in known})

    options = [option for one in known for option in _options(one)]
    typed = cast(Any, filled)
    typed.__signature__ = inspect.Signature(options)
    typed.__annotations__ = {option.name: option.annotation for option in options}
    return filled


def _is_group(kind: object) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _options(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    """Yield a parameter for each option: keyword-only, so that their order is free."""
    if not _is_group(parameter.annotation):
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        return
    hints = get_type_hints(parameter.annotation, include_extras=True)
    for field in dataclasses.fields(parameter.annotation):
        yield from _options(
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=_default(field),
                annotation=hints[field.name],
            )
        )


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default


def _value(parameter: inspect.Parameter, given: Mapping[str, object]) -> object:
    """Return what was typed for a parameter; a group is filled with what was typed for it."""
    if not _is_group(parameter.annotation):
        return given[parameter.name]
    hints = get_type_hints(parameter.annotation)
    inside = {
        field.name: _value(parameter.replace(name=field.name, annotation=hints[field.name]), given)
        for field in dataclasses.fields(parameter.annotation)
    }
    return parameter.annotation(**inside)
