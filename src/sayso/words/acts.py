"""What each act does to the turn: a function for each, and the table that finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sayso.desk import (
    MIX,
    NO,
    Adjust,
    Clean,
    Desk,
    Extract,
    Gain,
    Move,
    Remove,
    Reset,
    Undo,
    complement_of,
)
from sayso.words.actions import ACTIONS, KINDS, OF_THE_MIX, Declined, Scene
from sayso.words.amounts import TAKEN_BACK
from sayso.words.aspects import direction
from sayso.words.context import about, last_turn, with_effect
from sayso.words.dialogue import raised, vague
from sayso.words.followups import again, same_for, softened
from sayso.words.reading import VOICES, leaning_removal, spared_names
from sayso.words.spans import SEPARATOR
from sayso.words.turn import Turn
from sayso.words.wishes import Aspect, Wish
from sayso.words.wording import joined, spoken

_STEMS = {
    2: ("vocals", "no vocals"),
    4: ("vocals", "drums", "bass", "other"),
    5: ("vocals", "drums", "bass", "piano", "other"),
    6: ("vocals", "drums", "bass", "guitar", "piano", "other"),
}


def _topic(turn: Turn, wish: Wish) -> None:
    for item in wish.clause.all("topic"):
        turn.answers.append(raised(item.value, turn.history, turn.ear))
        break


def _undo(turn: Turn, wish: Wish) -> None:
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
    targets = [target for target in turn.targets(wish) if target != MIX]
    if not targets and turn.desk == Desk(limiter=turn.desk.limiter):
        raise Declined("help", "Nothing has been changed yet.", ("remove the vocals",))
    turn.do([Reset(target=target) for target in targets] or [Reset()])


def _softer(turn: Turn, wish: Wish) -> None:
    size = next((item.value for item in wish.clause.all("size") if item.value != "normal"), "")
    turn.do(softened(turn.history, TAKEN_BACK.get(size, TAKEN_BACK["normal"])))


def _again(turn: Turn, wish: Wish) -> None:
    clause = wish.clause
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
    targets = turn.heard(turn.targets(wish))
    done = turn.latest or last_turn(turn.history)
    if not done:
        turn.mention(targets)
    elif targets:
        instead = [Undo()] if wish.clause.has("same", "instead") and not turn.latest else []
        turn.do([*instead, *same_for(done, targets)])


def _bare(turn: Turn, wish: Wish) -> None:
    """A sound and no more: to be pulled out, or, after "not the drums", put in their place."""
    done = last_turn(turn.history)
    if turn.spared and not turn.moves and set(turn.spared) & set(about(done)):
        targets = turn.heard(turn.targets(wish))
        turn.spared.clear()
        turn.do([Undo(), *same_for(done, targets)] if targets else [])
    else:
        _extract(turn, wish)


def _spare(turn: Turn, wish: Wish) -> None:
    names = spared_names(wish.targets) if not wish.spared else []
    turn.spared += [name for name in names if not name.startswith(NO)]
    turn.left_alone = True


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
    )


def _clean(turn: Turn, wish: Wish) -> None:
    sounds = [item.value for item in wish.clause.all("sound")]
    others = [name for name in sounds if name not in {*VOICES, "noise", "music", "backing vocals"}]
    if wish.clause.has("verb", "clean") and others:
        raise Declined(
            "unsupported",
            f"Cleaning up is for speech; for {spoken(others[0])} I can take single noises out.",
            ("remove the noise", "remove the hum"),
        )
    turn.do([Clean()])


def _denoise(turn: Turn, wish: Wish) -> None:
    targets = turn.heard(["noise"])
    if targets:
        turn.do([Remove(targets=tuple(targets))])


def _split(turn: Turn, wish: Wish) -> None:
    sounds = [item.value for item in wish.clause.all("sound")]
    counts = [item.number.value for item in wish.clause.all("quantity") if item.number]
    if not sounds:
        count = int(counts[0]) if counts else 4
        if count not in _STEMS:
            raise Declined(
                "unsupported",
                f"I split into 2, 4, 5 or 6 stems, not {count}; or name the sounds that you want.",
                ("split into 4 stems", "separate it into vocals, drums and bass"),
            )
        sounds = list(_STEMS[count])
    targets = turn.heard(sounds)
    if targets:
        turn.do([Extract(targets=tuple(targets))])


def _extract(turn: Turn, wish: Wish) -> None:
    besides = wish.clause.first("besides")
    if besides is not None:
        targets = turn.heard(besides.value.split(SEPARATOR))
        turn.do([Remove(targets=tuple(targets))] if targets else [])
        return
    removal = turn.rest_as_removal(wish)
    if removal is not None:
        turn.do([removal])
        return
    if wish.clause.has("verb", "keep") and any(isinstance(m, Remove) for m in turn.moves):
        _spare(turn, wish)
        return
    targets = turn.heard(turn.targets(wish))
    if targets:
        turn.do([Extract(targets=tuple(targets))])


def _whole_of_removal(wish: Wish) -> list[str]:
    """The sounds that something should be missing from: "the drums without the cymbals"."""
    cue = leaning_removal(wish.clause)
    if cue is None:
        return []
    before = [item for item in wish.clause.all("sound") if item.start < cue.start]
    return [item.value for item in before if item.value not in {"music", "other"}]


def _remove(turn: Turn, wish: Wish) -> None:
    besides = wish.clause.first("besides")
    if besides is not None:
        targets = turn.heard(besides.value.split(SEPARATOR))
        turn.do([Extract(targets=tuple(targets))] if targets else [])
        return
    targets = turn.targets(wish)
    if wish.clause.has("degree", "zero") and any(isinstance(m, Extract) for m in turn.moves):
        # "Just the drums, no vocals": what is pulled out has no vocals in it.
        turn.mention(targets)
        return
    whole = _whole_of_removal(wish)
    if whole:
        turn.do([Extract(targets=tuple(turn.heard(whole)))])
        raise Declined(
            "unsupported",
            f"I cannot take {joined([spoken(target) for target in targets])} out of "
            f"{joined([spoken(name) for name in whole])} alone.",
        )
    if MIX in targets:
        raise Declined(
            "ambiguous",
            "Taking everything out would leave nothing; name the sounds that should go.",
            ("remove the vocals", "remove everything but the drums"),
        )
    heard = turn.heard(targets)
    kept = [left for left in map(complement_of, heard) if left is not None]
    gone = [target for target in heard if complement_of(target) is None]
    moves: list[Move] = []
    if gone:
        moves.append(Remove(targets=tuple(gone)))
    if kept:
        moves.append(Extract(targets=tuple(kept)))
    turn.do(moves)


def _restore(turn: Turn, wish: Wish) -> None:
    targets = turn.heard(turn.targets(wish))
    if MIX in targets:
        targets = [name for name, strip in turn.desk.strips.items() if strip.mute]
    if not targets:
        raise Declined(
            "ambiguous", "What should come back? Name the sound.", ("bring the vocals back", "undo")
        )
    turn.do(_brought_back(targets))


def _brought_back(targets: Sequence[str]) -> list[Move]:
    return [Adjust(target=t, relative=True, effects=(Gain(db=0.0),)) for t in targets]


def _add(turn: Turn, wish: Wish) -> None:
    targets = turn.targets(wish)
    desk = turn.desk
    absent = [t for t in targets if desk.strip(t).mute or (MIX not in desk.deliver and t != MIX)]
    if absent and turn.history.turns:
        turn.do(_brought_back(absent))
        return
    name = next((target for target in targets if target != MIX), "sound")
    raise Declined(
        "unsupported",
        f"I work with what is in the recording and cannot add a {name} to it.",
        (f"make the {name} louder", f"isolate the {name}", "add some reverb to the vocals"),
    )


def _change(turn: Turn, wish: Wish) -> None:
    targets = turn.targets(wish)
    raise vague(targets)


def _mention(turn: Turn, wish: Wish) -> None:
    turn.mention(turn.targets(wish))


def _none(turn: Turn, wish: Wish) -> None:
    small = {"prep", "degree", "size", "verb"}
    telling = any(item.kind not in small for item in wish.clause.items)
    if telling and len(wish.clause.text) > 2:
        turn.puzzles.append(wish.clause.text)


def _adjust(turn: Turn, wish: Wish) -> None:
    for aspect in wish.aspects:
        for target in _adjusted(turn, wish, aspect):
            scene = Scene(target, turn.desk)
            moves = ACTIONS[aspect.name](aspect, scene)
            if not moves:
                raise Declined(
                    "unsupported", f"There is nothing of that on {spoken(target)} to take off yet."
                )
            turn.do(moves)
            for text in scene.notes:
                turn.note(text)


def _adjusted(turn: Turn, wish: Wish, aspect: Aspect) -> list[str]:
    """The targets of an aspect, by name or by what it can only mean."""
    if not wish.targets:
        return _implied(turn, aspect)
    named = turn.targets(wish)
    pointed = all(item.kind in {"pronoun", "group"} for item in wish.targets)
    if aspect.name in OF_THE_MIX and (pointed or named == ["music"]):
        return [MIX]
    if named == ["bass"] and turn.ear.find("bass") is None:
        raise _Toned
    return turn.heard(named)


def _implied(turn: Turn, aspect: Aspect) -> list[str]:
    if aspect.name in OF_THE_MIX:
        return [MIX]
    if aspect.name == "preset" and aspect.detail in {"nightcore", "slowed and reverb"}:
        return [MIX]
    kind = KINDS.get(aspect.name)
    if kind is not None and (aspect.off or aspect.sign < 0) and not aspect.absolute:
        having = with_effect(turn.desk, kind)
        return [name for name in turn.about if name in having] or having or turn.about
    return turn.about


class _Toned(Exception):  # noqa: N818  (a turn of the road, not an error)
    """The bass cannot be heard as an instrument, so its tone is meant."""


def perform(turn: Turn, wish: Wish) -> None:
    """Does what `wish` asks for, or takes the answer that is given instead."""
    turn.spared += spared_names(wish.spared)
    try:
        _ACTS[wish.act](turn, wish)
        turn.wonder(wish)
    except _Toned:
        tone = [Aspect("eq", "low", a.sign, size=a.size, numbers=a.numbers) for a in wish.aspects]
        turn.note("I cannot hear the bass as an instrument here, so I change the low tones.")
        for aspect in tone:
            turn.do(ACTIONS["eq"](aspect, Scene(MIX, turn.desk)))
    except Declined as answer:
        turn.answers.append(answer)


_ACTS: Mapping[str, Callable[[Turn, Wish], None]] = {
    "topic": _topic,
    "undo": _undo,
    "redo": _redo,
    "reset": _reset,
    "softer": _softer,
    "again": _again,
    "same": _same,
    "spare": _spare,
    "forbid": _forbid,
    "timed": _timed,
    "like": _like,
    "section": _section,
    "clean": _clean,
    "denoise": _denoise,
    "split": _split,
    "extract": _extract,
    "bare": _bare,
    "remove": _remove,
    "restore": _restore,
    "add": _add,
    "change": _change,
    "mention": _mention,
    "none": _none,
    "measured": _none,
    "adjust": _adjust,
}
