"""Raw recordings and edits of them, composed of a pool of licensed sound with a manifest.csv.

`mixed` strings songs, backing tracks, singing and speech together as a long recording of a day
might; `cut` edits such a recording at random and knows the truth.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from sayso.audio import Audio, resample
from sayso.desk import Eq, Stretch, Strip
from sayso.effects import process, record
from sayso.timeline import Clip, Edited, Timeline

RATE = 44_100
_KINDS = ("song", "speech", "backing", "singing", "speech")


@dataclass(frozen=True)
class Pool:
    """Files of a pool by kind."""

    root: Path
    songs: dict[str, list[Path]]
    files: dict[str, list[Path]]

    @classmethod
    def open(cls, root: Path) -> Pool:
        """Reads the manifest."""
        songs, files = defaultdict(list), defaultdict(list)
        with (root / "manifest.csv").open(newline="") as rows:
            for row in csv.DictReader(rows):
                path = root / row["file"]
                if row["pool"] == "songs" and float(row["seconds"]) > 60:
                    songs[path.parent.name].append(path)
                elif float(row["seconds"]) > 3:
                    files[row["pool"]].append(path)
        return cls(root, dict(songs), dict(files))

    def excerpt(self, path: Path, seconds: float, rng: np.random.Generator) -> np.ndarray:
        """A stereo excerpt [2, T] at `RATE`, from anywhere in a file."""
        info = soundfile.info(path)
        start = int(rng.uniform(0, max(0.0, info.duration - seconds)) * info.samplerate)
        return self._read(path, start, seconds)

    def song(self, seconds: float, rng: np.random.Generator) -> np.ndarray:
        """The sum of a song's stems, from anywhere where something plays."""
        stems = self.songs[str(rng.choice(sorted(self.songs)))]
        length = min(soundfile.info(path).duration for path in stems)
        for _ in range(20):
            start_s = rng.uniform(0, max(0.0, length - seconds))
            mix = sum(
                self._read(path, int(start_s * soundfile.info(path).samplerate), seconds)
                for path in stems
            )
            if np.sqrt(np.mean(mix**2)) > 0.01:
                break
        return mix

    def _read(self, path: Path, start: int, seconds: float) -> np.ndarray:
        rate = soundfile.info(path).samplerate
        samples, _ = soundfile.read(
            path, start=start, frames=int(seconds * rate), dtype="float32", always_2d=True
        )
        audio = resample(Audio(np.ascontiguousarray(samples.T), rate), RATE).samples
        length = int(seconds * RATE)
        audio = (
            np.broadcast_to(audio.mean(axis=0), (2, audio.shape[1])) if len(audio) == 1 else audio
        )
        return np.pad(audio[:2, :length], ((0, 0), (0, max(0, length - audio.shape[1]))))


def mixed(pool: Pool, seconds: float, seed: int) -> Audio:
    """A recording of songs, speech, backing and singing, with pauses and room noise."""
    rng = np.random.default_rng(seed)
    pieces, total, number = [], 0.0, 0
    while total < seconds:
        kind = _KINDS[number % len(_KINDS)]
        number += 1
        length = float(rng.uniform(15, 50)) if kind in ("song", "backing") else 12.0
        if kind == "song":
            piece = pool.song(length, rng)
        else:
            files = pool.files[kind]
            piece = pool.excerpt(files[rng.integers(len(files))], length, rng)
        piece = piece / (np.abs(piece).max() + 1e-3) * rng.uniform(0.2, 0.7)
        pause = np.zeros((2, int(rng.uniform(0.3, 2.0) * RATE)), np.float32)
        pieces += [piece, pause]
        total += (piece.shape[1] + pause.shape[1]) / RATE
    whole = np.concatenate(pieces, axis=1)[:, : int(seconds * RATE)]
    whole = whole + rng.normal(0, 10 ** (-62 / 20), whole.shape)
    return Audio(whole.astype(np.float32), RATE)


@dataclass(frozen=True)
class Cutting:
    """An edited recording, and which frames of the raw one play in it, in order."""

    path: Path
    clips: tuple[Clip, ...]
    speed: float


def cut(raw: Audio, path: Path, seed: int, *, speed: float = 1.0) -> Cutting:
    """An edit with cuts, repeats, reorderings, gain, tone and tempo, written to `path` as MP3."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.uniform(0, raw.frames, 2 * int(rng.integers(6, 14))))
    clips = [
        Clip(start=int(a), stop=int(b), gain_db=float(rng.uniform(-6, 6)))
        for a, b in zip(places[::2], places[1::2], strict=True)
        if b - a > 2 * RATE
    ]
    for _ in range(2):
        at, to = rng.integers(len(clips), size=2)
        clips.insert(int(to), clips.pop(int(at)))
        again = int(rng.integers(len(clips)))
        clips.insert(again, clips[again])
    timeline = Timeline(sample_rate=RATE, clips=tuple(clips), crossfade_frames=round(0.02 * RATE))
    sound = Edited(raw, timeline)
    effects = [
        Eq(frequency_hz=float(rng.uniform(80, 400)), gain_db=float(rng.uniform(-6, 6)), q=0.7),
        Eq(frequency_hz=float(rng.uniform(1500, 6000)), gain_db=float(rng.uniform(-6, 6)), q=0.7),
    ]
    if speed != 1.0:
        effects.append(Stretch(rate=speed))
    audio = record(process(sound, Strip(effects=tuple(effects))))
    peak = float(np.abs(audio.samples).max())
    audio = Audio(audio.samples * np.float32(min(1.0, 0.95 / peak)), RATE)
    write_mp3(path, audio)
    return Cutting(path, tuple(clips), speed)


def write_mp3(path: Path, audio: Audio) -> None:
    """Writes stereo as an MP3 at 96 kbit/s."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=audio.sample_rate, layout="stereo")
        stream.bit_rate = 96_000
        for block in audio.blocks(1152 * 64):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", "stereo")
            frame.sample_rate = audio.sample_rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
