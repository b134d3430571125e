"""Rehearsals with known takes, and three made-up people who edit them.

Takes are played from MIDI, each a little different in time and touch; some are quiet, some have
wrong notes, some break off. Between them people talk, and the room hums. `song` is one run through
verses and choruses instead.
"""

from __future__ import annotations

import copy
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi
import soundfile

from edit_material import Pool
from sayso.audio import Audio, resample
from sayso.timeline import Clip, Timeline

RATE = 22_050
LENGTH_S = 90.0
"""What the third editor cuts to."""


@dataclass(frozen=True)
class Take:
    """A stretch of a raw recording, in seconds: which part it plays, and what is wrong with it."""

    part: int
    start_s: float
    stop_s: float
    quiet: bool = False
    wrong: bool = False
    broken: bool = False
    chorus: bool = False


@dataclass(frozen=True)
class Rehearsal:
    """A raw recording and its takes."""

    audio: Audio
    takes: tuple[Take, ...]


class Band:
    """Plays excerpts of MIDI files with a soundfont."""

    def __init__(self, folder: Path, soundfont: Path) -> None:
        self.files = sorted(folder.rglob("*.mid"))
        self.soundfont = soundfont

    def excerpt(self, rng: np.random.Generator, seconds: float) -> pretty_midi.PrettyMIDI:
        """Notes of a stretch that is dense enough to be music."""
        while True:
            try:
                piece = pretty_midi.PrettyMIDI(str(self.files[rng.integers(len(self.files))]))
            except (OSError, ValueError, EOFError, KeyError, IndexError):
                continue
            end = piece.get_end_time()
            if end < seconds + 10:
                continue
            start = rng.uniform(2, end - seconds - 2)
            cut = pretty_midi.PrettyMIDI()
            for player in piece.instruments:
                notes = [
                    pretty_midi.Note(
                        n.velocity, n.pitch, n.start - start, min(n.end - start, seconds)
                    )
                    for n in player.notes
                    if start <= n.start < start + seconds - 0.2
                ]
                if notes:
                    part = pretty_midi.Instrument(player.program, player.is_drum)
                    part.notes = notes
                    cut.instruments.append(part)
            tuned = sum(len(p.notes) for p in cut.instruments if not p.is_drum)
            if tuned > 2.5 * seconds:
                return cut

    def play(
        self,
        notes: pretty_midi.PrettyMIDI,
        rng: np.random.Generator,
        *,
        wrong: bool = False,
        share: float = 1.0,
        players: int | None = None,
    ) -> np.ndarray:
        """One performance [T] at `RATE`, loudest sample 1."""
        part = copy.deepcopy(notes)
        pace = rng.uniform(0.98, 1.02)
        part.instruments = part.instruments[:players]
        end = max(n.end for p in part.instruments for n in p.notes)
        for player in part.instruments:
            slips = 0
            for note in player.notes:
                late = rng.normal(0, 0.008)
                note.start = max(0.0, note.start / pace + late)
                note.end = max(note.start + 0.05, note.end / pace + late)
                note.velocity = int(np.clip(note.velocity * rng.uniform(0.85, 1.15), 1, 127))
                if wrong and not player.is_drum:
                    slips = 3 if slips == 0 and rng.random() < 0.12 else max(slips - 1, 0)
                    if slips:
                        shift = int(rng.choice([-3, -2, -1, 1, 2, 3]))
                        note.pitch = int(np.clip(note.pitch + shift, 1, 126))
            player.notes = [n for n in player.notes if n.start < share * end]
        with tempfile.TemporaryDirectory() as folder:
            score, out = Path(folder) / "a.mid", Path(folder) / "a.wav"
            part.write(str(score))
            subprocess.run(
                ["fluidsynth", "-ni", "-q", "-F", out, "-r", str(RATE), self.soundfont, score],
                check=True,
                capture_output=True,
            )
            sound, _ = soundfile.read(out, dtype="float32")
        sound = sound.mean(axis=1)[: int((share * end / pace + 0.6) * RATE)]
        fade = min(len(sound), RATE // 3)
        sound[-fade:] *= np.linspace(1, 0, fade) ** 2
        return sound / (np.abs(sound).max() + 1e-6)


def _talk(pool: Pool, rng: np.random.Generator, seconds: float) -> np.ndarray:
    files = pool.files["speech"]
    path = files[rng.integers(len(files))]
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    voice = resample(Audio(samples[:, :1].T.copy(), rate), RATE).samples[0][: int(seconds * RATE)]
    return voice / (np.abs(voice).max() + 1e-6)


class Tape:
    """A recording as it grows."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.pieces, self.takes, self.at = rng, [], [], 0

    def add(self, sound: np.ndarray, level: float) -> tuple[float, float]:
        """Goes on with `sound` [T]; where it starts and stops, in seconds."""
        self.pieces.append(sound * level)
        start = self.at
        self.at += len(sound)
        return start / RATE, self.at / RATE

    def pause(self, low: float = 0.8, high: float = 2.5) -> None:
        """Goes on with nothing for a while."""
        self.add(np.zeros(int(self.rng.uniform(low, high) * RATE)), 0.0)

    def done(self) -> Rehearsal:
        """The whole, with hum and hiss under it."""
        whole = np.concatenate(self.pieces)
        hum = 0.0008 * np.sin(2 * np.pi * 50 * np.arange(len(whole)) / RATE)
        whole = whole + hum + self.rng.normal(0, 0.0012, len(whole))
        return Rehearsal(Audio(whole.astype(np.float32)[None], RATE), tuple(self.takes))


def rehearsal(pool: Pool, band: Band, seed: int) -> Rehearsal:
    """Takes of three to five parts, with talk between them; five to eight minutes."""
    rng = np.random.default_rng(seed)
    tape = Tape(rng)
    tape.pause()
    for part in range(int(rng.integers(3, 6))):
        notes = band.excerpt(rng, float(rng.uniform(12, 22)))
        for number in range(int(rng.integers(2, 6))):
            if rng.random() < 0.7:
                tape.add(_talk(pool, rng, float(rng.uniform(1.5, 7))), rng.uniform(0.1, 0.4))
                tape.pause()
            kind = rng.choice(["good", "good", "quiet", "wrong", "broken"])
            kind = "good" if number == 0 and rng.random() < 0.5 else kind
            share = float(rng.uniform(0.3, 0.6)) if kind == "broken" else 1.0
            sound = band.play(notes, rng, wrong=kind == "wrong", share=share)
            level = rng.uniform(0.4, 0.7) * (0.2 if kind == "quiet" else 1.0)
            span = tape.add(sound, level)
            tape.takes.append(Take(part, *span, kind == "quiet", kind == "wrong", kind == "broken"))
            tape.pause()
    return tape.done()


def song(pool: Pool, band: Band, seed: int) -> Rehearsal:
    """One run through verses and choruses without pauses, with talk before and after."""
    rng = np.random.default_rng(seed)
    tape = Tape(rng)
    for _ in range(int(rng.integers(2, 5))):
        tape.add(_talk(pool, rng, float(rng.uniform(3, 12))), rng.uniform(0.1, 0.4))
        tape.pause()
    verse, chorus, bridge = (band.excerpt(rng, float(rng.uniform(14, 20))) for _ in range(3))
    for number, (part, notes) in enumerate(
        [(0, verse), (1, chorus), (0, verse), (1, chorus), (2, bridge), (1, chorus), (0, verse),
         (1, chorus)]
    ):  # fmt: skip
        sound = band.play(notes, rng, players=3 if part == 0 else None)
        sound = sound[: len(sound) - int(0.6 * RATE)]
        edge = int(0.01 * RATE)
        sound[:edge] *= np.linspace(0, 1, edge)
        sound[-edge:] *= np.linspace(1, 0, edge)
        span = tape.add(sound, 0.6 if part == 1 else 0.3)
        tape.takes.append(Take(part + 10 * number, *span, chorus=part == 1))
    tape.pause()
    for _ in range(int(rng.integers(2, 5))):
        tape.add(_talk(pool, rng, float(rng.uniform(3, 12))), rng.uniform(0.1, 0.4))
        tape.pause()
    return tape.done()


def timeline_of(raw: Rehearsal, takes: list[Take]) -> Timeline:
    """Takes with a little air around them, as clips; takes that follow each other are one."""
    clips: list[Clip] = []
    for take in takes:
        start = max(0, round((take.start_s - 0.15) * RATE))
        stop = min(raw.audio.frames, round((take.stop_s + 0.2) * RATE))
        if clips and clips[-1].start < start <= clips[-1].stop:
            clips[-1] = Clip(start=clips[-1].start, stop=stop)
        else:
            clips.append(Clip(start=start, stop=stop))
    return Timeline(sample_rate=RATE, clips=tuple(clips), crossfade_frames=round(0.02 * RATE))


def drops_bad(raw: Rehearsal) -> Timeline:
    """Keeps every take that is neither quiet nor wrong nor broken off."""
    good = [take for take in raw.takes if not (take.quiet or take.wrong or take.broken)]
    return timeline_of(raw, good or [raw.takes[0]])


def keeps_music(raw: Rehearsal) -> Timeline:
    """Keeps everything that is played, without the talk."""
    return timeline_of(raw, list(raw.takes))


def keeps_last(raw: Rehearsal) -> Timeline:
    """Keeps the last take of each part."""
    last = {take.part: take for take in raw.takes}
    return timeline_of(raw, list(last.values()))


def loops_chorus(raw: Rehearsal, length_s: float = LENGTH_S) -> Timeline:
    """From the first verse on, each chorus twice, until `length_s` are reached."""
    heard: list[Clip] = []
    total = 0.0
    for take in raw.takes:
        for _ in range(2 if take.chorus else 1):
            if total >= length_s:
                break
            clip = Clip(start=round(take.start_s * RATE), stop=round(take.stop_s * RATE))
            if heard and heard[-1].stop == clip.start:
                heard[-1] = Clip(start=heard[-1].start, stop=clip.stop)
            else:
                heard.append(clip)
            total += clip.frames / RATE
    return Timeline(sample_rate=RATE, clips=tuple(heard), crossfade_frames=round(0.02 * RATE))


def loops_all(raw: Rehearsal) -> Timeline:
    """The whole song, each chorus twice."""
    return loops_chorus(raw, np.inf)


EDITORS: dict[str, tuple[Callable[..., Rehearsal], Callable[[Rehearsal], Timeline]]] = {
    "drops quiet and wrong takes": (rehearsal, drops_bad),
    "keeps the last take": (rehearsal, keeps_last),
    "plays: keeps what is played": (rehearsal, keeps_music),
    "loops the chorus, cuts to 90 s": (song, loops_chorus),
    "twice: loops every chorus": (song, loops_all),
}
