"""Effects that hold for a span: nothing outside changes, and nothing clicks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.audio import Audio, integrated_lufs
from sayso.desk import (
    EFFECTS,
    Balance,
    Chorus,
    Compress,
    Delay,
    Distort,
    Duck,
    During,
    Eq,
    Fade,
    Filter,
    Gain,
    Gate,
    Limit,
    Loudness,
    Mute,
    Normalise,
    Pan,
    Pitch,
    Reverb,
    Reverse,
    Strip,
    Swap,
    Width,
    is_neutral,
)
from sayso.effects import Scene, process
from sayso.effects.chain import DSP
from sayso.errors import RangeError

RATE = 16_000
SPAN = During(start_s=0.5, end_s=1.0)
SPANNED = [
    Gain(db=-6, span=SPAN),
    Mute(span=SPAN),
    Reverb(amount=0.5, span=SPAN),
    Pitch(semitones=3, span=SPAN),
    Compress(amount="high", span=SPAN),
    Eq(frequency_hz=1000, gain_db=6, span=SPAN),
    Filter(type="lowpass", cutoff_hz=500, span=SPAN),
    Pan(position=-1, span=SPAN),
    Width(amount=0, span=SPAN),
    Delay(time_s=0.05, span=SPAN),
    Reverse(span=SPAN),
    Limit(ceiling_db=-24, span=SPAN),
    Loudness(lufs=-10, span=SPAN),
    Swap(span=SPAN),
    Balance(position=-1, span=SPAN),
    Gate(threshold_db=-6, span=SPAN),
    Distort(amount=0.2, span=SPAN),
    Chorus(amount=0.8, span=SPAN),
    Normalise(peak_db=-12, span=SPAN),
]


def played(audio, *effects, frames=4096, **strip):
    sound = process(audio, Strip(effects=effects, **strip))
    return np.concatenate(list(sound.blocks(frames)), axis=1)


def kind(effect):
    return effect.effect


@pytest.fixture
def sound(noise):
    return noise(1.5, rate=RATE)


@pytest.mark.parametrize("effect", SPANNED, ids=kind)
def test_outside_of_its_span_every_sample_stays(effect, sound):
    out = played(sound, effect)
    assert np.array_equal(out[:, :8000], sound.samples[:, :8000])
    assert np.array_equal(out[:, 16_000:], sound.samples[:, 16_000:])
    assert not np.array_equal(out[:, 8000:16_000], sound.samples[:, 8000:16_000])
    assert np.array_equal(played(sound, effect, frames=777), out)


@pytest.mark.parametrize("effect", [e for e in SPANNED if not DSP[type(e)].alone], ids=kind)
def test_inside_it_is_the_effect_itself(effect, sound):
    throughout = None if isinstance(effect, Mute) else effect.model_copy(update={"span": None})
    whole = np.zeros_like(sound.samples) if throughout is None else played(sound, throughout)
    assert np.array_equal(played(sound, effect)[:, 8200:15_800], whole[:, 8200:15_800])


@pytest.mark.parametrize("effect", SPANNED, ids=kind)
def test_it_comes_and_goes_without_a_click(effect, tone):
    audio = tone(1.5, hz=200, rate=RATE, level=0.4)
    step = np.abs(np.diff(played(audio, effect)[:, 7900:8100])).max()
    # A tone of 200 Hz moves by at most 0.032 a sample at this level; a cut moves by up to 0.8.
    assert step < 0.12


def test_fades_of_a_span_are_as_long_as_they_say(tone):
    audio = Audio(np.ones((2, 2 * RATE), np.float32), RATE)
    span = During(start_s=0.5, end_s=1.5, fade_in_s=0.25, fade_out_s=0.5)
    out = played(audio, Mute(span=span))[0]
    assert out[8000 : 8000 + 4000].min() > 0
    assert not out[12_000:16_000].any()
    assert out[20_000] == pytest.approx(0.5, abs=0.01)
    assert np.all(np.diff(out[16_000:24_000]) >= 0)


def test_a_span_counts_from_the_end_and_reaches_it(sound):
    out = played(sound, Mute(span=During(start_s=-0.5)))
    assert np.array_equal(out[:, :16_000], sound.samples[:, :16_000])
    assert not out[:, 16_100:].any()
    first = played(sound, Mute(span=During(end_s=0.5)))
    assert not first[:, 0].any()
    with pytest.raises(RangeError, match="after the end"):
        played(sound, Mute(span=During(start_s=2)))


def test_a_span_is_reversed_in_its_place(sound):
    out = played(sound, Reverse(span=SPAN))
    back = sound.samples[:, 8000:16_000][:, ::-1]
    assert np.array_equal(out[:, 8100:15_900], back[:, 100:-100])
    assert np.array_equal(played(sound, Reverse()), sound.samples[:, ::-1])
    assert np.array_equal(played(Audio(played(sound, Reverse()), RATE), Reverse()), sound.samples)


def test_loudness_of_a_span_is_that_of_the_span(noise):
    audio = noise(3.0, rate=RATE)
    out = played(audio, Loudness(lufs=-12, span=During(start_s=1, end_s=3)))
    assert integrated_lufs(Audio(out[:, RATE:], RATE)) == pytest.approx(-12, abs=0.2)


def test_width_from_mono_to_twice_as_wide(sound):
    left, right = sound.samples
    mono = played(sound, Width(amount=0))
    assert np.allclose(mono[0], mono[1])
    assert np.allclose(mono[0], (left + right) / 2, atol=1e-6)
    wide = played(sound, Width(amount=2))
    assert np.allclose(wide[0] - wide[1], 2 * (left - right), atol=1e-6)
    assert np.allclose(wide[0] + wide[1], left + right, atol=1e-6)
    one = Audio(np.array(sound.samples[:1]), RATE)
    assert np.array_equal(played(one, Width(amount=2)), one.samples)


def test_fades_of_a_strip(sound):
    out = played(Audio(np.ones((1, 2 * RATE), np.float32), RATE), Fade(in_s=0.5, out_s=1.0))[0]
    assert (out[0], out[4000], out[8000]) == (0, 0.5, 1)
    assert out[-1] == pytest.approx(0, abs=1e-3)
    assert out[24_000] == pytest.approx(0.5, abs=1e-3)
    whole = played(sound, Fade(in_s=99, out_s=99))
    assert np.abs(whole).max() <= np.abs(sound.samples).max()


def test_ducking_follows_the_other_sound_and_leaves_the_rest(sound, noise):
    speech = np.zeros((2, 3 * RATE), np.float32)
    speech[:, RATE : 2 * RATE] = noise(1.0, rate=RATE).samples
    music = noise(3.0, rate=RATE)
    scene = Scene(lambda span: [], lambda target: Audio(speech, RATE))
    ducked = process(
        music,
        Strip(effects=(Duck(under="speech", db=-12, attack_s=0.1, release_s=0.3),)),
        scene=scene,
    )
    out = np.concatenate(list(ducked.blocks(1000)), axis=1)
    ratio = out[0] / music.samples[0]
    assert np.array_equal(out[:, : int(0.88 * RATE)], music.samples[:, : int(0.88 * RATE)])
    assert np.array_equal(out[:, int(2.32 * RATE) :], music.samples[:, int(2.32 * RATE) :])
    assert np.allclose(ratio[RATE + 200 : 2 * RATE - 200], 10 ** (-12 / 20), atol=1e-3)
    assert np.all(np.diff(ratio[int(0.9 * RATE) : RATE]) < 1e-5)


@settings(max_examples=20)
@given(
    start=st.integers(0, 20_000),
    length=st.integers(1, 8000),
    fades=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    frames=st.integers(100, 30_000),
)
def test_any_span_of_any_length_leaves_what_is_outside(start, length, fades, frames):
    samples = np.random.default_rng(1).standard_normal((1, 20_001)).astype(np.float32)
    audio = Audio(samples, RATE)
    span = During(
        start_s=start / RATE,
        end_s=(start + length) / RATE,
        fade_in_s=fades[0],
        fade_out_s=fades[1],
    )
    for effect in (Gain(db=-20, span=span), Reverse(span=span)):
        out = played(audio, effect, frames=frames)
        assert out.shape == samples.shape
        assert np.array_equal(out[:, :start], samples[:, :start])
        assert np.array_equal(out[:, start + length :], samples[:, start + length :])


def test_every_effect_has_its_row_and_its_neutral_value_does_nothing(sound):
    assert set(DSP) == set(EFFECTS.values())
    for name, cls in EFFECTS.items():
        assert cls.__doc__, name
        if cls.neutral:
            needed = {"eq": {"frequency_hz": 1000}, "duck": {"under": "speech"}}.get(name, {})
            effect = cls(**dict(cls.neutral), **needed)
            assert is_neutral(effect), name
            if not isinstance(effect, Duck):
                assert process(sound, Strip(effects=(effect,))) is sound, name
        if cls.difference is not None:
            assert cls.difference in cls.model_fields, name
