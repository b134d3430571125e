"""Acts in time on single sounds: changes for a span, fades, ducking, playing backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sayso.desk import MIX, Adjust, Duck, Fade, Move, Mute, Remove, Reverse
from sayso.desk.spans import During
from sayso.words.actions import Declined
from sayso.words.adjusting import adjust
from sayso.words.grammar import Clause
from sayso.words.items import Item
from sayso.words.meanwhile import heard_over
from sayso.words.reading import read
from sayso.words.removals import remove
from sayso.words.timing import mutes
from sayso.words.turn import Turn
from sayso.words.wishes import Wish
from sayso.words.wording import spoken

_IN_S, _OUT_S = 2.0, 5.0
_DUCK_DB = -12.0
_WHEN = frozenset({"span", "section", "edge"})


def timed(turn: Turn, wish: Wish) -> None:
    """A change or a silence that holds for a part of the time. Raises: Declined."""
    span = during(wish)
    rest = [item for item in wish.clause.items if item.kind not in _WHEN]
    while rest and rest[0].kind in {"prep", "join", "mark"}:
        rest.pop(0)
    while rest and rest[-1].kind in {"prep", "join", "mark"}:
        rest.pop()
    if mutes(wish.clause) and not wish.clause.has("sound"):
        targets = turn.heard(turn.targets(wish)) or [MIX]
        turn.do([Adjust(target=target, effects=(Mute(span=span),)) for target in targets])
        return
    inner = Turn(turn.history, turn.ear, turn.state, turn.facts)
    act = "remove" if _silences(rest) else "change"
    plain = read(replace(wish.clause, act=act, items=tuple(rest)))
    if act == "change" and not plain.aspects:
        raise _needs_an_order()
    (remove if act == "remove" else adjust)(inner, plain)
    turn.notes += inner.notes
    turn.answers += inner.answers
    turn.do([_within(move, span) for move in _single(inner.moves)])


def _silences(items: Sequence[Item]) -> bool:
    """Whether a sound is to be silent, rather than changed."""
    changed = any(item.kind in {"param", "quality", "preset", "place", "band"} for item in items)
    measured = any(item.number is not None for item in items)
    away = any(
        item.is_("verb", "remove", "cut", "drop")
        or item.is_("particle", "out", "off", "away")
        or item.is_("degree", "zero")
        for item in items
    )
    return away and not changed and not measured


def _single(moves: Sequence[Move]) -> list[Move]:
    """Removals of several sounds, one by one."""
    out: list[Move] = []
    for move in moves:
        if isinstance(move, Remove):
            out += [Remove(targets=(target,)) for target in move.targets]
        else:
            out.append(move)
    return out


def _within(move: Move, span: During) -> Move:
    """The move, for a span only. Raises: Declined for what has no part of the time."""
    if isinstance(move, Remove):
        return Adjust(target=move.targets[0], effects=(Mute(span=span),))
    if isinstance(move, Adjust) and all(effect.in_part for effect in move.effects):
        effects = tuple(type(e)(**{**e.model_dump(), "span": span}) for e in move.effects)
        return Adjust(target=move.target, relative=move.relative, effects=effects)
    raise Declined(
        "unsupported",
        "That holds for the whole length; I cannot do it for a part of the time.",
        ("keep from 0:30 to 1:00", "make the drums louder"),
    )


def during(wish: Wish) -> During:
    """The span that a clause names. Raises: Declined where its times are not known."""
    clause = wish.clause
    spans = clause.all("span")
    if clause.has("section"):
        part = clause.all("section")[0].value
        raise Declined(
            "ambiguous",
            f"I do not know where the {part} is; tell me its times.",
            ("mute the drums from 0:30 to 0:45", "turn the vocals down after 1:00"),
            asks="times",
        )
    if len(spans) != 1 or spans[0].number is None:
        raise Declined(
            "ambiguous",
            "From when to when? Tell me the times.",
            ("mute the drums from 0:30 to 0:45", "turn the vocals down after 1:00"),
        )
    span, start = spans[0], spans[0].number.value
    if span.value == "head":
        return During(start_s=0.0, end_s=start)
    if span.value == "tail":
        return During(start_s=-start)
    end = span.upper.value if span.upper is not None else None
    return During(start_s=start, end_s=end)


def _needs_an_order() -> Declined:
    return Declined(
        "ambiguous",
        "What should happen there?",
        ("mute the drums from 0:30 to 0:45", "turn the vocals down after 1:00"),
    )


def fade(turn: Turn, wish: Wish) -> None:
    """In, out, or both, of a sound or of the whole. Raises: Declined for one in the middle."""
    clause = wish.clause
    ways = {item.value for item in clause.all("fade")}
    if clause.has("edge", "start") or clause.has("particle", "up"):
        ways.add("in")
    if clause.has("edge", "end", "whole") or clause.has("particle", "out", "down", "away"):
        ways.add("out")
    if clause.has("edge", "both"):
        ways |= {"in", "out"}
    # "Over 3 seconds" is how long it takes.
    spans = [
        span
        for span in clause.all("span")
        if span.value not in {"head", "tail"} and not span.text.startswith(("over", "above"))
    ]
    if (
        spans
        or clause.has("section")
        or clause.has("prep", "over")
        or clause.has("edge", "between")
        or _at_a_time(clause)
    ):
        raise Declined(
            "unsupported",
            "I fade in at the start and out at the end, not in between.",
            ("fade out over the last 5 seconds", "turn the music down after 1:00"),
        )
    times = [item.number.value for item in clause.items if item.number is not None]
    seconds = times[0] if times else None
    if not ways & {"in", "out"}:
        ways = {"out"}
    known = tuple(item for item in wish.targets if item.kind != "word")  # "a short fade"
    targets = turn.heard(turn.targets(replace(wish, targets=known))) or [MIX]
    for target in targets:
        now = turn.desk.strip(target).find(Fade())
        in_s, out_s = (now.in_s, now.out_s) if isinstance(now, Fade) else (0.0, 0.0)
        if "in" in ways:
            in_s = seconds if seconds is not None else _IN_S
        if "out" in ways:
            out_s = seconds if seconds is not None else _OUT_S
        turn.do([Adjust(target=target, effects=(Fade(in_s=in_s, out_s=out_s),))])


def _at_a_time(clause: Clause) -> bool:
    pairs = zip(clause.items, clause.items[1:], strict=False)
    return any(first.is_("prep", "at") and second.kind == "quantity" for first, second in pairs)


def duck(turn: Turn, wish: Wish) -> None:
    """One sound down while another is heard. Raises: Declined where either is not named."""
    clause = wish.clause
    cue = (
        clause.first("during")
        or clause.first("edge", "below")
        or clause.first("prep", "to", "by", "for", "with", "from")
    )
    named = clause.all("sound")
    over = [item.value for item in named if cue is not None and item.start > cue.start]
    over = [heard_over(clause)] if clause.has("during") else over
    ducked = [item.value for item in named if cue is None or item.start < cue.start]
    if not ducked or not over:
        raise Declined(
            "ambiguous",
            "What should go down, and while what is heard?",
            ("duck the music under the speech",),
        )
    levels = [i.number.value for i in clause.items if i.number and i.number.unit in {"db", ""}]
    db = -abs(levels[0]) if levels else _DUCK_DB
    under = turn.heard(over[:1])
    for target in turn.heard(ducked) if under else ():
        turn.do([Adjust(target=target, effects=(Duck(under=under[0], db=db),))])


def turn_back(turn: Turn, wish: Wish) -> None:
    """Sounds played backwards; once more, they run forward again."""
    targets = turn.heard(turn.targets(wish)) or [MIX]
    if turn.history.turns and any(item.text == "that" for item in wish.targets):
        turn.doubts = True  # what was done, or the sound?
    span = during(wish) if wish.clause.has("span") or wish.clause.has("section") else None
    for target in targets:
        if span is None and turn.desk.strip(target).find(Reverse()) is not None:
            raise Declined("help", f"{spoken(target)} runs backwards already.", ("undo",))
        turn.do([Adjust(target=target, effects=(Reverse(span=span),))])
