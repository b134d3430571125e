"""Which aspects of sound a clause is about, and which way each should go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from sayso.words.grammar import Clause
from sayso.words.items import Item
from sayso.words.numbers import Quantity
from sayso.words.wishes import Aspect

_UP = (("particle", "up", "forward"), ("verb", "raise", "crank", "speed", "push"))
_DOWN = (("particle", "down", "behind"), ("verb", "lower", "drop", "slow", "cut"))
# A unit that can only mean one thing names its aspect.
_BY_UNIT = {
    "semitone": "pitch", "interval": "pitch", "step": "pitch", "lufs": "loudness", "bpm": "tempo",
    "ratio": "compress",
}  # fmt: skip
_ORDERS = (
    "turn",
    "get",
    "set",
    "add",
    "give",
    "raise",
    "lower",
    "push",
    "pull",
    "bring",
    "crank",
    "keep",
)
# Plain qualities that nobody asks for: "the guitar sounds muddy" wants less of it.
_UNWANTED = ("eq.mud", "eq.boom", "eq.nasal", "eq.presence+", "eq.sibilance", "eq.dull", "eq.thin",
             "eq.tinny")  # fmt: skip
# Sizes that are levels where nothing else is named: "make the rain heavier".
_GROWN = frozenset({"heavier", "stronger", "bigger"})
_SIZES = ("small", "large", "max", "double", "triple", "half", "high", "low", "normal")
# Presets that are also complaints: "it sounds muffled".
_MURKY = frozenset({"muffled", "underwater"})
_ROOMS = frozenset({"cathedral", "hall", "room", "cave", "bathroom"})
# Details that give way to another of the same aspect: "low-pass below 500 Hz" is a low-pass.
_LESS_TELLING = frozenset({"", "any"})
# What a comparison may be about without being named, when something else is.
# Below it a bare number is no frequency.
_LOWEST_HZ = 20.0
_GENERIC = frozenset({"gain", "pitch"})


def direction(clause: Clause) -> int:
    """+1 for more, -1 for less, 0 where the clause does not say."""
    if clause.has("degree", "excess", "excess_loud") or clause.has("again", "softer"):
        return -1
    told = clause.has("verb", "lower", "raise", "cut", "drop") or clause.has(
        "particle", "up", "down"
    )
    needs = clause.has("degree", "need") and not told  # "The horns need taming"
    if (needs or clause.has("degree", "lack")) and not clause.has("degree", "more"):
        return 1 if clause.has("degree", "lack") else 0
    if clause.has("size", "low") and clause.has("degree", "more"):
        return -1  # "More low, please"
    if clause.has("particle", "back") and clause.has("verb", "pull", "push"):
        return -1
    if clause.has("particle", "out") and clause.has("verb", "bring"):
        return 1
    taken = clause.has("particle", "off", "away") or clause.has("verb", "remove")
    # "Pull 2 dB out of the mud."
    taken = taken or (clause.has("particle", "out") and clause.has("param"))
    if taken and any(number.unit in {"db", "percent", ""} for number in _numbers(clause)):
        return -1
    for sign, cues in ((1, _UP[:1]), (-1, _DOWN[:1]), (1, _UP[1:]), (-1, _DOWN[1:])):
        if any(clause.has(*cue) for cue in cues):
            return sign
    more, less = clause.has("degree", "more"), clause.has("degree", "less")
    return int(more) - int(less)


def complains(clause: Clause) -> bool:
    """Whether the clause says what is wrong rather than what to do."""
    likened = clause.has("like") and not clause.has("verb", "sound")
    if clause.has("verb", *_ORDERS) or likened:
        return False
    if clause.has("degree", "excess", "excess_loud", "lack") or clause.has("again", "softer"):
        return True
    if clause.has("verb", "is", "sound"):
        return True
    return any(_unwanted(item) for item in clause.all("quality"))


def _unwanted(item: Item) -> bool:
    return item.value.startswith(_UNWANTED)


def _sign_of(clause: Clause, quality: Item, *, comparative: bool) -> int:
    """Which way a quality goes: "brighter" up, "less bright" and "too bright" down."""
    sign = -1 if quality.value.endswith("-") else 1
    doubted = clause.has("neg", "not") and clause.has("degree", "so", "excess")
    if clause.has("degree", "less", "excess") or doubted:
        return -sign
    if clause.has("degree", "enough"):
        return sign
    if complains(clause) and not comparative:
        return -sign
    return sign


def is_comparative(item: Item) -> bool:
    """Whether a quality compares ("brighter") or names a state ("bright")."""
    last = item.text.split()[-1] if item.text else ""
    return last.endswith(("er", "ier")) or item.text.startswith(("more ", "less "))


def aspects(clause: Clause) -> tuple[Aspect, ...]:
    """The aspects that `clause` is about."""
    clause = _with_hertz(clause)
    named = list(_named(clause))
    if not named:
        named = list(_implied(clause))
    elif [aspect.name for aspect in named] == ["limit"]:
        # "To -16 LUFS with a ceiling of -1."
        units = [number.unit for number in _numbers(clause)]
        named += [Aspect("loudness")] if "lufs" in units and len(units) > 1 else []
    specific = [aspect for aspect in named if aspect.name not in _GENERIC]
    # "Louder reverb" is more reverb; "lower the volume of the echo" is less echo.
    kept = specific or named
    sign = next((aspect.sign for aspect in named if aspect.sign), 0)
    return tuple(_completed(clause, aspect, sign) for aspect in _unique(kept))


def _with_hertz(clause: Clause) -> Clause:
    """The clause with "at 250" as a frequency, where decibels say by how much."""
    numbers = [item.number for item in clause.all("quantity") if item.number]
    if len(numbers) < 2 or not any(n.unit == "db" or n.signed for n in numbers):
        return clause
    items = list(clause.items)
    for at, (prep, item) in enumerate(pairwise(clause.items), start=1):
        number = item.number
        bare = item.kind == "quantity" and number is not None and not number.unit
        if prep.is_("prep", "at") and bare and number is not None and number.value >= _LOWEST_HZ:
            items[at] = replace(item, number=replace(number, unit="hz"))
    return clause.with_items(items)


def _unique(found: Sequence[Aspect]) -> list[Aspect]:
    """One aspect of each kind; the one that says more wins."""
    unique: dict[tuple[str, str], Aspect] = {}
    presets = any(aspect.name == "preset" for aspect in found)
    details = {aspect.name for aspect in found if aspect.detail not in _LESS_TELLING}
    last = [aspect for aspect in found if aspect.name == "preset"][-1:]
    for aspect in found:
        if aspect.name == "preset" and aspect is not last[0]:
            continue
        if aspect.name in details and aspect.detail in _LESS_TELLING:
            continue
        if presets and aspect.name != "preset" and not aspect.sign:
            continue
        key = (aspect.name, aspect.detail)
        if key not in unique or (aspect.sign and not unique[key].sign):
            unique[key] = aspect
    return list(unique.values())


def _named(clause: Clause) -> Iterator[Aspect]:
    banded = clause.has("band")
    filters = {"filter.lowpass", "filter.highpass", "filter.bandpass"}
    filtered = clause.has("param", *filters)
    for at, item in enumerate(clause.items):
        name, _, detail = item.value.partition(".")
        if item.kind == "param" and name != "silence" and not (name == "eq" and banded):
            down = item.value.endswith("-") and not clause.has("particle", "up")
            sign = -1 if down else direction(clause) or int(item.value.endswith("+"))
            # "Half the volume" is half the amplitude, "half as loud" half the loudness.
            detail = "volume" if name == "gain" else detail.rstrip("+-")
            yield Aspect(name.rstrip("+-"), detail, sign=sign)
        elif item.kind == "quality":
            comparative = is_comparative(item)
            if not (not comparative and _attributive(clause, at)):
                yield _quality(clause, item, comparative=comparative)
        elif item.kind == "preset":
            yield _preset(clause, item.value)
        elif item.is_("verb", "tighten"):
            yield Aspect("compress")
        elif item.kind == "verb_param":
            yield Aspect("preset", item.value)
        elif item.kind == "place":
            yield Aspect("pan", item.value)
        elif item.kind == "band" and not filtered:
            yield Aspect("filter", item.value, sign=direction(clause))
        elif item.is_("verb", "slow", "speed"):
            usual = 1 if item.value == "speed" else -1
            doubted = clause.has("degree", "excess", "less")
            yield Aspect("tempo", sign=-usual if doubted else direction(clause))


def _quality(clause: Clause, item: Item, *, comparative: bool) -> Aspect:
    value = item.value.rstrip("+-0")
    name, _, detail = value.partition(".")
    if item.value.endswith("0"):
        return Aspect(name, off=True)
    return Aspect(name, detail, sign=_sign_of(clause, item, comparative=comparative))


def _preset(clause: Clause, name: str) -> Aspect:
    """A preset, or, where it is what is wrong, less of it."""
    if clause.has("degree", "less") or complains(clause):
        if name in _MURKY:
            return Aspect("preset", name, sign=-1)
        return Aspect("reverb", sign=-1) if name in _ROOMS else Aspect("eq", "any")
    return Aspect("preset", name)


def _attributive(clause: Clause, at: int) -> bool:
    """Whether a plain quality only describes the sound after it: "remove the loud drums"."""
    after = clause.items[at + 1 : at + 2]
    if at == 0 and after and after[0].definite:
        return False  # "Warm the vocals up"
    acts = clause.has("verb", "remove", "extract", "lower", "raise", "drop", "cut", "keep")
    moved = clause.has("particle", "up", "down", "out", "off") or clause.has("param")
    return bool(after) and after[0].kind == "sound" and (acts or moved)


def _implied(clause: Clause) -> Iterator[Aspect]:
    """An aspect that is not named but follows from units or from a bare "up" or "more"."""
    sign = direction(clause)
    numbers = _numbers(clause)
    for number in numbers:
        if number.unit in _BY_UNIT:
            yield Aspect(_BY_UNIT[number.unit], sign=sign)
            return
    if any(number.unit == "hz" for number in numbers):
        yield Aspect("eq", "any", sign=sign)
    elif any(number.unit == "x" for number in numbers) and not clause.has("sound"):
        yield Aspect("tempo", absolute=True)
    elif clause.has("degree", "excess") and clause.has("size", "high", "low"):
        name = "pitch" if clause.has("prep", "for") else "gain"
        yield Aspect(name, sign=-1 if clause.has("size", "high") else 1)
    elif clause.has("verb", "turn") and any(i.text in _GROWN for i in clause.all("size")):
        yield Aspect("gain", sign=1)
    elif sign or any(number.unit in {"db", "percent"} for number in numbers):
        yield Aspect("gain", sign=sign)
    elif _sets_a_level(clause, numbers):
        yield Aspect("gain", "volume")


def _sets_a_level(clause: Clause, numbers: Sequence[Quantity]) -> bool:
    """Whether bare numbers or factors beside a sound can only be its level: "drums +2"."""
    bare = [number for number in numbers if not number.unit]
    if clause.targets and any(number.signed for number in bare):
        return True
    if clause.targets and clause.has("size", "half", "double", "triple"):
        return True
    return bool(bare) and clause.has("prep", "at", "to")


def _numbers(clause: Clause, *, banded: bool = True) -> list[Quantity]:
    found = []
    kinds = {"quantity", "range", "band"} if banded else {"quantity", "range"}
    for item in clause.items:
        if item.kind in kinds and item.number is not None:
            found.append(item.number)
            # "2 or 3 dB" is at least 2.
            if item.upper is not None and (item.kind == "band" or clause.has("prep", "from")):
                found.append(item.upper)
    return found


def _completed(clause: Clause, aspect: Aspect, sign: int) -> Aspect:
    """`aspect` with the numbers, the size and the way of setting that the clause gives."""
    usual = "large" if clause.has("verb", "crank") else "normal"
    size = next((size for size in _SIZES if clause.has("size", size)), usual)
    off = aspect.off or clause.has("degree", "zero") or clause.has("neg", "wish")
    removed = clause.has("verb", "remove") or (
        clause.has("particle", "off", "out", "away") and not clause.has("verb", "raise")
    )
    ranged = clause.first("range")
    beats = ranged is not None and ranged.number is not None and ranged.number.unit == "bpm"
    ranged = ranged if beats or clause.has("prep", "from") else None
    shared = aspect.name == "gain" and (
        clause.has("prep", "by") or any(item.text == "by half" for item in clause.items)
    )
    return Aspect(
        name=aspect.name,
        detail="volume" if shared else aspect.detail,
        sign=aspect.sign or sign,
        off=off or (removed and not any(n.unit == "percent" for n in _numbers(clause))),
        size=size,
        absolute=aspect.absolute or _is_set(clause),
        more=clause.has("degree", "more"),
        wanted=clause.has("verb", "add", "give", "turn", "get", "keep")
        or clause.has("degree", "need")
        or clause.has("size"),
        numbers=tuple(_numbers(clause, banded=aspect.name in {"filter", "eq"})),
        ranged=(ranged.number, ranged.upper)
        if ranged is not None and ranged.number is not None and ranged.upper is not None
        else None,
    )


def _is_set(clause: Clause) -> bool:
    """Whether a value is set ("to -6 dB", "at 50%") rather than changed by."""
    if clause.has("prep", "by"):
        return False
    if clause.has("verb", "set"):
        return True
    pairs = zip(clause.items, clause.items[1:], strict=False)
    return any(
        first.is_("prep", "to", "at")
        and second.kind in {"quantity", "size"}
        and not (second.number and second.number.unit in {"hz", "s"})
        for first, second in pairs
    )
