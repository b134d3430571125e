"""Made-up electronic songs: drum machines, synth bass, pads, leads, plucks and sweeps as stems.

The pool's songs are electronic and few, and hold next to no bass; what a synthesiser plays can be
had without end. A song is a tempo, a key, a few chords and blocks of bars in which each stem plays
or rests, so that stems are aligned, and absent here and there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from sayso.configuration import Frozen
from sayso.optional import require
from sayso.train.data.build import BuildReport, stored_files
from sayso.train.data.melody import Note, melody
from sayso.train.data.patches import BLOCK, Patch, drum, played, swept
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Segment
from sayso.watch import SILENT, Watch

PART = "synths"
SCALES: tuple[tuple[int, ...], ...] = (
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 2, 4, 5, 7, 9, 11),
)
# Sixteenths of a bar: x hit, o accent (an open hi-hat), . rest.
BEATS: tuple[dict[str, str], ...] = (
    {"kick": "o...o...o...o...", "snare": "....o.......o...", "hi-hat": "..o...o...o...o."},
    {"kick": "o...o...o...o...", "hand claps": "....o.......o...", "hi-hat": "x.x.x.x.x.x.x.x."},
    {"kick": "o..x..o...x.....", "snare": "....o.......o...", "hi-hat": "xxxxxxxxxxxxxxxx"},
    {"kick": "o.........x.....", "snare": "....o.......o..x", "hi-hat": "x.x.x.x.x.x.x.o."},
    {"kick": "o......x..o.....", "hand claps": "........o.......", "hi-hat": "x.x.xxx.x.x.xxxx"},
    {"kick": "o.x...x.o..x..x.", "snare": "....x..x....o...", "hi-hat": "x.xxx.x.x.xxx.o."},
    {"kick": "o...o...o...o..x", "percussion": "..x..x..x..x.x..", "hi-hat": "..x...x...x...x."},
    {"kick": "o.....o...o.....", "snare": "....o.......o...", "toms": "..............xx"},
)


class SynthsConfig(Frozen):
    """How much to make."""

    songs: int = Field(default=200, ge=0)
    song_s: float = Field(default=32.0, gt=4)
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the stems of a song share: the bar's length, bars, scale and a chord's root a bar."""

    bar_s: float
    bars: int
    key: int
    scale: tuple[int, ...]
    roots: tuple[int, ...]
    rng: np.random.Generator

    @property
    def frames(self) -> int:
        return int((self.bars * self.bar_s + 1.0) * SAMPLE_RATE)

    def degree(self, step: int, *, octave: int) -> float:
        """The MIDI pitch of a step of the scale."""
        return float(12 * octave + self.key + 12 * (step // 7) + self.scale[step % 7])

    def playing(self, share: float) -> list[int]:
        """The bars in which a stem plays; it comes and goes every two or four bars."""
        length = int(self.rng.choice([2, 4]))
        plays = [bool(self.rng.random() < share) for _ in range(-(-self.bars // length))]
        plays[int(self.rng.integers(len(plays)))] = True
        return [bar for bar in range(self.bars) if plays[bar // length]]


def render_synths(store_root: Path, *, config: SynthsConfig, watch: Watch = SILENT) -> BuildReport:
    """Append made-up electronic songs to the store; songs that are there already are kept.

    Raises: MissingExtraError where pedalboard does not load.
    """
    there = {file.rsplit("/", 1)[0] for file in stored_files(store_root)}
    stored, already = 0, 0
    with PartWriter(store_root, PART) as writer:
        for number in range(config.songs):
            song = f"{PART}/{config.seed}-{number:04d}"
            if song in there:
                already += 1
            else:
                rng = np.random.default_rng((config.seed, number, 5))
                for name, samples in electronic_song(rng, length_s=config.song_s).items():
                    writer.append(samples, _about(song, name), normalise=False)
                    stored += 1
            watch.check()
            watch.report((number + 1) / config.songs)
    return BuildReport(stored=stored, already=already, skipped={})


def electronic_song(rng: np.random.Generator, *, length_s: float) -> dict[str, Floats]:
    """The stems `[C, T]` of one song by concept, the loudest peaking at 0.7."""
    bar_s = 240.0 / float(rng.choice([rng.uniform(70, 105), rng.uniform(110, 140), 174.0]))
    loop = int(rng.choice([2, 4, 4]))
    chords = rng.choice([0, 0, 2, 3, 4, 5, 6], size=loop)
    bars = max(4, round(length_s / bar_s))
    plan = _Plan(
        bar_s=bar_s,
        bars=bars,
        key=int(rng.integers(12)),
        scale=SCALES[int(rng.choice(3, p=[0.5, 0.2, 0.3]))],
        roots=tuple(int(chords[bar % loop]) for bar in range(bars)),
        rng=rng,
    )
    hits, kicks = _beat(plan)
    stems: dict[str, Floats] = dict(hits)
    makers: tuple[tuple[str, float, Callable[[_Plan], Floats]], ...] = (
        ("synth bass", 0.95, _bass),
        ("synth pad", 0.6, _pad),
        ("synth lead", 0.55, _lead),
        ("synth", 0.8, _pluck),
    )
    pumping = _ducking(kicks, plan.frames, rng.uniform(0.3, 0.9) if rng.random() < 0.4 else 0.0)
    for name, chance, make in makers:
        if rng.random() < chance:
            samples = make(plan)
            stems[name] = samples if name == "synth lead" else samples * pumping
    if rng.random() < 0.5:
        stems["synth"] = _sweep(plan) + stems.get("synth", np.float32(0))
    levels_db = {name: float(rng.normal(-4 if name in hits else -7, 3)) for name in stems}
    levels_db["synth bass"] = float(rng.normal(-3, 3))
    levels_db["kick"] = float(rng.normal(-1, 2))
    out = {}
    for name, samples in stems.items():
        peak = float(np.abs(samples).max())
        if peak > 1e-4:
            out[name] = samples * np.float32(10 ** (levels_db[name] / 20) / peak)
    loudest = max(float(np.abs(samples).max()) for samples in out.values())
    return {name: samples * np.float32(0.7 / loudest) for name, samples in out.items()}


def _beat(plan: _Plan) -> tuple[dict[str, Floats], list[int]]:
    """The drums of a song by what is hit, `[C, T]`, and the frames at which the kick falls."""
    rng = plan.rng
    beat = dict(BEATS[int(rng.integers(len(BEATS)))])
    if rng.random() < 0.35:
        beat.setdefault("percussion", "".join(rng.choice(list("..x.x.."), 16)))
    out: dict[str, Floats] = {}
    kicks: list[int] = []
    swing = float(rng.uniform(0, 0.3)) if rng.random() < 0.3 else 0.0
    for name, pattern in beat.items():
        hit = drum(name, rng)
        line = np.zeros(plan.frames, np.float32)
        for bar in plan.playing(0.8):
            for step, mark in enumerate(pattern):
                if mark == "." or rng.random() < 0.03:
                    continue
                late = swing * (step % 2) + rng.normal(0, 0.01)
                at = int(max(0.0, (bar + (step + late) / 16) * plan.bar_s) * SAMPLE_RATE)
                accent = 1.0 if mark == "o" else float(rng.uniform(0.4, 0.9))
                samples = hit(accent)[: plan.frames - at]
                line[at : at + len(samples)] += np.float32(accent) * samples
                if name == "kick":
                    kicks.append(at)
        room = _library().Reverb(room_size=float(rng.random()) * 0.6, wet_level=0.15)
        out[name] = _through([room], line) if rng.random() < 0.3 else line[None]
    return out, kicks


def _bass(plan: _Plan) -> Floats:
    """A line on the roots: long and sliding, in eighths, off the beat, or stabbed."""
    rng = plan.rng
    kind = int(rng.integers(5))
    patch = Patch(
        wave=str(rng.choice(["saw", "saw", "square", "sine", "fm"])),
        voices=int(rng.choice([1, 1, 2, 3])),
        detune=float(rng.uniform(0.05, 0.4)),
        sub=float(rng.choice([0.0, 0.5, 1.0])),
        cutoff_hz=float(80 * 2 ** rng.uniform(0, 4)),
        resonance=float(0.7 * 2 ** rng.uniform(0, 2.5)),
        sweep=float(rng.uniform(0, 4)),
        sweep_s=float(rng.uniform(0.04, 0.4)),
        decay_s=float(rng.uniform(0.1, 0.8)),
        sustain=float(rng.uniform(0, 1)),
        release_s=float(rng.uniform(0.03, 0.25)),
        glide_s=float(rng.uniform(0.01, 0.06)) if kind == 0 or rng.random() < 0.2 else 0.0,
        drive=float(2 ** rng.uniform(0, 3)),
    )
    rhythms: dict[int, list[tuple[float, float]]] = {
        0: [(0, 6), (6, 4), (10, 6)],
        1: [(s, 1.7) for s in range(0, 16, 2)],
        2: [(s, 1.7) for s in range(2, 16, 4)],
        3: [(0, 3), (3, 3), (6, 2), (10, 2), (13, 2)],
        4: [(s, 0.9) for s in range(16) if rng.random() < 0.6],
    }
    steps = rhythms[kind] or [(0, 8)]
    octave = int(rng.choice([2, 2, 3]))
    notes = []
    for bar in plan.playing(0.8):
        for step, length in steps:
            up = int(rng.choice([0, 0, 0, 0, 7, 4]))
            pitch = plan.degree(plan.roots[bar] + up, octave=octave)
            notes.append(_note(plan, bar, step, length, pitch))
    return played(patch, notes, plan.frames, rng)[None]


def _pad(plan: _Plan) -> Floats:
    """Long chords, wide and soft; the two sides are two takes."""
    rng = plan.rng
    patch = Patch(
        wave=str(rng.choice(["saw", "saw", "square"])),
        voices=3,
        detune=float(rng.uniform(0.05, 0.25)),
        cutoff_hz=float(300 * 2 ** rng.uniform(0, 4)),
        attack_s=float(rng.uniform(0.02, 0.6)),
        decay_s=2.0,
        sustain=float(rng.uniform(0.6, 1)),
        release_s=float(rng.uniform(0.2, 0.9)),
        sweep=float(rng.uniform(0, 2)),
        sweep_s=float(rng.uniform(0.3, 2)),
    )
    notes = []
    for bar in plan.playing(0.75):
        for step in _chord(rng):
            pitch = plan.degree(plan.roots[bar] + step, octave=4)
            notes.append(_note(plan, bar, 0, 15.5, pitch))
    sides = [played(patch, notes, plan.frames, rng) for _ in range(2)]
    return _through(_hall(rng), np.stack(sides))


def _lead(plan: _Plan) -> Floats:
    """A made-up melody in the song's key, on one oscillator or two, often echoed."""
    rng = plan.rng
    patch = Patch(
        wave=str(rng.choice(["saw", "square", "fm", "sine"])),
        voices=int(rng.choice([1, 2, 5])),
        detune=float(rng.uniform(0.03, 0.2)),
        cutoff_hz=float(800 * 2 ** rng.uniform(0, 4)),
        resonance=float(rng.uniform(0.7, 2.5)),
        sweep=float(rng.uniform(0, 2)),
        attack_s=float(rng.uniform(0.003, 0.05)),
        sustain=float(rng.uniform(0.3, 1)),
        release_s=float(rng.uniform(0.05, 0.3)),
        glide_s=float(rng.choice([0.0, 0.0, 0.03])),
        drive=float(2 ** rng.uniform(0, 2)),
    )
    plays = plan.playing(0.6)
    ladder = [plan.degree(step, octave=0) for step in range(70)]
    notes = []
    for note in melody(rng, centre=float(rng.uniform(66, 80)), length_s=plan.bars * plan.bar_s):
        sixteenth = plan.bar_s / 16
        start_s = round(note.start_s / sixteenth) * sixteenth
        if int(start_s / plan.bar_s) in plays:
            pitch = min(ladder, key=lambda p: abs(p - note.pitch))
            notes.append(Note(start_s, start_s + note.end_s - note.start_s, pitch, note.accent_db))
    return _through(_echo(plan, 0.6), played(patch, notes, plan.frames, rng)[None])


def _pluck(plan: _Plan) -> Floats:
    """Short notes of the chords one after another, or all together as stabs."""
    rng = plan.rng
    stabs = rng.random() < 0.4
    patch = Patch(
        wave=str(rng.choice(["saw", "square", "fm"])),
        voices=int(rng.choice([1, 3, 5])) if stabs else 1,
        detune=float(rng.uniform(0.05, 0.3)),
        cutoff_hz=float(250 * 2 ** rng.uniform(0, 4)),
        resonance=float(rng.uniform(0.7, 3)),
        sweep=float(rng.uniform(1, 4)),
        sweep_s=float(rng.uniform(0.03, 0.25)),
        decay_s=float(rng.uniform(0.05, 0.4)),
        sustain=float(rng.uniform(0, 0.4)),
        release_s=float(rng.uniform(0.05, 0.3)),
    )
    octave, order = int(rng.choice([4, 5])), rng.permutation(8)
    pattern = [bool(x) for x in rng.random(16) < (0.3 if stabs else 0.7)]
    notes = []
    for bar in plan.playing(0.7):
        chord = _chord(rng)
        for step in np.flatnonzero(pattern):
            picked = chord if stabs else [chord[order[step % 8] % len(chord)]]
            for degree in picked:
                pitch = plan.degree(plan.roots[bar] + degree, octave=octave)
                notes.append(_note(plan, bar, float(step), 1.2, pitch))
    return _through(_echo(plan, 0.5), played(patch, notes, plan.frames, rng)[None])


def _sweep(plan: _Plan) -> Floats:
    """Noise that rises or falls over some bars, as between the parts of a dance track."""
    rng = plan.rng
    line = np.zeros(plan.frames, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        bars = int(rng.choice([1, 2, 4]))
        start = int(rng.integers(plan.bars) * plan.bar_s * SAMPLE_RATE)
        frames = min(int(bars * plan.bar_s * SAMPLE_RATE), plan.frames - start)
        rise = np.linspace(0, 1, frames // BLOCK + 1)
        rise = rise if rng.random() < 0.7 else rise[::-1]
        noise = rng.standard_normal(frames).astype(np.float32)
        swell = np.interp(np.arange(frames) / BLOCK, np.arange(len(rise)), rise**2)
        line[start : start + frames] += swept(
            noise, 300 * 2 ** (5 * rise), float(rng.uniform(1, 6)), kind="band"
        ) * swell.astype(np.float32)
    return _through(_hall(rng), line)


def _note(plan: _Plan, bar: int, step: float, length: float, pitch: float) -> Note:
    start = (bar + step / 16) * plan.bar_s
    return Note(start, start + length / 16 * plan.bar_s, pitch, float(plan.rng.normal(0, 1)))


def _chord(rng: np.random.Generator) -> list[int]:
    return [[0, 2, 4], [0, 2, 4, 6], [0, 3, 4], [0, 4, 7], [0, 2, 4, 8]][int(rng.integers(5))]


def _library() -> Any:
    return require("pedalboard", extra=None, purpose="effects on synthesisers")


def _hall(rng: np.random.Generator) -> list[Any]:
    wet = float(rng.uniform(0, 0.4))
    return [_library().Reverb(room_size=float(rng.uniform(0.3, 0.9)), wet_level=wet)]


def _echo(plan: _Plan, chance: float) -> list[Any]:
    rng = plan.rng
    chain: list[Any] = []
    if rng.random() < 0.3:
        chain.append(_library().Chorus(rate_hz=float(rng.uniform(0.3, 2)), mix=0.4))
    if rng.random() < chance:
        beat_s = plan.bar_s * float(rng.choice([3, 4, 2])) / 16
        chain.append(
            _library().Delay(delay_seconds=beat_s, feedback=0.35, mix=float(rng.uniform(0.1, 0.4)))
        )
    return [*chain, *_hall(rng)] if rng.random() < 0.6 else chain


def _through(chain: list[Any], samples: Floats) -> Floats:
    """`[T]` or `[C, T]` through effects, in stereo where there are any."""
    wide = np.atleast_2d(samples)
    if not chain:
        return wide
    out = np.repeat(wide, 2, axis=0) if len(wide) == 1 else wide
    for effect in chain:
        out = np.asarray(effect(out, SAMPLE_RATE), np.float32)
    return out


def _ducking(kicks: list[int], frames: int, depth: float) -> Floats:
    """The gain that a compressor keyed by the kick gives everything else."""
    gain = np.ones(frames, np.float32)
    fall = np.float32(depth) * np.exp(-np.arange(int(0.6 * SAMPLE_RATE)) / (0.12 * SAMPLE_RATE))
    for at in kicks:
        span = gain[at : at + len(fall)]
        np.minimum(span, 1 - fall[: len(span)].astype(np.float32), out=span)
    return gain


def _about(song: str, concept: str) -> Segment:
    return Segment(
        part=PART,
        file=f"{song}/{concept}",
        pool=PART,
        text=f"={concept}",
        source=song,
        song=song,
        split="train",
        licence="GPL-3.0-or-later",
        author="",
        origin="synthesised by sayso.train.data.synths",
        channels=0,
        frames=0,
        pieces=(),
    )
