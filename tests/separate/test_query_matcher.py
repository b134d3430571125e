"""Words that nobody taught, and the sounds that they mean."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sayso.separate.query_matcher import QueryMatcher
from sayso.train.data.vocabulary import load_vocabulary

FEW = QueryMatcher(
    {
        "dog": ["dog barking", "dog", "barking", "puppy"],
        "knock": ["knocking", "knock on the door"],
        "typing": ["keyboard typing", "typing"],
        "keyboards": ["keyboards", "keyboard instrument"],
        "strings": ["strings", "violin section"],
    }
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("dog", "dog barking"),
        ("The DOGS!", "dog barking"),
        ("puppies playing", "dog barking"),
        ("a dog barked in the garden", "dog barking"),
        ("someone knocks on a door", "knocking"),
        ("she types on her keyboard", "keyboard typing"),
        ("keybord instruments", "keyboards"),
        ("violin", "strings"),
        ("insurance", None),
        ("the", None),
        ("", None),
        ("犬", None),
    ],
)
def test_find(said, meant):
    assert FEW.find(said) == meant


def test_nearest_names_a_sound_once():
    assert FEW.nearest("keyboard") == ["keyboards", "keyboard typing"]
    assert FEW.nearest("keyboard", most=1) == ["keyboards"]
    assert FEW.nearest("qwxyz") == []


def test_a_sound_may_be_called_by_its_name():
    assert QueryMatcher({"sound": ["sound effects", "foley"]}).find("sound") == "sound effects"


def test_nothing_known():
    assert QueryMatcher({}).find("dog") is None
    assert QueryMatcher({}).nearest("dog") == []


def test_descriptions_that_nobody_wrote_into_the_list():
    vocabulary = load_vocabulary()
    taught = {name: concept.words for name, concept in vocabulary.concepts.items()}
    wordings = QueryMatcher(taught)
    text = Path(__file__).with_name("descriptions.yaml").read_text(encoding="utf-8")
    said = yaml.safe_load(text)
    assert not set(said) & {words for listed in taught.values() for words in listed}
    understood = [wordings.find(words) == taught[concept][0] for words, concept in said.items()]
    assert sum(understood) / len(understood) > 0.9
