"""Made-up melodies to sing and play: walks through a scale, in phrases, over a beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCALES: tuple[tuple[int, ...], ...] = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 7, 10),
    (0, 3, 5, 6, 7, 10),
)
BEATS = np.array([0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 1.5, 2.0, 3.0, 4.0])


@dataclass(frozen=True, slots=True)
class Note:
    """A note: seconds from start to end, MIDI pitch (fractions allowed), accent, and its key."""

    start_s: float
    end_s: float
    pitch: float
    accent_db: float = 0.0
    root: int = 0
    scale: tuple[int, ...] = SCALES[0]


def melody(rng: np.random.Generator, *, centre: float, length_s: float) -> list[Note]:
    """A melody of about `length_s` seconds around MIDI pitch `centre`, seldom over 9 semitones off.

    Phrases of 3 to 10 notes with rests between; steps are small, leaps rare and turned back.
    """
    scale = SCALES[int(rng.integers(len(SCALES)))]
    root = int(rng.integers(12))
    pitches = [p for p in range(24, 100) if (p - root) % 12 in scale and abs(p - centre) <= 9]
    beat_s = 60.0 / rng.uniform(66, 160)
    patter = rng.random() < 0.2  # fast, rap-like lines keep to short notes
    choices = BEATS[BEATS <= 1.0] if patter else BEATS
    index = len(pitches) // 2
    notes: list[Note] = []
    now = float(rng.uniform(0.1, 1.0))
    while now < length_s:
        for _ in range(int(rng.integers(3, 11))):
            beats = float(rng.choice(choices))
            end = now + max(0.12, beats * beat_s * float(rng.uniform(0.85, 1.0)))
            accent = float(rng.normal(0, 2))
            notes.append(Note(now, end, float(pitches[index]), accent, root, scale))
            now = max(now + beats * beat_s, end)
            pull = 0.15 * (len(pitches) / 2 - index)
            step = int(np.round(rng.normal(pull, 1.6)))
            index = int(np.clip(index + step, 0, len(pitches) - 1))
            if now >= length_s:
                break
        now += beat_s * float(rng.choice([0.5, 1, 1, 2, 4]))
    return notes


def scale_step(note: Note, steps: int) -> float:
    """The pitch `steps` notes of its scale above `note` (below for negative ones).

    >>> scale_step(Note(0, 1, 60.0), 2)
    64.0
    """
    ladder = [p for p in range(128) if (p - note.root) % 12 in note.scale]
    nearest = min(range(len(ladder)), key=lambda i: abs(ladder[i] - note.pitch))
    return float(ladder[min(max(nearest + steps, 0), len(ladder) - 1)])
