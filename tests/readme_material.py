"""The files that the README's commands name, made small: songs, talk, cuts, a pool, a model."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pretty_midi
import soundfile
from tests.align.material import rehearsal
from tests.train.conftest import ROWS, write_pool
from tests.train.data.test_singing import babble

from sayso.audio import Audio, read, resample, write
from sayso.demo import demo_song

RATE = 16_000


def songs(place: Path) -> None:
    """`song.wav` and `song.mp3`: three seconds of the demo song."""
    mix = demo_song()["mix"].slice(0, 3 * 44_100)
    for name in ("song.wav", "song.mp3"):
        write(place / name, mix)


def talk(place: Path) -> None:
    """`take.wav`, what it would be in a studio, and recordings in folders."""
    clean = _spoken(place / "spoken.wav", "The take begins here. It is said once, and then again.")
    for number, name in enumerate(("take.wav", "interviews/one.wav", "interviews/day 2/two.wav",
                                   "bucket/in/three.wav")):  # fmt: skip
        noise = 0.02 * np.random.default_rng(number).standard_normal(clean.samples.shape)
        write(place / name, Audio(clean.samples + noise.astype(np.float32), RATE))
    write(place / "studio" / "take.wav", clean)


def _spoken(path: Path, text: str) -> Audio:
    """`text` in a synthetic voice; models of speech take nothing simpler for speech."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["espeak-ng", "-w", path, text], check=True)
    spoken = resample(read(path), RATE)
    path.unlink()
    return spoken


def cuts(place: Path) -> None:
    """`raw.wav` with `edited.mp3`, and more of both: the last take of each tune is kept."""
    for number, names in enumerate(
        [("raw.wav", "edited.mp3"), ("raw1.wav", "cut1.wav"), ("raw2.wav", "cut2.wav"),
         ("raw3.wav", "never.wav")]
    ):  # fmt: skip
        raw, spans = rehearsal(number)
        kept = np.concatenate([raw.samples[:, a:b] for a, b in (spans[1], spans[3])], axis=1)
        for name, audio in zip(names, (raw, Audio(kept, raw.sample_rate)), strict=True):
            write(place / name, audio)


def training(place: Path) -> None:
    """`POOL` with a manifest and `MIDI` with a tune."""
    write_pool(place / "POOL")
    for file, pool, _ in ROWS:
        if pool == "speech":
            voice = resample(Audio(babble()[None], 44_100), RATE)
            soundfile.write(place / "POOL" / file, voice.samples.T, RATE)
    piece = pretty_midi.PrettyMIDI()
    for program, drum in ((0, False), (33, False), (0, True)):
        part = pretty_midi.Instrument(program, is_drum=drum)
        for step in range(40):
            pitch = (36, 38, 42)[step % 3] if drum else 48 + step % 5
            part.notes.append(pretty_midi.Note(90, pitch, 0.25 * step, 0.25 * step + 0.2))
        piece.instruments.append(part)
    (place / "MIDI" / "freedoom").mkdir(parents=True)
    piece.write(str(place / "MIDI" / "freedoom" / "tune.mid"))
