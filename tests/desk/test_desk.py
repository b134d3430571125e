from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.desk import (
    MIX,
    SPEECH_ONLY,
    Adjust,
    Clean,
    Desk,
    Edit,
    Eq,
    Extract,
    Filter,
    Gain,
    History,
    Keep,
    Pan,
    Pitch,
    Remove,
    Reply,
    Reset,
    Reverb,
    Set,
    Stretch,
    Strip,
    Undo,
    apply,
    field_range,
    move_to,
    moves_schema,
    parse_moves,
)
from sayso.desk.desk import MOST_TURNS
from sayso.errors import MoveError, RangeError

NAMES = st.sampled_from(["vocals", "drums", "dog barking", MIX])
EFFECTS = st.one_of(
    st.builds(Gain, db=st.floats(-20, 20)),
    st.builds(Reverb, amount=st.floats(0, 1)),
    st.builds(Pitch, semitones=st.floats(-12, 12)),
    st.builds(Pan, position=st.floats(-1, 1)),
    st.builds(Eq, frequency_hz=st.floats(20, 20_000), gain_db=st.floats(-12, 12)),
)
MOVES = st.one_of(
    st.builds(Extract, targets=st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
    st.builds(Remove, targets=st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
    st.builds(
        Adjust,
        target=NAMES,
        relative=st.booleans(),
        effects=st.lists(EFFECTS, min_size=1, max_size=3).map(tuple),
    ),
    st.just(Clean()),
    st.just(Edit(steps=(Keep(end_s=5.0),))),
    st.builds(Reset, target=st.one_of(st.none(), NAMES)),
)
TURNS = st.lists(st.lists(MOVES, min_size=1, max_size=3).map(tuple), max_size=6)


def adjust(target, *effects, relative=False):
    return Adjust(target=target, relative=relative, effects=effects)


def history_of(turns):
    history = History()
    for turn in turns:
        history = history.push(turn)
    return history


@given(turns=TURNS)
def test_undo_takes_back_exactly_one_turn(turns):
    history = history_of(turns)
    more = history.push((adjust("drums", Gain(db=3.0)), Remove(targets=("vocals",))))
    assert more.push((Undo(),)).desk == history.desk
    assert more.undo().redo() == more


@given(turns=TURNS)
def test_a_desk_survives_json(turns):
    history = history_of(turns)
    assert Desk.model_validate_json(history.desk.model_dump_json()) == history.desk
    assert History.model_validate_json(history.model_dump_json()) == history


@given(turns=TURNS)
def test_undoing_everything_leads_back_to_the_start(turns):
    history = history_of(turns)
    for _ in turns:
        history = history.undo()
    assert history.desk == Desk()
    with pytest.raises(MoveError, match="nothing to undo"):
        history.undo()


@given(desk=TURNS.map(history_of).map(lambda history: history.desk), move=MOVES)
def test_apply_is_pure_and_stays_in_range(desk, move):
    before = desk.model_dump_json()
    after = apply(desk, move)
    assert desk.model_dump_json() == before
    assert after == apply(desk, move)
    # Validation holds every number to its range.
    assert Desk.model_validate(after.model_dump()) == after


@given(desk=TURNS.map(history_of).map(lambda history: history.desk), effect=EFFECTS)
def test_setting_twice_is_setting_once(desk, effect):
    once = apply(desk, adjust("drums", effect))
    assert apply(once, adjust("drums", effect)) == once


def test_relative_changes_add_up_and_stop_at_the_end_of_the_range():
    desk = Desk()
    for _ in range(3):
        desk = apply(desk, adjust("drums", Gain(db=4.0), Reverb(amount=0.4), relative=True))
    assert desk.strip("drums") == Strip(gain_db=12.0, effects=(Reverb(amount=1.0),))
    for _ in range(9):
        desk = apply(desk, adjust("drums", Gain(db=4.0), Reverb(amount=-0.5), relative=True))
    assert desk.strip("drums") == Strip(gain_db=24.0, effects=(Reverb(amount=0.0),))
    slower = apply(desk, adjust(MIX, Stretch(rate=0.5), relative=True))
    slower = apply(slower, adjust(MIX, Stretch(rate=0.5), relative=True))
    assert slower.strip(MIX).effects == (Stretch(rate=0.25),)


def test_effects_keep_their_place_in_the_chain():
    bell, other = Eq(frequency_hz=3000, gain_db=5), Eq(frequency_hz=100, gain_db=-3)
    desk = apply(Desk(), adjust("drums", bell, Reverb(amount=0.2), other))
    desk = apply(desk, adjust("drums", Eq(frequency_hz=3000, gain_db=1, q=2)))
    assert desk.strip("drums").effects == (
        Eq(frequency_hz=3000, gain_db=1, q=2),
        Reverb(amount=0.2),
        other,
    )


def test_what_is_delivered():
    desk = apply(Desk(), Extract(targets=("vocals", "no vocals", "vocals")))
    assert desk.deliver == ("vocals", "no vocals")
    assert desk.targets() == ("vocals",)
    # Changing what is delivered keeps it; changing something else is heard in the mix.
    assert apply(desk, adjust("vocals", Gain(db=1))).deliver == desk.deliver
    vocals = apply(Desk(), Extract(targets=("vocals",)))
    assert apply(vocals, adjust("drums", Gain(db=1))).deliver == (MIX,)
    removed = apply(desk, Remove(targets=("drums",)))
    assert removed.deliver == (MIX,)
    assert removed.targets() == ("drums",)


def test_turning_up_what_was_removed_brings_it_back():
    desk = apply(Desk(), Remove(targets=("drums",)))
    assert desk.strip("drums").mute
    assert not apply(desk, adjust("drums", Gain(db=3), relative=True)).strip("drums").mute


def test_only_so_many_turns_can_be_taken_back():
    turns = [(adjust("drums", Gain(db=number % 24)),) for number in range(MOST_TURNS + 3)]
    history = history_of(turns)
    assert len(history.turns) == MOST_TURNS
    assert history.desk.strip("drums").gain_db == (MOST_TURNS + 2) % 24
    for _ in range(MOST_TURNS):
        history = history.undo()
    assert history.desk == history.start == history_of(turns[:3]).desk


def test_a_copy_has_a_desk_of_its_own():
    history = history_of([(adjust("drums", Gain(db=3)),)])
    assert history.desk.limiter
    assert not history.model_copy(update={"start": Desk(limiter=False)}).desk.limiter


def test_replies_change_nothing_and_are_no_turns():
    reply = Reply(reason="help", text="...")
    assert apply(Desk(), reply) == Desk()
    assert History().push((reply,)) == History()


@pytest.mark.parametrize(
    ("move", "error", "words"),
    [
        ({"do": "fly"}, MoveError, "fly"),
        ({"do": "extract", "targets": []}, MoveError, "at least 1"),
        ({"do": "extract", "targets": ["x"], "loud": 1}, MoveError, "no such field"),
        (
            {"do": "adjust", "target": "x", "effects": [{"effect": "gain", "db": 99}]},
            RangeError,
            "at most 24",
        ),
        (
            {"do": "adjust", "target": "x", "effects": [{"effect": "gain", "db": float("nan")}]},
            MoveError,
            "finite",
        ),
        (
            {"do": "adjust", "target": "x", "effects": [{"effect": "reverb", "amount": -0.1}]},
            RangeError,
            "0 to 1",
        ),
        (
            {"do": "adjust", "target": "x", "effects": [{"effect": "stretch", "rate": 2}]},
            MoveError,
            "tempo",
        ),
        (
            {"do": "edit", "steps": [{"step": "cut", "start_s": 5, "end_s": 2}]},
            MoveError,
            "must lie after",
        ),
    ],
)
def test_moves_that_do_not_fit_say_why(move, error, words):
    with pytest.raises(error, match=words):
        parse_moves([move])


def test_filters_take_their_own_frequencies():
    assert Filter(type="bandpass", low_hz=300, high_hz=3400).cutoff_hz is None
    for wrong in (
        {"type": "bandpass", "cutoff_hz": 300},
        {"type": "bandpass", "low_hz": 300, "high_hz": 200},
        {"type": "lowpass"},
        {"type": "highpass", "cutoff_hz": 80, "low_hz": 30},
    ):
        with pytest.raises(MoveError, match=r"takes|below"):
            Filter(**wrong)


def test_the_schema_names_every_move_and_effect():
    text = str(moves_schema())
    for word in ("extract", "remove", "adjust", "clean", "edit", "undo", "reset", "reply"):
        assert f"'{word}'" in text
    assert field_range("eq", "q") == (0.1, 10.0)


STRIPS = st.builds(
    Strip,
    gain_db=st.floats(-20, 20),
    mute=st.booleans(),
    solo=st.booleans(),
    effects=st.lists(EFFECTS.filter(lambda e: e.effect != "gain"), max_size=3).map(tuple),
)


@given(NAMES, STRIPS, STRIPS)
def test_one_move_leads_from_any_strip_to_any_other(target, before, after):
    desk = Desk(strips={target: before})
    assert apply(desk, move_to(desk, target, after)).strip(target) == after


def test_a_fader_is_the_same_move_as_words():
    assert move_to(Desk(), "drums", Strip(gain_db=3)) == Adjust(
        target="drums", effects=(Gain(db=3),)
    )
    muted = Strip(gain_db=3, mute=True)
    assert move_to(Desk(), "drums", muted) == Set(target="drums", gain_db=3, mute=True)


def test_hands_are_held_to_the_same_ranges_as_words():
    with pytest.raises(RangeError, match="at most 24"):
        Set(target="drums", gain_db=25)
    with pytest.raises(RangeError, match="0 to 1"):
        Set(target="drums", effects=(Reverb(amount=-0.5),))
    with pytest.raises(MoveError, match="mix"):
        Set(target="drums", effects=(Stretch(rate=2),))


def test_the_strength_of_cleaning_is_set_on_what_the_desk_has():
    half = apply(Desk(), Clean(strength=0.5))
    assert half.clean == SPEECH_ONLY.model_copy(update={"dry": 0.5})
    own = SPEECH_ONLY.model_copy(update={"gate": None})
    weaker = apply(apply(Desk(), Clean(cleaning=own)), Clean(strength=0.8))
    assert weaker.clean is not None
    assert (weaker.clean.gate, weaker.clean.dry) == (None, 0.2)
    assert apply(weaker, Clean(strength=1)).clean == own
    assert apply(weaker, Clean(strength=0)).clean is None
    assert apply(weaker, Clean()).clean == SPEECH_ONLY
    with pytest.raises(RangeError, match="strength"):
        parse_moves([{"do": "clean", "strength": 1.2}])
