"""What holds for every effect: length, rate, channels, block size, silence, tiny inputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.audio import Audio, integrated_lufs, true_peak_db
from sayso.desk import (
    Chorus,
    Compress,
    Declick,
    Deess,
    Dehum,
    Delay,
    Distort,
    Eq,
    Filter,
    Gain,
    Gate,
    Limit,
    Loudness,
    Normalise,
    Pan,
    Pitch,
    Reverb,
    Stretch,
    Strip,
)
from sayso.effects import process, record
from sayso.errors import Cancelled
from sayso.watch import Watch

QUICK = [
    Gain(db=-3),
    Reverb(amount=0.4),
    Compress(amount="medium"),
    Eq(frequency_hz=1000, gain_db=6),
    Filter(type="highpass", cutoff_hz=300),
    Filter(type="lowpass", cutoff_hz=2000),
    Filter(type="bandpass", low_hz=300, high_hz=3000),
    Delay(),
    Limit(ceiling_db=-20),
    Loudness(lufs=-23),
    Dehum(),
    Declick(),
    Deess(),
    Gate(threshold_db=-20),
    Distort(amount=0.5),
    Chorus(amount=0.5),
    Normalise(peak_db=-6),
]
ALL = [*QUICK, Pitch(semitones=3), Stretch(rate=1.25), Stretch(rate=0.8)]


def ids(effect):
    return "-".join(str(value) for value in effect.model_dump(exclude_none=True).values())


def rendered(audio, *effects, gain_db=0.0, frames=4096):
    sound = process(audio, Strip(effects=effects, gain_db=gain_db))
    return np.concatenate(list(sound.blocks(frames)), axis=1)


def test_a_neutral_strip_is_the_sound_itself(noise):
    audio = noise(0.1)
    assert process(audio, Strip()) is audio
    neutral = (
        Reverb(amount=0),
        Eq(frequency_hz=99, gain_db=0),
        Pan(position=0),
        Delay(mix=0),
        Pitch(semitones=0),
        Stretch(rate=1),
        Gain(db=0),
    )
    assert process(audio, Strip(effects=neutral)) is audio


@pytest.mark.parametrize("effect", ALL, ids=ids)
def test_the_size_of_the_blocks_changes_nothing(effect, noise):
    audio = noise(0.7, rate=16_000)
    whole = rendered(audio, effect, frames=1 << 20)
    assert np.array_equal(rendered(audio, effect, frames=777), whole)
    assert np.isfinite(whole).all()


@settings(max_examples=15)
@given(
    effects=st.lists(st.sampled_from(QUICK), max_size=4),
    frames=st.integers(1, 40_000),
    total=st.integers(1, 40_000),
)
def test_any_chain_in_any_blocks_is_the_chain_at_once(effects, frames, total):
    samples = np.random.default_rng(total).standard_normal((2, total)) * 0.2
    audio = Audio(samples.astype(np.float32), 16_000)
    whole = rendered(audio, *effects, frames=1 << 20)
    assert whole.shape == samples.shape
    assert np.array_equal(rendered(audio, *effects, frames=max(frames, total // 50)), whole)


@pytest.mark.parametrize("effect", ALL, ids=ids)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_any_number_of_channels_and_as_little_as_one_frame(effect, channels):
    for frames in (1, 500):
        samples = np.full((channels, frames), 0.1, np.float32)
        sound = process(Audio(samples, 16_000), Strip(effects=(effect,)))
        out = record(sound)
        rate = getattr(effect, "rate", 1)
        assert (out.channels, out.frames) == (channels, max(1, round(frames / rate)))
        assert (sound.channels, sound.frames, sound.sample_rate) == (channels, out.frames, 16_000)
        assert np.isfinite(out.samples).all()


@pytest.mark.parametrize("effect", ALL, ids=ids)
def test_silence_stays_silence(effect):
    audio = Audio(np.zeros((2, 8000), np.float32), 16_000)
    assert np.abs(rendered(audio, effect)).max() < 1e-6


def test_a_sound_can_be_played_again(noise):
    audio = noise(0.5, rate=16_000)
    sound = process(audio, Strip(effects=(Reverb(amount=0.5), Delay(), Limit(ceiling_db=-20))))
    assert np.array_equal(record(sound).samples, record(sound).samples)


def test_the_fader_comes_after_the_effects_and_the_limiter_last(noise):
    audio = noise(1.0, level=0.1)
    levelled = (Loudness(lufs=-30), Limit(ceiling_db=-3))
    out = Audio(rendered(audio, *levelled, gain_db=6), audio.sample_rate)
    assert integrated_lufs(out) == pytest.approx(-24, abs=0.05)
    loud = Audio(rendered(audio, *levelled, gain_db=24), audio.sample_rate)
    assert true_peak_db(loud) <= -3


def test_a_long_wait_for_the_loudness_can_be_stopped(noise):
    strip = Strip(effects=(Gain(db=1), Loudness(lufs=-20)))
    with pytest.raises(Cancelled):
        process(noise(0.5), strip, watch=Watch(cancelled=lambda: True))
