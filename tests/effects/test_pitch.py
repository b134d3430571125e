from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.effects import pitch, record
from sayso.effects.pitch import stretch, transpose

RATE = 16_000


def main_frequency_hz(samples):
    middle = samples[len(samples) // 5 : -len(samples) // 5]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
    return float(np.argmax(spectrum)) * RATE / (1 << 18)


@pytest.mark.parametrize("semitones", [-12.0, 4.0])
def test_a_tone_moves_by_the_interval_and_keeps_its_level(semitones, tone):
    audio = tone(2.0, rate=RATE, channels=1)
    out = record(transpose(audio, semitones)).samples[0]
    assert main_frequency_hz(out) == pytest.approx(440 * 2 ** (semitones / 12), rel=5e-4)
    middle = out[RATE // 2 : -RATE // 2]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


@pytest.mark.parametrize("rate", [0.5, 1.25])
def test_a_tone_keeps_its_pitch_at_another_tempo(rate, tone):
    audio = tone(2.0, rate=RATE, channels=1)
    out = record(stretch(audio, rate))
    assert out.frames == round(audio.frames / rate)
    assert main_frequency_hz(out.samples[0]) == pytest.approx(440, rel=5e-4)


@pytest.mark.parametrize("semitones", [-7.0, 5.0])
def test_beats_stay_where_they_were(semitones):
    samples = np.random.default_rng(5).standard_normal((1, 6 * RATE)) * 1e-3
    beats = np.arange(1, 6) * RATE
    for beat in beats:
        burst = np.random.default_rng(beat).standard_normal(200) * np.hanning(200)
        samples[0, beat : beat + 200] += 0.5 * burst
    out = record(transpose(Audio(samples.astype(np.float32), RATE), semitones)).samples[0]
    power = np.abs(out.astype(np.float64)) ** 2
    for beat in beats:
        around = power[beat - 3000 : beat + 3000]
        late_s = (np.dot(around, np.arange(6000)) / around.sum() - 3100) / RATE
        assert abs(late_s) < 0.004


def test_seams_cannot_be_heard(tone, monkeypatch):
    """Pieces of a second against one piece: no step, no dip."""
    audio = tone(4.0, rate=RATE, channels=1)
    monkeypatch.setattr(pitch, "_CORE_S", 1.6)
    sewn = record(transpose(audio, 3.0)).samples[0, 4000:-4000]
    level = np.sqrt(np.convolve(sewn**2, np.full(320, 1 / 320), "valid"))
    assert level.min() > 0.9 * np.median(level)
    assert level.max() < 1.1 * np.median(level)
    curve = np.abs(np.diff(sewn, 4))
    assert curve.max() < 3 * np.quantile(curve, 0.99)


def test_noise_sewn_keeps_its_power_everywhere(noise, monkeypatch):
    audio = noise(4.0, rate=RATE, channels=2)
    monkeypatch.setattr(pitch, "_CORE_S", 1.6)
    sewn = record(transpose(audio, -3.0)).samples[:, 1600:-1600]
    level = np.mean(sewn.reshape(2, -1, 800) ** 2, axis=(0, 2))
    assert level.min() > 0.5 * np.median(level)
    assert level.max() < 2 * np.median(level)
