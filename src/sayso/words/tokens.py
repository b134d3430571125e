"""Text to tokens: lower-case words, numbers and marks, each with its place in the text.

Hyphens part words ("hi-hat" is two), apostrophes do not ("don't" is one). Contractions and chat
spellings are written out from a table, so that the grammar meets one form of each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Token(NamedTuple):
    """A word, number or mark, and the half-open range of the normalised text that it came from."""

    text: str
    start: int
    end: int


_SAME = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": ",", "−": "-", "⁄": "/", "…": "."}
)
_JOINING = {"&": ("and",), "+": ("and",), "@": ("at",)}
# A sign belongs to its number only where no word or number stands right before it.
_TOKEN = re.compile(
    r"""
      808s?(?![\d:.,%]|[^\W\d])                            # the drum machine
    | r[ -]?128(?!\w)                                    # the loudness of the EBU
    | [0-9]{1,3}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]{1,6})?    # 1:30, 01:02:03.5
    | [0-9]{1,2}:1(?![0-9])                               # 4:1, a ratio
    | [0-9]{1,3}/[0-9]{1,3}(?![0-9])                       # 1/2
    | (?<![\w%)])[+-]\s?[0-9]{1,9}(?:[.,][0-9]{1,6})?(?![0-9:])  # -14, + 3
    | [0-9]{1,3}(?:,[0-9]{3})+(?![0-9])                    # 3,000
    | [0-9]{1,12}(?:[.,][0-9]{1,6})?                       # 3, 2.5, 2,5
    | \.[0-9]{1,6}                                        # .5
    | w/o?(?![^\W\d_])                                    # w/o
    | [^\W\d_]+(?:'[^\W\d_]+)*'?                          # words
    | [%,.;:!?&+"\n()/=@-]
    """,
    re.VERBOSE,
)


def normalise(text: str) -> str:
    """`text` in lower case, with one form of each quote, dash and compatibility character.

    >>> normalise("Don’t – EVER")
    "don't - ever"
    """
    plain = unicodedata.normalize("NFKC", text.translate(_SAME)).translate(_SAME)
    return plain.lower()


def folded(word: str) -> str:
    """`word` without accents.

    >>> folded("flügelhorn")
    'flugelhorn'
    """
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def tokenize(text: str, written_out: Mapping[str, Sequence[str]] | None = None) -> list[Token]:
    """The tokens of an already normalised text; `written_out` maps a word to those it stands for.

    >>> [token.text for token in tokenize("hi-hat -3db, 0:10-0:20")]
    ['hi', '-', 'hat', '-3', 'db', ',', '0:10', '-', '0:20']
    """
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text):
        word, start, end = found.group().strip("'"), found.start(), found.end()
        forms = _JOINING.get(word) or (written_out or {}).get(word) or _possessive(word)
        tokens.extend(Token(form, start, end) for form in forms)
    return tokens


def _possessive(word: str) -> tuple[str, ...]:
    if word.endswith("'s"):
        return (word[:-2],)
    return (word,) if word else ()
