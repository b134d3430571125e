"""Tempo and key of pieces whose values are known, since they were written by rule.

    python bench/tempo_key.py SOUNDFONT.sf2 [COUNT]

Each piece has its own tempo (60 to 190 in steps that nobody would guess), key, progression, groove
and instruments; fluidsynth renders 40 s of it. Where librosa is installed its tempo stands beside.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pretty_midi

from sayso.audio import Audio, read, resample
from sayso.measure.tempo_key import TONICS, tempo_key

_SECONDS = 40.0
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_PROGRESSIONS = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (0, 1, 4, 0), (0, 3, 0, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 4), (0, 3, 6, 2), (0, 5, 3, 4)),
}
_INSTRUMENTS = (0, 4, 16, 24, 25, 27, 48, 61, 73, 80)


def piece(seed: int) -> tuple[pretty_midi.PrettyMIDI, float, str]:
    """A piece, its tempo in beats a minute and its key."""
    rng = np.random.default_rng(seed)
    bpm = round(float(np.exp(rng.uniform(np.log(65), np.log(180)))), 1)
    tonic, mode = int(rng.integers(12)), str(rng.choice(["major", "minor"]))
    scale = _MAJOR if mode == "major" else _MINOR
    chords = _PROGRESSIONS[mode][rng.integers(5)]
    song = pretty_midi.PrettyMIDI(initial_tempo=bpm)
    parts = [pretty_midi.Instrument(int(p)) for p in (rng.choice(_INSTRUMENTS), 33,
                                                      rng.choice(_INSTRUMENTS))]  # fmt: skip
    drums, beat = pretty_midi.Instrument(0, is_drum=True), 60 / bpm
    has_drums, eighths = rng.random() < 0.75, rng.random() < 0.6

    def pitch(degree: int, octave: int) -> int:
        return 12 * octave + tonic + scale[degree % 7] + 12 * (degree // 7)

    def add(part, number: int, at: float, length: float, velocity: int) -> None:
        note = pretty_midi.Note(velocity, number, at * beat, (at + length) * beat * 0.999)
        part.notes.append(note)

    for bar in range(int(_SECONDS / beat / 4)):
        root, at = chords[bar % 4], 4 * bar
        for degree in (0, 2, 4):
            add(parts[0], pitch(root + degree, 5), at, 4, 70)
        for number in range(8 if eighths else 4):
            step = number / 2 if eighths else number
            add(parts[1], pitch(root, 3), at + step, 0.45, 90 if step % 1 == 0 else 70)
        tune = rng.choice([0, 2, 4, 1, 5], 4, p=[0.35, 0.25, 0.25, 0.1, 0.05])
        for number, degree in enumerate(tune):
            add(parts[2], pitch(root + int(degree), 6), at + number, rng.choice([0.5, 1.0]), 85)
        if has_drums:
            for step in range(8):
                add(drums, 42, at + step / 2, 0.2, 70)
            for step, number in ((0, 36), (1, 38), (2, 36), (3, 38)):
                add(drums, number, at + step, 0.2, 110)
    song.instruments = [*parts, drums]
    return song, bpm, f"{TONICS[tonic]} {mode}"


def rendered(song: pretty_midi.PrettyMIDI, soundfont: str) -> Audio:
    """How fluidsynth plays it."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
        song.write(str(midi))
        command = ["fluidsynth", "-ni", "-q", "-r", "22050", "-F", str(wave), soundfont, str(midi)]
        subprocess.run(command, check=True, capture_output=True)
        return read(wave)


def main() -> None:
    """Prints a line a piece, and the shares that are right."""
    soundfont, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 36
    right: dict[str, list[bool]] = {}
    for seed in range(count):
        song, bpm, key = piece(seed)
        audio = rendered(song, soundfont)
        found = tempo_key(audio)
        tempi = {"sayso": found.bpm or 0.0} | _librosa(audio)
        for name, tempo in tempi.items():
            octaves = [bpm * factor for factor in (0.5, 1, 2)]
            right.setdefault(f"{name}: tempo within 1%", []).append(abs(tempo / bpm - 1) < 0.01)
            right.setdefault(f"{name}: or an octave of it", []).append(
                any(abs(tempo / octave - 1) < 0.01 for octave in octaves)
            )
        right.setdefault("sayso: key", []).append(found.key == key)
        right.setdefault("sayso: or its relative", []).append(key in (found.key, found.relative))
        print(f"{seed} {bpm} {key}: {tempi} {found.key} {found.bpm_certainty:.2f} "
              f"{found.key_certainty:.2f}")  # fmt: skip
    for name, hits in right.items():
        print(f"{name}: {np.mean(hits):.0%} of {len(hits)}")


def _librosa(audio: Audio) -> dict[str, float]:
    try:
        import librosa
    except ImportError:
        return {}
    mono = resample(audio, 22_050).samples.mean(axis=0)
    return {"librosa": float(np.ravel(librosa.feature.tempo(y=mono, sr=22_050))[0])}


if __name__ == "__main__":
    main()
