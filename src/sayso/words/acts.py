"""What each act does to the turn: a function for each, and the table that finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sayso.desk import MIX, Adjust, Desk, Extract, Remove, Reset, Undo
from sayso.words.account import unused_numbers
from sayso.words.actions import KINDS, Declined
from sayso.words.adjusting import adjust
from sayso.words.answers import answered
from sayso.words.context import about, last_turn
from sayso.words.corrections import (
    as_at_first,
)
from sayso.words.dialogue import raised, vague
from sayso.words.moments import duck, fade, timed, turn_back
from sayso.words.reading import spared_names
from sayso.words.removals import clear, remove
from sayso.words.revising import (
    correct,
    exclude,
    go_on,
    leave,
    measure,
    name,
    repeat,
    restate,
    soften,
    swap,
    turn_round,
)
from sayso.words.tracks import add, clean, denoise, extract, restore, split
from sayso.words.turn import Turn
from sayso.words.wishes import Aspect, Wish
from sayso.words.wording import joined, spoken


def _topic(turn: Turn, wish: Wish) -> None:
    for item in wish.clause.all("topic"):
        turn.answers.append(raised(item.value, turn.history, turn.ear))
        break


def _undo(turn: Turn, wish: Wish) -> None:
    if wish.clause.has("edge", "start"):
        turn.do([Reset()] if turn.history.turns else [])
        return
    if wish.clause.has("pronoun", "both"):
        turn.do([Undo()] * min(2, len(turn.history.turns)))
        return
    counted = [item.number for item in wish.clause.items if item.number is not None]
    asked = round(counted[0].value) if counted else 2 if wish.clause.has("size", "double") else 1
    there = len(turn.history.turns)
    if not there:
        raise Declined("unsupported", "There is nothing to undo yet.", ("remove the vocals",))
    if asked > there:
        turn.note(f"There were only {there} changes to take back.")
    turn.do([Undo()] * max(1, min(asked, there)))


def _redo(turn: Turn, wish: Wish) -> None:
    if not turn.history.undone and turn.history.turns and wish.clause.text.endswith("back"):
        turn.do([Undo()])
        return
    if not turn.history.undone:
        raise Declined("unsupported", "There is nothing to redo.", ("undo",))
    turn.do(turn.history.undone[-1])


def _reset(turn: Turn, wish: Wish) -> None:
    targets = [target for target in turn.heard(turn.targets(wish)) if target != MIX]
    if not targets and turn.desk == Desk(limiter=turn.desk.limiter):
        raise Declined("help", "Nothing has been changed yet.", ("remove the vocals",))
    moves = [move for target in targets for move in as_at_first(turn.desk, target)]
    if targets and not moves:
        raise Declined(
            "help", f"{_as_it_was(targets)} as at first already.", ("what did you change?",)
        )
    turn.do(moves or [Reset()])


def _as_it_was(targets: Sequence[str]) -> str:
    names = joined([spoken(target) for target in targets])
    many = len(targets) > 1 or targets[0].endswith("s")
    return f"{names[0].upper()}{names[1:]} {'are' if many else 'is'}"


def _swap_other(turn: Turn, wish: Wish) -> None:
    turn.answers.append(raised("generating", turn.history, turn.ear))


def _pause(turn: Turn, wish: Wish) -> None:
    if wish.clause.has("verb", "split"):
        text = "I cannot split a recording into several files at its pauses yet."
    else:
        text = "I can shorten pauses but not put any in."
    raise Declined(
        "unsupported", text, ("remove the silences", "remove pauses longer than half a second")
    )


def _describe(turn: Turn, wish: Wish) -> None:
    """One sound that is described by several: "a man speaking while rain falls"."""
    items = wish.clause.items
    text = " ".join(wish.clause.words(items[1], items[-1]).split()[:12])
    target = turn.heard([text.removeprefix("a ").removeprefix("the ")])
    if target and items[0].is_("verb", "remove"):
        turn.do([Remove(targets=tuple(target))])
    elif target:
        turn.do([Extract(targets=tuple(target))])


def _unknown(turn: Turn, wish: Wish) -> None:
    raise Declined(
        "ambiguous",
        f"I do not know which sound “{wish.clause.text}” is; call it by its name.",
        ("turn the kick down", "remove the hum"),
        asks="targets",
        template="",
    )


def _forget(turn: Turn, wish: Wish) -> None:
    """Something that was asked for is to be as if it had not been."""
    last = last_turn(turn.history)
    named = {item.value.partition(".")[0].rstrip("+-") for item in wish.clause.items}
    sounds = {item.value for item in wish.clause.all("sound")}
    effects = {
        effect.effect for move in last if isinstance(move, Adjust) for effect in move.effects
    }
    touched = {name for move in last for name in getattr(move, "targets", ())} | set(about(last))
    if last and (named & effects or (sounds and sounds <= touched)):
        turn.do([Undo()])
        return
    off = [Aspect(name, off=True) for name in named if name in KINDS]
    if sounds and not off:
        _reset(turn, wish)
        return
    if not off:
        raise Declined("ambiguous", f"I am not sure what “{wish.clause.text}” means.", ("undo",))
    adjust(turn, replace(wish, act="adjust", aspects=tuple(off), targets=()))


def _remark(turn: Turn, wish: Wish) -> None:
    """Something that was only told; its words are named where it could have been more."""
    subject = wish.clause.items[0].kind == "sound" and not wish.clause.has("prep", "than")
    if subject or wish.clause.has("verb", "there") or wish.clause.has("aux", "have"):
        turn.point_at(item.value for item in wish.clause.all("sound"))
    if (wish.act == "remark" and wish.clause.has("word")) or wish.clause.has("quantity"):
        turn.remarks.append(wish.clause.text)
    turn.told = True


def _condition(turn: Turn, wish: Wish) -> None:
    if not wish.clause.has("cond"):
        raise Declined(
            "ambiguous",
            "When is that? Tell me the times, from when to when.",
            ("turn the guitar down from 0:30 to 0:45", "mute the drums after 1:00"),
        )
    raise Declined(
        "ambiguous",
        f"I cannot tell by listening whether “{wish.clause.text}” holds; "
        "say the order that should be carried out.",
        ("remove the electric guitar", "turn the drums down"),
    )


def _ask(turn: Turn, wish: Wish) -> None:
    turn.point_at(item.value for item in wish.clause.all("sound"))
    turn.answers.append(answered(wish.clause, turn.history, turn.ear, turn.facts))


def _forbid(turn: Turn, wish: Wish) -> None:
    turn.left_alone = True
    targets = turn.targets(wish)
    if targets != [MIX]:
        turn.mention(targets)


def _like(turn: Turn, wish: Wish) -> None:
    turn.answers.append(raised("mastering", turn.history, turn.ear))


def _stretch(turn: Turn, wish: Wish) -> None:
    """A stretch of time that is only spoken of."""
    turn.told = True


def _section(turn: Turn, wish: Wish) -> None:
    part = wish.clause.all("section")[0].value
    raise Declined(
        "ambiguous",
        f"I do not know where the {part} is; tell me its times.",
        ("cut from 0:00 to 0:15", "keep from 1:00 to 1:30"),
        asks="times",
    )


def _change(turn: Turn, wish: Wish) -> None:
    raise vague(turn.targets(wish))


def _mention(turn: Turn, wish: Wish) -> None:
    turn.mention(turn.targets(wish))


def _stray(turn: Turn, wish: Wish) -> None:
    turn.mention(turn.heard(turn.targets(wish)))
    turn.puzzles.append(wish.clause.text)


def _none(turn: Turn, wish: Wish) -> None:
    small = {"prep", "degree", "size", "verb"}
    telling = any(item.kind not in small for item in wish.clause.items)
    if telling and (len(wish.clause.text) > 2 or wish.clause.has("word")):
        turn.puzzles.append(wish.clause.text)


def perform(turn: Turn, wish: Wish) -> None:
    """Does what `wish` asks for, or takes the answer that is given instead."""
    turn.spared += spared_names(wish.spared)
    turn.wish = wish
    try:
        before = len(turn.moves)
        _ACTS[wish.act](turn, wish)
        turn.wonder(wish)
        if len(turn.moves) > before:
            account(turn, wish, unused_numbers(wish.clause.items, turn.moves[before:]))
        if wish.spared and wish.act != "instead":
            turn.point_at(spared_names(wish.spared))
    except Declined as declined:
        turn.decline(declined, wish)


def account(turn: Turn, wish: Wish, unused: Sequence[str]) -> None:
    """Takes down the numbers of a wish that its moves do not hold."""
    mains = wish.clause.has("sound", "hum", "buzz") and set(unused) <= _MAINS
    counts = wish.act == "undo" or (wish.act == "split" and not wish.clause.has("sound"))
    if unused and not counts and not mains:
        turn.puzzles += unused
        turn.doubts = True


_MAINS = frozenset({"50", "60", "50 hz", "60 hz"})
_ACTS: Mapping[str, Callable[[Turn, Wish], None]] = {
    "topic": _topic,
    "ask": _ask,
    "condition": _condition,
    "aside": _remark,
    "remark": _remark,
    "pause": _pause,
    "unknown": _unknown,
    "describe": _describe,
    "fade": fade,
    "duck": duck,
    "backwards": turn_back,
    "forget": _forget,
    "clear": clear,
    "undo": _undo,
    "redo": _redo,
    "reset": _reset,
    "softer": soften,
    "again": go_on,
    "same": repeat,
    "instead": correct,
    "swap": swap,
    "exclude_too": exclude,
    "amount": restate,
    "spare": leave,
    "forbid": _forbid,
    "timed": timed,
    "like": _like,
    "section": _section,
    "stretch": _stretch,
    "clean": clean,
    "denoise": denoise,
    "split": split,
    "extract": extract,
    "bare": name,
    "remove": remove,
    "restore": restore,
    "add": add,
    "vague": _change,
    "mention": _mention,
    "none": _none,
    "stray": _stray,
    "measured": measure,
    "opposite": turn_round,
    "swap_other": _swap_other,
    "adjust": adjust,
}
