"""Somebody reading aloud with false starts, interruptions and noises, and two people who edit it.

Sentences are of one speaker; some are begun two or three times, a little faster or slower each
time, and broken off but for the last. Between them other people speak, things make noise, and
nothing is said for a while. Levels of all of them are drawn alike, so that level tells nothing.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import soundfile

from edit_material import Pool
from edit_rehearsals import RATE, Band, Rehearsal, Take, Tape, timeline_of
from sayso.audio import Audio, resample
from sayso.timeline import Timeline

_SENTENCES = 14


def reading(pool: Pool, band: Band | None, seed: int) -> Rehearsal:
    """A reading of about four minutes; `broken` takes are false starts, `wrong` ones not hers."""
    rng = np.random.default_rng(seed)
    voices = _speakers(pool)
    reader = max(sorted(voices), key=lambda name: len(voices[name]))
    others = [path for name in sorted(voices) if name != reader for path in voices[name]]
    tape = Tape(rng)
    tape.pause()
    for part, at in enumerate(rng.permutation(len(voices[reader]))[:_SENTENCES]):
        sentence = _spoken(voices[reader][at], float(rng.uniform(4, 8)), rng)
        if rng.random() < 0.5:
            foreign = pool.files["sounds"] if rng.random() < 0.5 else others
            sound = _spoken(foreign[rng.integers(len(foreign))], float(rng.uniform(1.5, 6)), rng)
            tape.takes.append(Take(-1 - part, *tape.add(sound, rng.uniform(0.2, 0.6)), wrong=True))
            tape.pause()
        for left in range(int(rng.choice([0, 0, 1, 2])), -1, -1):
            share = float(rng.uniform(0.3, 0.7)) if left else 1.0
            pace = float(rng.uniform(0.97, 1.03))
            took = np.interp(
                np.arange(0, share * len(sentence), pace), np.arange(len(sentence)), sentence
            )
            span = tape.add(took, rng.uniform(0.2, 0.6))
            tape.takes.append(Take(part, *span, broken=left > 0))
            tape.pause()
    return tape.done()


def cleans(raw: Rehearsal) -> Timeline:
    """Keeps all that the reader says, without the rest."""
    return timeline_of(raw, [take for take in raw.takes if not take.wrong])


def keeps_whole(raw: Rehearsal) -> Timeline:
    """Keeps the whole take of each sentence."""
    return timeline_of(raw, [take for take in raw.takes if not (take.wrong or take.broken)])


def _speakers(pool: Pool) -> dict[str, list]:
    """Recordings of more than 3 s by speaker, as the names of the files tell."""
    found = defaultdict(list)
    for path in pool.files["speech"]:
        if "librispeech" in str(path.parent):
            found[path.stem.removeprefix("audio-data-").split("-")[0]].append(path)
    return dict(found)


def _spoken(path, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Up to `seconds` of a recording [T] at `RATE` without its silent ends, loudest sample 1."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    sound = resample(Audio(samples[:, :1].T.copy(), rate), RATE).samples[0]
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    sound = sound[loud[0] : min(loud[-1] + 1, loud[0] + int(seconds * RATE))]
    fade = min(len(sound), RATE // 50)
    sound = sound.copy()
    sound[-fade:] *= np.linspace(1, 0, fade)
    return sound / (np.abs(sound).max() + 1e-6)


READERS = {
    "cleans: keeps one reader": (reading, cleans),
    "whole: keeps each sentence once": (reading, keeps_whole),
}
"""Editors as of `edit_rehearsals.EDITORS`."""
