"""Ranges, stretches of time, bands of frequency and exceptions: items that belong together.

The patterns are data: each is a row of elements, and what a run of items that fits it becomes.
An element is `kind.value|kind.value`, `T` for a time, `N` for a time or a bare number, `F` for a
frequency; a question mark makes it optional.

New kinds of item: "range" (two numbers), "span" (head, tail, after, between, in seconds), "band"
(below, above, between, in hertz), "besides" (all but these sounds) and "exclude" (not these).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sayso.words.items import Item
from sayso.words.numbers import Quantity

SEPARATOR = "|"

_PATTERNS: tuple[tuple[str, str], ...] = (
    ("edge.first N", "span.head"),
    ("edge.last N", "span.tail"),
    ("N prep.from|particle.off|prep.of|prep.at|prep.in edge.start", "span.head"),
    ("N prep.from|particle.off|prep.of|prep.at|prep.in edge.end", "span.tail"),
    ("prep.from|edge.between? edge.start prep.to|edge.before|mark.- N", "span.head"),
    ("prep.from T prep.to|edge.before edge.end", "span.after"),
    ("prep.from? N edge.whole", "span.after"),
    ("prep.from T edge.after|prep.on", "span.after"),
    ("edge.after T", "span.after"),
    ("edge.above T edge.whole?", "span.after"),
    ("edge.before T", "span.head"),
    ("edge.below F", "band.below"),
    ("edge.above F", "band.above"),
    ("F particle.down", "band.below"),
    ("F particle.up", "band.above"),
)
_ROWS = tuple((tuple(pattern.split()), became) for pattern, became in _PATTERNS)
# What every pattern begins with.
_BEGINNING = frozenset({"edge", "quantity", "prep"})
_BETWEEN = {"s": "span", "hz": "band"}


def grouped(items: Sequence[Item]) -> list[Item]:
    """`items` with every run that makes a range, a span, a band or an exception put into one."""
    merged = _collected(items, (_range,))
    return _collected(merged, (_stretch, _pattern, _between, _exception))


def _collected(items: Sequence[Item], readers: Sequence[object]) -> list[Item]:
    out: list[Item] = []
    at = 0
    while at < len(items):
        for read in readers:
            found = read(items, at)  # type: ignore[operator]
            if found is not None:
                item, at = found
                out.append(item)
                break
        else:
            out.append(items[at])
            at += 1
    return out


_Found = tuple[Item, int] | None


def _made(kind: str, items: Sequence[Item], **fields: object) -> Item:
    """An item of `kind` ("span.head") in the place of `items`."""
    family, _, value = kind.partition(".")
    first, last = items[0], items[-1]
    text = " ".join(item.text for item in items)
    made = Item(family, value, first.start, last.end, text=text)
    return replace(made, **fields)  # type: ignore[arg-type]


def _range(items: Sequence[Item], at: int) -> _Found:
    """Two quantities joined by "to", "or" or a dash; by "and" only after "between"."""
    run = items[at : at + 3]
    if len(run) < 3 or run[0].number is None or run[2].number is None:
        return None
    between = at > 0 and items[at - 1].is_("edge", "between")
    joined = run[1].is_("prep", "to", "over") or run[1].is_("mark", "-")
    joined = joined or run[1].is_("join", "or") or run[1].is_("edge", "before")
    if not (joined or (between and run[1].is_("join", "and"))):
        return None
    low, high = _alike(run[0].number, run[2].number)
    if low.unit != high.unit:
        return None
    return _made("range.", run, number=low, upper=high), at + 3


def _alike(low: Quantity, high: Quantity) -> tuple[Quantity, Quantity]:
    """Both with the unit that only one of them names: "1 to 2 minutes", "200 to 2 kHz"."""
    if low.unit == "" and high.unit == "hz":
        # Nobody can hear 2 Hz: "2 to 5 kHz" is meant.
        scale = high.scale if low.value < 20 else 1.0
        return Quantity(low.value * scale, "hz"), high
    if low.unit == "":
        return Quantity(low.value * high.scale, high.unit, low.signed), high
    if high.unit == "":
        return low, Quantity(high.value * low.scale, low.unit, high.signed)
    return low, high


def _between(items: Sequence[Item], at: int) -> _Found:
    """A range of times or frequencies, with the "from" or "between" before it."""
    start = at + 1 if items[at].is_("prep", "from") or items[at].is_("edge", "between") else at
    if start >= len(items) or items[start].kind != "range":
        return None
    ranged = items[start]
    kind = _BETWEEN.get(ranged.number.unit if ranged.number else "")
    if kind is None:
        return None
    run = items[at : start + 1]
    return _made(f"{kind}.between", run, number=ranged.number, upper=ranged.upper), start + 1


def _stretch(items: Sequence[Item], at: int) -> _Found:
    """A length and where it begins: "5 seconds from 0:10"."""
    run = items[at : at + 3]
    if len(run) < 3 or not (_is(run[0], "T") and _is(run[2], "T")):
        return None
    if not (run[1].is_("verb", "start") or run[1].is_("prep", "from")):
        return None
    length, start = run[0].number, run[2].number
    assert length is not None and start is not None
    end = Quantity(start.value + length.value, "s")
    return _made("span.between", run, number=start, upper=end), at + 3


def _pattern(items: Sequence[Item], at: int) -> _Found:
    if items[at].kind not in _BEGINNING:
        return None
    for row, became in _ROWS:
        end = _fits(row, items, at)
        # "Pull 250 down 3" is a bell, "250 down" all below.
        bell = row[-1].startswith("particle") and end is not None and became.startswith("band")
        if bell and end is not None and [i.kind for i in items[end : end + 1]] == ["quantity"]:
            continue
        if end is not None:
            run = items[at:end]
            number = next(item.number for item in run if item.number is not None)
            return _made(became, run, number=number), end
    return None


def _fits(row: Sequence[str], items: Sequence[Item], at: int) -> int | None:
    """Where the run of items that fits `row` from `at` ends."""
    for element in row:
        here = items[at] if at < len(items) else None
        if here is not None and _is(here, element.rstrip("?")):
            at += 1
        elif not element.endswith("?"):
            return None
    return at


def _is(item: Item, element: str) -> bool:
    if element in {"T", "N", "F"}:
        if item.kind != "quantity" or item.number is None:
            return False
        unit = item.number.unit
        if element == "F":
            return unit == "hz" or (unit == "" and item.number.value >= 20)
        return unit == "s" or (unit == "" and element == "N")
    return any(item.is_(*choice.split(".", 1)) for choice in element.split("|"))


def _exception(items: Sequence[Item], at: int) -> _Found:
    """All but some sounds, or not these: "everything but the drums", "but not the drums"."""
    here = items[at]
    whole = here.is_("group", "mix") and at + 1 < len(items) and items[at + 1].kind == "except"
    if whole or here.is_("except", "all"):
        start = at + 2 if whole else at + 1
        sounds, end = _sounds(items, start)
        if sounds:
            return _besides(items[at:end], sounds), end
        # "Everything but the blorp": an exception that is not known is never left out of an order.
        while end < len(items) and items[end].kind in {"name", "word"}:
            end += 1
        return (_made("except.unknown", items[at:end]), end) if end > start else None
    nothing = here.is_("degree", "zero") and at + 1 < len(items)
    if nothing and items[at + 1].kind == "except":
        sounds, end = _sounds(items, at + 2)
        return (_made(f"sound.{sounds[0]}", items[at:end]), end) if len(sounds) == 1 else None
    if here.is_("except", "except") or here.is_("neg", "not") or here.is_("except", "but"):
        start = at + 1
        if here.is_("except", "but"):
            if start >= len(items) or not items[start].is_("neg", "not"):
                return None
            start += 1
        if start < len(items) and items[start].kind == "prep":
            start += 1
        sounds, end = _sounds(items, start, commas=False)
        return (_made("exclude." + SEPARATOR.join(sounds), items[at:end]), end) if sounds else None
    return None


def _besides(run: Sequence[Item], sounds: Sequence[str]) -> Item:
    kind = f"sound.no {sounds[0]}" if len(sounds) == 1 else "besides." + SEPARATOR.join(sounds)
    return _made(kind, run)


def _sounds(items: Sequence[Item], at: int, *, commas: bool = True) -> tuple[list[str], int]:
    """The list of sounds that starts at `at`, and where it ends."""
    found: list[str] = []
    end = at
    while at < len(items) and items[at].kind == "sound":
        found.append(items[at].value)
        at = end = at + 1
        while at < len(items) and (
            items[at].is_("join", "and", "or") or (commas and items[at].is_("mark", ",", "/"))
        ):
            at += 1
    return found, end
