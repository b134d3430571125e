"""Misspelt words, set right by edit distance against a list of known ones.

The distance is optimal string alignment, so swapped letters count once. Short words are left
alone: too many real words lie one letter apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

_SHORTEST = 4
_LONGER = 7
_LONGEST = 24


_Badness: TypeAlias = tuple[int, int, int]


class _Shelf:
    """Words by their length, so that only those of about the same length are compared."""

    def __init__(self, words: Iterable[str]) -> None:
        self._lengths: dict[int, list[tuple[int, str]]] = {}
        for order, word in enumerate(words):
            self._lengths.setdefault(len(word), []).append((order, word))

    def best(self, word: str) -> tuple[_Badness, int, str] | None:
        """The nearest word, with how bad it is and its place among all."""
        from rapidfuzz import process  # only a slip of the pen pays for it
        from rapidfuzz.distance import OSA

        slips = 1 if len(word) < _LONGER else 2
        ranked = []
        for length in range(len(word) - slips, len(word) + slips + 1):
            weight_store = self._lengths.get(length, [])
            found = process.extract(
                word,
                [near for _, near in weight_store],
                scorer=OSA.distance,
                score_cutoff=slips,
                limit=None,
            )
            ranked += [(_badness(word, near, slip), *weight_store[at]) for near, slip, at in found]
        # Two slips and a wrong first letter are another word.
        return min((entry for entry in ranked if sum(entry[0][:2]) <= slips), default=None)


class Speller:
    """Sets right what is within one slip of a known word, two in long words.

    Of two words as near, the one that was listed first is taken.

    >>> Speller(["vocals", "drums"]).correct("vocls")
    'vocals'
    """

    def __init__(self, words: Iterable[str], *, beside: Iterable[str] = ()) -> None:
        """`beside` are real words that a slip may have been meant for just as well."""
        known = dict.fromkeys(word for word in words if len(word) >= _SHORTEST)
        self._known = frozenset(known)
        self._words = _Shelf(known)
        self._others = _Shelf(word for word in beside if word not in known)
        self.correct = lru_cache(maxsize=4096)(self._correct)

    def _correct(self, word: str) -> str | None:
        """The known word that `word` was meant to be, None if none is near."""
        if word in self._known:
            return word
        best = self._words.best(word) if _SHORTEST <= len(word) <= _LONGEST else None
        if best is None:
            return None
        other = self._others.best(word)
        return best[2] if other is None or best[0][:2] <= other[0][:2] else None


def _badness(word: str, near: str, distance: float) -> _Badness:
    """What to prefer among near words: swapped or stuttered letters first, then dropped ones."""
    swapped = sorted(word) == sorted(near) or _unstutter(word) == _unstutter(near)
    first = word[0] != near[0] and not swapped
    lost = len(near) - len(word)
    return int(distance), int(first), 0 if swapped else 1 if lost > 0 else 2 - lost


def _unstutter(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))
