"""Any sequence of moves: it opens, serialises, undoes and renders."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sayso
from sayso.audio import Audio
from sayso.conversation import Conversation
from sayso.desk import Desk
from sayso.errors import RangeError, RequestError, SaysoError
from sayso.rendering import render
from sayso.separate import Models

MODELS = Models("simple")
NAMES = st.sampled_from(["vocals", "drums", "no vocals", "mix"])
TIMES = st.one_of(st.none(), st.floats(-1.5, 1.5).map(lambda s: round(s, 3)))
SPANS = st.fixed_dictionaries(
    {}, optional={"start_s": TIMES.filter(lambda s: s is not None), "end_s": TIMES}
)
EFFECTS = st.one_of(
    st.sampled_from(
        [
            {"effect": "swap"},
            {"effect": "balance", "position": 0.4},
            {"effect": "dehum"},
            {"effect": "declick"},
            {"effect": "deess"},
            {"effect": "gate"},
            {"effect": "distort", "amount": 0.4},
            {"effect": "chorus", "amount": 0.4},
            {"effect": "normalise", "peak_db": -2},
        ]
    ),
    st.fixed_dictionaries({"effect": st.just("gain"), "db": st.floats(-30, 12)}),
    st.fixed_dictionaries({"effect": st.just("reverb"), "amount": st.floats(0, 1)}),
    st.fixed_dictionaries({"effect": st.just("width"), "amount": st.floats(0, 2)}),
    st.fixed_dictionaries({"effect": st.just("pan"), "position": st.floats(-1, 1)}),
    st.just({"effect": "reverse"}),
    st.just({"effect": "mute"}),
    st.just({"effect": "fade", "in_s": 0.1, "out_s": 0.2}),
    st.just({"effect": "duck", "under": "vocals", "db": -9}),
    st.just({"effect": "compress", "amount": "low"}),
    st.just({"effect": "filter", "type": "lowpass", "cutoff_hz": 900}),
)
SPANNED = st.builds(lambda e, s: {**e, "span": s}, EFFECTS, SPANS) | EFFECTS
STEPS = st.sampled_from(
    [
        {"step": "cut", "start_s": 0.2, "end_s": 0.5},
        {"step": "keep", "end_s": 0.9},
        {"step": "loop", "start_s": 0.1, "end_s": 0.3, "times": 3},
        {"step": "move", "start_s": 0, "end_s": 0.2, "to_s": 9},
        {"step": "shorten_to", "seconds": 0.7},
        {"step": "remove_silence", "longest_s": 0.1},
        {
            "step": "arrange",
            "spans": [{"start_s": 0.5}, {"start_s": 0, "end_s": 0.4, "gap_s": 0.1}],
        },
    ]
)
MOVES = st.one_of(
    st.builds(
        lambda t, e, r: {"do": "adjust", "target": t, "relative": r, "effects": e},
        NAMES,
        st.lists(SPANNED, min_size=1, max_size=3),
        st.booleans(),
    ),
    st.builds(lambda s: {"do": "edit", "steps": [s]}, STEPS),
    st.builds(lambda t: {"do": "remove", "targets": [t]}, st.sampled_from(["vocals", "drums"])),
    st.builds(lambda t: {"do": "extract", "targets": [t]}, NAMES),
    st.builds(lambda t: {"do": "set", "target": t, "solo": True}, NAMES),
    st.just({"do": "clean"}),
    st.just({"do": "reset"}),
    st.just({"do": "undo"}),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(turns=st.lists(st.lists(MOVES, min_size=1, max_size=3), max_size=8))
def test_whatever_is_asked_opens_serialises_undoes_and_renders(turns):
    conversation, before = Conversation(), []
    for turn in turns:
        try:
            after = conversation.do(turn)
        except SaysoError:
            continue  # refused as a whole: nothing has changed
        if "undo" not in {move["do"] for move in turn}:
            assert after.undo().desk == conversation.desk
            assert after.undo().redo().desk == after.desk
        before.append(conversation)
        conversation = after
        assert Conversation.model_validate_json(after.model_dump_json(exclude_none=True)) == after
        assert Desk.model_validate_json(after.desk.model_dump_json()) == after.desk
    rng = np.random.default_rng(3)
    samples = rng.standard_normal((2, 9600)).astype(np.float32) * 0.1
    try:
        result = render(Audio(samples, 8000), conversation.desk, models=MODELS)
    except (RangeError, RequestError) as error:
        assert str(error)  # beyond the end, or nothing left: said in words
        return
    assert tuple(result.tracks) == conversation.desk.deliver
    for track in result.tracks.values():
        assert np.isfinite(track.audio.samples).all()
        tempo = conversation.desk.tempo
        assert track.audio.frames == round(result.timeline.frames / tempo)


def test_words_that_pile_up_leave_a_desk_that_opens(demo):
    session = sayso.Studio("simple").open(demo["mix"].slice(0, 8000))
    session.say(", ".join(["make the drums louder"] * 40))
    session.say(" and ".join(["louder"] * 33))
    stored = session.conversation.model_dump_json()
    assert Conversation.model_validate_json(stored) == session.conversation
