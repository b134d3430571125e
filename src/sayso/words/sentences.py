"""Wishes as they hang together: elisions filled in, complaints met, second thoughts taken in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sayso.words.aspects import direction
from sayso.words.grammar import Clause
from sayso.words.items import Item
from sayso.words.numbers import Quantity
from sayso.words.reading import read
from sayso.words.spans import SEPARATOR
from sayso.words.wishes import Aspect, Wish

# "Pitch the vocals up and the drums down": what goes up and down without its name.
_SLIDING = frozenset({"pitch", "gain", "reverb", "delay", "eq", "pan"})
_ORDERS = frozenset({
    "adjust", "remove", "edit", "clean", "fade", "duck", "timed", "backwards", "silence", "undo",
})  # fmt: skip
_TOLD = frozenset({"aside", "remark"})
_LENT = frozenset({"adjust", "remove", "extract", "restore", "clean"})


def wishes(clauses: Sequence[Clause], *, only: bool = False) -> list[Wish]:
    """The wishes of a message, each whole in itself; `only` is whether it says "only" or "just"."""
    found: list[Wish] = []
    retracted: Wish | None = None
    for clause in clauses:
        if clause.has("retract"):
            retracted = found.pop() if found else retracted
            clause = clause.with_items([item for item in clause.items if item.kind != "retract"])
            if not clause.items:
                continue
        if clause.act == "instead" and retracted is not None:
            clause = replace(clause, act="bare")
        wish = read(clause)
        if retracted is not None:
            found.append(_instead(wish, retracted))
            retracted = None
        elif not found:
            found.append(_opening(wish))
        elif found[-1].act == "same" and wish.clause.has("quantity") and _qualifies(wish):
            items = (*found[-1].clause.items, *wish.clause.items)
            found[-1] = replace(
                found[-1], act="measured", clause=found[-1].clause.with_items(items)
            )
        elif found[-1].act == "silence" and _leaves_some(wish):
            # "Cut the silences out but leave half a second."
            items = (*found[-1].clause.items, *wish.clause.all("quantity"))
            found[-1] = replace(found[-1], clause=found[-1].clause.with_items(items))
        elif found[-1].act in {"duck", "fade"} and _is_mere(wish):
            items = (*found[-1].clause.items, *wish.clause.items)
            found[-1] = replace(found[-1], clause=found[-1].clause.with_items(items))
        elif (at := _measured(wish, found)) is not None:
            found[at] = _qualified(found[at], wish)
        else:
            found.append(_completed(wish, found[-1]))
    return _met(_shared(found), only=only)


def _instead(wish: Wish, retracted: Wish) -> Wish:
    """A wish that takes the place of one that was taken back: "the drums, no wait, the bass"."""
    if wish.act in {"bare", "measured"}:
        return replace(wish, act=retracted.act, aspects=retracted.aspects)
    if wish.act == "amount" and retracted.aspects:
        lent = tuple(_lent(aspect, wish.clause) for aspect in retracted.aspects)
        kept = [item for item in retracted.clause.items if item.kind != "quantity"]
        return replace(retracted, aspects=lent, clause=retracted.clause.with_items(kept))
    if wish.act == "adjust" and not wish.targets:
        return replace(wish, targets=retracted.targets)
    return wish


def _opening(wish: Wish) -> Wish:
    """A message that begins with "and" goes on from the one before."""
    goes_on = wish.act == "bare" and wish.clause.led
    return replace(wish, act="same") if goes_on else wish


def _qualifies(wish: Wish) -> bool:
    """Whether it is a second thought about the wish before: "but not too much", "just a bit"."""
    kinds = {item.kind for item in wish.clause.items}
    if not kinds or wish.clause.joined == "start":
        return False
    measured = "quantity" in kinds and kinds <= {"quantity", "prep", "size"}
    if len(wish.clause.all("quantity")) > 1:
        return False  # "-3 at 300, +2 at 5k"
    return measured or kinds <= {"size", "degree", "again"}


def _measures(wish: Wish, before: Wish) -> bool:
    """Whether it only says how much of the wish before: "lower the key, 2 semitones down"."""
    names = {aspect.name for aspect in wish.aspects}
    alike = wish.act == "adjust" and names == {aspect.name for aspect in before.aspects}
    unmeasured = not any(aspect.numbers for aspect in before.aspects)
    fresh = not wish.targets and wish.verbless and wish.clause.joined == "soft"
    return alike and fresh and unmeasured and any(aspect.numbers for aspect in wish.aspects)


def _leaves_some(wish: Wish) -> bool:
    kinds = {item.kind for item in wish.clause.items}
    return wish.clause.has("verb", "keep") and kinds <= {"verb", "quantity", "size", "prep"}


def _is_mere(wish: Wish) -> bool:
    """Whether it is a number and nothing else: ", 8 dB"."""
    return {item.kind for item in wish.clause.items} in ({"quantity"}, {"quantity", "prep"})


def _measured(wish: Wish, found: Sequence[Wish]) -> int | None:
    """Which wish before it is one that `wish` says more of: the last one, but for remarks."""
    at = next((n for n in range(len(found) - 1, -1, -1) if found[n].act not in _TOLD), -1)
    if at < 0 or found[at].act != "adjust":
        return None
    return at if _qualifies(wish) or _measures(wish, found[at]) else None


def _qualified(before: Wish, thought: Wish) -> Wish:
    if thought.clause.has("quantity"):
        return replace(before, aspects=tuple(_lent(a, thought.clause) for a in before.aspects))
    size = next((item.value for item in thought.clause.all("size", "small", "large")), "small")
    if thought.clause.has("degree", "less", "excess") or thought.act == "softer":
        size = "small"
    return replace(before, aspects=tuple(replace(a, size=size) for a in before.aspects))


def _completed(wish: Wish, before: Wish) -> Wish:
    """`wish` with what it leaves out taken from the wish before it."""
    returns = wish.act == "adjust" and wish.clause.has("particle", "back") and not wish.targets
    if before.act == "timed" and returns and not any(a.numbers for a in wish.aspects):
        return replace(wish, act="aside")  # after its time, all is as it was
    if before.complaint and _is_about_it(wish):
        # "The reverb is too strong, turn it down": the reverb, not the level.
        return replace(
            wish,
            aspects=tuple(_lent(aspect, wish.clause) for aspect in before.aspects),
            targets=before.targets,
        )
    runs_on = wish.clause.joined == "soft" and not wish.clause.parted
    if before.spared and runs_on and wish.act == "adjust" and not wish.targets:
        # "Except the vocals, which should go up 1."
        return replace(wish, targets=_as_sounds(before.spared))
    if wish.clause.joined != "soft" or not wish.verbless:
        return wish
    if wish.act in {"bare", "measured"} and before.act in _LENT and not before.complaint:
        # The whole is slowed down once, however many sounds of it are wanted.
        shared = [a for a in before.aspects if not (before.apart and a.name == "tempo")]
        lent = tuple(_lent(aspect, wish.clause) for aspect in shared)
        return replace(wish, act=before.act, aspects=lent, apart=before.apart)
    shapes = [a.name for a in wish.aspects] == ["width"] and not wish.targets
    if shapes and before.act == "adjust" and any(a.name == "eq" for a in before.aspects):
        return replace(wish, act="stray")  # "+1 dB at 12k, wide" is about the bell
    if (
        wish.act == "restore"
        and before.act == "adjust"
        and before.clause.has("particle", "forward")
    ):
        # "Bring the choir forward and the organ back."
        gain = Aspect(
            "gain", sign=-1, size=next((i.value for i in wish.clause.all("size")), "normal")
        )
        return replace(wish, act="adjust", aspects=(_lent(gain, wish.clause),))
    filters = [a.name for a in (*before.aspects, *wish.aspects)] == ["filter", "filter"]
    if filters and wish.clause.has("band") and not wish.aspects[0].sign:
        # "Cut everything under 80 on the guitar and above 10k on the bass."
        cut = before.aspects[0]
        return replace(
            wish,
            aspects=(replace(wish.aspects[0], sign=cut.sign, off=cut.off or wish.aspects[0].off),),
        )
    if before.apart and wish.act == "adjust" and wish.targets:
        wish = replace(wish, apart=True)
    signs = [aspect.sign for aspect in before.aspects]
    unsigned = not direction(wish.clause) and not any(a.sign for a in wish.aspects)
    moved = before.clause.has("verb", "cut", "lower", "drop", "raise")
    if wish.act == "adjust" and moved and signs and unsigned:
        # "Cut the mids by 3 and the treble by 2."
        return replace(wish, aspects=tuple(replace(a, sign=signs[0]) for a in wish.aspects))
    names = {aspect.name for aspect in before.aspects}
    up_or_down = wish.act == "adjust" and wish.clause.has("particle", "up", "down")
    implied = [aspect.name for aspect in wish.aspects] == ["gain"] and not wish.clause.has("param")
    if up_or_down and implied and names <= _SLIDING and before.clause.has("particle", "up", "down"):
        return replace(wish, aspects=tuple(_lent(a, wish.clause) for a in before.aspects))
    return wish


def _as_sounds(spared: Sequence[Item]) -> tuple[Item, ...]:
    """The sounds of an exception, each as an item of its own."""
    return tuple(
        replace(item, kind="sound", value=name)
        for item in spared
        for name in item.value.split(SEPARATOR)
    )


def _is_about_it(wish: Wish) -> bool:
    """Whether it goes up or down without saying what: "turn it down"."""
    pointed = bool(wish.targets) and all(item.is_("pronoun", "it") for item in wish.targets)
    unnamed = not (wish.clause.has("param") or wish.clause.has("quality"))
    implied = [aspect.name for aspect in wish.aspects] == ["gain"]
    return wish.act == "adjust" and pointed and unnamed and implied


def _lent(aspect: Aspect, clause: Clause) -> Aspect:
    """An aspect with the numbers, the size and the direction of another clause."""
    numbers: list[Quantity] = [item.number for item in clause.all("quantity") if item.number]
    size = next((item.value for item in clause.all("size")), aspect.size)
    shared = aspect.name == "gain" and clause.has("size", "half", "double", "triple")
    return replace(
        aspect,
        detail="volume" if shared else aspect.detail,
        sign=direction(clause) or aspect.sign,
        size=size,
        numbers=tuple(numbers) or aspect.numbers,
    )


def _shared(found: list[Wish]) -> list[Wish]:
    """Targets shared by what comes before them: "add reverb and delay to the vocals".

    Of two orders, each with its verb, only two about one aspect share: "cut the lows and boost the
    highs on the vocals".
    """
    for at in range(len(found) - 2, -1, -1):
        here, after = found[at], found[at + 1]
        alike = here.act == after.act == "adjust" and after.clause.joined == "soft"
        one = {aspect.name for aspect in (*here.aspects, *after.aspects)}
        shared = after.verbless or len(one) == 1
        if alike and shared and not here.targets and _follows(after):
            found[at] = replace(here, targets=after.targets)
    return found


def _follows(wish: Wish) -> bool:
    """Whether the target stands behind a preposition: "delay to the vocals"."""
    pairs = zip(wish.clause.items, wish.clause.items[1:], strict=False)
    return any(first.kind == "prep" and second in wish.targets for first, second in pairs)


def _met(found: list[Wish], *, only: bool) -> list[Wish]:
    """Complaints that an order answers become mentions: "too loud, turn them down by 3 dB"."""
    met: list[Wish] = []
    for at, wish in enumerate(found):
        later = found[at + 1 :]
        others = [*found[:at], *later]
        if wish.act == "stretch" and later and _points(later[0]) and _takes(later[0]):
            # "The first minute is just us chatting, bin it."
            span = wish.clause.with_items([*wish.clause.all("span"), *later[0].clause.items])
            found[at + 1] = replace(later[0], act="edit", clause=span, targets=())
        if not only and _heads(wish, later):
            # "Drums. Louder."
            met.append(replace(wish, act="mention"))
            found[at + 1] = replace(later[0], act="adjust", targets=wish.targets)
            continue
        if not only and _strays(wish, others):
            met.append(replace(wish, act="stray"))
            continue
        answered = wish.complaint and any(_answers(order, wish) for order in others)
        if answered or (wish.act == "bare" and any(_points(order) for order in later)):
            met.append(replace(wish, act="mention"))
        elif wish.act == "remove" and wish.clause.has("neg", "wish") and _goes(later):
            # "I can't stand the tambourine, get it out" says it twice.
            met.append(replace(wish, act="mention"))
        elif wish.act == "vague" and any(other.complaint for other in found[:at]):
            continue
        else:
            met.append(wish)
    return met


def _strays(wish: Wish, others: Sequence[Wish]) -> bool:
    """Whether a sound stands beside orders without one of its own: "young man, slow it down"."""
    version = any(item.version for item in wish.clause.items)
    return wish.act == "bare" and not version and any(order.act in _ORDERS for order in others)


def _heads(wish: Wish, later: Sequence[Wish]) -> bool:
    """Whether a sound alone says what the order after it is about."""
    version = any(item.version for item in wish.clause.items)
    after = later[0] if later else None
    return (
        wish.act == "bare"
        and not version
        and after is not None
        and after.act in {"adjust", "again"}
        and bool(after.aspects)
        and not after.targets
        and after.verbless
        and all(item.kind == "sound" for item in wish.targets)
    )


def _takes(order: Wish) -> bool:
    return order.act == "remove" or (order.act == "edit" and order.clause.has("verb", "cut"))


def _goes(later: Sequence[Wish]) -> bool:
    return any(order.act == "remove" and _points(order) for order in later)


def _answers(order: Wish, complaint: Wish) -> bool:
    names = {aspect.name for aspect in complaint.aspects}
    about = {aspect.name for aspect in order.aspects}
    return order.act == "adjust" and not order.complaint and bool(names & about)


def _points(order: Wish) -> bool:
    return order.act not in {"none", "topic"} and any(
        item.kind == "pronoun" for item in order.targets
    )
