"""Tokens to items: what each phrase means to the grammar, before anything is decided.

Kinds of item are those of `lexicon.yaml` ("verb", "quality", "edge"...), "sound" for a name of the
vocabulary, "quantity" and "range" for numbers, "mark" for punctuation, and "word" for the rest.
Fillers and articles are gone; an item that an article stood before is `definite`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from sayso.words.lexicon import lexicon
from sayso.words.numbers import INTERVALS, NUMBER_WORDS, UNITS, Measured, Piece, Quantity, measure
from sayso.words.spelling import Speller
from sayso.words.tokens import Token, folded, tokenize
from sayso.words.vocabulary import SOUND, VERSION, vocabulary

# "The dog sound" is the dog, but in "the dog sounds muffled" it is a verb.
_ALSO_VERBS = frozenset({"sound", "sounds"})
# What a demonstrative stands before: "that hum", but "that" alone is a pronoun.
_NAMED = frozenset({"sound", "group", "word"})
_MARKS = frozenset('%,.;:!?&+"\n()/=-')
# Names of units that a slip may have been meant for.
_UNIT_WORDS = [name for name in (*UNITS, *INTERVALS) if len(name) > 3]
# A noise that has a hundred slips costs no more than one with this many.
_MOST_SLIPS = 40


@dataclass(frozen=True, slots=True)
class Item:
    """One meaningful phrase: its kind and value, its place in the text, its numbers if any.

    `version` marks a sound that names a version of the recording: "an acapella", "karaoke". A
    verb that is not `freestanding` leans on what stands before it: "without", "be", "removed".
    `text` is what was typed.
    """

    kind: str
    value: str
    start: int
    end: int
    number: Quantity | None = None
    upper: Quantity | None = None
    definite: bool = False
    version: bool = False
    freestanding: bool = True
    text: str = ""

    def is_(self, kind: str, *values: str) -> bool:
        """Whether the item is of this kind, and of one of `values` if any are given."""
        return self.kind == kind and (not values or self.value in values)


def itemize(text: str) -> list[Item]:
    """The items of an already normalised text.

    >>> [(item.kind, item.value) for item in itemize("remvoe the hi-hats")]
    [('verb', 'remove'), ('sound', 'hi-hat')]
    """
    tokens = _joined(_spelt(tokenize(text, lexicon().contractions)))
    tokens = [token for token in tokens if token.text not in lexicon().words["transparent"]]
    pieces = measure(tokens)
    items: list[Item] = []
    at, definite = 0, False
    while at < len(pieces):
        item, count = _item(pieces, at)
        at += count
        if item.kind == "filler":
            definite = text[item.start : item.end].split()[-1:][0] in lexicon().words["determiners"]
        elif item.kind == "adjective":
            continue
        else:
            items.append(replace(item, definite=definite, text=text[item.start : item.end]))
            definite = False
    return _settled(items, text)


def _settled(items: list[Item], text: str) -> list[Item]:
    """`items` with the words that mean two things told apart by what follows them."""
    out: list[Item] = []
    for at, item in enumerate(items):
        after = items[at + 1].kind if at + 1 < len(items) else ""
        words = text[item.start : item.end]
        if item.is_("pronoun") and words in lexicon().words["determiners"]:
            if after in _NAMED:
                continue
            if at + 1 < len(items) and text[items[at + 1].start : items[at + 1].end] == "loop":
                continue
        if item.is_("same", "also") and words == "too" and after in {"quality", "size", "preset"}:
            item = replace(item, kind="degree", value="excess")
        if item.kind == "word" and words.endswith("'s") and after == SOUND:
            continue  # whose it is does not tell
        if item.is_("mark", ":") and out and out[-1].kind in {SOUND, "stems"}:
            continue
        if words == "as" and at + 1 < len(items) and items[at + 1].definite and after in _NAMED:
            item = replace(item, kind="prep", value="as")
        if words == "now" and (
            after in {"degree", "same", "quality", "size", "preset", "verb", "mark", ""}
        ):
            continue
        if (
            item.is_("join", "also")
            and out
            and out[-1].kind not in {"mark", "join"}
            and after != "mark"
        ):
            item = replace(item, kind="same", value="also")
        if item.kind == "like" and after == "quantity":
            continue
        before = out[-1] if out else None
        if at == 0 and words == "no" and after == "mark":
            continue
        if at == 0 and item.is_("place", "right") and words == "right" and after == "mark":
            continue
        if item.kind == "same" and words in {"how about", "what about"} and after == "verb":
            continue
        opens = before is None or before.kind in {"mark", "join"}
        if words == "so" and opens and after not in {"quality", "mark", ""}:
            item = replace(item, kind="join", value="and")
        if item.is_("edge", "first") and opens and after == "verb":
            continue
        if item.is_("edge", "before") and words == "up to" and _measures(items[at + 1 : at + 2]):
            item = replace(item, kind="prep", value="to")
        if words == "loop" and text[: item.start].split()[-1:] in (
            ["this"],
            ["the"],
            ["my"],
            ["that"],
        ):
            item = replace(item, kind="group", value="mix")
        if item.kind == VERSION:
            item = replace(item, kind=SOUND, version=True)
        if item.kind == "verb" and words in lexicon().words["leaning"]:
            item = replace(item, freestanding=False)
        out.append(item)
    return out


def _measures(following: Sequence[Item]) -> bool:
    """Whether a number follows that is no time."""
    return any(item.number is not None and item.number.unit != "s" for item in following)


def _item(pieces: Sequence[Piece], at: int) -> tuple[Item, int]:
    piece = pieces[at]
    if isinstance(piece, Measured):
        return Item("quantity", "", piece.start, piece.end, number=piece.quantity), 1
    if piece.text in _MARKS:
        return Item("mark", piece.text, piece.start, piece.end), 1
    words = []
    for other in pieces[at : at + 8]:
        if isinstance(other, Measured) or other.text in _MARKS:
            break
        words.append(other.text)
    found = [f for f in (_phrase(tuple(words)), _sound(tuple(words))) if f is not None]
    if not found:
        return Item("word", piece.text, piece.start, piece.end), 1
    kind, value, count = max(found, key=lambda entry: entry[2])
    return Item(kind, value, piece.start, pieces[at + count - 1].end), count


def _phrase(words: tuple[str, ...]) -> tuple[str, str, int] | None:
    match = lexicon().phrases.match(words)
    return match and (match[0].kind, match[0].value, match[1])


def _sound(words: tuple[str, ...]) -> tuple[str, str, int] | None:
    """A name of the vocabulary with the carrier after it or the telling adjective before it."""
    known = vocabulary()
    match = known.phrases.match(words)
    if match is None:
        inner = _sound(words[1:]) if known.telling(words) else None
        return inner and (SOUND, known.canonical(f"{words[0]} {inner[1]}"), inner[2] + 1)
    cue, count = match
    while words[count : count + 1] and known.carries(words[count]):
        phrase = lexicon().phrases.match(words[count:])
        verb = words[count] in _ALSO_VERBS and len(words) > count + 1
        if verb or (phrase is not None and phrase[1] > 1):
            break
        count += 1
    return SOUND, cue.value, count


@cache
def _speller() -> Speller:
    words = [*vocabulary().words(), *lexicon().phrases.words(), *_UNIT_WORDS, *NUMBER_WORDS]
    return Speller(words, beside=lexicon().english)


@cache
def known_words() -> frozenset[str]:
    """Every word that is not taken for a slip of the pen."""
    known = {*vocabulary().words(), *lexicon().phrases.words(), *NUMBER_WORDS, *UNITS, *INTERVALS}
    known = known.union(*lexicon().words.values())
    return frozenset(known) | lexicon().english | {"hundred", "thousand", "point", "couple"}


def mended(text: str) -> list[tuple[str, str]]:
    """What is set right in an already normalised text: each word with what it is taken for.

    >>> mended("remvoe the vocals")
    [('remvoe', 'remove')]
    """
    typed = tokenize(text, lexicon().contractions)
    pairs = zip(typed, _spelt(list(typed)), strict=True)
    changed = ((old.text, new.text) for old, new in pairs if folded(old.text) != new.text)
    return list(dict.fromkeys(changed))


def _spelt(tokens: list[Token]) -> list[Token]:
    """`tokens` with slips of the pen set right, those that are no English words."""
    known, slips = known_words(), 0
    for at, token in enumerate(tokens):
        plain = folded(token.text)
        if plain in known:
            tokens[at] = token._replace(text=plain)
            continue
        if not token.text[0].isalpha() or slips >= _MOST_SLIPS:
            continue
        slips += 1
        right = _speller().correct(token.text)
        if right is not None:
            tokens[at] = token._replace(text=right)
    return tokens


def _joined(tokens: list[Token]) -> list[Token]:
    """`tokens` without the hyphens that stand inside words: "low-pass" is "low pass"."""
    return [
        token
        for at, token in enumerate(tokens)
        if not (
            token.text == "-"
            and 0 < at < len(tokens) - 1
            and tokens[at - 1].end == token.start
            and tokens[at + 1].start == token.end
            and tokens[at - 1].text[-1].isalpha()
            and tokens[at + 1].text[0].isalpha()
        )
    ]
