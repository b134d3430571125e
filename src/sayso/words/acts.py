"""What each act does to the turn: a function for each, and the table that finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sayso.desk import MIX, NO, Adjust, Desk, Reset, Undo
from sayso.words.actions import KINDS, Declined
from sayso.words.adjusting import adjust
from sayso.words.amounts import TAKEN_BACK
from sayso.words.answers import answered
from sayso.words.aspects import direction
from sayso.words.context import about, last_turn
from sayso.words.corrections import as_at_first, narrowed, other_of, restated, swapped, taken_out_of
from sayso.words.dialogue import raised, vague
from sayso.words.followups import again, same_for, softened
from sayso.words.reading import read, spared_names
from sayso.words.removals import remove
from sayso.words.tracks import add, clean, denoise, extract, restore, spare, split
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
    counted = [item.number for item in wish.clause.items if item.number is not None]
    asked = round(counted[0].value) if counted else 2 if wish.clause.has("size", "double") else 1
    there = len(turn.history.turns)
    if not there:
        raise Declined("unsupported", "There is nothing to undo yet.", ("remove the vocals",))
    if asked > there:
        turn.note(f"There were only {there} changes to take back.")
    turn.do([Undo()] * max(1, min(asked, there)))


def _redo(turn: Turn, wish: Wish) -> None:
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


def _softer(turn: Turn, wish: Wish) -> None:
    if turn.moves or turn.answers:
        turn.puzzles.append(wish.clause.text)
        return
    size = next((item.value for item in wish.clause.all("size") if item.value != "normal"), "")
    turn.do(softened(turn.history, TAKEN_BACK.get(size, TAKEN_BACK["normal"])))


def _again(turn: Turn, wish: Wish) -> None:
    clause = wish.clause
    if turn.moves or turn.answers:
        turn.puzzles.append(wish.clause.text)
        return
    repeats = [m for m in last_turn(turn.history) if isinstance(m, Adjust) and m.relative]
    if clause.has("again") and not clause.has("degree") and not clause.has("size") and repeats:
        turn.do(repeats)
        return
    size = next((item.value for item in clause.all("size")), "normal")
    sign = direction(clause) or 1
    turn.do(again(turn.history, sign, size))


def _same(turn: Turn, wish: Wish) -> None:
    removal = turn.rest_as_removal(wish)
    if removal is not None:
        turn.do([removal])
        return
    if wish.clause.has("same", "as"):
        _same_as(turn, wish)
        return
    targets = turn.heard(turn.targets(wish))
    done = turn.latest or last_turn(turn.history)
    if not done:
        turn.mention(targets)
    elif targets:
        instead = [Undo()] if wish.clause.has("same", "instead") and not turn.latest else []
        turn.do([*instead, *same_for(done, targets)])


def _same_as(turn: Turn, wish: Wish) -> None:
    """What was done to one sound, done to another: "bass same as the guitars"."""
    cue = wish.clause.all("same", "as")[0]
    named = wish.clause.all("sound")
    targets = turn.heard([item.value for item in named if item.start < cue.start])
    models = {item.value for item in named if item.start > cue.start}
    done = [
        m for m in (*last_turn(turn.history), *turn.moves) if getattr(m, "target", None) in models
    ]
    if not targets or not done:
        raise Declined(
            "ambiguous", "The same as what? Name what should be done.", ("make the bass louder",)
        )
    turn.do(same_for(tuple(done), targets))


def _bare(turn: Turn, wish: Wish) -> None:
    """A sound and no more: to be pulled out, or, after "not the drums", put in their place.

    Beside other orders, or with an article, it says too little.
    """
    done = last_turn(turn.history)
    if turn.only and done and not turn.moves:
        moves = narrowed(turn.history, turn.heard(turn.targets(wish)))
        if moves:
            turn.do(moves)
            return
    if turn.spared and not turn.moves and set(turn.spared) & set(about(done)):
        targets = turn.heard(turn.targets(wish))
        turn.spared.clear()
        turn.do([Undo(), *same_for(done, targets)] if targets else [])
    elif turn.moves or (wish.clause.items[0].definite and not turn.only and not _is_all_but(wish)):
        turn.mention(turn.heard(turn.targets(wish)))
        if turn.moves:
            turn.puzzles.append(wish.clause.text)
    else:
        extract(turn, wish)


def _is_all_but(wish: Wish) -> bool:
    first = wish.clause.items[0]
    rest = first.kind == "besides" or wish.clause.has("group", "rest")
    return rest or first.value.startswith(NO) or first.version


def _pause(turn: Turn, wish: Wish) -> None:
    if wish.clause.has("verb", "split"):
        text = "I cannot split a recording into several files at its pauses yet."
    else:
        text = "I can shorten pauses but not put any in."
    raise Declined(
        "unsupported", text, ("remove the silences", "remove pauses longer than half a second")
    )


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
    if wish.clause.has("verb", "there"):
        turn.point_at(item.value for item in wish.clause.all("sound"))
    if (wish.act == "remark" and wish.clause.has("word")) or wish.clause.has("quantity"):
        turn.remarks.append(wish.clause.text)
    turn.told = True


def _condition(turn: Turn, wish: Wish) -> None:
    raise Declined(
        "ambiguous",
        f"I cannot tell by listening whether “{wish.clause.text}” holds; "
        "say the order that should be carried out.",
        ("remove the electric guitar", "turn the drums down"),
    )


def _ask(turn: Turn, wish: Wish) -> None:
    turn.point_at(item.value for item in wish.clause.all("sound"))
    turn.answers.append(answered(wish.clause, turn.history, turn.ear, turn.facts))


def _instead(turn: Turn, wish: Wish) -> None:
    """Other sounds for the last change: "not the drums, the bass", "no, the other one"."""
    clause = wish.clause
    if clause.has("group", "rest") and not clause.has("sound"):
        targets = other_of(turn.state.sounds, about(last_turn(turn.history)))
    else:
        targets = turn.heard(_last_named(turn, wish))
    done = last_turn(turn.history)
    if not done and targets:
        turn.mention(targets)
        return
    if not targets:
        raise Declined(
            "ambiguous", "Which sound do you mean?", ("make the drums louder",), asks="targets"
        )
    turn.do([Undo(), *same_for(done, targets)])


def _last_named(turn: Turn, wish: Wish) -> list[str]:
    """The sounds that are wanted, without those after "not"."""
    wanted, negated = [], False
    cue = wish.clause.first("verb", "is")
    for item in wish.clause.items:
        if cue is not None and item.start < cue.start:
            continue
        if item.kind == "neg":
            negated = True
        elif item.kind in {"retract", "mark", "join"} or item.is_("except", "but"):
            negated = False
        elif item.kind == "sound" and not negated:
            wanted.append(item.value)
    return wanted or [item.value for item in wish.clause.all("sound")][-1:]


def _swap(turn: Turn, wish: Wish) -> None:
    turn.do(swapped(turn.history, turn.state.sounds))


def _exclude_too(turn: Turn, wish: Wish) -> None:
    turn.spared.clear()
    names = turn.heard(spared_names(wish.spared) or [i.value for i in wish.clause.all("sound")])
    turn.do(taken_out_of(turn.history, names))


def _amount(turn: Turn, wish: Wish) -> None:
    numbers = [item.number for item in wish.clause.items if item.number is not None]
    try:
        moves = restated(turn.history, numbers[-1])
    except Declined:
        plain = read(replace(wish.clause, act="change"))
        if not (wish.clause.has("verb") and plain.aspects):
            raise
        adjust(turn, plain)
        return
    turn.do(moves)


def _forbid(turn: Turn, wish: Wish) -> None:
    turn.left_alone = True
    targets = turn.targets(wish)
    if targets != [MIX]:
        turn.mention(targets)


def _timed(turn: Turn, wish: Wish) -> None:
    raise Declined(
        "unsupported",
        "A change to one sound holds for the whole length; I cannot do it for a part of the time.",
        ("keep from 0:30 to 1:00", "cut from 1:15 to 1:20", "make the drums louder"),
    )


def _like(turn: Turn, wish: Wish) -> None:
    turn.answers.append(raised("mastering", turn.history, turn.ear))


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


def _none(turn: Turn, wish: Wish) -> None:
    small = {"prep", "degree", "size", "verb"}
    telling = any(item.kind not in small for item in wish.clause.items)
    if telling and len(wish.clause.text) > 2:
        turn.puzzles.append(wish.clause.text)


def perform(turn: Turn, wish: Wish) -> None:
    """Does what `wish` asks for, or takes the answer that is given instead."""
    turn.spared += spared_names(wish.spared)
    turn.wish = wish
    try:
        _ACTS[wish.act](turn, wish)
        turn.wonder(wish)
    except Declined as declined:
        turn.decline(declined, wish)


_ACTS: Mapping[str, Callable[[Turn, Wish], None]] = {
    "topic": _topic,
    "ask": _ask,
    "condition": _condition,
    "aside": _remark,
    "remark": _remark,
    "pause": _pause,
    "unknown": _unknown,
    "forget": _forget,
    "undo": _undo,
    "redo": _redo,
    "reset": _reset,
    "softer": _softer,
    "again": _again,
    "same": _same,
    "instead": _instead,
    "swap": _swap,
    "exclude_too": _exclude_too,
    "amount": _amount,
    "spare": spare,
    "forbid": _forbid,
    "timed": _timed,
    "like": _like,
    "section": _section,
    "clean": clean,
    "denoise": denoise,
    "split": split,
    "extract": extract,
    "bare": _bare,
    "remove": remove,
    "restore": restore,
    "add": add,
    "vague": _change,
    "mention": _mention,
    "none": _none,
    "measured": _none,
    "adjust": adjust,
}
