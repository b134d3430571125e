"""The data files: nothing twice, nothing that names what is not there."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from sayso.desk import History, Reply, field_range
from sayso.words import interpret, vocabulary
from sayso.words.actions import ACTIONS
from sayso.words.actions.changes import Reason
from sayso.words.actions.presets import PRESETS
from sayso.words.amounts import BANDS_HZ, SETTINGS, STEPS, TAKEN_BACK
from sayso.words.lexicon import listed, load

LEXICON = load("lexicon.yaml")
CUES = {kind: values for kind, values in LEXICON.items() if kind not in {"contractions", "words"}}
TALK = load("dialogue.yaml")
PHRASES = Counter(
    phrase for values in CUES.values() for phrases in values.values() for phrase in listed(phrases)
)


def test_no_phrase_has_two_meanings():
    assert [phrase for phrase, times in PHRASES.items() if times > 1] == []


def test_no_phrase_is_a_sound_as_well():
    sounds = {" ".join(words) for words in vocabulary().phrases}
    versions = {phrase for phrases in CUES["version"].values() for phrase in listed(phrases)}
    assert (sounds & set(PHRASES)) - versions == set()


def test_aspects_and_bands_are_known():
    named = [*CUES["param"], *CUES["quality"]]
    for value in named:
        name, _, detail = value.rstrip("+-0").partition(".")
        assert name in {*ACTIONS, "silence"}, value
        assert name != "eq" or detail in {*BANDS_HZ, "any"}, value


def test_presets_are_those_of_the_lexicon():
    assert {*CUES["preset"], *CUES["verb_param"]} == set(PRESETS)


@pytest.mark.parametrize("name", TALK["topics"])
def test_topics_have_a_reason_and_suggestions_that_work(name):
    topic = TALK["topics"][name]
    assert topic["reason"] in get_args(Reason)
    changed = History().push(interpret("make it louder", History()).moves)
    for suggestion in topic["suggestions"]:
        moves = interpret(suggestion, changed).moves
        assert not any(isinstance(move, Reply) for move in moves), suggestion


def test_amounts_grow_with_their_size_and_lie_in_range():
    for sizes in (*STEPS.values(), *SETTINGS.values()):
        assert list(sizes) == ["small", "normal", "large", "max"]
        assert list(sizes.values()) == sorted(sizes.values())
    for name, field in (("reverb", "amount"), ("delay", "mix"), ("pan", "position")):
        low, high = field_range(name, field)
        assert all(low <= value <= high for value in SETTINGS[name].values())
    assert list(TAKEN_BACK.values()) == sorted(TAKEN_BACK.values())
