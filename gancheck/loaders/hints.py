"""What messages about files say, said to those who call from Python."""

from __future__ import annotations

import dataclasses
import re
from typing import overload

from gancheck.loaders.interface import LoadOptions

_FLAG = re.compile(r"`--([a-z-]+)(?:[ =]([^`]+))?`")
_KNOWN = frozenset(field.name for field in dataclasses.fields(LoadOptions))
_NUMBERS = ("latent_dim", "classes", "truncation", "only_class")
_RENAMED = {"class": "only_class"}
_PAIRS = ("output_range", "output_shape", "resize")
_INSTEAD = (
    (
        "Wrap it in a module that takes latents, or latents and labels, and export that: "
        "`gancheck export-help` shows how for known repositories.",
        "Give a function of latents, or of latents and labels, that calls it as it has to be "
        "called.",
    ),
    (
        "export with constant noise (`gancheck export-help`) after model.eval()",
        "make the noise constant, and call model.eval()",
    ),
    ("export again after model.eval()", "call model.eval() in what is run"),
)


@overload
def in_python(text: str) -> str: ...
@overload
def in_python(text: None) -> None: ...
def in_python(text: str | None) -> str | None:
    """Name fields of `LoadOptions` where a text names flags of the command line."""
    if text is None:
        return None
    for theirs, ours in _INSTEAD:
        text = text.replace(theirs, ours)
    return _FLAG.sub(_as_field, text)


def _as_field(flag: re.Match[str]) -> str:
    name, value = flag[1].replace("-", "_"), flag[2]
    name = _RENAMED.get(name, name)
    if name not in _KNOWN:
        return flag[0]
    if value is None:
        return f"`LoadOptions({name}=...)`"
    if name in _PAIRS:
        value = f"({value.replace(',', ', ')})"
    elif name not in _NUMBERS:
        value = repr(value)
    return f"`LoadOptions({name}={value})`"
