"""The words of command, loaded once from `lexicon.yaml`, and the cues that they give."""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple


class Cue(NamedTuple):
    """What a phrase means to the grammar: a kind ("verb", "quality") and its value ("remove")."""

    kind: str
    value: str


class Phrases:
    """Phrases of words and what each stands for; the longest one that fits is found first."""

    def __init__(self, entries: Iterable[tuple[str, Cue]]) -> None:
        self._cues: dict[tuple[str, ...], Cue] = {}
        self._longest: dict[str, int] = {}
        for phrase, cue in entries:
            words = tuple(phrase.replace("-", " ").split())
            self._cues.setdefault(words, cue)
            self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def match(self, words: tuple[str, ...]) -> tuple[Cue, int] | None:
        """The cue of the longest phrase that `words` begins with, and its number of words."""
        longest = self._longest.get(words[0], 0) if words else 0
        for count in range(min(longest, len(words)), 0, -1):
            cue = self._cues.get(words[:count])
            if cue is not None:
                return cue, count
        return None

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._cues)

    def words(self) -> Iterator[str]:
        """Every word of every phrase, repeated as often as it occurs."""
        return (word for phrase in self for word in phrase)


class Lexicon(NamedTuple):
    """The phrases of command, what contractions stand for, and words by what they are good for.

    `english` are the words of a large list of English ones, which are never taken for slips.
    """

    phrases: Phrases
    contractions: Mapping[str, tuple[str, ...]]
    words: Mapping[str, frozenset[str]]
    english: frozenset[str]


def load(name: str) -> Any:
    """The data file `name` of this room, with every scalar as text."""
    import yaml  # only the first instruction pays for it

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return yaml.load(_text(name), loader)


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def listed(phrases: str) -> list[str]:
    """The members of a comma-separated list."""
    return [" ".join(phrase.split()) for phrase in phrases.split(",") if phrase.strip()]


def _gerunds(verb: str) -> tuple[str, ...]:
    """The forms in -ing that a verb may have.

    >>> _gerunds("put"), _gerunds("take")
    (('puting', 'putting'), ('taking',))
    """
    if verb.endswith(("ing", "ed", "'")) or len(verb) < 3:
        return ()
    stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
    doubled = verb[-1] not in "aeiouywx" and verb[-2] in "aeiou" and verb[-3] not in "aeiou"
    return (f"{stem}ing", f"{verb}{verb[-1]}ing") if doubled else (f"{stem}ing",)


def _english() -> frozenset[str]:
    """The words of `english.xz`: sorted, each without the letters that it shares with the last.

    A line is one character that counts the shared letters from "0" on, and the rest of the word.
    """
    packed = resources.files(__package__).joinpath("english.xz").read_bytes()
    words, word = [], ""
    for line in lzma.decompress(packed).decode().split("\n"):
        word = word[: ord(line[0]) - ord("0")] + line[1:]
        words.append(word)
    return frozenset(words)


@cache
def lexicon() -> Lexicon:
    """The lexicon, read on first use."""
    data = load("lexicon.yaml")
    forms, words = data.pop("contractions"), data.pop("words")
    topics = load("dialogue.yaml")["topics"]
    entries = [
        (phrase, Cue(kind, value))
        for kind, values in data.items()
        for value, phrases in values.items()
        for phrase in listed(phrases)
    ]
    # A phrase that is also a filler or an order is a topic only where it stands alone.
    raised = [
        (phrase, Cue("topic", name))
        for name, topic in topics.items()
        if "alone" not in topic
        for phrase in listed(topic["phrases"])
    ]
    acting = [
        (" ".join((form, *phrase.split()[1:])), cue)
        for phrase, cue in entries
        if cue.kind == "verb"
        for form in _gerunds(phrase.split()[0])
    ]
    return Lexicon(
        phrases=Phrases([*raised, *entries, *acting]),
        contractions={
            short: tuple(full.split()) for full, shorts in forms.items() for short in listed(shorts)
        },
        words={name: frozenset(listed(phrases)) for name, phrases in words.items()},
        english=_english(),
    )
