"""The act of adjusting: which targets an aspect is for, and what is done to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sayso.desk import MIX, Adjust
from sayso.words.actions import ACTIONS, KINDS, OF_THE_MIX, Declined, Scene
from sayso.words.amounts import BANDS_HZ, STEPS
from sayso.words.context import last_turn, with_effect
from sayso.words.timing import NAMED
from sayso.words.tracks import extract
from sayso.words.turn import Turn
from sayso.words.wishes import Aspect, Wish
from sayso.words.wording import spoken


def adjust(turn: Turn, wish: Wish) -> None:
    """Changes every aspect of every target of a wish. Raises: Declined where one cannot be."""
    if wish.apart:
        extract(turn, wish)
    if wish.clause.has("band") and any(aspect.name == "width" for aspect in wish.aspects):
        raise Declined(
            "unsupported",
            "I set the stereo width of a sound as a whole, not of a part of its tones.",
            ("make the bass mono", "make it mono"),
        )
    if all(item.kind in {"place", "verb", "join"} for item in wish.clause.items) and any(
        item.text.endswith("channel") for item in wish.clause.all("place")
    ):
        raise Declined(
            "unsupported",
            "I cannot take one channel by itself.",
            ("make it mono", "swap left and right", "pan the piano left"),
        )
    if _means_tone(turn, wish):
        turn.note("I cannot hear the bass as an instrument here, so I change the low tones.")
        for a in wish.aspects:
            low = Aspect("eq", "low", a.sign, size=a.size, wanted=True, numbers=a.numbers)
            _change(turn, low, [MIX])
        return
    for aspect in wish.aspects:
        aspect = _as_last_time(turn, wish, aspect)
        targets = _targets(turn, wish, aspect)
        turn.owned += [target for target in targets if target in turn.spared]
        _change(turn, aspect, targets)


def _change(turn: Turn, aspect: Aspect, targets: Sequence[str]) -> None:
    for target in targets:
        scene = Scene(target, turn.desk)
        moves = ACTIONS[aspect.name](aspect, scene)
        if not moves:
            raise Declined(
                "unsupported", f"There is nothing of that on {spoken(target)} to take off yet."
            )
        turn.do(moves)
        for text in scene.notes:
            turn.note(text)


def _as_last_time(turn: Turn, wish: Wish, aspect: Aspect) -> Aspect:
    """Tells "more on the piano" after reverb on the guitar from "more of the piano"."""
    unnamed = aspect.name == "gain" and not any(map(wish.clause.has, NAMED))
    degrees = wish.clause.has("degree", "more", "less", "excess", "lack") and not aspect.numbers
    on: object = wish.clause.first("prep", "on", "for", "in", "to")
    if not wish.targets and wish.verbless and all(not n.unit for n in aspect.numbers):
        degrees = on = wish.clause.has("particle", "up", "down")  # "Back up 1"
    last = [m for m in turn.latest or last_turn(turn.history) if isinstance(m, Adjust)]
    kinds = [effect for move in last for effect in move.effects]
    if not (unnamed and degrees and on and kinds):
        return aspect
    name = "tempo" if kinds[-1].effect == "stretch" else kinds[-1].effect
    if name not in STEPS:
        return aspect
    band = getattr(kinds[-1], "frequency_hz", None)
    detail = next((called for called, hz in BANDS_HZ.items() if hz == band), aspect.detail)
    return replace(aspect, name=name, detail=detail, more=True)


def _means_tone(turn: Turn, wish: Wish) -> bool:
    """Whether "more bass" can only be about the tone, because no bass can be heard by itself."""
    named = [item.value for item in wish.targets if item.kind == "sound"]
    levels = all(aspect.name == "gain" for aspect in wish.aspects)
    return named == ["bass"] and levels and turn.ear.find("bass") is None


def _targets(turn: Turn, wish: Wish, aspect: Aspect) -> list[str]:
    """The targets of an aspect, by name or by what it can only mean."""
    if not wish.targets:
        return turn.heard(_implied(turn, aspect))
    named = turn.targets(wish)
    pointed = all(item.kind in {"pronoun", "group"} for item in wish.targets)
    # Where a sound is all that is wanted, its tempo may as well be that of the whole.
    alone = wish.apart and aspect.name == "tempo"
    if aspect.name in OF_THE_MIX and (pointed or alone or named == ["music"]):
        return [MIX]
    return turn.heard(named)


def _implied(turn: Turn, aspect: Aspect) -> list[str]:
    if aspect.name in OF_THE_MIX:
        return [MIX]
    if aspect.name == "preset" and aspect.detail in {"nightcore", "slowed and reverb"}:
        return [MIX]
    if aspect.name == "eq" and turn.moves and turn.about == ["bass"]:
        return [MIX]  # "Cut the bass by 3 and the treble by 2"
    kind = KINDS.get(aspect.name)
    if kind is not None and (aspect.off or aspect.sign < 0) and not aspect.absolute:
        having = with_effect(turn.desk, kind)
        return [name for name in turn.about if name in having] or having or turn.about
    return turn.about
