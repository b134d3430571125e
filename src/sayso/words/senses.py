"""Words that mean two things, told apart by what stands around them.

The table is read from the top: the first row that fits an item says what it is, or that it is
dropped. A new sense is a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sayso.words.items import Item
from sayso.words.lexicon import lexicon
from sayso.words.vocabulary import SOUND, VERSION

# What a demonstrative stands before: "that hum", but "that" alone is a pronoun.
_NAMED = frozenset({"sound", "group", "word"})
# What follows the "so" of a reason: "so it lasts longer", but not "so loud".
_TELLERS = frozenset({"pronoun", "who", "word", "group", "sound"})
_STATES = frozenset(
    {"quiet", "loud", "low", "high", "fast", "slow", "much", "soft", "bright", "dark"}
)
_TOO_MUCH = frozenset({"quality", "size", "preset", "verb"})
_AFTER_NOW = frozenset(
    {"pronoun", "degree", "same", "quality", "size", "preset", "verb", "mark", ""}
)


@dataclass(frozen=True, slots=True)
class _Place:
    """An item among the others: `before` are those that have been settled."""

    item: Item
    before: Sequence[Item]
    following: Sequence[Item]
    preceding_text: str

    @property
    def after(self) -> str:
        """The kind of the next item, "" for none."""
        return self.following[0].kind if self.following else ""

    @property
    def opens(self) -> bool:
        """Whether it begins a clause."""
        return not self.before or self.before[-1].kind in {"mark", "join"}

    @property
    def first(self) -> bool:
        """Whether it begins the message, with a mark behind it."""
        return not self.before and self.after == "mark"

    def says(self, *words: str) -> bool:
        """Whether it was typed as one of `words`."""
        return self.item.text in words


def _demonstrates(at: _Place) -> bool:
    named = at.after in _NAMED or (bool(at.following) and at.following[0].text == "loop")
    return at.item.kind == "pronoun" and at.item.text in lexicon().words["determiners"] and named


def _sounding(at: _Place) -> bool:
    """What a sound does, beside the sound: "ringing church bells", "church bells ringing"."""
    item = at.item
    if item.kind != SOUND or not item.text.endswith("ing") or " " in item.text:
        return False
    if at.after == SOUND:
        return not at.following[0].definite
    return bool(at.before) and at.before[-1].kind == SOUND and not item.definite


def _owned(at: _Place) -> bool:
    """The voice of "the teacher's voice", which is the teacher."""
    before = at.before[-1] if at.before else None
    owner = before is not None and before.value == "speech" and before.text.endswith("'s")
    return owner and at.item.kind == SOUND


def _owns(at: _Place) -> bool:
    """Whose a sound is, which does not tell."""
    owner = at.item.text.endswith("'s") and at.item.kind in {"word", SOUND}
    return owner and at.after == SOUND and at.item.value != "speech"


def _measured(at: _Place) -> bool:
    return any(item.number is not None and item.number.unit != "s" for item in at.following[:1])


def _orders_silence(at: _Place) -> bool:
    """Whether "silence" is what is to be done: "silence it", "silence from 0:05 to 0:07"."""
    return (
        at.says("silence")
        and at.opens
        and (
            at.after in {"pronoun", "group", SOUND, "section"}
            or (at.after in {"prep", "edge"} and at.following[0].is_("prep", "from"))
            or (at.after == "edge" and at.following[0].is_("edge", "between", "first", "last"))
        )
    )


_Row = tuple[Callable[[_Place], bool], tuple[str, str] | None]
_SENSES: tuple[_Row, ...] = (
    (_demonstrates, None),
    (_sounding, None),
    (_owns, None),
    (_owned, None),
    # "Make it last 4 minutes."
    (lambda p: p.says("last") and p.after == "quantity" and p.before[1:] != []
     and p.before[-1].kind in {"pronoun", "group"} and p.before[-2].is_("verb", "turn"),
     ("edge", "long")),
    # "Put it back at half volume."
    (lambda p: p.item.is_("undo", "undo") and p.item.text.endswith("it back")
     and (p.after in {"quality", "size"} or (p.following[:1] != []
          and p.following[0].is_("prep", "at"))),
     ("verb", "unmute")),
    (_orders_silence, ("verb", "remove")),
    # "Vocals 2 quiet."
    (lambda p: p.says("2") and bool(p.before) and p.after in {"quality", "size"}
     and p.following[0].text in _STATES, ("degree", "excess")),
    (lambda p: p.says("too") and p.item.kind == "same" and p.after in _TOO_MUCH,
     ("degree", "excess")),
    (lambda p: p.says("knock") and p.opens and p.after in {"quantity", "sound", "pronoun"},
     ("verb", "pull")),
    (lambda p: p.says(":") and bool(p.before) and p.before[-1].kind in {SOUND, "stems"}, None),
    (lambda p: p.says("as") and p.after in _NAMED and p.following[0].definite, ("prep", "as")),
    (lambda p: p.item.is_("aside") and p.item.text.startswith("so ") and p.opens, ("join", "and")),
    # "I have got a cold."
    (lambda p: p.item.kind == "quality" and p.item.definite and p.after in {"", "mark"}
     and not p.following[1:2], ("word", "word")),
    (lambda p: p.says("words") and bool(p.before) and p.before[-1].is_("degree", "lack"),
     (SOUND, "vocals")),
    # "Which should go up" does not say that it must go.
    (lambda p: p.item.kind == "go" and p.after in {"particle", "quality", "place"},
     ("verb", "turn")),
    (lambda p: p.says("not that") and p.after == "mark", ("neg", "not")),
    (lambda p: p.says("make me") and p.after in {"quality", "degree", "size", "preset"},
     (SOUND, "vocals")),
    # "Make it stop."
    (lambda p: p.says("stop") and bool(p.before) and p.before[-1].kind == "pronoun",
     ("verb", "remove")),
    (lambda p: p.says("right") and p.after == "particle", ("size", "large")),
    (lambda p: p.says("solo") and p.item.definite and p.after != "sound", ("section", "solo")),
    (lambda p: p.says("no") and p.first and p.following[1:2] != []
     and p.following[1].kind == SOUND and p.following[1].value != "radio",
     ("retract", "retract")),
    (lambda p: p.says("oops") and p.after == "mark" and p.following[1:2] != []
     and p.following[1].kind != "undo", ("retract", "retract")),
    (lambda p: p.says("chorus") and bool(p.before) and not p.item.definite
     and (p.before[-1].is_("verb", "add") or p.before[-1].kind == "size"), ("param", "chorus")),
    (lambda p: p.says("now") and p.after in _AFTER_NOW, None),
    (lambda p: p.item.is_("join", "also") and not p.opens and p.after != "mark", ("same", "also")),
    (lambda p: p.item.kind == "like" and p.after == "quantity", None),
    (lambda p: p.says("no") and bool(p.before) and p.opens and p.after == "mark",
     ("retract", "retract")),
    (lambda p: p.first and p.says("no", "right"), None),
    (lambda p: p.says("how about", "what about") and p.after == "verb", None),
    (lambda p: p.says("so") and p.opens and p.after not in {"quality", "mark", ""},
     ("join", "and")),
    (lambda p: p.says("so") and not p.opens and p.after in _TELLERS, ("aside", "why")),
    (lambda p: p.item.is_("edge", "first") and p.opens and p.after == "verb", None),
    (lambda p: p.says("up to") and _measured(p), ("prep", "to")),
    (lambda p: p.says("loop") and p.preceding_text.endswith(("this ", "the ", "my ", "that ")),
     ("group", "mix")),
)  # fmt: skip


def settled(items: Sequence[Item], text: str) -> list[Item]:
    """`items` with the words that mean two things told apart by what stands around them."""
    out: list[Item] = []
    demonstrated = False
    for at, item in enumerate(items):
        place = _Place(item, out, items[at + 1 :], text[: item.start])
        row = next((row for row in _SENSES if row[0](place)), None)
        if row is not None and row[1] is None:
            demonstrated = row[0] is _demonstrates
            continue
        if demonstrated:
            item, demonstrated = replace(item, definite=True), False  # "that hum"
        if row is not None and row[1] is not None:
            item = replace(item, kind=row[1][0], value=row[1][1])
        if item.kind == VERSION:
            item = replace(item, kind=SOUND, version=True)
        if item.kind == "verb" and item.text in lexicon().words["leaning"]:
            item = replace(item, freestanding=False)
        out.append(item)
    return out
