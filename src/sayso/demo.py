"""A short song of our own making, so that a newcomer and the tests have something to work on.

Eight bars at 96 beats a minute, twenty seconds: a wordless voice, drums, bass and chords, each a
stem. All of it is computed here from sines and seeded noise; the same bytes come out every time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Samples

SAMPLE_RATE = 44_100
BEAT_S = 0.625
BARS = 8
FRAMES = round(BARS * 4 * BEAT_S * SAMPLE_RATE)

_Wave = npt.NDArray[np.float64]
_CHORDS = ((57, 60, 64), (53, 57, 60), (48, 55, 64), (55, 59, 62)) * 2
_ROOTS = (45, 41, 36, 43) * 2
# (beat, length in beats, note, vowel)
_MELODY = (
    (0, 1.5, 69, "a"), (1.5, 0.5, 71, "o"), (2, 2, 72, "a"),
    (4, 1, 72, "e"), (5, 1, 71, "i"), (6, 2, 69, "o"),
    (8, 1.5, 67, "a"), (9.5, 0.5, 69, "e"), (10, 2, 64, "u"),
    (12, 1, 67, "o"), (13, 1, 69, "a"), (14, 1.5, 71, "e"),
    (16, 1.5, 72, "a"), (17.5, 0.5, 74, "e"), (18, 2, 76, "a"),
    (20, 1, 74, "o"), (21, 1, 72, "i"), (22, 2, 69, "a"),
    (24, 1.5, 67, "u"), (25.5, 0.5, 69, "o"), (26, 2, 72, "a"),
    (28, 1.5, 71, "e"), (29.5, 2, 69, "a"),
)  # fmt: skip
# Formants of a sung vowel: centre in Hz, level in dB (Peterson and Barney 1952, rounded).
_FORMANTS = {
    "a": ((800, 0), (1150, -4), (2800, -18), (3500, -26)),
    "e": ((450, 0), (1900, -10), (2500, -16), (3500, -24)),
    "i": ((320, 0), (2300, -14), (3000, -18), (3700, -24)),
    "o": ((450, 0), (800, -8), (2700, -24), (3400, -28)),
    "u": ((330, 0), (700, -14), (2600, -30), (3300, -34)),
}


def demo_song() -> Mapping[str, Audio]:
    """The stems "vocals", "drums", "bass" and "other", and their sum "mix".

    Each is stereo at 44.1 kHz and 20 s long; the mix peaks below full scale.
    """
    rng = np.random.default_rng(96)
    makers: dict[str, Callable[[np.random.Generator], _Wave]] = {
        "vocals": _vocals,
        "drums": _drums,
        "bass": _bass,
        "other": _chords,
    }
    stems = {name: make(rng).astype(np.float32) for name, make in makers.items()}
    songs: dict[str, Samples] = {**stems, "mix": np.sum(list(stems.values()), axis=0)}
    return {name: Audio(samples, SAMPLE_RATE) for name, samples in songs.items()}


def _hz(note: float) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))


def _add(out: _Wave, beat: float, sound: _Wave) -> None:
    """Adds a sound [C or 1, t] to out [2, T] where `beat` begins."""
    start = round(beat * BEAT_S * SAMPLE_RATE)
    sound = sound[:, : max(0, out.shape[1] - start)]
    out[:, start : start + sound.shape[1]] += sound


def _time(seconds: float) -> _Wave:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _envelope(length: int, attack_s: float, release_s: float) -> _Wave:
    """A raised-cosine fade in and out, so that no note begins or ends with a click."""
    at = np.arange(length) / SAMPLE_RATE
    rise = np.clip(at / attack_s, 0, 1)
    fall = np.clip((length / SAMPLE_RATE - at) / release_s, 0, 1)
    shape: _Wave = np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2
    return shape


def _vocals(rng: np.random.Generator) -> _Wave:
    out = np.zeros((2, FRAMES))
    glide_from = _MELODY[0][2]
    for beat, beats, note, vowel in _MELODY:
        at = _time(beats * BEAT_S)
        slide = (glide_from - note) * np.exp(-at / 0.03)
        vibrato = 0.35 * np.sin(2 * np.pi * 5.4 * at) * np.clip((at - 0.25) / 0.3, 0, 1)
        f0 = 440.0 * 2 ** ((note + slide + vibrato - 69) / 12)
        phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
        voice = np.zeros_like(at)
        for harmonic in range(1, int(9_000 / _hz(note))):
            level = _formant_gain(vowel, harmonic * _hz(note)) / harmonic**0.5
            voice += level * np.sin(harmonic * phase)
        breath = rng.standard_normal(len(at))
        breath = 0.02 * np.diff(breath, prepend=0.0)
        shape = _envelope(len(at), 0.05, 0.09)
        _add(out, beat, 0.17 * ((voice + breath) * shape)[None])
        glide_from = note
    return out


def _formant_gain(vowel: str, frequency_hz: float) -> float:
    gain = 0.01
    for centre, level_db in _FORMANTS[vowel]:
        width = 0.06 * centre + 40
        gain += 10 ** (level_db / 20) / (1 + ((frequency_hz - centre) / width) ** 2)
    return float(gain)


def _drums(rng: np.random.Generator) -> _Wave:
    out = np.zeros((2, FRAMES))
    left_a_little = np.array([[1.0], [0.8]])
    for bar in range(BARS):
        for beat in (0, 1.5, 2.5) if bar % 2 else (0, 2):
            _add(out, 4 * bar + beat, _kick())
        for beat in (1, 3):
            _add(out, 4 * bar + beat, _snare(rng))
        for eighth in range(8):
            loud = 0.09 if eighth % 2 else 0.05
            length_s = 0.25 if eighth == 7 else 0.06
            _add(out, 4 * bar + eighth / 2, left_a_little * loud * _hat(rng, length_s))
    return out


def _kick() -> _Wave:
    at = _time(0.35)
    phase = 2 * np.pi * np.cumsum(48 + 130 * np.exp(-at / 0.03)) / SAMPLE_RATE
    shape = np.exp(-at / 0.09) * _envelope(len(at), 0.002, 0.05)
    return (0.42 * np.sin(phase) * shape)[None]


def _snare(rng: np.random.Generator) -> _Wave:
    at = _time(0.25)
    rattle = rng.standard_normal((2, len(at))) * np.exp(-at / 0.06)
    tone = np.sin(2 * np.pi * 190 * at) * np.exp(-at / 0.05)
    return (0.07 * rattle + 0.2 * tone) * _envelope(len(at), 0.001, 0.05)


def _hat(rng: np.random.Generator, length_s: float) -> _Wave:
    at = _time(length_s)
    # Differencing twice takes the lows out of white noise.
    noise = np.diff(rng.standard_normal(len(at) + 2), n=2) / 2
    return (noise * np.exp(-at / (length_s / 3)) * _envelope(len(at), 0.001, 0.01))[None]


def _bass(rng: np.random.Generator) -> _Wave:
    out = np.zeros((2, FRAMES))
    for bar, root in enumerate(_ROOTS):
        for beat, beats, step in ((0, 1.4, 0), (1.5, 0.45, 0), (2, 1.0, 7), (3, 0.9, 12)):
            f0, at = _hz(root + step), _time(beats * BEAT_S)
            tone = np.zeros_like(at)
            for harmonic in range(1, 9):
                decay = np.exp(-at * harmonic / 1.2)
                tone += np.sin(2 * np.pi * harmonic * f0 * at) / harmonic**1.3 * decay
            _add(out, 4 * bar + beat, (0.2 * tone * _envelope(len(at), 0.006, 0.04))[None])
    return out


def _chords(rng: np.random.Generator) -> _Wave:
    out = np.zeros((2, FRAMES))
    for bar, chord in enumerate(_CHORDS):
        for beat in (0, 2):
            at = _time(1.95 * BEAT_S)
            for note, side in zip(chord, (-0.7, 0.0, 0.7), strict=True):
                tone = np.zeros_like(at)
                for harmonic in range(1, 13):
                    phase = rng.uniform(0, 2 * np.pi)
                    frequency = harmonic * _hz(note) * (1 + 0.0004 * harmonic)
                    decay = np.exp(-at * (0.6 + 0.25 * harmonic))
                    tone += np.sin(2 * np.pi * frequency * at + phase) / harmonic**1.2 * decay
                pan = np.array([[np.sqrt((1 - side) / 2)], [np.sqrt((1 + side) / 2)]])
                shape = _envelope(len(at), 0.008, 0.08)
                _add(out, 4 * bar + beat, 0.1 * pan * (tone * shape)[None])
    return out
