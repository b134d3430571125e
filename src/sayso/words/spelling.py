"""Misspelt words, set right by edit distance against a list of known ones.

The distance is optimal string alignment, so swapped letters count once. Short words are left
alone: too many real words lie one letter apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

_SHORTEST = 4
_LONGER = 7


class Speller:
    """Sets right what is within one slip of a known word, two in long words.

    Of two words as near, the one that was listed first is taken.

    >>> Speller(["vocals", "drums"]).correct("vocls")
    'vocals'
    """

    def __init__(self, words: Iterable[str], *, beside: Iterable[str] = ()) -> None:
        """`beside` are real words that a slip may have been meant for just as well."""
        known = dict.fromkeys(word for word in words if len(word) >= _SHORTEST)
        self._words = tuple(known)
        self._known = frozenset(known)
        self._others = tuple(word for word in beside if word not in known)
        self.correct = lru_cache(maxsize=4096)(self._correct)

    def _correct(self, word: str) -> str | None:
        """The known word that `word` was meant to be, None if none is near."""
        if word in self._known or not _SHORTEST <= len(word) <= 24:
            return word if word in self._known else None
        best = _best(word, self._words)
        if best is None:
            return None
        other = _best(word, self._others)
        return best[1] if other is None or best[0] < other[0] else None


def _best(word: str, among: tuple[str, ...]) -> tuple[tuple[int, int, int], str] | None:
    from rapidfuzz import process  # only a slip of the pen pays for it
    from rapidfuzz.distance import OSA

    slips = 1 if len(word) < _LONGER else 2
    found = process.extract(word, among, scorer=OSA.distance, score_cutoff=slips, limit=None)
    ranked = [(_badness(word, near, slip), order, near) for near, slip, order in found]
    # Two slips and a wrong first letter are another word.
    ranked = [entry for entry in ranked if entry[0][0] + entry[0][1] <= slips]
    return (min(ranked)[0], min(ranked)[2]) if ranked else None


def _badness(word: str, near: str, distance: float) -> tuple[int, int, int]:
    """What to prefer among near words: swapped or stuttered letters first, then dropped ones."""
    swapped = sorted(word) == sorted(near) or _unstutter(word) == _unstutter(near)
    first = word[0] != near[0] and not swapped
    lost = len(near) - len(word)
    return int(distance), int(first), 0 if swapped else 1 if lost > 0 else 2


def _unstutter(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))
