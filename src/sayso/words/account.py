"""The account of a message: which of its sounds and numbers some moves leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sayso.desk import Move, Reply, complement_of
from sayso.words.items import Item, itemize
from sayso.words.tokens import normalise
from sayso.words.vocabulary import canonical, vocabulary

# Units whose numbers stand in the moves as they were said; shares and tempos are worked out.
_KEPT_UNITS = frozenset({"db", "s", "hz", "lufs", "semitone", "bar", ""})


def unaccounted(text: str, moves: Sequence[Move]) -> list[str]:
    """The words of `text` for sounds and numbers that `moves` do nothing with.

    Moves that only answer leave nothing out.

    >>> from sayso.desk import parse_moves
    >>> moves = parse_moves([{"do": "remove", "targets": ["bass"]}])
    >>> unaccounted("mute the bass and the drums", moves)
    ['drums']
    """
    done = [move for move in moves if not isinstance(move, Reply)]
    if not done:
        return []
    plain = [move.model_dump(mode="json", exclude_none=True) for move in done]
    # A reply beside the moves may be about what they leave out.
    answers = " ".join(move.text.lower() for move in moves if isinstance(move, Reply))
    targets, numbers = set(_targets(plain)), list(_numbers(plain))
    left = [
        item.text
        for item in itemize(normalise(text))
        if _is_missing(item, targets, numbers) and item.text not in answers
    ]
    return list(dict.fromkeys(left))


def unused_numbers(items: Sequence[Item], moves: Sequence[Move]) -> list[str]:
    """What was typed of the levels, times and frequencies among `items` that `moves` leave out."""
    numbers = list(_numbers([move.model_dump(mode="json") for move in moves]))
    return [
        item.text
        for item in items
        if item.number is not None
        and item.number.unit in _KEPT_UNITS
        and item.kind != "band"
        and not (item.kind == "range" and any(other.kind == "param" for other in items))
        and _is_missing(replace(item, kind="quantity"), set(), numbers)
    ]


def _is_missing(item: Item, targets: set[str], numbers: Sequence[float]) -> bool:
    if item.kind == "sound":
        near = {item.value, *vocabulary().families(item.value)}
        return not any(target in near or item.value in target.split() for target in targets)
    if item.kind == "quantity" and item.number is not None:
        value = abs(item.number.value)
        forms = (value, value / 100, 1 + value / 100, 1 - value / 100, value + 1)
        return not any(
            abs(abs(n) - form) <= 0.05 * max(form, 0.1) for n in numbers for form in forms
        )
    return False


def _targets(data: Any) -> Iterator[str]:
    for move in data:
        named = [move["target"]] if "target" in move else move.get("targets", [])
        for target in named:
            yield canonical(complement_of(target) or target)
        for effect in move.get("effects", ()):
            if "under" in effect:
                yield canonical(effect["under"])


def _numbers(data: Any) -> Iterator[float]:
    """Every number in plain data."""
    if isinstance(data, dict):
        for value in data.values():
            yield from _numbers(value)
    elif isinstance(data, list):
        for value in data:
            yield from _numbers(value)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield float(data)
