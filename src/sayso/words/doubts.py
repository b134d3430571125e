"""What makes a reading a guess, so that it is proposed rather than done."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sayso.words.wishes import Wish

# What changes nothing by itself.
_IDLE = frozenset({
    "none", "aside", "remark", "topic", "ask", "condition", "mention", "spare", "forbid", "section",
    "stray", "like", "same", "again", "softer", "undo", "reset", "stretch", "vague", "unknown",
    "pause",
})  # fmt: skip
_TOLD = frozenset({"none", "aside", "remark"})


def glued(found: Sequence[Wish], text: str) -> bool:
    """Whether two orders stand in one sentence and nothing parts them, or only one is meant.

    Each has its own verb, or its own sound and direction: "vocals up drums down".
    """
    for first, second in pairwise(found):
        between = text[first.clause.start + len(first.clause.text) : second.clause.start].split()
        if "or" in between and not {first.act, second.act} & _IDLE:
            return True  # "Turn the drums down or the bass up"
    if any(
        wish.act in {"extract", "bare"} and wish.clause.has("edge", "below", "above")
        for wish in found
    ):
        return True  # "I want music under the voice"
    if any(_astray(first, second) for first, second in pairwise(found)):
        return True
    acting = [wish for wish in found if wish.act not in _TOLD]
    return any(
        first.act not in _IDLE
        and second.act not in _IDLE
        and second.clause.joined == "soft"
        and not second.clause.parted
        and not _stands(second)
        and not (second.is_purpose and second.clause.has("pronoun"))
        and not (_whole(first) and _whole(second))
        for first, second in pairwise(acting)
    )


def _astray(first: Wish, second: Wish) -> bool:
    """Whether what changes is told by something that is no sound: "my solo needs more"."""
    hangs = second.clause.joined == "soft" and not second.clause.parted and not second.targets
    return first.act == "section" and second.act == "adjust" and hangs


def _stands(wish: Wish) -> bool:
    first = wish.clause.items[0]
    return (first.kind == "verb" and first.freestanding) or first.kind in {"who", "aux"}


def _whole(wish: Wish) -> bool:
    """Whether it says by itself what should change, and of which sound."""
    named = any(item.kind == "sound" for item in wish.targets)
    return named and (wish.act != "adjust" or any(aspect.sign for aspect in wish.aspects))
