"""Tempos and keys that are named, from those that are heard."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.desk import Adjust, Desk, Key, Pitch, Stretch, Strip, Tempo
from sayso.desk.keys import TONICS, named, semitones
from sayso.errors import MoveError, RequestError
from sayso.measure.tempo_key import tempo_key
from sayso.rendering.measured import carried_out
from sayso.studio import Studio

RATE = 22_050
CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))


def music(bpm=120.0, seconds=16.0):
    """Chords of C major, one a beat, each struck."""
    time = np.arange(round(seconds * RATE)) / RATE
    beat = time * bpm / 60
    since = (beat % 1) * 60 / bpm
    chord = np.array(CHORDS)[(beat // 1).astype(int) // 4 % 4]
    notes = 261.6256 * 2 ** (chord / 12)
    tones = np.sin(2 * np.pi * notes * time[:, None]).sum(axis=1)
    click = np.random.default_rng(1).standard_normal(len(time)) * np.exp(-since * 200)
    return Audio((0.1 * tones * np.exp(-since * 4) + 0.2 * click)[None].astype(np.float32), RATE)


@pytest.fixture(scope="module")
def song():
    return music()


def effects_of(session):
    return session.desk.strip("mix").effects


def test_a_tempo_is_reached_within_a_hundredth(song):
    session = Studio().open(song)
    session.do([Adjust(target="mix", effects=(Tempo(bpm=140.0),))])
    (effect,) = effects_of(session)
    assert isinstance(effect, Stretch) and effect.rate == pytest.approx(140 / 120, rel=0.01)
    heard = session.render()["mix"]
    assert heard.duration_s == pytest.approx(song.duration_s * 120 / 140, rel=0.01)
    assert tempo_key(heard).bpm == pytest.approx(140.0, rel=0.01)


def test_a_key_is_reached_the_nearer_way(song):
    session = Studio().open(song)
    session.do([Adjust(target="mix", effects=(Key(key="Bb"),))])
    assert effects_of(session) == (Pitch(semitones=-2.0),)
    assert tempo_key(session.render()["mix"]).key == "Bb major"


def test_words_tell_what_was_heard(song):
    session = Studio().open(song)
    reply = session.say("speed it up to 140 bpm")
    assert effects_of(session)[0].rate == pytest.approx(140 / 120, rel=0.01)
    assert "120" in reply.text and "sure" in reply.text
    reply = session.say("transpose it down to D")
    assert Pitch(semitones=-10.0) in effects_of(session) and "C major" in reply.text


def test_a_desk_that_was_not_settled_is_when_it_is_rendered(song):
    wanted = (Stretch(rate=0.5), Tempo(bpm=60.0, from_bpm=90.0), Key(key="D", from_key="C major"))
    desk = Desk(strips={"mix": Strip(effects=wanted)})
    made = carried_out(desk, song).strip("mix").effects
    assert made == (Stretch(rate=round(2 / 3, 6)), Pitch(semitones=2.0))


def test_what_is_not_sure_is_asked_for_and_never_guessed():
    rng = np.random.default_rng(3)
    noise = Audio(rng.uniform(-0.1, 0.1, (1, 10 * RATE)).astype(np.float32), RATE)
    session = Studio().open(noise)
    with pytest.raises(RequestError, match="from_bpm"):
        session.do([Adjust(target="mix", effects=(Tempo(bpm=140.0),))])
    session.say("make it 140 bpm")
    assert effects_of(session) == ()
    session.say("120")
    assert effects_of(session)[0].rate == pytest.approx(140 / 120, abs=1e-3)


def test_a_key_has_a_name():
    with pytest.raises(MoveError, match="no key"):
        Studio().open(music(seconds=1.0)).do(
            [{"do": "adjust", "target": "mix", "effects": [{"effect": "key", "key": "H dur"}]}]
        )


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_every_key_is_reached_from_every_other(mode):
    for now in TONICS:
        for to in TONICS:
            steps = semitones(f"{now} {mode}", f"{to} {mode}")
            assert -6 < steps <= 6
            assert TONICS[(TONICS.index(now) + steps) % 12] == to == named(to.lower())
