"""What is said back: everything that is done, everything that is not, and what to say instead."""

from __future__ import annotations

import pytest

from sayso.desk import History, Reply
from sayso.words import interpret
from sayso.words.interpreter import LONGEST

ORDERS = [
    "remove the vocals", "make the drums louder", "add reverb to the guitar", "pan the piano left",
    "cut the first 10 seconds", "isolate the bass", "compress the vocals", "slow it down",
    "pitch it up 2 semitones", "turn the bass down",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("take the vocals out and put some reverb on the drums",
         "Taking the vocals out and putting some reverb (30%) on the drums."),
        ("make the piano twice as loud", "Turning the piano up by 10 dB."),
        ("more bass", "Turning the bass up by 4 dB."),
        ("more bass on the drums", "Boosting 100 Hz by 4 dB on the drums."),
        ("give me the instrumental", "Giving you everything but the vocals."),
        ("cut from 1:15 to 1:20", "Cutting 1:15 to 1:20."),
        ("slow it down a bit", "Slowing the whole mix down by 5%."),
    ],
)  # fmt: skip
def test_a_reply_says_what_will_be_done_and_how_much(text, reply):
    assert interpret(text, History()).reply == reply


def test_a_clause_that_was_not_understood_is_named():
    found = interpret("remove the drums and flibber the wobble", History())
    assert "“flibber the wobble”" in found.reply
    assert [move.do for move in found.moves] == ["remove"]


def test_an_unknown_word_among_known_ones_is_named():
    assert "“flibber”" in interpret("remove the flibber drums", History()).reply


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("never", ["don't {}", "please do not {}", "I don't want you to {}"])
def test_what_is_forbidden_is_not_done(never, order):
    moves = interpret(never.format(order), History()).moves
    assert all(isinstance(move, Reply) for move in moves)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "kindly", ["could you please {} for me, thanks!", "hey, can u {} pls", "{}"]
)
def test_politeness_changes_nothing(kindly, order):
    assert interpret(kindly.format(order), History()).moves == interpret(order, History()).moves


@pytest.mark.parametrize("order", ORDERS)
def test_case_and_marks_change_nothing(order):
    moves = interpret(order, History()).moves
    assert interpret(f"  {order.upper()}!! ", History()).moves == moves


def test_the_nearest_sound_is_offered():
    heard = {"vocals", "drums", "bass", "other"}.__contains__
    found = interpret("remove the kick and turn the bass up", History(), supports=heard)
    assert [move.do for move in found.moves] == ["adjust", "reply"]
    assert found.moves[-1].suggestions[0] == "isolate the drums"


def test_an_adjective_is_dropped_only_where_the_plain_sound_is_heard():
    plain = interpret("isolate the lead guitar", History(), supports={"guitar"}.__contains__)
    assert plain.moves[0].targets == ("guitar",)
    assert "the lead guitar" in plain.reply
    finer = interpret("isolate the lead guitar", History(), supports=lambda target: True)
    assert finer.moves[0].targets == ("lead guitar",)


def test_what_was_only_mentioned_must_be_heard_too():
    found = interpret(
        "there is a kazoo. less sibilance", History(), supports={"vocals"}.__contains__
    )
    assert [move.do for move in found.moves] == ["reply"]
    assert "kazoo" in found.reply


def test_what_cannot_be_heard_cannot_be_left_out_either():
    for words in ("make everything louder but not the kazoo", "brighter, leave the kazoo alone"):
        found = interpret(words, History(), supports={"vocals"}.__contains__)
        assert isinstance(found.moves[0], Reply)
        assert "cannot change everything but the kazoo" in found.reply


def test_the_recordings_own_reverb_stays():
    assert "recording's own" in interpret("less reverb on the vocals", History()).reply


def test_what_has_been_done_can_be_asked():
    history = History().push(interpret("remove the drums", History()).moves)
    assert "taking the drums out" in interpret("what did you do?", history).reply


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("boost the drums by 60 dB", "at most 24"),
        ("normalize to -2 lufs", "at most -5"),
        ("make it 10x faster", "at most 4"),
        ("loop it 5000 times", "at most 1000"),
        ("keep from 2:00 to 1:00", ""),
        ("pitch it up 5 octaves", "at most 24"),
    ],
)
def test_a_number_out_of_range_is_answered_with_the_range(text, words):
    found = interpret(text, History())
    assert all(isinstance(move, Reply) for move in found.moves)
    assert words in found.reply


def test_the_longest_message_is_read_and_one_more_letter_is_not():
    words = "remove the drums"
    padded = words + " " * (LONGEST - len(words))
    assert interpret(padded, History()).moves[0].do == "remove"
    assert interpret(padded + "!", History()).moves[0].do == "reply"
