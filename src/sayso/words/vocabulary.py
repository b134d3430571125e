"""The names of sounds: synonyms, plurals, slips of the pen, and which family holds which.

A target is free text; the vocabulary only says which texts mean the same ("voice" and "singer"
are "vocals") and what lies near a sound that cannot be heard ("kick" lies in "drums").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sayso.words.lexicon import Cue, Phrases, lexicon, listed, load
from sayso.words.spelling import Speller
from sayso.words.tokens import folded

SOUND, VERSION = "sound", "version"


class Vocabulary:
    """Every sound that is known by name.

    `names` are the canonical ones, in the order of the data file.
    """

    def __init__(self, families: Iterable[dict[str, Any]]) -> None:
        self._telling = lexicon().words["telling"]
        self._carriers = lexicon().words["carriers"]
        self._families: dict[str, tuple[str, ...]] = {}
        self._words: dict[tuple[str, ...], str] = {}
        for family in families:
            for name, synonyms in family["sounds"].items():
                self._families[name] = tuple(family["in"])
                for spoken in (name, *listed(synonyms)):
                    for form in _forms(spoken):
                        self._words.setdefault(form, name)
        self.names: tuple[str, ...] = tuple(self._families)
        self.phrases = Phrases((" ".join(w), Cue(SOUND, n)) for w, n in self._words.items())
        self._speller = Speller(self.words(), beside=lexicon().english)

    def words(self) -> Iterator[str]:
        """Every word that occurs in a name or synonym."""
        yield from (word for name in self.names for word in _split(name))
        yield from self.phrases.words()

    def canonical(self, target: str) -> str:
        """The one name for `target`; unknown sounds keep theirs, without article.

        >>> vocabulary().canonical("The Female Singer"), vocabulary().canonical("hi hats")
        ('vocals', 'hi-hat')
        """
        text = " ".join(target.lower().split())
        words = tuple(map(folded, _split(text)))
        if words[:1] == ("no",) and len(words) > 1:
            return "no " + self.canonical(" ".join(words[1:]))
        while words and words[0] in lexicon().words["determiners"]:
            words = words[1:]
        version = lexicon().phrases.match(words)
        if version is not None and version[0].kind == VERSION and version[1] == len(words):
            return version[0].value
        known = (
            self._described(words)
            or self._known(words)
            or self._named(tuple(self._spelt(word) for word in words))
        )
        return known or " ".join(words) or text

    def _named(self, words: tuple[str, ...]) -> str | None:
        """A name that `words` is, give or take a carrier or a telling adjective."""
        if words in self._words:
            return self._words[words]
        if len(words) > 1 and words[-1] in self._carriers:
            return self._named(words[:-1])
        if len(words) > 1 and words[0] in self._telling:
            base = self._named(words[1:])
            return base and f"{words[0]} {base}"
        return None

    def _described(self, words: tuple[str, ...]) -> str | None:
        """The sound of a description: "someone typing on a keyboard" is typing.

        What sounds while something else does is named as it is said.
        """
        for at, word in enumerate(words[1:-1], start=1):
            if word in lexicon().words["meanwhile"]:
                return " ".join(words)
            if word in lexicon().words["against"]:
                return self._known(words[:at])
        return None

    def _known(self, words: tuple[str, ...]) -> str | None:
        """A name that `words` ends with, whatever adjectives stand before it."""
        return next(filter(None, (self._named(words[at:]) for at in range(len(words)))), None)

    def _spelt(self, word: str) -> str:
        return word if (word,) in self._words else self._speller.correct(word) or word

    def telling(self, words: Sequence[str]) -> bool:
        """Whether `words` begins with an adjective that tells sounds of one family apart."""
        return len(words) > 1 and words[0] in self._telling

    def carries(self, word: str) -> bool:
        """Whether `word` after a sound only says that it is one: "the guitar part"."""
        return word in self._carriers

    def families(self, name: str) -> tuple[str, ...]:
        """What holds the sound `name`, nearest first: itself without its adjective, its families.

        >>> vocabulary().families("lead guitar")
        ('guitar', 'other', 'music')
        """
        found: list[str] = []
        telling, _, base = name.partition(" ")
        if base in self._families and telling in self._telling and name not in self._families:
            found.append(base)
        queue = list(self._families.get(name, ())) + [
            family for base in found for family in self._families[base]
        ]
        for family in queue:
            if family not in found and family != name:
                found.append(family)
                queue.extend(self._families.get(family, ()))
        return tuple(found)

    def refines(self, name: str, family: str) -> bool:
        """Whether `name` is `family` with an adjective, so that it may stand in for it."""
        words = _split(name)
        return len(words) > 1 and words[-1] == family and words[0] in self._telling

    def near(self, target: str) -> Iterator[str]:
        """Names from near to far: the sound, what holds it, what it holds, its siblings."""
        name = self.canonical(target)
        families = self.families(name)
        yield name
        yield from families[:2]
        yield from (other for other in self.names if name in self._families[other])
        yield from (other for other in self.names if self._siblings(name, other))
        yield from families

    def _siblings(self, name: str, other: str) -> bool:
        mine, theirs = self._families.get(name, ()), self._families[other]
        # Everything is a sibling in "other" and "noise": that says nothing.
        return bool(mine[:1] and mine[:1] == theirs[:1] and mine[0] not in {"other", "noise"})


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.replace("-", " ").split())


def _forms(spoken: str) -> Iterator[tuple[str, ...]]:
    """A phrase and its plural."""
    words = _split(spoken)
    yield words
    last = words[-1]
    if last.endswith(("ss", "x", "ch", "sh")):
        plural = last + "es"
    elif last.endswith("s"):
        plural = last
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        plural = last[:-1] + "ies"
    else:
        plural = last + "s"
    yield (*words[:-1], plural)


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read on first use."""
    return Vocabulary(load("vocabulary.yaml"))


def canonical(target: str) -> str:
    """The one name for `target`: synonyms, plurals, slips and articles set right.

    >>> canonical("the barking dog"), canonical("electric guitars"), canonical("flugelbinder")
    ('dog barking', 'electric guitar', 'flugelbinder')
    """
    return vocabulary().canonical(target)
