"""What earlier versions stored opens, and what they could not open again does, too."""

from __future__ import annotations

import json

import pytest

from sayso.conversation import Conversation
from sayso.desk import (
    SPEECH_ONLY,
    Adjust,
    Desk,
    Gain,
    History,
    Strip,
    apply,
    parse_moves,
)
from sayso.errors import MoveError

# As version 0.1.0 wrote it into a session's row, a render's row and a batch's manifest.
DESK = """{"strips": {"drums": {"gain_db": 3.0, "mute": false, "solo": false, "effects":
[{"effect": "reverb", "amount": 0.3}, {"effect": "filter", "type": "lowpass",
"cutoff_hz": 900.0}]}}, "deliver": ["mix"], "clean": true, "edits": [
{"step": "cut", "start_s": 0.0, "end_s": 1.0},
{"step": "arrange", "spans": [{"start_s": 2.0, "end_s": 3.0, "gain_db": -3.0}]}],
"limiter": true}"""
HISTORY = """{"start": {"strips": {}, "deliver": ["mix"], "clean": false, "edits": [],
"limiter": false}, "turns": [[{"do": "clean"}, {"do": "adjust", "target": "drums",
"relative": true, "effects": [{"effect": "gain", "db": 3.0}]}], [{"do": "edit", "steps": [
{"step": "arrange", "spans": [{"start_s": 0.0, "end_s": 1.0, "gain_db": 0.0}]}]}]], "undone": [[
{"do": "remove", "targets": ["vocals"]}]]}"""


def test_a_desk_of_the_version_before_opens():
    desk = Desk.model_validate_json(DESK)
    assert desk.clean == SPEECH_ONLY
    assert desk.strip("drums").effects[0].amount == 0.3
    assert desk.edits[1].crossfade_s == 0.02
    assert Desk.model_validate_json(desk.model_dump_json()) == desk
    assert Desk.model_validate(json.loads(DESK) | {"clean": False}).clean is None


def test_a_history_of_the_version_before_opens_as_a_conversation():
    conversation = Conversation.model_validate_json(HISTORY)
    assert conversation.history == History.model_validate_json(HISTORY)
    assert conversation.desk.clean == SPEECH_ONLY
    assert conversation.desk.strip("drums").gain_db == 3.0
    assert not conversation.desk.limiter
    assert conversation.redo().desk.strip("vocals").mute
    assert Conversation.model_validate_json(conversation.model_dump_json()) == conversation


def test_an_adjustment_that_earlier_versions_could_not_open_again_opens():
    stored = json.loads(HISTORY)
    louder = [{"effect": "gain", "db": 0.5}] * 33
    stored["turns"] = [[{"do": "adjust", "target": "drums", "relative": True, "effects": louder}]]
    assert History.model_validate(stored).desk.strip("drums").gain_db == 16.5


def test_no_way_to_change_a_value_escapes_validation():
    move = Adjust(target="drums", relative=True, effects=(Gain(db=1),))
    with pytest.raises(MoveError, match="at most 32"):
        move.model_copy(update={"effects": (Gain(db=1),) * 33})
    with pytest.raises(MoveError, match="no such field"):
        Strip().model_copy(update={"loud": True})


def test_a_strip_holds_only_so_many_effects():
    history = History()
    for start in range(0, 256, 32):
        bands = [{"effect": "eq", "frequency_hz": 100 + start + n, "gain_db": 1} for n in range(32)]
        move = {"do": "adjust", "target": "drums", "effects": bands}
        history = history.push(parse_moves([move]))
    one_more = {"effect": "eq", "frequency_hz": 9000, "gain_db": 1}
    with pytest.raises(MoveError, match="257 effects"):
        history.push(parse_moves([{"do": "adjust", "target": "drums", "effects": [one_more]}]))
    assert apply(history.desk, parse_moves([{"do": "reset"}])[0]) == Desk()
