"""Acts that make or leave out whole sounds: extract, remove, split, restore, clean."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.desk import MIX, NO, Adjust, Clean, Extract, Gain, Move, Remove, complement_of
from sayso.words.actions import Declined
from sayso.words.dialogue import vague
from sayso.words.reading import VOICES, leaning_removal, spared_names
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


def extract(turn: Turn, wish: Wish) -> None:
    """Sounds as tracks of their own; all but several sounds as the mix without them."""
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
        spare(turn, wish)
        return
    targets = turn.heard(turn.targets(wish))
    if targets == [MIX] and not wish.clause.has("group"):
        raise vague(targets)
    if targets:
        turn.do([Extract(targets=tuple(targets))])


def _whole_of_removal(wish: Wish) -> list[str]:
    """The sounds that something should be missing from: "the drums without the cymbals"."""
    cue = leaning_removal(wish.clause)
    if cue is None:
        return []
    before = [item for item in wish.clause.all("sound") if item.start < cue.start]
    return [item.value for item in before if item.value not in {"music", "other"}]


def remove(turn: Turn, wish: Wish) -> None:
    """The mix without sounds; all but some taken away leaves those."""
    besides = wish.clause.first("besides")
    if besides is not None:
        targets = turn.heard(besides.value.split(SEPARATOR))
        turn.do([Extract(targets=tuple(targets))] if targets else [])
        return
    targets = turn.targets(wish)
    extracts = any(isinstance(move, Extract) for move in turn.moves)
    if wish.clause.has("degree", "zero") and extracts:
        # "Just the drums, no vocals": what is pulled out has no vocals in it.
        turn.mention(targets)
        return
    if extracts and len(targets) == 1 and wish.clause.has("group", "mix"):
        # "The drums, and everything without the drums": two tracks.
        turn.do([Extract(targets=tuple(NO + name for name in turn.heard(targets)))])
        return
    whole = _whole_of_removal(wish)
    if whole and all(complement_of(name) for name in whole):
        # "A backing track without the guitar" lacks both.
        targets = [complement_of(name) or name for name in whole] + targets
    elif whole:
        heard = turn.heard(whole)
        turn.do([Extract(targets=tuple(heard))] if heard else [])
        raise Declined(
            "unsupported",
            f"I cannot take {joined([spoken(target) for target in targets])} out of "
            f"{joined([spoken(name) for name in whole])} alone.",
        )
    if MIX in targets and wish.spared:
        # "Turn everything off except the piano."
        names = spared_names(wish.spared)
        turn.spared = [name for name in turn.spared if name not in names]
        left = turn.heard(names)
        turn.do([Extract(targets=tuple(left))] if left else [])
        return
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


def restore(turn: Turn, wish: Wish) -> None:
    """Sounds that were taken out are heard again."""
    muted = [name for name, strip in turn.desk.strips.items() if strip.mute]
    # After a removal "it" is the mix; what comes back is what was removed.
    pointed = all(item.kind == "pronoun" for item in wish.targets)
    targets = muted if pointed and muted else turn.heard(turn.targets(wish))
    if MIX in targets:
        targets = muted
    if not targets:
        raise Declined(
            "ambiguous", "What should come back? Name the sound.", ("bring the vocals back", "undo")
        )
    turn.do(_brought_back(targets))


def _brought_back(targets: Sequence[str]) -> list[Move]:
    return [Adjust(target=t, relative=True, effects=(Gain(db=0.0),)) for t in targets]


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
        (f"make the {name} louder", f"isolate the {name}", "add some reverb to the vocals"),
    )
