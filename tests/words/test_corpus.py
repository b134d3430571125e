"""What people say, and exactly what it must lead to: `corpus.yaml`, pair by pair."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sayso.desk import History, Reply, parse_moves
from sayso.words import State, interpret

PAIRS = yaml.load((Path(__file__).parent / "corpus.yaml").read_text("utf-8"), yaml.CSafeLoader)

ANSWERED = [pair for pair in PAIRS if any(move["do"] == "reply" for move in pair["moves"])]


def expected(pair):
    """The moves of a pair; a reply stands for any text of its reason."""
    return parse_moves([move | ({"text": ""} if move["do"] == "reply" else {}) for move in pair])


def comparable(moves):
    return [(move.do, move.reason) if isinstance(move, Reply) else move for move in moves]


def heard(pair):
    return set(pair["hears"]).__contains__ if "hears" in pair else None


def after(pair):
    """The history and the state that a pair's sentence is said after."""
    history, state = History(), State()
    for earlier in pair.get("after", ()):
        found = interpret(earlier, history, supports=heard(pair), state=state)
        history, state = history.push(found.moves), found.state
    return history, state


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["say"] or "nothing")
def test_the_words_lead_to_the_moves(pair):
    history, state = after(pair)
    found = interpret(pair["say"], history, supports=heard(pair), state=state)
    assert comparable(found.moves) == comparable(expected(pair["moves"])), found.reply
    for words in pair.get("says", ()):
        assert words.lower() in found.reply.lower()
    history.push(found.moves)


def test_the_corpus_is_large_and_has_no_pair_twice():
    keys = {(pair["say"], tuple(pair.get("after", ())), "hears" in pair) for pair in PAIRS}
    assert len(keys) == len(PAIRS) >= 1200


@pytest.mark.parametrize("pair", ANSWERED, ids=lambda pair: pair["say"] or "nothing")
def test_what_a_reply_suggests_can_be_done(pair):
    history, state = after(pair)
    found = interpret(pair["say"], history, supports=heard(pair), state=state)
    changed = history.push(interpret("make it louder", history).moves)
    for move in found.moves:
        for suggestion in move.suggestions if isinstance(move, Reply) else ():
            # "Yes" answers the question in the state that it was asked in.
            told = (history, found.state) if suggestion == "yes" else (changed, State())
            moves = interpret(suggestion, told[0], supports=heard(pair), state=told[1]).moves
            offered = [move for move in moves if isinstance(move, Reply)]
            if suggestion == "yes" and len(offered) < len(moves):
                continue  # what could not be done is said once more
            assert not offered or "hears" in pair, suggestion
