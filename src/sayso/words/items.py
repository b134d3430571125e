"""Tokens to items: what each phrase means to the grammar, before anything is decided.

Kinds of item are those of `lexicon.yaml` ("verb", "quality", "edge"...), "sound" for a name of the
vocabulary, "quantity" and "range" for numbers, "mark" for punctuation, and "word" for the rest.
Fillers and articles are gone; an item that an article stood before is `definite`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest

from sayso.words.lexicon import lexicon
from sayso.words.numbers import INTERVALS, NUMBER_WORDS, UNITS, Measured, Piece, Quantity, measure
from sayso.words.spelling import Speller
from sayso.words.tokens import Token, folded, tokenize
from sayso.words.vocabulary import SOUND, vocabulary

# "The dog sound" is the dog, but in "the dog sounds muffled" it is a verb.
_ALSO_VERBS = frozenset({"sound", "sounds"})
# Their contractions are written out from the lexicon.
_CONTRACTED = frozenset({"is", "that", "it", "what", "there", "he", "she", "who", "where"})
_MARKS = frozenset('%,.;:!?&+"\n()/=-')
# What somebody may have: "her voice", "her last take".
_OWNED = frozenset({SOUND, "word", "group", "takes", "edge", "section", "stems"})
_WAYS = frozenset({"up", "down", "forward", "forwards", "louder", "quieter", "closer", "softer"})
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
    tokens = list(_stated(_unnumbered(tokens), text))
    pieces = measure(tokens)
    items: list[Item] = []
    at, definite = 0, False
    her: Item | None = None
    while at < len(pieces):
        item, count = _item(pieces, at)
        at += count
        me = item.kind == "filler" and text[item.start : item.end] == "me"
        if me and (_is_done_to(items) or (items and _goes(pieces[at : at + 1]))):
            items.append(replace(item, kind=SOUND, value="vocals", text="me"))
        elif item.kind == "filler":
            her = item if text[item.start : item.end] == "her" else her
            definite = text[item.start : item.end].split()[-1:][0] in lexicon().words["determiners"]
        elif item.kind == "adjective":
            continue
        else:
            if her is not None and item.kind not in _OWNED:
                items.append(_person(her))  # "Make her louder", but not "her voice"
                definite = False
            her = None
            items.append(replace(item, definite=definite, text=text[item.start : item.end]))
            definite = False
    return [*items, _person(her)] if her is not None else items


def _person(her: Item) -> Item:
    return replace(her, kind="pronoun", value="it", text="him")


def _is_done_to(before: Sequence[Item]) -> bool:
    """Whether "me" is what an order is about: "boost me", "turn me up"; not "give me"."""
    last = before[-1] if before else None
    return last is not None and (
        last.is_("verb", "raise", "lower", "push", "crank")
        or last.kind == "param"
        or last.text in {"turn", "put"}
    )


def _goes(after: Sequence[Piece]) -> bool:
    """Whether what follows "me" says which way: "bring me up 3 dB", "get me louder"."""
    return bool(after) and not isinstance(after[0], Measured) and after[0].text in _WAYS


def _unnumbered(tokens: Sequence[Token]) -> list[Token]:
    """`tokens` without the numbers of a list: "1. remove the hum 2. normalise"."""
    out: list[Token] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        listed = token.text in ".)" and out and len(out[-1].text) == 1 and out[-1].text.isdigit()
        touching = listed and out[-1].end == token.start and after and after.text[0].isalpha()
        if touching and (len(out) == 1 or not out[-2].text[0].isdigit()):
            number = out.pop()
            out.append(Token(".", number.start, number.end))
            continue
        out.append(token)
    return out


def _stated(tokens: Sequence[Token], text: str) -> Iterator[Token]:
    """`tokens` with the "is" that an apostrophe stands for: "the guitar's too loud"."""
    for token, after in zip_longest(tokens, tokens[1:]):
        yield token
        owned = text[token.start : token.end].endswith("'s") and token.text.isalpha()
        states = after is not None and after.text in lexicon().words["stating"]
        if owned and states and token.text not in _CONTRACTED:
            yield Token("is", token.end - 1, token.end)


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
