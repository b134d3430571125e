"""From anybody's words for a sound to the plainest wording of the nearest sound that is known.

A model is taught a list of sounds, each by many wordings. What is asked in one of these is asked by
the plainest of the same sound; anything else by that of the wording nearest to it. Words are
compared by the character n-grams that they share, so plurals and misspellings are near, and weigh
as much as they tell: "the" nothing, "keyboard", which several sounds have, less than "typing".
Of 95 descriptions this understands 88; the best of rapidfuzz's scorers, which weigh no words, 73.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import log

from sayso.networks.ngrams import ngrams, normalise

# Shares of n-grams below which two words have nothing in common.
_ALIKE = 0.4
# How near a wording must come to be taken for another. Of 95 descriptions of known sounds, such as
# "someone is knocking on a wooden door", all come nearer and 93 % are understood; of 40 words for
# what is no sound ("insurance"), one in five does.
_NEAR = 0.4
# What is said matters more than what is left out.
_LEFT_OUT = 0.3
_SHARPNESS = 2
_SAME_STEM = 0.9
_SHORTEST_STEM = 3
_ENDING = re.compile(r"(?:ing|er|ed|y|e|ie)?s?$")
_FILLER = re.compile(
    "the|an?|of|some|any|my|sounds?|noises?|only|from|in|on|to|at|is|are|being|and|with|for|by|"
    "someone|somebody|person|playing|outside|nearby|far|away|loud|quiet"
)
_FILLER_WEIGHT = 0.1


class QueryMatcher:
    """Finds the sound that a text means.

    Args:
        taught: each sound's wordings by its name, the plainest first.
    """

    def __init__(self, taught: Mapping[str, Sequence[str]]) -> None:
        self._taught = taught

    @cached_property
    def _plain(self) -> Mapping[str, str]:
        """The plainest wording of the sound that each known one names."""
        plain: dict[str, str] = {}
        for name, wordings in self._taught.items():
            for words in (*wordings, name):
                plain.setdefault(normalise(words), wordings[0])
        return plain

    @cached_property
    def _index(self) -> _Index:
        return _Index(self._plain)

    def listed(self, text: str) -> str | None:
        """The plainest wording of the sound of which `text` is a known wording; else None."""
        return self._plain.get(normalise(text))

    def find(self, text: str) -> str | None:
        """The plainest wording of the sound that `text` means; None where none is near."""
        exact = self.listed(text)
        if exact is not None:
            return exact
        for score, wording in self._index.ranked(text)[:1]:
            return self._plain[wording] if score >= _NEAR else None
        return None

    def nearest(self, text: str, most: int = 3) -> list[str]:
        """Known wordings that share something with `text`, of different sounds, best first."""
        found: dict[str, str] = {}
        for _, wording in self._index.ranked(text):
            found.setdefault(self._plain[wording], wording)
        return list(found.values())[:most]


class _Index:
    """Known wordings by their words, and these by their n-grams: some 30 ms of work.

    Args:
        plain: each wording's sound.
    """

    def __init__(self, plain: Mapping[str, str]) -> None:
        self._holding: dict[str, set[str]] = defaultdict(set)
        meant: dict[str, set[str]] = defaultdict(set)
        for wording, sound in plain.items():
            for word in wording.split():
                self._holding[word].add(wording)
                meant[word].add(sound)
        most = log(len(set(plain.values())) + 1)
        self._weights = {
            word: _weight(word) * (1 - log(len(sounds)) / most) for word, sounds in meant.items()
        }
        self._grams = {word: frozenset(ngrams(word)) for word in self._weights}
        self._formed: dict[str, list[str]] = defaultdict(list)
        for word in self._weights:
            self._formed[_stem(word)].append(word)
        self._having: dict[str, list[str]] = defaultdict(list)
        for word, grams in self._grams.items():
            for gram in grams:
                self._having[gram].append(word)

    def ranked(self, text: str) -> list[tuple[float, str]]:
        """Scores in (0, 1] of the wordings that share a telling word with `text`, best first."""
        words = normalise(text).split()
        alike = [self._alike(word) for word in words]
        weights = [
            max((self._weights[other] for other in near), default=_weight(word))
            for word, near in zip(words, alike, strict=True)
        ]
        telling = [
            near for word, near in zip(words, alike, strict=True) if not _FILLER.fullmatch(word)
        ]
        wordings = {w for near in telling for other in near for w in self._holding[other]}
        scored = [(self._score(wording, alike, weights), wording) for wording in wordings]
        return sorted(scored, key=lambda pair: (-pair[0], len(pair[1]), pair[1]))

    def _score(
        self, wording: str, alike: Sequence[Mapping[str, float]], weights: Sequence[float]
    ) -> float:
        words = wording.split()
        said = sum(
            weight * max(near.get(other, 0.0) for other in words)
            for weight, near in zip(weights, alike, strict=True)
        )
        own = [self._weights[other] for other in words]
        meant = sum(
            weight * max(near.get(other, 0.0) for near in alike)
            for weight, other in zip(own, words, strict=True)
        )
        share = said / (sum(weights) + 1e-9), meant / (sum(own) + 1e-9)
        return (1 - _LEFT_OUT) * share[0] + _LEFT_OUT * share[1]

    def _alike(self, word: str) -> dict[str, float]:
        """Known words that share n-grams with `word`, and how alike they are, (0, 1]."""
        found = dict.fromkeys(self._formed.get(_stem(word), ()), _SAME_STEM)
        if word in self._weights:
            found[word] = 1.0
        grams = frozenset(ngrams(word))
        shared: dict[str, int] = defaultdict(int)
        for gram in grams:
            for other in self._having.get(gram, ()):
                shared[other] += 1
        for other, count in shared.items():
            overlap = 2 * count / (len(grams) + len(self._grams[other]))
            if overlap >= _ALIKE:
                found[other] = max(found.get(other, 0.0), overlap**_SHARPNESS)
        return found


def _stem(word: str) -> str:
    """What the forms of an English word share: "drip" of drips, dripped and dripping."""
    stem = _ENDING.sub("", word)
    if len(stem) < _SHORTEST_STEM:
        return word
    return stem[:-1] if stem[-1] == stem[-2] else stem


def _weight(word: str) -> float:
    return _FILLER_WEIGHT if _FILLER.fullmatch(word) else 1.0
