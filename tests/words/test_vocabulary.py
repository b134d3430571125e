"""The names of sounds."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.words import canonical, vocabulary
from sayso.words.hearing import TargetResolver
from sayso.words.lexicon import listed, load

NAMES = vocabulary().names
FAMILIES = load("vocabulary.yaml")
LONG = [name for name in NAMES if " " not in name and len(name) >= 7]


def test_every_name_and_synonym_has_one_meaning():
    spoken = Counter(
        phrase
        for family in FAMILIES
        for name, synonyms in family["sounds"].items()
        for phrase in {name, *listed(synonyms)}
    )
    assert [phrase for phrase, times in spoken.items() if times > 1] == []


def test_families_are_sounds():
    assert {parent for family in FAMILIES for parent in family["in"]} <= set(NAMES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: next(iter(family["sounds"])))
def test_synonyms_lead_to_their_name(family):
    for name, synonyms in family["sounds"].items():
        assert canonical(name) == name
        for phrase in listed(synonyms):
            assert canonical(phrase) == name
            assert canonical(f"The {phrase.title()}") == name


@given(st.text(max_size=60))
def test_canonical_settles(text):
    once = canonical(text)
    assert canonical(once) == once


@settings(max_examples=150)
@given(st.sampled_from(LONG), st.data())
def test_a_slip_of_the_pen_is_set_right(name, data):
    at = data.draw(st.integers(1, len(name) - 2))
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    doubled = name[:at] + name[at] + name[at:]
    assert canonical(swapped) == name
    assert canonical(doubled) == name


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("female singer", "vocals"),
        ("the barking dog", "dog barking"),
        ("lead guitar", "lead guitar"),
        ("guitar solo", "guitar"),
        ("awful drums", "drums"),
        ("hi hats", "hi-hat"),
        ("violins", "violin"),
        ("instrumental", "no vocals"),
        ("no drumms", "no drums"),
        ("karaoke version", "no vocals"),
        ("acapella", "vocals"),
        ("someone typing on a keyboard", "typing"),
        ("a dog barking in the distance", "dog barking"),
        ("a man speaking while rain falls", "man speaking while rain falls"),
        ("flügelhorn", "flugelhorn"),
        ("flugelbinder", "flugelbinder"),
        ("garden hose", "garden hose"),
        ("house", "house"),
        ("", ""),
    ],
)
def test_canonical(said, meant):
    assert canonical(said) == meant


@given(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True))
def test_the_nearest_is_among_them_or_none(name, among):
    found = TargetResolver(among.__contains__).nearest(name)
    assert found is None or found in among
    if name in among:
        assert found == name


@pytest.mark.parametrize(
    ("wanted", "among", "found"),
    [
        ("kick", ["vocals", "drums", "bass", "other"], "drums"),
        ("trumpet", ["vocals", "drums", "bass", "other"], "other"),
        ("trumpet", ["speech", "music", "noise"], "music"),
        ("lead guitar", ["guitar", "piano"], "guitar"),
        ("guitar", ["electric guitar", "violin"], "electric guitar"),
        ("violin", ["cello", "drums"], "cello"),
        ("dog", ["speech", "music", "noise"], "noise"),
        ("speech", ["vocals", "drums"], "vocals"),
        ("flugelbinder", ["drums"], None),
        ("drums", [], None),
    ],
)
def test_nearest(wanted, among, found):
    assert TargetResolver(among.__contains__).nearest(wanted) == found
