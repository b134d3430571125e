"""Clauses with "while" and "whenever": what is described, and what should yield to what."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.words.grammar import Clause
from sayso.words.items import Item

_PEOPLE = frozenset({"someone", "somebody", "anyone", "anybody", "people", "they", "she", "he"})


def _after_during(clause: Clause) -> Sequence[Item]:
    cue = clause.all("during")[0]
    return [item for item in clause.items if item.start > cue.start]


def describes(clause: Clause) -> bool:
    """Whether what happens meanwhile is a sound: "a man speaking while rain falls"."""
    after = _after_during(clause)
    return any(item.kind == "sound" for item in after) and not any(
        item.kind in {"who", "pronoun"} for item in after
    )


def ducks(clause: Clause) -> bool:
    """Whether a sound should be quieter while another is heard: "lower the music when I talk"."""
    cue = clause.all("during")[0]
    lowered = (
        clause.has("verb", "lower", "drop", "pull")
        or clause.has("particle", "down", "back")
        or clause.has("quality", "gain-")
        or clause.has("duck")
    )
    first = clause.first("sound")
    return lowered and first is not None and first.start < cue.start and heard_over(clause) != ""


def heard_over(clause: Clause) -> str:
    """The sound during which something holds, "" for none: "while she talks" is the speech."""
    after = _after_during(clause)
    sounds = [item.value for item in after if item.kind == "sound"]
    speaks = any(item.value.startswith(("speak", "talk")) for item in after)
    somebody = any(item.kind == "who" or item.value in _PEOPLE for item in after)
    return sounds[0] if sounds else "speech" if speaks and somebody else ""
