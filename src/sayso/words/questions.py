"""The answer to an open question: the order that waited for it, made whole."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sayso.words.actions.changes import Declined
from sayso.words.grammar import Clause
from sayso.words.state import State
from sayso.words.wording import joined

# What was asked for -> what the answer must hold, and what else it may hold.
_ANSWERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "targets": (
        frozenset({"sound", "besides", "group", "word"}),
        frozenset({"prep", "join", "mark", "pronoun", "except", "exclude", "same"}),
    ),
    "times": (
        frozenset({"span", "range", "quantity", "edge"}),
        frozenset({"prep", "join", "mark", "pronoun", "size", "who", "aux"}),
    ),
    "bpm": (
        frozenset({"quantity"}),
        frozenset({"prep", "pronoun", "verb", "word", "group", "who", "aux"}),
    ),
    "aspect": (
        frozenset({"quality", "particle", "param", "degree", "preset"}),
        frozenset({"pronoun", "size", "prep", "quantity", "join"}),
    ),
    "place": (frozenset({"place"}), frozenset({"prep", "quantity", "size", "pronoun"})),
}
_YES = re.compile(
    r"(?:\W*\b(?:yes|yeah|yep|yup|ok|okay|sure|exactly|correct|right|please|do (?:it|that|so)|"
    r"go ahead|go on|that'?s (?:it|right|the one)|that is (?:it|right)|i do|i did|fine|alright|"
    r"great|perfect|thanks|thank you|of course|indeed|mhm|y)\b)+\W*"
)
_NO = re.compile(
    r"(?:\W*\b(?:no|nope|nah|no thanks|not (?:really|that)|never mind|leave it|n)\b)+\W*"
)
_THAT = re.compile(
    r"(?:\W*\b(?:yes|yeah|ok|okay|sure|well|alright|then|fine|please|instead|give me|gimme|"
    r"let me have|i'?ll (?:take|have)|i will (?:take|have)|get me|(?:can|could) i (?:get|have)|"
    r"(?:the )?nearest(?: one)?|that one|that stem|the other (?:stem|one|track))\b)+\W*"
)
_OTHER = re.compile(r"\bother\b")
# Said around an answer, and no part of it.
_AROUND = frozenset({"retract", "same", "join", "mark"})


def proposed(order: str, reading: str, unclear: Sequence[str] = ()) -> Declined:
    """The question whether `order` is meant as `reading` says it; "yes" is the answer.

    >>> proposed("drums lower like", "Turning the drums down by 4 dB.").text
    'Do you mean turning the drums down by 4 dB?'
    """
    meant = f"{reading[0].lower()}{reading[1:].rstrip('.')}"
    text = f"Do you mean {meant}?"
    if unclear:
        quoted = joined([f"“{words}”" for words in unclear])
        text = f"I did not understand {quoted}. {text}"
    return Declined("ambiguous", text, ("yes",), asks="yes", template=order)


def agreed(text: str, state: State) -> bool | None:
    """Whether `text` says yes or no to the order that was proposed; None where it is neither."""
    if state.offer:
        return _takes_offer(text, state.offer) or None
    if state.asks != "yes":
        return None
    return True if _YES.fullmatch(text) else False if _NO.fullmatch(text) else None


def _takes_offer(text: str, offer: str) -> bool:
    """Whether `text` wants what was offered: "yes", "ok, give me the other stem"."""
    if _OTHER.search(text) and not _OTHER.search(offer):
        return False  # another than the one that was offered
    return bool(_YES.fullmatch(text) or _THAT.fullmatch(text))


def turned_down() -> Declined:
    """The answer to "no" after an order was proposed."""
    return Declined(
        "help", "I leave it as it is. Say what you mean another way.",
        ("turn the drums down by 3 dB", "remove the vocals"),
    )  # fmt: skip


def asked_further(found: Sequence[Clause], state: State) -> Declined | None:
    """The question after "the level" or "the tone" where it was asked what should be different."""
    items = [item for clause in found for item in clause.items]
    if state.asks != "aspect" or len(items) != 1:
        return None
    item, on = items[0], state.template.removeprefix("make ").removesuffix(" {}")
    ways = {
        "gain": ("louder", "quieter"),
        "eq": ("brighter", "darker"),
        "tone": ("brighter", "darker"),
    }
    name = "tone" if item.text in ("tone", "sound") else item.value.partition(".")[0]
    if item.kind not in {"param", "word", "verb"} or name not in ways:
        return None
    more, less = ways[name]
    hints = (f"make {on} {more}", f"make {on} {less}")
    return Declined(
        "ambiguous",
        f"Should {on} be {more} or {less}?",
        hints,
        asks="aspect",
        template=state.template,
    )


def filled(text: str, found: Sequence[Clause], state: State) -> str | None:
    """The order that was waiting with `text` in its place, None if `text` is no answer to it."""
    if state.asks in {"", "yes"}:
        return None
    items = [item for clause in found for item in clause.items if clause.act != "aside"]
    while items and items[-1].kind in _AROUND:
        items.pop()
    while items and items[0].kind in _AROUND:
        items.pop(0)
    needed, allowed = _ANSWERS[state.asks]
    kinds = {item.kind for item in items}
    if not kinds & needed or kinds - needed - allowed:
        return None
    words = text[items[0].start : items[-1].end]
    if state.asks == "bpm":
        number = next(item.number for item in items if item.number is not None)
        words = f"{number.value:g}"
    return state.template.replace("{}", words)
