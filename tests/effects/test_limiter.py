from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from sayso.audio import Audio, true_peak_db
from sayso.effects import limit, record


def peak_db(audio):
    """The true peak after oversampling by 16, an independent and finer meter."""
    over = [resample_poly(channel.astype(np.float64), 16, 1) for channel in audio.samples]
    return 20 * np.log10(np.abs(over).max())


HOT = {
    "noise": lambda t: np.random.default_rng(1).standard_normal(len(t)),
    "square": lambda t: 2 * np.sign(np.sin(2 * np.pi * 997 / 44_100 * t)),
    "between samples": lambda t: 1.4 * np.sin(2 * np.pi * 0.25 * t + np.pi / 4),
    "near the top": lambda t: 2 * np.sin(2 * np.pi * 0.48 * t),
    "clicks": lambda t: 3.0 * (t % 5000 == 4999),
    "at once": lambda t: 2.0 * (t < 3),
}


@pytest.mark.parametrize("name", HOT)
@pytest.mark.parametrize("ceiling_db", [-1.0, -12.0])
def test_no_true_peak_passes_the_ceiling(name, ceiling_db):
    samples = HOT[name](np.arange(30_000.0))
    audio = Audio(np.stack([samples, samples[::-1]]).astype(np.float32), 44_100)
    out = record(limit(audio, ceiling_db))
    assert true_peak_db(out) <= ceiling_db
    assert peak_db(out) <= ceiling_db + 0.03
    assert out.frames == audio.frames


def test_what_stays_below_passes_bit_for_bit(noise):
    audio = noise(1.0, level=0.05)
    assert np.array_equal(record(limit(audio, -1.0)).samples, audio.samples)


def test_it_lets_go_again_and_nothing_is_made_up():
    samples = np.full((1, 44_100), 0.1, np.float32)
    samples[0, 22_000:22_010] = 2
    out = record(limit(Audio(samples, 44_100), -1.0)).samples
    assert np.array_equal(out[0, :20_000], samples[0, :20_000])
    assert np.array_equal(out[0, 35_000:], samples[0, 35_000:])
    assert (out <= samples).all()


def test_a_loud_tone_stays_a_tone(tone):
    loud = tone(1.0, hz=100.0, level=2.0)
    out = record(limit(loud, -1.0)).samples[0, 4410:-4410]
    spectrum = np.abs(np.fft.rfft(out * np.blackman(len(out)))) ** 2
    top = int(np.argmax(spectrum))
    rest = spectrum.sum() - spectrum[top - 4 : top + 5].sum()
    assert 10 * np.log10(rest / spectrum.sum()) < -40


@settings(max_examples=20)
@given(gain=st.floats(0.01, 20), frames=st.integers(1, 3000), seed=st.integers(0, 99))
def test_any_noise_is_held(gain, frames, seed):
    samples = gain * np.random.default_rng(seed).standard_normal((1, frames))
    assert true_peak_db(record(limit(Audio(samples.astype(np.float32), 8000), -3.0))) <= -3.0


def test_a_limiter_that_works_says_so(tone):
    from sayso.effects import amplify, limit, limiter_notes, record

    loud = limit(amplify(tone(1.0, level=0.5), 12.0), -0.3)
    assert limiter_notes(loud) == ()
    record(loud)
    (note,) = limiter_notes(loud)
    assert "held under -0.3 dBTP by the limiter, by up to 6." in note
    assert "the whole is 6." in note
    quiet = limit(tone(1.0, level=0.5), -0.3)
    record(quiet)
    assert limiter_notes(quiet) == ()
