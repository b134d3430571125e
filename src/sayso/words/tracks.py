"""Acts that make or leave out whole sounds: extract, remove, split, restore, clean."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.desk import MIX, NO, Adjust, Clean, Edit, Extract, Gain, Move, Remove, Undo
from sayso.words.actions import Declined
from sayso.words.amounts import level_db, step
from sayso.words.checks import VOICES
from sayso.words.context import last_turn
from sayso.words.corrections import taken_out_of
from sayso.words.dialogue import vague
from sayso.words.reading import spared_names
from sayso.words.spans import SEPARATOR
from sayso.words.turn import Turn
from sayso.words.wishes import Wish
from sayso.words.wording import joined, spoken

_STEMS = {
    2: ("vocals", "no vocals"),
    4: ("vocals", "drums", "bass", "other"),
    5: ("vocals", "drums", "bass", "piano", "other"),
    6: ("vocals", "drums", "bass", "guitar", "piano", "other"),
}


def spare(turn: Turn, wish: Wish) -> None:
    """Sounds to leave as they are, whatever else is asked."""
    names = spared_names(wish.targets) if not wish.spared else []
    turn.spared += [name for name in names if not name.startswith(NO)]
    turn.left_alone = True


def spare_of_the_last(turn: Turn, names: Sequence[str]) -> None:
    """Sounds to leave as they are; said of the last change, they are taken out of it."""
    turn.spared += names
    turn.left_alone = True
    if not turn.moves and turn.history.turns:
        try:
            turn.do(taken_out_of(turn.history, turn.heard(names)))
            turn.spared.clear()
        except Declined:
            pass  # it was not about them, so they are left as they are


def clean(turn: Turn, wish: Wish) -> None:
    """Speech only. Raises: Declined for sounds that are no speech."""
    sounds = [item.value for item in wish.clause.all("sound")]
    others = [name for name in sounds if name not in {*VOICES, "noise", "music", "backing vocals"}]
    if wish.clause.has("verb", "clean") and others:
        raise Declined(
            "unsupported",
            f"Cleaning up is for speech; for {spoken(others[0])} I can take single noises out.",
            ("remove the noise", "remove the hum"),
        )
    turn.do([Clean()])


def denoise(turn: Turn, wish: Wish) -> None:
    """The recording without its noise."""
    targets = turn.heard(["noise"])
    if targets:
        turn.do([Remove(targets=tuple(targets))])


def split(turn: Turn, wish: Wish) -> None:
    """Named sounds, or the usual 2, 4, 5 or 6 stems, each as a track."""
    sounds = [item.value for item in wish.targets if item.kind == "sound"]
    if sounds and wish.clause.has("group", "rest"):
        sounds.append("other")
    words = [item for item in wish.targets if item.kind == "word"]
    if words and not sounds:
        sounds = turn.targets(wish)
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


def extract(turn: Turn, wish: Wish) -> None:
    """Sounds as tracks of their own; all but several sounds as the mix without them."""
    if wish.clause.has("degree", "zero"):
        names = [f"{NO}{item.value}" for item in wish.clause.all("sound")]
        turn.do([Extract(targets=tuple(turn.heard(names)))])
        return
    besides = wish.clause.first("besides")
    if besides is not None:
        targets = turn.heard(besides.value.split(SEPARATOR))
        turn.do([Remove(targets=tuple(targets))] if targets else [])
        return
    removal = turn.rest_as_removal(wish)
    if removal is not None:
        turn.do([removal])
        return
    if wish.clause.has("verb", "keep") and turn.moves and not turn.only:
        spare(turn, wish)
        return
    removed = [
        name
        for move in last_turn(turn.history)
        if isinstance(move, Remove)
        for name in move.targets
    ]
    if wish.clause.has("verb", "keep") and removed and not (turn.only or turn.moves):
        _kept_after_all(turn, wish, removed)
        return
    kept = wish.clause.first("verb", "keep")
    cuts = bool(last_turn(turn.history)) and all(
        isinstance(move, Edit) for move in last_turn(turn.history)
    )
    if kept is not None and kept.text == "keep" and wish.clause.has("pronoun") and cuts:
        turn.do([Undo()])  # "No, keep it"
        return
    if kept is not None and kept.text == "leave" and wish.clause.has("sound") and not turn.only:
        spare_of_the_last(turn, [item.value for item in wish.clause.all("sound")])
        return
    if wish.clause.has("verb", "keep") and wish.clause.has("pronoun") and not turn.only:
        turn.left_alone = True  # "The bass is fine, leave it"
        return
    if _bass_is_unclear(wish):
        raise Declined(
            "ambiguous",
            "The bass by itself, or more of it in the mix?",
            ("isolate the bass", "make the bass louder"),
            asks="",
        )
    targets = turn.heard(turn.targets(wish))
    if targets == [MIX] and not wish.clause.has("group"):
        if turn.moves:
            return
        raise vague(targets)
    if targets:
        turn.do([Extract(targets=tuple(targets))])


def _kept_after_all(turn: Turn, wish: Wish, removed: Sequence[str]) -> None:
    """What was just taken out is to stay. Raises: Declined for a part of it, or something else."""
    pointed = wish.clause.has("pronoun")
    targets = list(removed) if pointed else turn.heard(turn.targets(wish))
    if set(targets) == set(removed):
        turn.do([Undo()])
    elif set(targets) & set(removed):
        turn.do(_brought_back([name for name in targets if name in removed]))
    else:
        names = joined([spoken(name) for name in removed])
        raise Declined(
            "ambiguous",
            f"I took {names} out as a whole. Should that be taken back, or is it one more track?",
            ("undo", f"isolate the {targets[0] if targets else 'kick'}"),
        )


def _bass_is_unclear(wish: Wish) -> bool:
    """Whether "I want bass" may be about the instrument as well as about the tone."""
    items = wish.clause.items
    return [item.value for item in items] == ["give", "bass"] and not items[1].definite


def restore(turn: Turn, wish: Wish) -> None:
    """Sounds that were taken out are heard again."""
    muted = [name for name, strip in turn.desk.strips.items() if strip.mute]
    # After a removal "it" is the mix; what comes back is what was removed.
    pointed = all(item.kind == "pronoun" for item in wish.targets)
    targets = muted if pointed and muted else turn.heard(turn.targets(wish))
    if MIX in targets:
        targets = muted
    if pointed and not muted and turn.history.turns and not turn.moves:
        both = 2 if wish.clause.has("pronoun", "both") else 1
        turn.do([Undo()] * min(both, len(turn.history.turns)))
        return
    if not targets:
        raise Declined(
            "ambiguous", "What should come back? Nothing is out now.", ("remove the vocals", "undo")
        )
    _require_out(turn, targets)
    level = _level_of_return(wish)
    numbers = [item.number.value for item in wish.clause.items if item.number is not None]
    if numbers:
        turn.do([Adjust(target=t, effects=(Gain(db=numbers[0]),)) for t in targets])
        return
    turn.do(_brought_back(targets, level))


def _require_out(turn: Turn, targets: Sequence[str]) -> None:
    """Raises Declined where what should come back is heard all the time."""
    muted = any(turn.desk.strip(target).mute for target in targets)
    if not muted and MIX in turn.desk.deliver:
        raise Declined(
            "ambiguous",
            f"{joined([spoken(t) for t in targets]).capitalize()} was not taken out. Should it be "
            "louder or quieter?",
            (f"turn the {targets[0]} up", f"turn the {targets[0]} down"),
            asks="aspect",
            template=f"make the {targets[0]} {{}}",
        )


def _level_of_return(wish: Wish) -> float:
    """How loud it comes back, as against before: "bring them back quietly"."""
    if wish.clause.has("size", "half"):
        return level_db(0.5)
    quality = wish.clause.first("quality", "gain-", "gain+")
    if quality is None:
        return 0.0
    size = next((item.value for item in wish.clause.all("size")), "normal")
    return (1 if quality.value == "gain+" else -1) * step("gain", size)


def _brought_back(targets: Sequence[str], db: float = 0.0) -> list[Move]:
    return [Adjust(target=t, relative=True, effects=(Gain(db=db),)) for t in targets]


def add(turn: Turn, wish: Wish) -> None:
    """A sound that was taken out comes back; others cannot be made."""
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
        ("make the drums louder", f"isolate the {name}", "add some reverb to the vocals"),
    )
