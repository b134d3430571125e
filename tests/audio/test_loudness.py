"""EBU Tech 3341's minimum requirements, as far as they can be computed."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, LoudnessMeter, integrated_lufs, true_peak_db


def sine(levels_and_seconds, rate=48_000, hz=1000.0):
    gains = [np.full(round(s * rate), 10 ** (db / 20)) for db, s in levels_and_seconds]
    gain = np.concatenate(gains)
    wave = gain * np.sin(2 * np.pi * hz * np.arange(len(gain)) / rate)
    return Audio(np.tile(wave, (2, 1)).astype(np.float32), rate)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_ebu_tech_3341_cases(parts, expected, rate):
    assert integrated_lufs(sine(parts, rate)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("hz", "phase", "expected"),
    [(12_000, 0.25, 0.0), (12_000, 0.5, 0.0), (8_000, 1 / 3, 0.0)],
)
def test_true_peak_sees_between_the_samples(hz, phase, expected):
    at = np.arange(9600) / 48_000
    wave = np.sin(2 * np.pi * hz * at + np.pi * phase) * np.hanning(9600)
    found = true_peak_db(Audio(wave[None].astype(np.float32), 48_000))
    assert found == pytest.approx(expected, abs=0.4)


def test_blocks_measure_what_the_whole_measures(noise):
    audio = noise(3.0)
    meter = LoudnessMeter(2, 44_100)
    for block in audio.blocks(1234):
        meter.push(block)
    assert meter.integrated_lufs() == pytest.approx(integrated_lufs(audio), abs=1e-9)


def test_silence_and_very_short_sounds(tone):
    assert integrated_lufs(Audio(np.zeros((2, 48_000), np.float32), 48_000)) == -np.inf
    assert true_peak_db(Audio(np.zeros((2, 48_000), np.float32), 48_000)) == -np.inf
    assert -30 < integrated_lufs(tone(0.05)) < 0
    assert -30 < integrated_lufs(tone(0.25)) < 0
