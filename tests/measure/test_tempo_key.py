"""Tempo and key of small pieces that are made by rule."""

from __future__ import annotations

import numpy as np
import pytest

from sayso.audio import Audio
from sayso.errors import Cancelled
from sayso.measure.tempo_key import TONICS, tempo_key
from sayso.watch import Watch

RATE = 22_050
CADENCES = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}


def piece(bpm, tonic, mode, *, seconds=24.0, rate=RATE):
    """Chords that change with every bar, struck on every beat over a bass."""
    out = np.zeros(round(seconds * rate))
    beat = 60 / bpm
    for number in range(int(seconds / beat)):
        start = round(number * beat * rate)
        at = np.arange(min(round(beat * rate), len(out) - start)) / rate
        chord = CADENCES[mode][number // 4 % 4]
        for semitone in (*chord, chord[0] - 12):
            hz = 261.63 * 2 ** ((tonic + semitone) / 12)
            tone = sum(np.sin(2 * np.pi * hz * k * at) / k**2 for k in (1, 2, 3))
            out[start : start + len(at)] += 0.1 * tone * np.exp(-3 * at)
    return Audio(out[np.newaxis].astype(np.float32), rate)


@pytest.mark.parametrize(
    ("bpm", "tonic", "mode"),
    [(72.0, 0, "major"), (97.3, 9, "minor"), (120.0, 7, "major"), (133.7, 4, "minor")],
)
def test_tempo_and_key_are_those_of_the_piece(bpm, tonic, mode):
    found = tempo_key(piece(bpm, tonic, mode))
    assert found.bpm == pytest.approx(bpm, rel=0.01)
    assert found.key == f"{TONICS[tonic]} {mode}"
    assert found.bpm_certainty > 0.3


def test_neither_rate_level_nor_channels_change_what_is_found():
    plain = piece(110.0, 2, "major", rate=44_100)
    loud = Audio(np.repeat(0.3 * plain.samples, 2, axis=0), 44_100)
    one, other = tempo_key(plain), tempo_key(loud)
    assert (one.key, other.key) == ("D major", "D major")
    assert one.bpm == pytest.approx(other.bpm, rel=0.005)


@pytest.mark.parametrize("seconds", [0.01, 10.0])
def test_silence_has_neither(seconds):
    found = tempo_key(Audio(np.zeros((1, round(seconds * RATE)), np.float32), RATE))
    assert (found.bpm, found.key, found.relative) == (None, None, None)
    assert found.worded == ("none heard", "none heard")


def test_it_can_be_stopped():
    with pytest.raises(Cancelled):
        tempo_key(piece(100.0, 0, "major"), watch=Watch(cancelled=lambda: True))
