"""The act of removing: sounds, all but some, an effect that was added, what is out already."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.desk import MIX, NO, Adjust, Extract, Move, Remove, Set, complement_of
from sayso.words.actions import ACTIONS, KINDS, Declined, Scene
from sayso.words.clearing import bare_effects
from sayso.words.context import last_turn, with_effect
from sayso.words.reading import leaning_removal, spared_names
from sayso.words.spans import SEPARATOR
from sayso.words.turn import Turn
from sayso.words.vocabulary import vocabulary
from sayso.words.wishes import Aspect, Wish
from sayso.words.wording import joined, spoken

# Level, place, length and format are no effects: they stay.
_STAY = frozenset(
    {"mute", "fade", "duck", "pan", "balance", "swap", "mono", "stretch", "limit", "loudness",
     "normalise", "sample_rate"}
)  # fmt: skip


def remove(turn: Turn, wish: Wish) -> None:
    """The mix without sounds; all but some taken away leaves those. Raises: Declined."""
    besides = wish.clause.first("besides")
    if besides is not None:
        _only(turn, besides.value.split(SEPARATOR))
        return
    _require_throughout(wish)
    if _is_an_effect(turn, wish):
        return
    targets = _gone(turn, wish)
    _require_in_it(turn, wish, targets)
    if wish.clause.has("edge"):
        turn.note("I take it out throughout, not only there.")
    if _as_a_track(turn, wish, targets):
        return
    targets = _whole_with(turn, wish, targets)
    if MIX in targets and wish.spared:
        # "Turn everything off except the piano."
        names = spared_names(wish.spared)
        turn.spared = [name for name in turn.spared if name not in names]
        _only(turn, names)
        return
    if MIX in targets and wish.clause.has("verb", "cut"):
        raise Declined(
            "ambiguous",
            "Which part should go?",
            ("cut the first 10 seconds", "cut from 1:15 to 1:20"),
            asks="times",
            template="cut {}",
        )
    if MIX in targets:
        raise _asking("Taking everything out would leave nothing; name the sounds that should go.")
    heard = turn.heard(targets)
    for name in spared_names(wish.spared):
        if set(vocabulary().families(name)) & set(heard) - {"vocals", "music", "other"}:
            raise Declined(
                "unsupported",
                f"I take {spoken(heard[0])} out as a whole and cannot keep {spoken(name)} of it.",
                (f"remove the {heard[0]}", f"isolate the {name}"),
            )
    kept = [left for left in map(complement_of, heard) if left is not None]
    gone = [target for target in heard if complement_of(target) is None]
    moves: list[Move] = []
    if gone:
        moves.append(Remove(targets=tuple(gone)))
    if kept:
        moves.append(Extract(targets=tuple(kept)))
    turn.do(moves)


def _only(turn: Turn, names: Sequence[str]) -> None:
    targets = turn.heard(names)
    turn.do([Extract(targets=tuple(targets))] if targets else [])


def _require_throughout(wish: Wish) -> None:
    if any(item.text.endswith(("solo", "solos")) for item in wish.targets):
        name = wish.targets[0].value
        raise Declined(
            "unsupported",
            f"I do not know where the solo is; I can take the {name} out throughout.",
            (f"remove the {name}", "cut from 1:15 to 1:40"),
        )


def _require_in_it(turn: Turn, wish: Wish, targets: Sequence[str]) -> None:
    """Raises Declined for "without the organ" where only the choir is heard."""
    last = last_turn(turn.history)
    pulled = bool(last) and all(isinstance(move, Extract) for move in last) and not turn.moves
    leans = leaning_removal(wish.clause)
    if pulled and leans is not None and leans == wish.clause.items[0] and MIX not in targets:
        names = joined([spoken(t) for m in last for t in getattr(m, "targets", ())])
        gone = joined([spoken(target) for target in targets])
        raise Declined(
            "ambiguous",
            f"What is pulled out is {names} alone. Should {gone} be taken out of the whole mix?",
            (f"remove the {targets[0]}", "undo") if targets else ("undo",),
        )


def _asking(text: str) -> Declined:
    return Declined(
        "ambiguous",
        text,
        ("remove the vocals", "remove everything but the drums"),
        asks="targets",
        template="remove {}",
    )


def _gone(turn: Turn, wish: Wish) -> list[str]:
    """What should go, by name or by what was spoken of. Raises: Declined."""
    targets = turn.targets(wish) or list(turn.state.about)
    pointed = wish.clause.has("pronoun")
    if targets == [MIX] and pointed and leaning_removal(wish.clause):
        # "The version without it" is about the sound that was named last.
        targets = list(turn.state.sounds[-1:]) or targets
    if not targets:
        raise _asking("What should go? Name the sound.")
    out = [t for m in last_turn(turn.history) if isinstance(m, Remove) for t in m.targets]
    if targets == [MIX] and out and pointed and not turn.moves:
        said = joined([spoken(name) for name in out])
        be = "are" if len(out) > 1 else "is"
        raise Declined("help", f"{said[0].upper()}{said[1:]} {be} out already.", ("undo",))
    return targets


def _as_a_track(turn: Turn, wish: Wish, targets: Sequence[str]) -> bool:
    """Whether it is a track without them that is wanted, beside others that are pulled out."""
    delivered = [t for t in turn.desk.deliver if t != MIX]
    if wish.clause.has("same", "also") and delivered and set(targets) <= set(delivered):
        # "Also the version without it": a second track.
        turn.do([Extract(targets=(*delivered, *(NO + name for name in targets)))])
        return True
    extracts = any(isinstance(move, Extract) for move in turn.moves)
    if extracts and wish.clause.has("degree", "zero"):
        # "Just the drums, no vocals": what is pulled out has no vocals in it.
        turn.mention(targets)
        return True
    pulled = [t for move in turn.moves if isinstance(move, Extract) for t in move.targets]
    twice = set(targets) <= set(pulled) and leaning_removal(wish.clause) is not None
    if extracts and len(targets) == 1 and (wish.clause.has("group", "mix") or twice):
        # "The drums, and everything without the drums": two tracks.
        turn.do([Extract(targets=tuple(NO + name for name in turn.heard(targets)))])
        return True
    return False


def _whole_with(turn: Turn, wish: Wish, targets: list[str]) -> list[str]:
    """`targets`, with what a version that they should be missing from lacks by itself.

    Raises: Declined for a sound that they cannot be taken out of: "the drums without the cymbals".
    """
    cue = leaning_removal(wish.clause)
    before = [item for item in wish.clause.all("sound") if cue and item.start < cue.start]
    whole = [item.value for item in before if item.value not in {"music", "other"}]
    if not whole:
        return targets
    if all(complement_of(name) for name in whole):
        # "A backing track without the guitar" lacks both.
        return [complement_of(name) or name for name in whole] + targets
    _only(turn, whole)
    raise Declined(
        "unsupported",
        f"I cannot take {joined([spoken(target) for target in targets])} out of "
        f"{joined([spoken(name) for name in whole])} alone.",
    )


def _is_an_effect(turn: Turn, wish: Wish) -> bool:
    """Whether "drop it altogether" is about the effect that the last turn changed."""
    last = last_turn(turn.history)
    pointed = wish.clause.first("pronoun", "it")
    if pointed is None or turn.moves or wish.clause.has("sound") or turn.state.about:
        return False
    kinds = [
        type(e)
        for m in last
        if isinstance(m, Adjust)
        for e in m.effects
        if type(e) in KINDS.values()
    ]
    if not kinds:
        return False
    having = with_effect(turn.desk, kinds[-1])
    if wish.clause.has("pronoun", "both", "them"):
        targets = having[-2:]
    else:
        targets = [name for name in turn.about if name in having]
    for target in targets:
        name = next(name for name, kind in KINDS.items() if kind is kinds[-1])
        turn.do(ACTIONS[name](Aspect(name, off=True), Scene(target, turn.desk)))
    return bool(targets)


def clear(turn: Turn, wish: Wish) -> None:
    """Takes the effects off the named sounds, or off all. Raises: Declined where there are none."""
    own = bare_effects(wish.clause)
    named = [item.value for item in wish.clause.all("sound") if item not in own]
    if wish.clause.has("pronoun") and not named:
        named = [name for name in turn.about if name != MIX]
    heard = turn.heard(named)
    there = {
        name: kinds
        for name, strip in turn.desk.strips.items()
        if (kinds := [e.effect for e in strip.effects if e.effect not in _STAY])
        and (name in heard or not named)
    }
    if not there:
        on = f" on {joined([spoken(name) for name in named])}" if named else ""
        raise Declined(
            "help",
            f"No effects were put{on or ' on anything here'}. Sound effects in the recording are a "
            "sound of its own: say “remove the sound effects” for those.",
            ("remove the sound effects",),
        )
    for name, kinds in there.items():
        kept = tuple(e for e in turn.desk.strip(name).effects if e.effect in _STAY)
        turn.do([Set(target=name, effects=kept)])
        turn.note(f"On {spoken(name)} that was {joined(list(dict.fromkeys(kinds)))}.")
        if kept:
            stays = joined(list(dict.fromkeys(e.effect for e in kept)))
            turn.note(f"What is no effect stays: {stays}.")
