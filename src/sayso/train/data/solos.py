"""Solos: one instrument at a time, played as it is played, for learning to tell instruments apart.

A line of a MIDI piece, or a made-up melody, is played by General MIDI soundfonts (fluidsynth) or on
the store's own recorded notes. What sings (bows, winds, brass) plays one note at a time, with tied
notes, swells and a vibrato that comes in late; some solos sound in a room. Every instrument gets
the same number of solos, whatever songs use.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data import augment
from sayso.train.data.build import BuildReport, reason, stored_files
from sayso.train.data.lines import Sampler, find_samplers, play, top_line
from sayso.train.data.melody import Note, melody
from sayso.train.data.midi import VALID_ONE_IN, check_renderer, lines_of, read_midi, synthesise
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Segment, Store
from sayso.train.data.vocabulary import Vocabulary, load_vocabulary
from sayso.watch import SILENT, Watch

PART = "solos"
# The MIDI pitch about which each instrument plays; 60 for the rest.
CENTRES: Mapping[str, float] = {
    "violin": 74, "cello": 50, "double bass": 36, "bass guitar": 38, "synth bass": 38,
    "trumpet": 68, "trombone": 52, "tuba": 40, "french horn": 55, "saxophone": 62,
    "flute": 77, "clarinet": 65, "oboe": 72, "bassoon": 47, "harmonica": 70,
    "glockenspiel": 84, "vibraphone": 68, "marimba": 66, "kalimba": 68, "banjo": 60,
    "acoustic guitar": 54, "electric guitar": 57, "accordion": 64, "harp": 64,
}  # fmt: skip
# What bows or breath sound: one note at a time, tied, with swells and vibrato.
SINGING = frozenset(
    {
        "violin", "cello", "trumpet", "trombone", "tuba", "french horn", "saxophone", "flute",
        "clarinet", "oboe", "bassoon", "harmonica",
    }
)  # fmt: skip
# What is no instrument one would ask for alone, or hardly differs from another.
LEFT_OUT = frozenset({"drums", "orchestra", "synth", "brass"})
_CHORDS = frozenset({"piano", "electric piano", "organ", "harpsichord", "accordion", "harp"})
_BEND_RANGE = 8192 / 2.0  # of the pitch wheel a semitone, at its usual two semitones


class SolosConfig(Frozen):
    """How many solos of each instrument, how long, and with which soundfonts."""

    soundfonts: tuple[Path, ...]
    takes: int = Field(default=16, ge=0, description="rendered solos an instrument")
    sampled: int = Field(default=12, ge=0, description="solos on recorded notes a set of notes")
    take_s: float = Field(default=20.0, gt=2)
    seed: int = Field(default=0, ge=0)


def render_solos(
    midi_root: Path,
    store_root: Path,
    *,
    config: SolosConfig,
    watch: Watch = SILENT,
) -> BuildReport:
    """Append solos of every instrument to the store, after the pieces in `midi_root/freedoom`.

    What is there already is kept. Pieces that are held out elsewhere are held out here.
    Raises: DataError when fluidsynth or a soundfont is not there.
    """
    check_renderer(config.soundfonts)
    vocabulary = load_vocabulary()
    store = Store(store_root, vocabulary)
    pieces = sorted((midi_root / "freedoom").glob("*.mid"))
    train = [path for path in pieces if not _held_out(path)]
    there = stored_files(store_root)
    jobs: list[tuple[str, str | Sampler]] = [
        (f"{PART}/{config.seed}-{concept}-{take}", concept)
        for take in range(config.takes)
        for concept in instruments(vocabulary)
    ]
    samplers = find_samplers(store) if config.sampled else []
    for take in range(config.sampled):
        for sampler in samplers:
            name = sampler.source.replace("/", "-")
            jobs.append((f"{PART}/{config.seed}-{name}-{take}", sampler))
    stored, already, skipped = 0, 0, Counter[str]()
    with PartWriter(store_root, PART) as writer:
        for done, (name, what) in enumerate(jobs):
            if name in there:
                already += 1
            else:
                rng = np.random.default_rng((config.seed, zlib.crc32(name.encode())))
                try:
                    _add_solo(writer, store, name, what, train, rng, config)
                    stored += 1
                except DataError as error:
                    skipped[reason(error)] += 1
            watch.check()
            watch.report((done + 1) / len(jobs))
    return BuildReport(stored=stored, already=already, skipped=dict(skipped))


def instruments(vocabulary: Vocabulary) -> list[str]:
    """The concepts that General MIDI can play alone, by name."""
    known = {vocabulary.program(number) for number in range(128)} - {None} - LEFT_OUT
    return sorted(name for name in known if name)


def solo_of(
    concept: str, notes: Sequence[Note], font: Path, rng: np.random.Generator, *, room: bool = False
) -> Floats:
    """Samples `[2, T]` of `notes` played by `concept`'s program in `font`, with expression.

    Raises: DataError for a concept without a program, or if fluidsynth fails.
    """
    import pretty_midi

    vocabulary = load_vocabulary()
    programs = [n for n in range(128) if vocabulary.program(n) == concept]
    if not programs:
        raise DataError(f"{concept}: no General MIDI program plays it")
    instrument = pretty_midi.Instrument(int(rng.choice(programs)))
    for note in notes:
        velocity = int(np.clip(88 + 3.0 * note.accent_db + rng.normal(0, 6), 20, 127))
        pitch = int(np.clip(round(note.pitch), 0, 127))
        instrument.notes.append(pretty_midi.Note(velocity, pitch, note.start_s, note.end_s))
    if concept in SINGING and rng.random() < 0.8:
        _express(instrument, notes, rng)
    piece = pretty_midi.PrettyMIDI()
    piece.instruments.append(instrument)
    return synthesise(piece, font, room=room)


def line_at(
    concept: str, pieces: Sequence[Path], rng: np.random.Generator, length_s: float
) -> list[Note]:
    """Notes that suit `concept`: of a piece, moved into its range, else a made-up melody."""
    centre = CENTRES.get(concept, 60.0)
    singing = concept in SINGING
    for _ in range(4 if pieces and rng.random() < 0.6 else 0):
        notes = list(_any_line(pieces[int(rng.integers(len(pieces)))], rng, length_s))
        if singing:
            notes = top_line(notes)
        if len(notes) >= 10:
            shift = 12 * round((centre - float(np.median([n.pitch for n in notes]))) / 12)
            shift += int(rng.integers(-4, 5))
            return [_moved(note, shift) for note in notes]
    notes = melody(rng, centre=centre, length_s=length_s)
    if concept in _CHORDS and rng.random() < 0.6:
        below = (0, -12, -5, -8)[: int(rng.integers(2, 5))]
        notes = [_moved(note, shift) for note in notes for shift in below]
    return _tied(notes, rng) if singing else notes


def _add_solo(
    writer: PartWriter,
    store: Store,
    name: str,
    what: str | Sampler,
    pieces: Sequence[Path],
    rng: np.random.Generator,
    config: SolosConfig,
) -> None:
    if isinstance(what, Sampler):
        notes = sorted(line_at(what.concept, pieces, rng, config.take_s), key=lambda n: n.start_s)
        samples = play(store, what, notes, rng)
        if rng.random() < 0.5:
            number = int(rng.integers(augment.ROOMS))
            samples = augment.in_room(samples, number, wet=float(rng.uniform(0.1, 0.6)))
        origin = store.segments[what.segments[0]]
        about = _about(name, what.concept, origin.licence, origin.author, origin.origin)
    else:
        font = config.soundfonts[int(rng.integers(len(config.soundfonts)))]
        notes = line_at(what, pieces, rng, config.take_s)
        samples = solo_of(what, notes, font, rng, room=bool(rng.random() < 0.4))
        origin_text = f"freedoom/freedoom, rendered with {font.stem}"
        about = _about(name, what, "BSD-3-Clause", "the Freedoom project", origin_text)
    if np.abs(samples).max() < 1e-3:
        raise DataError(f"{name}: nothing to hear")
    writer.append(samples[:, : int((config.take_s + 2) * SAMPLE_RATE)], about)


@cache
def _midi(path: Path) -> Any:
    return read_midi(path)


def _any_line(path: Path, rng: np.random.Generator, length_s: float) -> list[Note]:
    """A window of one melodic line of a piece, in another key and tempo."""
    lines = lines_of(_midi(path), load_vocabulary())
    melodic = sorted(name for name in lines if name not in ("drums",))
    if not melodic:
        return []
    notes = sorted(
        lines[melodic[int(rng.integers(len(melodic)))]][0].notes, key=lambda n: float(n.start)
    )
    start = float(notes[int(rng.integers(max(1, len(notes) - 12)))].start) - 0.1
    rate, key = float(rng.uniform(0.7, 1.2)), int(rng.integers(-5, 7))
    return [
        Note(
            (n.start - start) / rate,
            max((n.end - start) / rate, (n.start - start) / rate + 0.05),
            float(n.pitch + key),
            20 * float(np.log10(max(n.velocity, 8) / 100)),
        )
        for n in notes
        if start <= n.start < start + length_s * rate
    ]


def _moved(note: Note, semitones: int) -> Note:
    return Note(note.start_s, note.end_s, note.pitch + semitones, note.accent_db)


def _tied(notes: Sequence[Note], rng: np.random.Generator) -> list[Note]:
    """Most notes held until the next begins."""
    out = list[Note]()
    for note, following in zip(notes, [*notes[1:], None], strict=True):
        end = note.end_s
        if following and following.start_s - end < 0.2 and rng.random() < 0.7:
            end = following.start_s + 0.03
        out.append(Note(note.start_s, end, note.pitch, note.accent_db))
    return out


def _express(instrument: Any, notes: Sequence[Note], rng: np.random.Generator) -> None:
    """Swells (controller 11) and vibrato (the pitch wheel), drawn once for the whole solo."""
    import pretty_midi

    speed_hz, depth = rng.uniform(4.5, 6.8), rng.uniform(0.05, 0.45) * _BEND_RANGE
    for note in notes:
        length = note.end_s - note.start_s
        if length < 0.25:
            continue
        low, peak = rng.uniform(70, 100), rng.uniform(0.25, 0.7)
        for at in np.arange(0.0, length, 0.03):
            swell = low + (127 - low) * np.sin(np.pi * min(1.0, at / length / (2 * peak)))
            late = np.clip((at - 0.15) / 0.3, 0, 1)
            bend = int(np.clip(late * depth * np.sin(2 * np.pi * speed_hz * at), -8191, 8191))
            time_s = note.start_s + float(at)
            level = int(np.clip(swell, 1, 127))
            instrument.control_changes.append(pretty_midi.ControlChange(11, level, time_s))
            instrument.pitch_bends.append(pretty_midi.PitchBend(bend, time_s))


def _held_out(path: Path) -> bool:
    return zlib.crc32(path.name.encode()) % VALID_ONE_IN == 0


def _about(name: str, concept: str, licence: str, author: str, origin: str) -> Segment:
    return Segment(
        part=PART,
        file=name,
        pool=PART,
        text=f"={concept}",
        source=f"{PART}/{name}",
        song="",
        split="train",
        licence=licence,
        author=author,
        origin=origin,
        channels=0,
        frames=0,
        pieces=(),
    )
