"""Second thoughts about the last order: its own words with another number, time or size in them.

"Cut from 1:10 till 1:25" and then "no wait, till 1:20" is the order "cut from 1:10 till 1:20" in
the place of the first. What was said is kept as text, so every order can be amended alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sayso.words.actions.changes import Declined
from sayso.words.grammar import Clause
from sayso.words.items import Item, itemize
from sayso.words.numbers import Quantity
from sayso.words.senses import settled
from sayso.words.spans import grouped
from sayso.words.timing import NAMED

LONGEST_SAID = 300
"""Characters of an order that is remembered to be amended; nobody amends a longer one."""
# What a second thought opens or ends with.
_CUE = re.compile(
    r"^\W*(?:no|nope|nah|wait|actually|sorry|oops|hmm|hm|well|rather|i (?:said|mean|meant)|"
    r"make (?:that|it)|let'?s (?:say|make (?:that|it))|not)\b|"
    r"changed my mind|"
    r"\b(?:rather|i mean|i meant|instead)\W*$"
)
_TOO = re.compile(r"^\W*(?:and|also|plus)\b|\b(?:as well|too)\W*$")
_INSTEAD = re.compile(r"\b(?:rather|instead)\b")
_MEANT = re.compile(r"\b(?:i meant?|rather|instead)\b|^\W*(?:sorry|actually,? just)\b")
_SHOULD = re.compile(r"\b(?:should be|make|rather|i meant?|to be|needs to be)\b")
_ONLY = re.compile(r"\b(?:only|just)\b")
# What may stand around the new value.
_AROUND = frozenset(
    {"prep", "edge", "retract", "join", "mark", "pronoun", "aux", "who", "filler", "neg"}
)
_VERBS = frozenset({"is", "turn", "set", "start", "end", "give", "keep"})
_SAID = frozenset({"no", "i changed my mind"})
_NUMBERS = frozenset({"quantity", "span", "range"})
_SWAPPED = ("place", "particle")
_UPPER = re.compile(r"\b(?:to|till|until|up to|ends?|stops?)\b")
_LOWER = re.compile(r"\b(?:from|after|starts?|starting|begins?|beginning)\b")
_SPELT = {
    "s": "seconds", "db": "dB", "hz": "Hz", "semitone": "semitones", "interval": "semitones",
    "percent": "%", "x": "times", "lufs": "LUFS", "bpm": "bpm", "step": "steps", "bar": "bars",
    "ratio": ":1",
}  # fmt: skip
_EDGES = {"head": "first", "tail": "last"}
_MULTIPLES = ("double", "triple")


class _Thought(NamedTuple):
    """What a message would change in the order before it."""

    items: Sequence[Item]
    text: str
    cued: bool


def amended(said: str, text: str, found: Sequence[Clause]) -> str | None:
    """The order `said` with what `text` puts in its place; None where `text` amends nothing.

    Args:
        said: the last order, normalised.
        text: what was said after it, normalised.
        found: the clauses of `text`.

    Raises: Declined where either end of a stretch of time may be meant.
    """
    kept = [clause for clause in found if clause.act not in {"aside", "softer"}]
    items = [item for clause in kept for item in clause.items]
    softened = any(clause.act == "softer" for clause in found)
    thought = _Thought(items, text, softened or bool(_CUE.search(text)))
    values = [item for item in items if item.kind in _NUMBERS]
    others = [item for item in items if item.kind not in _NUMBERS | _AROUND]
    others = [item for item in others if not item.is_("verb", *_VERBS) and item.text not in _SAID]
    if not said or len(said) > LONGEST_SAID:
        return None
    if len(values) == 1 and not others:
        return _spanned(said, values[0]) or _renumbered(said, values[0], thought)
    if len(values) == len(others) == 1 and others[0].kind == "sound" and _SHOULD.search(text):
        return _of_sound(said, others[0], values[0])
    if not values and len(others) == 1:
        return _resized(said, others[0], thought)
    return None


def replaces(text: str, found: Sequence[Clause], *, removed: bool) -> bool:
    """Whether `text` wants another change of the same: "sorry, I meant turn it down".

    Args:
        text: what was said, normalised.
        found: its clauses.
        removed: whether the last turn took sounds out.
    """
    told = {"none", "spare", "forbid", "aside"}
    orders = [c for c in found if c.act not in told and (c.act != "same" or len(c.items) > 1)]
    changes = bool(orders) and all(clause.act in {"change", "remove"} for clause in orders)
    pointed = any(clause.has("pronoun") for clause in orders)
    if not pointed and not any(clause.targets for clause in orders):
        cued = _INSTEAD.search(text) or (removed and _CUE.search(text))
        return changes and bool(cued)
    return changes and pointed and bool(_MEANT.search(text))


def _spanned(said: str, value: Item) -> str | None:
    """An order about a sound, for a stretch of time only: "only from 0:10 to 0:15"."""
    whole = _whole(said)
    about = any(item.kind in {"sound", *NAMED} and item.value != "silence" for item in whole)
    timed = any(item.kind in {"span", "section", "fade"} for item in whole)
    if value.kind != "span" or not about or timed:
        return None
    return f"{said.rstrip(' .!')} {value.text}"


def _of_sound(said: str, sound: Item, value: Item) -> str | None:
    """The order with another number for one of its sounds: "the cello should be 5"."""
    items, number = itemize(said), value.number
    at = [n for n, item in enumerate(items) if item.is_("sound", sound.value)]
    old = next((item for item in items[at[0] :] if item.kind == "quantity"), None) if at else None
    if old is None or number is None or not _fits(number, old):
        return None
    return _replaced(said, old, number)


def _renumbered(said: str, value: Item, thought: _Thought) -> str | None:
    assert value.number is not None
    if _TOO.search(thought.text):
        return None
    old = _numbers(said)
    times = [item for item in _whole(said) if item.is_("span", "between")]
    if value.upper is not None:
        both = [item for item in old if item.number and item.number.unit == "s"]
        if not (times and len(both) == 2 and thought.cued and value.number.unit == "s"):
            return None
        text = _replaced(said, both[1], value.upper)
        return _replaced(text, both[0], value.number)
    edges = [item for item in _whole(said) if item.is_("span", "head", "tail")]
    if value.is_("span", "head", "tail") and len(edges) == len(old) == 1 and thought.cued:
        number = _written(value.number, old[0])
        return f"{said[: edges[0].start]}{_EDGES[value.value]} {number}{said[edges[0].end :]}"
    fitting = [item for item in old if _fits(value.number, item)]
    verb = any(item.kind == "verb" and item.value not in {"is", "turn"} for item in thought.items)
    if times and fitting:
        if verb and not thought.cued:
            return None
        return _rebounded(said, [i for i in fitting if i.start >= times[-1].start], value, thought)
    timed = value.kind == "span" or value.number.unit == "s"
    fades = any(item.kind == "fade" for item in _whole(said))
    if (timed or verb) and not (thought.cued or fades):
        return None
    if fitting:
        return _replaced(said, fitting[-1], value.number)
    return None if old or (timed and not fades) else _appended(said, value, thought)


def _rebounded(said: str, bounds: Sequence[Item], value: Item, thought: _Thought) -> str | None:
    """The order with another end, or another beginning, of its stretch."""
    assert value.number is not None
    upper, lower = _UPPER.search(thought.text), _LOWER.search(thought.text)
    if len(bounds) < 2 or not (thought.cued or upper or lower):
        return None
    if bool(upper) == bool(lower):
        raise Declined(
            "ambiguous",
            "Is that where it should begin, or where it should end?",
            ("cut from 1:10 to 1:20", "keep from 0:30 to 1:00"),
        )
    return _replaced(said, bounds[-1] if upper else bounds[-2], value.number)


def _resized(said: str, value: Item, thought: _Thought) -> str | None:
    """The order with another size or direction: "only a bit", "no, to the right"."""
    if value.is_("size", "small", "large", "half") and (thought.cued or _ONLY.search(thought.text)):
        sizes = [item for item in _whole(said) if item.kind == "size"]
        if _numbers(said):
            return None
        if sizes:
            return said[: sizes[-1].start] + value.text + said[sizes[-1].end :]
        return f"{said.rstrip(' .!')} {value.text}"
    if value.kind in _SWAPPED and thought.cued:
        alike = [item for item in _whole(said) if item.kind == value.kind]
        if len(alike) == 1 and alike[0].value != value.value:
            return said[: alike[0].start] + value.text + said[alike[0].end :]
    return None


def _whole(said: str) -> list[Item]:
    return grouped(settled(itemize(said), said))


def _numbers(said: str) -> list[Item]:
    """The numbers of an order, or, where there are none, its "twice"."""
    items = itemize(said)
    counted = [item for item in items if item.kind == "quantity"]
    return counted or [item for item in items if item.is_("size", *_MULTIPLES)]


def _fits(new: Quantity, old: Item) -> bool:
    if old.number is None:
        return new.unit in {"", "x"}
    return not new.unit or not old.number.unit or new.unit == old.number.unit


def _replaced(said: str, old: Item, new: Quantity) -> str:
    return said[: old.start] + _written(new, old) + said[old.end :]


def _written(new: Quantity, old: Item) -> str:
    """The number as it stands in the place of `old`, with its unit if it has none itself."""
    unit, value = new.unit, new.value
    if old.number is None:
        unit = "x"
    elif not unit:
        unit, value = old.number.unit, value * old.number.scale
    if old.number is not None and old.number.signed and not new.signed and old.number.value < 0:
        value = -value
    sign = "+" if value >= 0 and (new.signed or (old.number and old.number.signed)) else ""
    return f"{sign}{value:g} {_SPELT.get(unit, '')}".strip()


def _appended(said: str, value: Item, thought: _Thought) -> str | None:
    """The order with a number where it had none: "turn the drums down" and then "by 6"."""
    assert value.number is not None
    to = any(item.is_("prep", "to", "at") for item in thought.items)
    number = f"{value.number.value:g} {_SPELT.get(value.number.unit, '')}".strip()
    word = "over" if value.number.unit == "s" else "to" if to else "by"
    return f"{said.rstrip(' .!')} {word} {number}"
