"""Lines and beats played with the pool's own single notes and hits.

Soundfonts give bass and drums one synthesiser's sound. Here recorded notes follow MIDI lines
instead: each note is the nearest recorded pitch, moved by resampling, and let go at its end; drum
performances are played on kits put together from the recorded hits.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from pydantic import Field

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data import augment
from sayso.train.data.build import BuildReport, reason, stored_files
from sayso.train.data.melody import Note, melody
from sayso.train.data.midi import hits_of, lines_of, long_grooves, read_midi, window
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Segment, Store
from sayso.train.data.vocabulary import Vocabulary, load_vocabulary
from sayso.train.data.voice import world
from sayso.watch import SILENT, Watch

PART = "lines"
PITCH_NAMES: Mapping[str, int] = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
# The instruments: the MIDI pitch about which the lines of each lie, and how many it gets; basses
# most, for the pool has the least of them.
INSTRUMENTS: Mapping[str, tuple[float, float]] = {
    "bass guitar": (38.0, 6.0),
    "double bass": (38.0, 2.5),
    "electric guitar": (55.0, 4.0),
    "acoustic guitar": (55.0, 3.0),
    "saxophone": (62.0, 2.0),
    "piano": (62.0, 2.0),
    "organ": (60.0, 1.0),
    "violin": (72.0, 1.0),
    "cello": (50.0, 1.0),
    "trumpet": (66.0, 1.0),
    "trombone": (53.0, 0.7),
    "french horn": (55.0, 0.7),
    "tuba": (41.0, 0.3),
    "flute": (76.0, 1.0),
    "clarinet": (66.0, 0.7),
    "bassoon": (48.0, 0.4),
    "harp": (62.0, 0.5),
}
# What plays one note at a time.
WINDS = frozenset(
    {"saxophone", "trumpet", "trombone", "french horn", "tuba", "flute", "clarinet", "bassoon"}
)
LOWEST_MEASURED = 40.0


class LinesConfig(Frozen):
    """How much to play."""

    takes: int = Field(default=160, ge=0, description="takes of melodic instruments")
    beats: int = Field(default=80, ge=0, description="drum performances")
    take_s: float = Field(default=30.0, gt=2)
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True, slots=True)
class Sampler:
    """An instrument as single notes: for each the segment and its pitch (MIDI, fractions)."""

    concept: str
    source: str
    segments: tuple[int, ...]
    pitches: tuple[float, ...]


def render_lines(
    midi_root: Path,
    store_root: Path,
    *,
    config: LinesConfig,
    watch: Watch = SILENT,
) -> BuildReport:
    """Append lines and beats played with the store's notes and hits, after MIDI in `midi_root`.

    What is there already is kept; damaged MIDI files are skipped and counted.
    Raises: DataError when the store has no notes.
    """
    store = Store(store_root, load_vocabulary())
    samplers = find_samplers(store)
    if not samplers:
        raise DataError("the store holds no single notes; build the pool 'notes' first")
    pieces = sorted((midi_root / "freedoom").glob("*.mid"))
    grooves = long_grooves(midi_root / "groove")
    there = stored_files(store_root)
    total = config.takes + (config.beats if grooves else 0)
    stored, already = 0, 0
    skipped: Counter[str] = Counter()
    with PartWriter(store_root, PART) as writer:
        for take in range(total):
            rng = np.random.default_rng((config.seed, take, 3))
            name = f"{PART}/{config.seed}-{take:04d}"
            if any(file == name or file.startswith(f"{name}/") for file in there):
                already += 1
            else:
                try:
                    if take < config.takes:
                        _play_take(writer, name, store, samplers, pieces, rng, config)
                    else:
                        path = grooves[int(rng.integers(len(grooves)))]
                        _play_beat(writer, name, store, path, rng, config)
                    stored += 1
                except DataError as error:
                    skipped[reason(error)] += 1
            watch.check()
            watch.report((take + 1) / total)
    return BuildReport(stored=stored, already=already, skipped=dict(skipped))


def find_samplers(store: Store) -> list[Sampler]:
    """Every instrument of the pool `notes` with at least ten notes whose pitch is known.

    Pitches come from the file names where they say them, tuned by the octave that most notes of
    the instrument measure at (conventions differ), else from the measured fundamental.
    """
    by_source: dict[str, list[int]] = {}
    for number, segment in enumerate(store.segments):
        if segment.pool == "notes" and store.labels[number].concept in INSTRUMENTS:
            by_source.setdefault(segment.source, []).append(number)
    out = []
    for source, numbers in sorted(by_source.items()):
        measured = np.array([_measured_pitch(store, n) for n in numbers])
        named = np.array([pitch_in_name(store.segments[n].file) for n in numbers])
        both = ~np.isnan(measured) & ~np.isnan(named)
        if both.sum() >= 5:
            octave = 12 * np.round(np.median((measured - named)[both]) / 12)
            pitches = named + octave
        else:
            # Breath and key noises measure far below any note.
            pitches = np.where(measured > LOWEST_MEASURED, measured, np.nan)
        known = [(n, float(p)) for n, p in zip(numbers, pitches, strict=True) if not np.isnan(p)]
        if len(known) >= 10:
            segments, values = zip(*known, strict=True)
            concept = store.labels[numbers[0]].concept
            out.append(Sampler(concept, source, tuple(segments), tuple(values)))
    return out


def pitch_in_name(file: str) -> float:
    """The MIDI pitch that a file name says ("a2", "gb4", "Cs4", "c-5": c sharp), or NaN.

    >>> pitch_in_name("notes/x/sustain-gb3-pp-rr1.ogg")
    54.0
    >>> pitch_in_name("notes/violin/set-Cs4.mp3")
    61.0
    """
    found = re.search(r"(?:^|-)([a-g])(b|s|#|-(?=\d))?(\d)(?=-|$)", Path(file).stem.lower())
    if not found:
        return float("nan")
    letter, sign, octave = found.groups()
    shift = 0 if not sign else -1 if sign == "b" else 1
    return float(12 * (int(octave) + 1) + PITCH_NAMES[letter] + shift)


def play(store: Store, sampler: Sampler, notes: Sequence[Note], rng: np.random.Generator) -> Floats:
    """Samples `[1, T]` of `notes` played on a sampler, moved by octaves into its range."""
    pitches = np.array(sampler.pitches)
    middle = float(np.median([note.pitch for note in notes]))
    octaves = 12 * round((INSTRUMENTS[sampler.concept][0] - middle) / 12)
    out = np.zeros((1, int((notes[-1].end_s + 1.0) * SAMPLE_RATE)), np.float32)
    for note in notes:
        distance = np.abs(pitches - (note.pitch + octaves))
        close = np.flatnonzero(distance < distance.min() + 0.6)
        pick = int(close[int(rng.integers(len(close)))])
        at = int(note.start_s * SAMPLE_RATE)
        length = min(int((note.end_s - note.start_s) * SAMPLE_RATE) + 3000, out.shape[1] - at)
        semitones = note.pitch + octaves - pitches[pick]
        samples = _note(store, sampler.segments[pick], semitones, length)
        gain = np.float32(10 ** (note.accent_db / 20))
        out[:, at : at + samples.shape[1]] += gain * samples
    return out


def _note(store: Store, number: int, semitones: float, length: int) -> Floats:
    """A recorded note moved by `semitones`, let go over 70 ms before `length` frames are over."""
    segment = store.segments[number]
    ratio = 2 ** (semitones / 12)
    first = segment.pieces[0][0]
    frames = min(int(length * ratio) + 1, segment.frames - first)
    samples = store.read(number, first, frames).mean(axis=0)
    if abs(semitones) > 0.05:
        samples = soxr.resample(samples, SAMPLE_RATE * ratio, SAMPLE_RATE, "MQ")
    samples = np.array(samples[:length], np.float32)
    release = min(len(samples), 3000)
    samples[len(samples) - release :] *= np.linspace(1, 0, release, dtype=np.float32) ** 2
    return samples[None]


def _play_take(
    writer: PartWriter,
    name: str,
    store: Store,
    samplers: Sequence[Sampler],
    pieces: Sequence[Path],
    rng: np.random.Generator,
    config: LinesConfig,
) -> None:
    concepts = sorted({s.concept for s in samplers})
    shares = np.array([INSTRUMENTS[concept][1] for concept in concepts])
    concept = concepts[int(rng.choice(len(concepts), p=shares / shares.sum()))]
    fitting = [s for s in samplers if s.concept == concept]
    sampler = fitting[int(rng.integers(len(fitting)))]
    notes = line_for(sampler.concept, pieces, rng, config)
    samples = play(store, sampler, notes, rng)
    if sampler.concept == "electric guitar" and rng.random() < 0.6:
        samples = _amplified(samples, rng)
    elif sampler.concept == "bass guitar" and rng.random() < 0.25:
        samples = np.tanh(samples / np.abs(samples).max() * np.float32(rng.uniform(1, 5)))
    about = _about(name, sampler.concept, store.segments[sampler.segments[0]], song="")
    writer.append(samples, about)


def line_for(
    concept: str, pieces: Sequence[Path], rng: np.random.Generator, config: LinesConfig
) -> list[Note]:
    """Notes for an instrument: a line of a piece that suits it, else a made-up melody."""
    vocabulary = load_vocabulary()
    role = "bass" if "bass" in vocabulary.ancestors(concept) else "other"
    for _ in range(6 if pieces else 0):
        midi = read_midi(pieces[int(rng.integers(len(pieces)))])
        notes = _notes_of(midi, role, vocabulary, rng, config)
        if concept in WINDS:
            notes = top_line(notes)
        if len(notes) > 12:
            return notes
    return melody(rng, centre=60.0, length_s=config.take_s)


def _notes_of(
    midi: Any, role: str, vocabulary: Vocabulary, rng: np.random.Generator, config: LinesConfig
) -> list[Note]:
    """A window of one line that plays `role`, in another key and tempo."""
    lines = [
        instruments
        for concept, instruments in lines_of(midi, vocabulary).items()
        if role in vocabulary.ancestors(concept)
    ]
    if not lines:
        return []
    line = lines[int(rng.integers(len(lines)))]
    start_s = rng.uniform(0, max(0.0, midi.get_end_time() - config.take_s))
    rate, semitones = float(rng.uniform(0.75, 1.25)), int(rng.integers(-5, 7))
    start_s = max(start_s, line[0].notes[0].start - 0.2)
    cut = window(line[:1], start_s, config.take_s, rate=rate, semitones=semitones)
    return [
        Note(n.start, n.end, float(n.pitch), 20 * float(np.log10(max(n.velocity, 8) / 127)))
        for instrument in cut
        for n in sorted(instrument.notes, key=lambda n: n.start)
    ]


def top_line(notes: Sequence[Note]) -> list[Note]:
    """One note at a time: the highest of those that start together, each ended by the next."""
    out: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start_s, -n.pitch)):
        if out and note.start_s - out[-1].start_s < 0.04:
            continue
        if out and out[-1].end_s > note.start_s:
            out[-1] = replace(out[-1], end_s=note.start_s)
        out.append(note)
    return out


def _amplified(samples: Floats, rng: np.random.Generator) -> Floats:
    """An overdriven guitar amplifier: a boost about 800 Hz, soft clipping, a speaker's treble."""
    loud = samples / np.abs(samples).max()
    omega = 2 * np.pi * 700 / SAMPLE_RATE
    b = np.array([np.sin(omega) / 2, 0, -np.sin(omega) / 2], np.float32)
    a = np.array([1 + np.sin(omega) / 2, -2 * np.cos(omega), 1 - np.sin(omega) / 2], np.float32)
    pushed = loud * np.float32(0.5) + augment.biquad(loud, b / a[0], a / a[0])
    driven = np.tanh(pushed * np.float32(10 ** (rng.uniform(8, 34) / 20)))
    cutoff_hz = float(rng.uniform(3500, 7000))
    return augment.softened(augment.softened(driven.astype(np.float32), cutoff_hz), cutoff_hz)


def _play_beat(
    writer: PartWriter,
    name: str,
    store: Store,
    path: Path,
    rng: np.random.Generator,
    config: LinesConfig,
) -> None:
    """A drum performance on a kit of recorded hits: a song of aligned stems by what is hit."""
    midi = read_midi(path)
    start_s = rng.uniform(0, max(0.0, midi.get_end_time() - config.take_s))
    rate = float(rng.uniform(0.8, 1.25))
    stems: dict[str, Floats] = {}
    origin: dict[str, Segment] = {}
    for concept, instruments in hits_of(midi).items():
        cut = window(instruments, start_s, config.take_s, rate=rate, semitones=0)
        drums = _drums_for(store, concept, rng)
        if cut and drums:
            stems[concept] = _struck(store, drums, cut[0].notes, rng)
            origin[concept] = store.segments[next(iter(drums.values()))[0]]
    if not stems:
        raise DataError(f"{path.name}: nothing to hit")
    peak = max(float(np.abs(samples).max()) for samples in stems.values())
    for concept, samples in stems.items():
        about = _about(f"{name}/{concept}", concept, origin[concept], song=name)
        writer.append(samples * np.float32(0.7 / peak), about, normalise=False)


def _drums_for(store: Store, concept: str, rng: np.random.Generator) -> dict[str, list[int]]:
    """Hits to play `concept` with: one drum, or for toms and cymbals up to three, by source."""
    found: dict[str, list[int]] = {}
    microphone = "oh_mic" if rng.random() < 0.6 else "snare_mic"
    for number, segment in enumerate(store.segments):
        if segment.pool not in ("notes", "samples") or segment.split != "train":
            continue
        other_microphone = "_mic" in segment.text and microphone not in segment.text
        if store.labels[number].concept == concept and not other_microphone:
            found.setdefault(segment.source, []).append(number)
    names = sorted(found)
    # Recorded kits have many takes a drum; drawn twice as often as a single electronic hit.
    weights = np.array([2.0 if len(found[n]) > 3 else 1.0 for n in names])
    count = min(
        3 if concept in ("toms", "cymbals") else 2 if concept == "hi-hat" else 1, len(names)
    )
    if not names:
        return {}
    picked = rng.choice(len(names), size=count, replace=False, p=weights / weights.sum())
    return {names[i]: sorted(found[names[i]], key=lambda n: store.segments[n].file) for i in picked}


def _struck(
    store: Store, drums: Mapping[str, list[int]], notes: Sequence[Any], rng: np.random.Generator
) -> Floats:
    """Samples `[1, T]` of hits: each MIDI pitch has its drum, harder hits their own takes."""
    end_s = max(note.start for note in notes) + 3.0
    out = np.zeros((1, int(end_s * SAMPLE_RATE)), np.float32)
    names = list(drums)
    semitones = rng.uniform(-3, 3)
    level = {name: rng.uniform(0.6, 1.0) for name in names}
    for note in notes:
        name = names[note.pitch % len(names)]
        takes = drums[name]
        nearest = note.velocity / 128 * len(takes) + rng.normal(0, 1)
        take = takes[int(np.clip(nearest, 0, len(takes) - 1))]
        at = int(note.start * SAMPLE_RATE)
        samples = _note(store, take, semitones, min(3 * SAMPLE_RATE, out.shape[1] - at))
        gain = np.float32((note.velocity / 127) ** 1.3 * level[name])
        out[:, at : at + samples.shape[1]] += gain * samples
    return out


def _measured_pitch(store: Store, number: int) -> float:
    """The fundamental of a recorded note as a MIDI pitch; NaN where none is found."""
    segment = store.segments[number]
    samples = store.read(number, segment.pieces[0][0], SAMPLE_RATE).mean(axis=0)
    low = soxr.resample(samples, SAMPLE_RATE, 8000).astype(np.float64)
    f0, times = world().dio(low, 8000, f0_floor=30.0, f0_ceil=1200.0)
    f0 = world().stonemask(low, f0, times, 8000)
    voiced = f0[f0 > 0]
    if len(voiced) < 20:
        return float("nan")
    return float(69 + 12 * np.log2(np.median(voiced) / 440.0))


def _about(name: str, concept: str, origin: Segment, *, song: str) -> Segment:
    return replace(
        origin,
        part=PART,
        file=name,
        pool=PART,
        text=f"={concept}",
        source=song or f"{PART}/{zlib.crc32(name.encode())}",
        song=song,
        split="train",
        pieces=(),
        bandwidth_hz=22050.0,
    )
