"""A voice is what the recording has, and its background what is around that."""

from __future__ import annotations

import pytest

from sayso.desk import Adjust, Extract, History, Remove
from sayso.words import Facts, interpret


def said(text: str, voice: str | None):
    return interpret(text, History(), facts=Facts(voice=lambda: voice))


@pytest.mark.parametrize(
    "text",
    [
        "isolate the voice",
        "Remove everything but the voice",
        "singing only please",
        "just my voice",
    ],
)
@pytest.mark.parametrize(
    ("voice", "target", "told"),
    [
        ("spoken", "speech", "voice here is spoken"),
        ("sung", "vocals", "Pulling out the vocals."),
        ("unsure", "vocals", "say “the speech” if it is spoken"),
        (None, "vocals", "Pulling out the vocals."),
    ],
)
def test_a_voice_is_what_is_heard(text: str, voice: str | None, target: str, told: str) -> None:
    found = said(text, voice)
    assert found.moves == (Extract(targets=(target,)),)
    assert told in found.reply


def test_my_voice_is_a_sound_and_no_recording() -> None:
    (move,) = said("make my voice louder", "spoken").moves
    assert isinstance(move, Adjust)
    assert move.target == "speech"


def test_the_background_of_a_song_is_its_accompaniment() -> None:
    assert said("give me the background", "sung").moves == (Extract(targets=("no vocals",)),)
    assert said("remove the background", "sung").moves == (Extract(targets=("vocals",)),)
    assert said("remove the background", "spoken").moves == (Remove(targets=("noise",)),)
    assert said("give me the background", None).moves == (Extract(targets=("noise",)),)


@pytest.mark.parametrize(
    "text",
    [
        "make the drums louder",
        "isolate the vocals",
        "the voice-over louder",
        "remove background noise",
    ],
)
def test_what_names_its_sound_needs_no_ear(text: str) -> None:
    def listened() -> str:
        raise AssertionError("the recording was listened to")

    expected = interpret(text, History())
    assert interpret(text, History(), facts=Facts(voice=listened)).moves == expected.moves


def test_a_second_thought_keeps_to_what_is_heard() -> None:
    facts = Facts(voice=lambda: "spoken")
    first = interpret("turn my voice up by 3 dB", History(), facts=facts)
    history = History().push(first.moves)
    second = interpret("no, by 6", history, facts=facts, state=first.state)
    assert history.push(second.moves).desk.strips["speech"].gain_db == 6
