"""What can be asked for: concepts, what each is part of, and the many words for it.

A sound carries a `Label`: the concepts that it certainly is, and those that it may hold besides.
A question about a concept outside both is known to have silence for an answer; a question about
one that may be there is never asked. The data lie in `concepts.yaml` beside this file.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sayso.configuration import Frozen
from sayso.errors import DataError

MUSIC_FORMS = ("{}", "{}", "{}", "the {}", "{} track", "{} stem", "only the {}", "{} part")
SOUND_FORMS = ("{}", "{}", "{}", "the {}", "sound of {}", "the sound of {}", "{} sound", "{} noise")
VOICE_FORMS = ("{}", "{}", "{}", "the {}", "only the {}", "sound of {}")
ARTICLES = frozenset({"the", "a", "an", "no"})
HELD_OUT_ONE_IN = 10
PLAIN = 0.8


class Concept(Frozen):
    """One thing that can be asked for: its words, and the wider concepts that hold it."""

    name: str
    parents: tuple[str, ...]
    maybe: tuple[str, ...]
    words: tuple[str, ...]


class Label(Frozen):
    """What a sound is: `concept`, all that is `true` of it, and what `unknown` it may hold."""

    concept: str
    true: frozenset[str]
    unknown: frozenset[str]


class Vocabulary:
    """The concepts, their order by width, their words, and the rules from pool labels to them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Read `data` as `concepts.yaml` lays it out. Raises: DataError for a dangling name."""
        self.concepts: dict[str, Concept] = {
            name: Concept(
                name=name,
                parents=tuple(entry.get("in", ())),
                maybe=tuple(entry.get("maybe", ())),
                words=tuple(str(word) for word in entry["words"]),
            )
            for name, entry in data["concepts"].items()
        }
        self._rules = {
            pool: [_Rule(*rule) for rule in rules] for pool, rules in data["labels"].items()
        }
        self._programs = {
            number: name for name, numbers in data["programs"].items() for number in numbers
        }
        self._check()
        self._trained, self._held_out = {}, {}
        for name, concept in self.concepts.items():
            first, *rest = concept.words
            kept = tuple(word for word in rest if _is_held_out(name, word, first))
            self._held_out[name] = kept
            self._trained[name] = (first, *(w for w in rest if w not in kept))
        self._up = {name: self._walk_up(name) for name in self.concepts}
        self._down = {
            name: frozenset(other for other in self.concepts if name in self._up[other])
            for name in self.concepts
        }

    def ancestors(self, name: str) -> frozenset[str]:
        """Every wider concept that holds `name`; not itself."""
        return self._up[name]

    def label(self, concept: str, *, maybe: Iterable[str] = (), never: Iterable[str] = ()) -> Label:
        """The label of a sound that is `concept`, may hold `maybe` and surely no `never`.

        A sound known by a wide name ("drums") may hold each narrower one ("snare"). Raises:
            DataError for a concept that is not in the vocabulary.
        """
        if concept not in self.concepts:
            raise DataError(f"unknown concept {concept!r}; concepts.yaml lists what there is")
        true = self._up[concept] | {concept}
        unknown = set(self._down[concept])
        for name in (*self.concepts[concept].maybe, *maybe):
            unknown |= {name} | self._up[name] | self._down[name]
        for name in never:
            unknown -= {name} | self._down[name]
        return Label(concept=concept, true=true, unknown=frozenset(unknown - true))

    def classify(self, pool: str, text: str) -> Label | None:
        """The label of a file of `pool` whose manifest label is `text`; None if unusable.

        A text that starts with `=` names its concept outright ("=piano"), whatever the pool.
        """
        if text.startswith("="):
            return self.label(text[1:])
        for rule in self._rules.get(pool, ()):
            if rule.pattern.search(text.lower()):
                if rule.concept is None:
                    return None
                return self.label(rule.concept, maybe=rule.maybe, never=rule.never)
        return None

    def program(self, number: int) -> str | None:
        """The concept of a General MIDI program 0..127 (-1: drums); None for effects and choirs."""
        return self._programs.get(number)

    def words(self, name: str, *, held_out: bool) -> tuple[str, ...]:
        """The wordings of a concept: those trained on, or those kept for the test of unseen words.

        One in ten by the hash of the wording is kept out, never the first, plain one.
        """
        return self._held_out[name] if held_out else self._trained[name]

    def wording(self, name: str, rng: np.random.Generator) -> str:
        """A wording of a concept drawn for training: mostly the plain one, by which it is asked.

        The others, some with a frame, keep the plain ones of different concepts apart in meaning.
        """
        words = self.words(name, held_out=False)
        if rng.random() < PLAIN:
            return words[0]
        word = words[int(rng.integers(len(words)))]
        forms = self._forms(name)
        form = forms[int(rng.integers(len(forms)))]
        framed = word.split()[0] in ARTICLES or word.split()[-1] in form.split()
        return word if framed else form.format(word)

    def _forms(self, name: str) -> tuple[str, ...]:
        above = self._up[name] | {name}
        if "instrumental" in above or name == "music":
            return MUSIC_FORMS
        return VOICE_FORMS if "voice" in above else SOUND_FORMS

    def _check(self) -> None:
        used = [n for c in self.concepts.values() for n in (*c.parents, *c.maybe)]
        used += [n for rules in self._rules.values() for r in rules for n in r.names]
        used += list(self._programs.values())
        unknown = sorted(set(used) - set(self.concepts))
        if unknown:
            raise DataError(f"concepts.yaml names concepts that it does not define: {unknown}")

    def _walk_up(self, name: str) -> frozenset[str]:
        found: set[str] = set()
        stack = list(self.concepts[name].parents)
        while stack:
            parent = stack.pop()
            if parent not in found:
                found.add(parent)
                stack += self.concepts[parent].parents
        return frozenset(found)


class _Rule:
    """One line of `labels`: pattern, concept or null, what it may hold, what it cannot hold."""

    def __init__(self, pattern: str, concept: str | None, maybe: Any = (), never: Any = ()) -> None:
        self.pattern = re.compile(pattern.lower())
        self.concept = concept
        self.maybe = tuple(maybe)
        self.never = tuple(never)

    @property
    def names(self) -> tuple[str, ...]:
        own = () if self.concept is None else (self.concept,)
        return (*own, *self.maybe, *self.never)


def _is_held_out(name: str, word: str, first: str) -> bool:
    """Whether a wording is kept out of training; "the singer" goes with "singer"."""
    bare = word.removeprefix("the ")
    return bare != first and zlib.crc32(f"{name}/{bare}".encode()) % HELD_OUT_ONE_IN == 0


@cache
def load_vocabulary() -> Vocabulary:
    """The vocabulary in `concepts.yaml`, read once."""
    text = Path(__file__).with_name("concepts.yaml").read_text(encoding="utf-8")
    return Vocabulary(yaml.safe_load(text))
