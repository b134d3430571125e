"""Sentences about one sound and about several."""

import pytest

from sayso.separate.captions import sounds_of
from sayso.separate.query_matcher import QueryMatcher
from sayso.train.data.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary()
PLAIN = {name: concept.words[0] for name, concept in VOCABULARY.concepts.items()}
WITHIN = {PLAIN[n]: [PLAIN[up] for up in VOCABULARY.ancestors(n)] for n in PLAIN}
MATCHER = QueryMatcher({n: list(c.words) for n, c in VOCABULARY.concepts.items()})


def concepts_in(text: str) -> list[str]:
    names = {plain: name for name, plain in PLAIN.items()}
    return [names[plain] for plain in sounds_of(text, MATCHER, within=WITHIN)]


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("a man coughs while a dog barks in the distance", ["cough", "dog"]),
        ("Rain falls, thunder rumbles and a cat meows", ["rain", "thunder", "cat"]),
        ("violin and piano", ["violin", "piano"]),
        ("a helicopter hovers as people cheer", ["helicopter", "crowd"]),
        ("a phone rings followed by footsteps", ["phone", "footsteps"]),
        ("an engine idles with birds chirping in the background", ["engine", "birds"]),
        ("a dog barks and another dog barks", ["dog"]),
    ],
)
def test_several_sounds(text: str, concepts: list[str]) -> None:
    assert concepts_in(text) == concepts


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("pots and pans", ["metal"]),
        ("violins and cellos", ["strings"]),
        ("a dog barking in the rain", ["dog"]),
        ("salt and a dog barking", ["dog"]),  # half of it unknown: one description, as before
        ("xyzzy and plugh", []),
        ("", []),
    ],
)
def test_what_is_one_description_is_not_split(text: str, concepts: list[str]) -> None:
    assert concepts_in(text) == concepts


def test_a_wider_name_is_not_counted_besides_the_narrower_one() -> None:
    assert concepts_in("animals and a dog") == ["dog"]
    assert concepts_in("a voice and speech") == ["speech"]
