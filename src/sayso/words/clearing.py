"""Telling the effects that were put on, "the effects", from sounds that are called so."""

from __future__ import annotations

from sayso.words.grammar import Clause
from sayso.words.items import Item

_VERBS = ("remove", "drop", "cut", "turn", "get", "pull")
_OFF = ("off", "out", "away")


def bare_effects(clause: Clause) -> list[Item]:
    """The items that say "the effects", which are those of the desk; "sound effects" are sounds."""
    return [
        item
        for item in clause.all("sound")
        if item.value == "sound effects" and "sound" not in item.text and "foley" not in item.text
    ]


def clears(clause: Clause) -> bool:
    """Whether a clause with "the effects" takes them off."""
    sounds = clause.all("sound")
    if not sounds or sounds[0] not in bare_effects(clause) or clause.has("quantity"):
        return False
    verbs = clause.all("verb")
    if any(verb.value not in _VERBS for verb in verbs):
        return False
    if any(verb.value in {"turn", "get", "pull"} for verb in verbs):
        return clause.has("particle", *_OFF)
    words = [item.value for item in clause.all("word")]
    qualities = [item.text for item in clause.all("quality")]
    taking = bool(verbs) or clause.has("degree", "zero") or clause.has("undo", "reset", "undo")
    return (
        words in ([], ["bypass"], ["disable"])
        and qualities in ([], ["clear"])
        and (taking or bool(words or qualities))
    )
