"""Find the generator's weights in a nested checkpoint by the names on the way to them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancheck.errors import AmbiguousError, LoadError

if TYPE_CHECKING:
    import torch

_DEPTH = 4
_WRAPPERS = ("module.", "_orig_mod.")
_WEIGHT = {
    **dict.fromkeys(("ema", "ge", "gema", "averaged", "average", "avg", "swa"), 4),
    **dict.fromkeys(("g", "gen", "generator", "netg", "ge", "gema", "decoder"), 3),
    **dict.fromkeys(("d", "disc", "discriminator", "netd", "critic", "encoder", "e", "nete"), -6),
    **dict.fromkeys(("opt", "optim", "optimizer", "optimizers", "scaler", "scheduler"), -8),
    **dict.fromkeys(("optg", "optd", "loss", "losses", "criterion", "augment"), -8),
}
_BOTH = {"ge": 7, "gema": 7}
_JUDGES = frozenset({"d", "disc", "discriminator", "netd", "critic"})
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True)
class Weights:
    """One set of named tensors in a checkpoint.

    Attributes:
        key: The way to it, joined by dots; empty when the file is nothing else.
        state: Its tensors by name, wrappers' prefixes removed.
        score: How much the key speaks for a generator.
    """

    key: str
    state: Mapping[str, torch.Tensor]
    score: int


def find_weights(payload: object, path: Path, key: str | None) -> tuple[Weights, tuple[str, ...]]:
    """Choose the generator's weights, the averaged copy where there is one; explain the choice.

    Raises:
        AmbiguousError: Several sets of weights speak equally for themselves.
        LoadError: There are none, none of a generator, or none under the key asked for.
    """
    candidates = list(_walk(payload, ()))
    if not candidates:
        raise LoadError(f"{path} holds no named weights: {_describe(payload)}")
    if key is not None:
        return _by_key(candidates, path, key), (f"Weights {key!r} were taken, as told.",)
    best = max(item.score for item in candidates)
    chosen = [item for item in candidates if item.score == best]
    listed = ", ".join(repr(item.key) for item in candidates[:12])
    if best < 0:
        judge = any(_JUDGES & set(tokens_of(item.key)) for item in candidates)
        what = "a discriminator" if judge else "no generator"
        raise LoadError(
            f"{path} holds the weights of {what}, as far as its keys tell: {listed}",
            "Give the generator's file, or name its part with `--key KEY`.",
        )
    if len(chosen) > 1:
        names = ", ".join(repr(item.key) for item in chosen[:12])
        raise AmbiguousError(
            f"{path} holds several sets of weights: {names}", "Name one: `--key KEY`."
        )
    if len(candidates) == 1:
        return chosen[0], ()
    return chosen[0], (f"Of the weights {listed}, {chosen[0].key!r} were taken (`--key`).",)


def tokens_of(key: str) -> list[str]:
    """Split a key into lower-case words: ``netG.state_dict`` into net, g, state, dict."""
    return [
        word.lower() for part in re.split(r"[^A-Za-z0-9]+", key) for word in _CAMEL.findall(part)
    ]


def score_of(key: str) -> int:
    """Say how much the words of a key speak for a generator's weights."""
    return sum(_BOTH.get(word, _WEIGHT.get(word, 0)) for word in set(tokens_of(key)))


def unwrap(state: Mapping[str, Any]) -> dict[str, Any]:
    """Remove the prefixes and counters that wrappers of torch put around a module's names."""
    plain = {name: value for name, value in state.items() if name != "n_averaged"}
    stripped = True
    while stripped:
        stripped = False
        for prefix in _WRAPPERS:
            if plain and all(name.startswith(prefix) for name in plain):
                plain = {name[len(prefix) :]: value for name, value in plain.items()}
                stripped = True
    return plain


def _walk(payload: object, keys: tuple[str, ...]) -> Iterator[Weights]:
    import torch

    if not isinstance(payload, Mapping) or len(keys) > _DEPTH or "param_groups" in payload:
        return
    named = {key: item for key, item in payload.items() if isinstance(key, str)}
    tensors = {key: item for key, item in named.items() if isinstance(item, torch.Tensor)}
    if any("." in key for key in tensors) or (tensors and len(tensors) == len(named)):
        yield from _split(unwrap(tensors), keys)
    for key, item in named.items():
        yield from _walk(item, (*keys, key))


def _split(state: dict[str, Any], keys: tuple[str, ...]) -> Iterator[Weights]:
    """Yield one state dict, or its parts where the first prefixes name a generator."""
    prefixes = dict.fromkeys(name.partition(".")[0] for name in state)
    scores = {prefix: score_of(prefix) for prefix in prefixes}
    named = [score for score in scores.values() if score != 0]
    told_apart = named and max(named) > 0 and (min(named) < 0 or len(named) == len(scores))
    if len(prefixes) < 2 or not told_apart:
        yield Weights(".".join(keys), state, score_of(".".join(keys)))
        return
    for prefix in prefixes:
        part = _under(state, prefix)
        if part:
            key = ".".join((*keys, prefix))
            yield Weights(key, unwrap(part), score_of(key))


def _under(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    start = prefix + "."
    return {name[len(start) :]: item for name, item in state.items() if name.startswith(start)}


def _by_key(candidates: list[Weights], path: Path, key: str) -> Weights:
    for item in candidates:
        if item.key == key:
            return item
    for item in candidates:
        inner = key.removeprefix(item.key + ".") if item.key else key
        part = _under(item.state, inner)
        if part:
            return Weights(key, unwrap(part), 0)
    known = [item.key for item in candidates]
    close = difflib.get_close_matches(key, known, n=1)
    guess = f"Did you mean `--key {close[0]}`? " if close else ""
    raise LoadError(
        f"{path} holds no weights under {key!r}",
        f"{guess}It holds: {', '.join(repr(name) for name in known[:12])}.",
    )


def _describe(payload: object) -> str:
    if isinstance(payload, Mapping):
        return "it is a dictionary of " + (", ".join(map(repr, list(payload)[:8])) or "nothing")
    return f"it is a {type(payload).__name__}"
