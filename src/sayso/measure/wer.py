"""Word error rate: how much of what was said was understood; lower is better.

Conventions: words are compared as they sound, without case or punctuation; substitutions, deletions
and insertions count one each, so the rate may exceed 1.
"""

from __future__ import annotations

import re
import unicodedata

from sayso.errors import InputError
from sayso.measure.compared import Compared


def words_of(text: str) -> list[str]:
    """The words of `text`, lower case, without punctuation.

    >>> words_of("Don't STOP — me, now!")
    ["don't", 'stop', 'me', 'now']
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    return [word.strip("'") for word in re.findall(r"[\w']+", plain) if word.strip("'")]


def validate(reference: str) -> None:
    """Raises InputError unless there are words to get wrong."""
    if not words_of(reference):
        raise InputError(f"the reference {reference!r} holds no words; a rate needs at least one")


def wer(estimate: str, reference: str) -> float:
    """Errors for each word of `reference`.

    Args:
        estimate: what was understood.
        reference: what was said, one word at least.
    Raises: InputError.

    >>> wer("the cat sat on mat", "The cat sat on the mat.")
    0.16666666666666666
    """
    validate(reference)
    from rapidfuzz.distance import Levenshtein

    said = words_of(reference)
    return Levenshtein.distance(words_of(estimate), said) / len(said)


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"wer": rate}` of the words that were heard. Raises: InputError where none are said."""
    return {"wer": wer(compared.heard or "", compared.said or "")}
