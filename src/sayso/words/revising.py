"""Acts that go on from the turn before: more, too much, the same, another, not that one."""

from __future__ import annotations

from dataclasses import replace

from sayso.desk import MIX, NO, Adjust, Undo
from sayso.words.actions import Declined
from sayso.words.adjusting import adjust
from sayso.words.amounts import TAKEN_BACK
from sayso.words.aspects import direction
from sayso.words.context import about, last_turn
from sayso.words.corrections import (
    narrowed,
    other_of,
    reset_to,
    same_with,
    swapped,
    taken_out_of,
    turned_round,
)
from sayso.words.dialogue import only_mentioned
from sayso.words.followups import again, same_for, softened
from sayso.words.reading import read, spared_names
from sayso.words.tracks import extract, spare
from sayso.words.turn import Turn
from sayso.words.wishes import Wish


def turn_round(turn: Turn, wish: Wish) -> None:
    """The last change the other way."""
    targets = turn.heard(turn.targets(wish))
    done = last_turn(turn.history)
    if targets:
        turn.do(turned_round(same_for(done, targets)))
    else:
        turn.do((Undo(), *turned_round(done)))


def measure(turn: Turn, wish: Wish) -> None:
    """The last change for another sound, with a number of its own: "and the bass by 2"."""
    numbers = [item.number for item in wish.clause.items if item.number is not None]
    targets = turn.heard(turn.targets(wish))
    done = last_turn(turn.history)
    if turn.moves or not (numbers and targets and done):
        turn.puzzles.append(wish.clause.text)
        return
    turn.do(same_with(turn.history, same_for(done, targets), numbers[-1]))


def soften(turn: Turn, wish: Wish) -> None:
    """Some of the last change is taken back."""
    if turn.moves or turn.answers:
        turn.puzzles.append(wish.clause.text)
        return
    size = next((item.value for item in wish.clause.all("size") if item.value != "normal"), "")
    turn.do(softened(turn.history, TAKEN_BACK.get(size, TAKEN_BACK["normal"])))


def go_on(turn: Turn, wish: Wish) -> None:
    """The last change once more, or a step further."""
    clause = wish.clause
    if turn.moves or turn.answers:
        turn.puzzles.append(wish.clause.text)
        return
    if clause.has("pronoun", "both") and len(about(last_turn(turn.history))) != 2:
        raise Declined(
            "ambiguous", "Of which two? Please name them.", ("turn the drums and the bass up",)
        )
    if clause.has("size", "half", "high", "low") and not clause.has("degree", "more", "less"):
        raise Declined(
            "ambiguous", f"How far is “{clause.text}”? Say the number.", ("turn it up by 2 dB",)
        )
    repeats = [m for m in last_turn(turn.history) if isinstance(m, Adjust) and m.relative]
    if clause.has("again") and not clause.has("degree") and not clause.has("size") and repeats:
        turn.do(repeats)
        return
    size = next((item.value for item in clause.all("size")), "normal")
    lighter = size == "small" and clause.text.endswith("er") and not clause.has("again")
    sign = direction(clause) or (-1 if lighter else 1)
    turn.do(again(turn.history, sign, size))


def repeat(turn: Turn, wish: Wish) -> None:
    """The same as the turn before, for another sound."""
    removal = turn.rest_as_removal(wish)
    if removal is not None:
        turn.do([removal])
        return
    if wish.clause.has("same", "as"):
        _same_as(turn, wish)
        return
    targets = turn.heard(turn.targets(wish))
    if turn.moves and targets and wish.clause.items[-1].kind == "same":
        turn.spared += targets  # "vocals up, drums same"
        return
    done = turn.taken_back or turn.latest or last_turn(turn.history)
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


def name(turn: Turn, wish: Wish) -> None:
    """A sound and no more: to be pulled out, or, after "not the drums", put in their place.

    Beside other orders, or with an article, it says too little.
    """
    done = last_turn(turn.history)
    if wish.clause.asked and not (turn.only or done or wish.clause.items[0].version):
        raise only_mentioned(turn.targets(wish))  # "Drums??"
    if turn.only and done and not turn.moves:
        moves = narrowed(turn.history, turn.heard(turn.targets(wish)))
        if moves:
            turn.do(moves)
            return
    of_the_mix = about(done) == [MIX] and all(isinstance(m, Adjust) for m in done)
    if turn.only and of_the_mix and not turn.moves:
        # "Turn it up." "Only the vocals."
        turn.do([Undo(), *same_for(done, turn.heard(turn.targets(wish)))])
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


def correct(turn: Turn, wish: Wish) -> None:
    """Other sounds for the last change: "not the drums, the bass", "no, the other one"."""
    clause = wish.clause
    if clause.has("group", "rest") and not clause.has("sound"):
        if "other" not in clause.text:
            raise Declined(
                "ambiguous",
                f"What should happen to {clause.text}?",
                ("isolate everything but the vocals", "turn everything but the vocals down"),
            )
        targets = other_of(turn.state.sounds, about(last_turn(turn.history)))
    else:
        targets = turn.heard(_last_named(turn, wish))
    done = last_turn(turn.history)
    if not done and targets:
        turn.mention(targets)
        return
    fewer = narrowed(turn.history, targets) if turn.only and targets else ()
    if fewer:
        turn.do(fewer)
        return
    if not targets:
        raise Declined(
            "ambiguous", "Which sound do you mean?", ("make the drums louder",), asks="targets"
        )
    onto = wish.clause.items[0].kind == "prep" and about(done) != [MIX]
    turn.do([*([] if onto else [Undo()]), *same_for(done, targets)])


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


def swap(turn: Turn, wish: Wish) -> None:
    """Two sounds that change places."""
    turn.do(swapped(turn.history, turn.state.sounds))


def exclude(turn: Turn, wish: Wish) -> None:
    """A sound that the last change should not have reached."""
    turn.spared.clear()
    names = turn.heard(spared_names(wish.spared) or [i.value for i in wish.clause.all("sound")])
    turn.do(taken_out_of(turn.history, names))


def restate(turn: Turn, wish: Wish) -> None:
    """A number alone: a further step of the last change, or the level of what "it" is."""
    number = [item.number for item in wish.clause.items if item.number is not None][-1]
    if wish.clause.has("again", "another"):
        turn.do(same_with(turn.history, last_turn(turn.history), number))
        return
    done = last_turn(turn.history)
    anew = same_with(turn.history, done, number) if len(done) == 1 else done
    if anew != done:
        turn.do(reset_to(turn.history, anew) or (Undo(), *anew))
        return
    plain = read(replace(wish.clause, act="change"))
    if not (wish.clause.has("verb") and plain.aspects):
        raise Declined(
            "ambiguous",
            f"What should be {number.value:g}? Name what you mean.",
            ("turn the drums down by 3 dB", "loop it 4 times"),
        )
    adjust(turn, plain)


def leave(turn: Turn, wish: Wish) -> None:
    """Sounds to leave as they are; said of the last change, they are taken out of it."""
    names = spared_names(wish.spared)
    if wish.clause.items or not names or turn.moves or not turn.history.turns:
        spare(turn, wish)
        return
    try:
        turn.do(taken_out_of(turn.history, turn.heard(names)))
        turn.spared.clear()
    except Declined:
        spare(turn, wish)
