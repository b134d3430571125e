"""Effects that hold for a span: what is accepted, and where a span is after later edits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.desk import MIX, Desk, During, Gain, History, Reverb, apply, parse_moves
from sayso.desk.resolving import resolve
from sayso.desk.spans import Moment
from sayso.errors import MoveError, RangeError

RATE = 100


def resolved(desk, frames=1000):
    return resolve(desk.edits, frames=frames, sample_rate=RATE, silences=list)


def done(*moves, desk=None):
    desk = desk or Desk()
    for move in parse_moves(list(moves)):
        desk = apply(desk, move)
    return desk


def reverb(target="drums", **span):
    effect = {"effect": "reverb", "amount": 0.5, "span": span}
    return {"do": "adjust", "target": target, "effects": [effect]}


def edit(step, **fields):
    return {"do": "edit", "steps": [{"step": step, **fields}]}


def places(desk, target="drums", frames=1000):
    time = resolved(desk, frames)
    effects = desk.strip(target).effects
    return [(p.start, p.stop) for e in effects for p in time.place(e.span)]


def test_a_span_lies_where_it_was_said():
    assert places(done(reverb(start_s=1, end_s=2))) == [(100, 200)]
    assert places(done(reverb(start_s=-3))) == [(700, 1000)]
    assert places(done(reverb(start_s=-3, end_s=-1))) == [(700, 900)]
    assert places(done(reverb(start_s=9, end_s=99))) == [(900, 1000)]
    assert places(done(edit("cut", end_s=1), reverb(start_s=1, end_s=2))) == [(100, 200)]


@pytest.mark.parametrize(
    ("later", "found"),
    [
        (edit("cut", end_s=1), [(400, 500)]),
        (edit("cut", start_s=5.5, end_s=8), [(500, 550)]),
        (edit("cut", start_s=5.2, end_s=5.4), [(500, 580)]),
        (edit("keep", start_s=0, end_s=3), []),
        (edit("loop", start_s=5, end_s=6, times=3), [(500, 800)]),
        (edit("loop", start_s=4, end_s=6, times=2), [(500, 600), (700, 800)]),
        (edit("move", start_s=5, end_s=6, to_s=0), [(0, 100)]),
        (edit("move", start_s=0, end_s=1, to_s=10), [(400, 500)]),
        (edit("shorten_to", seconds=5.5), [(500, 550)]),
        (
            edit("arrange", spans=[{"start_s": 5, "end_s": 7}, {"start_s": 0, "end_s": 5.5}]),
            [(0, 100), (700, 750)],
        ),
        (edit("arrange", spans=[{"start_s": 4, "end_s": 7, "speed": 2.0}]), [(50, 100)]),
        (edit("arrange", spans=[{"start_s": 4, "end_s": 7, "gap_s": 1.0}]), [(200, 300)]),
    ],
)
def test_a_later_edit_moves_it_with_what_it_was_said_about(later, found):
    assert places(done(reverb(start_s=5, end_s=6), later)) == found


def test_a_loop_said_before_is_not_touched_as_a_whole():
    desk = done(edit("loop", start_s=0, end_s=1, times=3), reverb(start_s=1, end_s=2))
    assert places(desk) == [(100, 200)]
    assert places(done(edit("cut", end_s=0.5), desk=desk)) == [(50, 150)]


def test_an_arrangement_keeps_the_edits_that_spans_were_said_after():
    cut, arrange = edit("cut", end_s=1), edit("arrange", spans=[{"start_s": 2, "end_s": 4}])
    assert len(done(cut, arrange).edits) == 1
    desk = done(cut, reverb(start_s=1, end_s=2), arrange, arrange)
    assert len(desk.edits) == 2
    assert places(desk) == [(0, 100)]


def test_seconds_are_of_what_is_heard_at_the_tempo_of_then():
    faster = {"do": "adjust", "target": MIX, "effects": [{"effect": "stretch", "rate": 2}]}
    assert places(done(faster, reverb(start_s=1, end_s=2))) == [(200, 400)]
    assert places(done(reverb(start_s=1, end_s=2), faster)) == [(100, 200)]
    assert places(done(faster, reverb(start_s=-1))) == [(800, 1000)]


@given(
    start=st.integers(0, 900),
    length=st.integers(1, 100),
    cut=st.tuples(st.integers(0, 990), st.integers(1, 600)),
)
def test_what_a_cut_leaves_of_a_span_is_the_same_sound(start, length, cut):
    said = reverb(start_s=start / RATE, end_s=(start + length) / RATE)
    first, last = cut[0] / RATE, sum(cut) / RATE
    if cut[0] == 0 and sum(cut) >= 1000:
        return
    desk = done(said, edit("cut", start_s=first, end_s=last))
    heard = [f for c in resolved(desk).timeline.clips for f in range(c.start, c.stop)]
    under = [heard[f] for a, b in places(desk) for f in range(a, b)]
    assert under == [f for f in range(start, start + length) if f in set(heard)]


def test_an_effect_may_stand_throughout_and_for_each_span():
    desk = done(
        {"do": "adjust", "target": "drums", "effects": [{"effect": "reverb", "amount": 0.2}]},
        reverb(start_s=1, end_s=2),
        reverb(start_s=3, end_s=4),
        reverb(start_s=1, end_s=2),
    )
    assert [effect.span and effect.span.start_s for effect in desk.strip("drums").effects] == [
        None,
        1,
        3,
    ]
    more = Reverb(amount=0.2, span=During(start_s=1, end_s=2))
    louder = parse_moves(
        [{"do": "adjust", "target": "drums", "relative": True, "effects": [more.model_dump()]}]
    )
    assert apply(desk, louder[0]).strip("drums").effects[1].amount == 0.7


def test_gain_for_a_span_leaves_the_fader():
    said = {"effect": "gain", "db": -6, "span": {"start_s": 1, "end_s": 2}}
    strip = done({"do": "adjust", "target": "drums", "effects": [said]}).strip("drums")
    assert strip.gain_db == 0
    assert strip.effects == (Gain(db=-6, span=During(start_s=1, end_s=2, said=Moment())),)


@pytest.mark.parametrize(
    ("effect", "error", "words"),
    [
        ({"effect": "mute"}, MoveError, "span"),
        ({"effect": "stretch", "rate": 2, "span": {"end_s": 1}}, MoveError, "throughout"),
        ({"effect": "fade", "out_s": 2, "span": {"end_s": 1}}, MoveError, "throughout"),
        ({"effect": "reverb", "amount": 1, "span": {"start_s": 2, "end_s": 1}}, MoveError, "after"),
        ({"effect": "duck", "under": "mix", "db": 3}, RangeError, "-60 to 0"),
        ({"effect": "duck", "under": MIX}, MoveError, "under itself"),
        ({"effect": "width", "amount": -1}, RangeError, "0 to 2"),
    ],
)
def test_what_cannot_be_is_refused_in_words(effect, error, words):
    with pytest.raises(error, match=words):
        parse_moves([{"do": "adjust", "target": MIX, "effects": [effect]}])


def test_a_span_beyond_the_end_is_told():
    for span in ({"start_s": 11}, {"start_s": 3, "end_s": -9}):
        with pytest.raises(RangeError, match=r"10\.00 s"):
            places(done(reverb(**span)))


def test_undo_and_json_know_of_spans():
    history = History().push(parse_moves([reverb(start_s=1, end_s=2)]))
    after = history.push(parse_moves([edit("cut", end_s=1)]))
    assert History.model_validate_json(after.model_dump_json()).desk == after.desk
    assert after.undo().desk == history.desk
