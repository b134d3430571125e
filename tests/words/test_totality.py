"""Any text after any conversation: moves or a reply, no exception, and all can be applied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.damage import attacked

from sayso.desk import History, Reply, parse_moves
from sayso.words import interpret, vocabulary
from sayso.words.interpreter import LONGEST
from sayso.words.lexicon import lexicon

WORDS = sorted({*lexicon().phrases.words(), *vocabulary().names, *"0123456789"})
NUMBERS = ["3", "-6", "50%", "3dB", "2.5 khz", "1:30", "0:10-0:20", "90s", "4 semitones", "1e9",
           "999999999", "-14 LUFS", "120 bpm", "2x", "half", "twice", "0"]  # fmt: skip
MARKS = [",", ".", "and", "then", "but not", "?", "!", "\n", "...", "&", "(", "/", "-", "'"]
SOUP = st.lists(st.sampled_from(WORDS + NUMBERS * 8 + MARKS * 12), max_size=24).map(" ".join)
LINES = st.sampled_from(
    ["make the drums louder", "isolate the vocals and the bass", "remove the vocals", "undo",
     "add lots of reverb to the guitar", "compress it", "slow it down", "cut the first 5 seconds",
     "pan the piano left", "telephone effect on the vocals", "clean this up", "too much", "redo"]
)  # fmt: skip
HEARS = st.one_of(st.none(), st.sets(st.sampled_from(vocabulary().names)))


def conversation(lines):
    history = History()
    for line in lines:
        history = history.push(interpret(line, history).moves)
    return history


def check(text, history, supports=None):
    predicate = None if supports is None else supports.__contains__
    found = interpret(text, history, supports=predicate)
    assert found.moves
    assert found.reply.strip()
    history.push(found.moves)
    assert parse_moves([move.model_dump() for move in found.moves]) == found.moves
    assert found == interpret(text, history, supports=predicate)
    return found


@attacked(300)
@given(st.text(max_size=300))
def test_any_text(text):
    check(text, History())


@attacked(400)
@given(SOUP, st.lists(LINES, max_size=4), HEARS)
def test_any_words_of_ours_after_any_conversation(text, lines, supports):
    check(text, conversation(lines), supports)


@attacked(100)
@given(st.lists(SOUP, max_size=4))
def test_any_conversation(texts):
    history = History()
    for text in texts:
        history = history.push(check(text, history).moves)


@attacked(200)
@given(SOUP, st.sets(st.sampled_from(["vocals", "drums", "bass", "other"]), min_size=1))
def test_nothing_that_cannot_be_heard_is_asked_for(text, supports):
    found = check(text, History(), supports)
    desk = History().push(found.moves).desk
    assert set(desk.targets()) <= supports


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "remove the vocals " * 6_000, "\0" * 100_000, "🎵" * 5_000, "1" * 100_000],
)
def test_noise_without_end_is_answered(text):
    (reply,) = check(text, History()).moves
    assert isinstance(reply, Reply)
    assert f"{LONGEST:,}" in reply.text


@pytest.mark.parametrize("text", ["", " ", "\n\t", "...", "?!", "''", "-", "\u200b"])
def test_nothing_is_answered(text):
    (reply,) = check(text, History()).moves
    assert isinstance(reply, Reply)
