"""Find the generator's weights in a nested checkpoint by the names on the way to them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancheck.errors import AmbiguousError, LoadError
from gancheck.loaders.inert import Inert

if TYPE_CHECKING:
    import torch

_DEPTH = 4
_MOST_ENTRIES = 300_000
_SHOWN = 12
WRAPPER = "module."
_INNER_WRAPPERS = frozenset({"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
_COUNTERS = frozenset({"n_averaged", "initted", "step"})
_WEIGHT = {
    **dict.fromkeys(("ema", "ge", "gema", "averaged", "average", "avg", "swa", "shadow"), 4),
    **dict.fromkeys(("g", "gen", "generator", "netg", "ge", "gema", "decoder"), 3),
    **dict.fromkeys(("d", "disc", "discriminator", "netd", "critic", "encoder", "e", "nete"), -6),
    **dict.fromkeys(("opt", "optim", "optimizer", "optimizers", "scaler", "scheduler"), -8),
    **dict.fromkeys(("optg", "optd", "loss", "losses", "criterion", "augment"), -8),
}
_PLAIN_GENERATOR = 3
_BOTH = {"ge": 7, "gema": 7}
_JUDGES = frozenset({"d", "disc", "discriminator", "netd", "critic"})
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_BUFFERS = frozenset({"running_mean", "running_var", "num_batches_tracked", "weight_u"})


@dataclass(frozen=True)
class Weights:
    """One set of named tensors in a checkpoint.

    Attributes:
        key: The way to it, joined by dots; empty when the file is nothing else.
        state: Its tensors by name, wrappers' prefixes removed.
        score: How much the key speaks for a generator.
        module: The record of the whole module that the file holds, None for plain weights.
        note: What there is to say on where the names come from.
    """

    key: str
    state: Mapping[str, torch.Tensor]
    score: int
    module: Inert | None = None
    note: str | None = None


def find_weights(payload: object, path: Path, key: str | None) -> tuple[Weights, tuple[str, ...]]:
    """Choose the generator's weights, the averaged copy where there is one; explain the choice.

    Raises:
        AmbiguousError: Several sets of weights speak equally for themselves.
        LoadError: There are none, none of a generator, or none under the key asked for.
    """
    candidates = _candidates(payload)
    if not candidates:
        raise LoadError(f"{path} holds no named weights: {_describe(payload)}")
    if key is not None:
        chosen = _by_key(candidates, path, key)
        return chosen, (f"Weights {key!r} were taken, as told.", *_origin(chosen))
    best = max(item.score for item in candidates)
    finalists = [item for item in candidates if item.score == best]
    if best < 0:
        raise _no_generator(candidates, path)
    if len(finalists) > 1:
        raise AmbiguousError(
            f"{path} holds several sets of weights: {_listed(finalists)}",
            "Name one: `--key KEY`.",
        )
    chosen = finalists[0]
    if len(candidates) == 1:
        return chosen, _origin(chosen)
    score = score_of(chosen.key)
    what = "the averaged copy of the generator" if score > _PLAIN_GENERATOR else "the generator"
    why = f", by its name {what}" if score else ""
    taken = f"The weights {chosen.key!r} were taken out of {_listed(candidates)}{why}"
    return chosen, (f"{taken}; `--key` takes others.", *_origin(chosen))


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
    plain = {
        ".".join(part for part in name.split(".") if part not in _INNER_WRAPPERS): value
        for name, value in state.items()
        if not (name in _COUNTERS and getattr(value, "ndim", 0) == 0)
    }
    while plain and all(name.startswith(WRAPPER) for name in plain):
        plain = {name.partition(".")[2]: value for name, value in plain.items()}
    return plain


def state_of(module: Inert) -> dict[str, torch.Tensor]:
    """Return the tensors of a pickled module under the names that its state dict would have."""
    return dict(_named_tensors(module, "", 0))


def children_of(module: Inert) -> dict[str, Inert]:
    """Return the modules inside of a pickled module by name."""
    modules = module.attributes.get("_modules")
    found = modules.items() if isinstance(modules, Mapping) else ()
    return {str(name): child for name, child in found if isinstance(child, Inert)}


def _named_tensors(module: Inert, prefix: str, depth: int) -> Iterator[tuple[str, torch.Tensor]]:
    import torch

    if depth > 40:
        raise LoadError("a pickled module holds modules more than 40 deep")
    own = module.attributes
    transient = own.get("_non_persistent_buffers_set")
    skipped = transient if isinstance(transient, set) else set()
    for group in ("_parameters", "_buffers"):
        named = own.get(group)
        for name, value in named.items() if isinstance(named, Mapping) else ():
            if isinstance(value, torch.Tensor) and name not in skipped:
                yield prefix + str(name), value
    for name, child in children_of(module).items():
        yield from _named_tensors(child, f"{prefix}{name}.", depth + 1)


def _candidates(payload: object) -> list[Weights]:
    return list(_walk(payload, (), [_MOST_ENTRIES]))


def _walk(payload: object, keys: tuple[str, ...], budget: list[int]) -> Iterator[Weights]:
    if len(keys) > _DEPTH:
        return
    if isinstance(payload, Inert):
        if payload.is_module:
            key = ".".join(keys)
            yield Weights(key, unwrap(state_of(payload)), score_of(key), payload)
            return
        payload = payload.attributes
    elif isinstance(payload, (list, tuple)):
        payload = {str(n): item for n, item in enumerate(payload) if _may_hold(item)}
    if not isinstance(payload, Mapping) or "param_groups" in payload:
        return
    named = {key: item for key, item in payload.items() if isinstance(key, str)}
    budget[0] -= len(named)
    if budget[0] < 0:
        raise LoadError(f"a checkpoint of more than {_MOST_ENTRIES} entries is not searched")
    yield from _named_weights(named, keys)
    for key, item in named.items():
        yield from _walk(item, (*keys, key), budget)
    yield from _nameless(named, keys)


def _may_hold(item: object) -> bool:
    return isinstance(item, (Mapping, Inert))


def _named_weights(named: Mapping[str, object], keys: tuple[str, ...]) -> Iterator[Weights]:
    tensors = {
        key: tensor for key, item in named.items() if (tensor := _as_tensor(item)) is not None
    }
    dotted = any("." in key for key in tensors)
    flat = tensors and len(tensors) == len(named)
    if dotted or (flat and any(item.ndim > 1 for item in tensors.values())):
        yield from _split(unwrap(tensors), keys)


def _as_tensor(item: object) -> torch.Tensor | None:
    """Return a tensor as it is, and an array of numbers as one."""
    import numpy as np
    import torch

    if isinstance(item, np.ndarray) and item.dtype.kind in "fiub" and item.dtype.isnative:
        return torch.from_numpy(item)
    return item if isinstance(item, torch.Tensor) else None


def _nameless(named: Mapping[str, object], keys: tuple[str, ...]) -> Iterator[Weights]:
    """Yield lists of tensors that fit the parameters of a neighbour, under its names."""
    import torch

    for key, values in named.items():
        if not isinstance(values, (list, tuple)) or not values or score_of(key) <= 0:
            continue
        if not all(isinstance(value, torch.Tensor) for value in values):
            continue
        for other, neighbour in named.items():
            if score_of(other) <= 0 or not isinstance(neighbour, Mapping):
                continue
            state = _renamed(values, unwrap(neighbour))
            if state is not None:
                whole = ".".join((*keys, key))
                note = f"The tensors in {whole!r} have no names; they took those of {other!r}."
                yield Weights(whole, state, score_of(whole), note=note)


def _renamed(
    values: list[Any] | tuple[Any, ...], neighbour: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Put parameters in place of a state dict's own; its buffers stay. None if they do not fit."""
    names = [name for name in neighbour if not _is_buffer(name, neighbour)]
    shapes = [getattr(neighbour[name], "shape", None) for name in names]
    if shapes != [value.shape for value in values]:
        return None
    return {**neighbour, **dict(zip(names, values, strict=True))}


def _is_buffer(name: str, state: Mapping[str, Any]) -> bool:
    short = name.rpartition(".")[2]
    if short == "weight_v":  # of spectral norm; weight norm has a parameter of that name
        return name[:-1] + "u" in state
    return short in _BUFFERS or short in ("_u", "_v")


def _split(state: dict[str, Any], keys: tuple[str, ...]) -> Iterator[Weights]:
    """Yield one state dict, or its parts where the first prefixes name a generator."""
    parts: dict[str, dict[str, Any]] = {}
    for name, value in state.items():
        prefix, _, rest = name.partition(".")
        parts.setdefault(prefix, {})[rest] = value
    if not _told_apart(parts):
        yield Weights(".".join(keys), state, score_of(".".join(keys)))
        return
    for prefix, part in parts.items():
        if "" not in part:
            key = ".".join((*keys, prefix))
            yield Weights(key, unwrap(part), score_of(key))


def _told_apart(parts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the prefixes name networks: one a generator, and another a judge or its copy."""
    groups = {prefix: part for prefix, part in parts.items() if "" not in part}
    scores = {prefix: score_of(prefix) for prefix in groups}
    if len(groups) < 2 or max(scores.values()) <= 0:
        return False
    if min(scores.values()) < 0 or 0 not in scores.values():
        return True
    best = max(scores, key=lambda prefix: scores[prefix])
    return any(groups[best].keys() == part.keys() for p, part in groups.items() if p != best)


def _by_key(candidates: list[Weights], path: Path, key: str) -> Weights:
    for item in candidates:
        if item.key == key:
            return item
    for item in candidates:
        inner = key.removeprefix(item.key + ".") if item.key else key
        start = inner + "."
        part = {n[len(start) :]: value for n, value in item.state.items() if n.startswith(start)}
        if part:
            return Weights(key, unwrap(part), 0)
    known = [item.key for item in candidates]
    close = difflib.get_close_matches(key, known, n=1)
    guess = f"Did you mean `--key {close[0]}`? " if close else ""
    raise LoadError(
        f"{path} holds no weights under {key!r}", f"{guess}It holds: {_listed(candidates)}."
    )


def _no_generator(candidates: list[Weights], path: Path) -> LoadError:
    judge = any(_JUDGES & set(tokens_of(item.key)) for item in candidates)
    what = "a discriminator" if judge else "no generator"
    return LoadError(
        f"{path} holds the weights of {what}, as far as its keys tell: {_listed(candidates)}",
        "Give the generator's file, or name its part with `--key KEY`.",
    )


def _listed(candidates: list[Weights]) -> str:
    more = ", ..." if len(candidates) > _SHOWN else ""
    return ", ".join(repr(item.key) for item in candidates[:_SHOWN]) + more


def _origin(chosen: Weights) -> tuple[str, ...]:
    if chosen.module is not None:
        named = f" {chosen.key!r}" if chosen.key else ""
        return (f"The weights{named} came in a pickled {chosen.module.name}, which was not run.",)
    return (chosen.note,) if chosen.note else ()


def _describe(payload: object) -> str:
    if isinstance(payload, Mapping):
        return "it is a dictionary of " + (", ".join(map(repr, list(payload)[:8])) or "nothing")
    if isinstance(payload, Inert):
        return f"it is an object of {payload.name}"
    return f"it is a {type(payload).__name__}"
