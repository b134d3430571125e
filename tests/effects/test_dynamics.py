from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio, integrated_lufs
from sayso.desk import Compress, Loudness, Strip
from sayso.effects import process, record


@pytest.fixture(scope="module")
def uneven():
    """A second of quiet tone, a second of loud tone, twice."""
    at = np.arange(4 * 16_000) / 16_000
    level = np.where(at % 2 < 1, 0.03, 0.5)
    return Audio(np.tile(level * np.sin(2 * np.pi * 440 * at), (2, 1)).astype(np.float32), 16_000)


def compressed(audio, amount):
    return record(process(audio, Strip(effects=(Compress(amount=amount),))))


def range_db(audio):
    """From the quiet to the loud seconds, leaving out a tenth of a second after each change."""
    seconds = audio.samples[0].reshape(4, 16_000)[:, 1600:]
    level_db = 10 * np.log10(np.mean(seconds**2, axis=1))
    return float(np.mean(level_db[1::2] - level_db[::2]))


def test_more_compression_leaves_less_dynamics_and_the_same_loudness(uneven):
    outs = [compressed(uneven, amount) for amount in ("low", "medium", "high")]
    ranges = [range_db(audio) for audio in (uneven, *outs)]
    assert ranges[0] > ranges[2] > ranges[3]
    assert ranges[0] - ranges[3] > 3
    for out in outs:
        assert integrated_lufs(out) == pytest.approx(integrated_lufs(uneven), abs=0.05)


def test_the_level_of_the_programme_does_not_matter(uneven):
    quiet = Audio(uneven.samples * np.float32(0.01), uneven.sample_rate)
    out, small = compressed(uneven, "high"), compressed(quiet, "high")
    assert np.abs(small.samples * 100 - out.samples).max() < 1e-3


def test_nothing_moves_sideways(uneven):
    tilted = Audio(uneven.samples * np.array([[1.0], [0.25]], np.float32), uneven.sample_rate)
    out = compressed(tilted, "high")
    assert np.abs(out.samples[1] - out.samples[0] / 4).max() < 1e-6


def test_loudness_is_met_whatever_came_before(noise):
    audio = noise(2.0, level=0.02)
    strip = Strip(effects=(Compress(amount="low"), Loudness(lufs=-14)))
    assert integrated_lufs(record(process(audio, strip))) == pytest.approx(-14, abs=0.05)
