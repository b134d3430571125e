"""Sung voices made from speech and sung syllables.

Singing under free licences is rare, and what tells a singer from the rest is the voice, not the
words. So speech is put on melodies: its syllables are stretched to notes, its pitch is replaced by
a sung one (glides, vibrato, drift), its formants and breath are moved so that one speaker becomes
several singers, and takes are doubled and harmonised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import Field

from sayso.configuration import Frozen
from sayso.errors import DataError
from sayso.train.data.build import BuildReport, reason, stored_files
from sayso.train.data.melody import Note, melody, scale_step
from sayso.train.data.store import SAMPLE_RATE, Floats, PartWriter, Segment, Store
from sayso.train.data.vocabulary import load_vocabulary
from sayso.train.data.voice import Manner, analyse, perform, world
from sayso.watch import SILENT, Watch

PART = "made-singing"


class SingingConfig(Frozen):
    """How much singing to make, and how it is varied."""

    takes: int = Field(default=300, ge=1, description="takes of about `take_s` seconds")
    take_s: float = Field(default=22.0, gt=2)
    seed: int = Field(default=0, ge=0)
    syllables: float = Field(default=0.25, ge=0, le=1, description="share made of sung syllables")
    doubled: float = Field(default=0.3, ge=0, le=1)
    harmony: float = Field(default=0.25, ge=0, le=1)
    driven: float = Field(default=0.12, ge=0, le=1, description="share shouted or distorted")


def render_singing(
    store_root: Path, *, config: SingingConfig, watch: Watch = SILENT
) -> BuildReport:
    """Append made-up singing to the store, from its training speech and sung syllables.

    Takes that are there already are kept. A recording without voice is skipped and counted.
    Raises: DataError without material, MissingExtraError without pyworld.
    """
    world()
    store = Store(store_root, load_vocabulary())
    speech, sung = _raw_material(store)
    there = stored_files(store_root)
    stored, already = 0, 0
    skipped: Counter[str] = Counter()
    with PartWriter(store_root, PART) as writer:
        for take in range(config.takes):
            name = f"{PART}/{config.seed}-{take:04d}"
            rng = np.random.default_rng((config.seed, take))
            members = _members(speech, sung, rng, config)
            if name in there:
                already += 1
            else:
                try:
                    samples = sing(_recording(store, members, config.take_s, rng), rng, config)
                    writer.append(samples, _about(name, store.segments[members[0]]))
                    stored += 1
                except DataError as error:
                    skipped[reason(error)] += 1
            watch.check()
            watch.report((take + 1) / config.takes)
    return BuildReport(stored=stored, already=already, skipped=dict(skipped))


def sing(
    recording: tuple[Floats, float], rng: np.random.Generator, config: SingingConfig
) -> Floats:
    """A take `[C, T]` sung by the voice of `recording` (samples `[T]` at 44.1 kHz, bandwidth Hz).

    One channel for a lone voice, two where it is doubled or harmonised. Raises: DataError when
    the recording holds too little voice.
    """
    voice = analyse(*recording)
    spoken_hz = float(np.median(voice.f0[voice.f0 > 0]))
    centre = _midi(spoken_hz) + rng.uniform(1, 10)
    notes = melody(rng, centre=float(np.clip(centre, 45, 74)), length_s=config.take_s)
    manner = Manner(
        formants=float(rng.uniform(0.86, 1.17)),
        breath=float(rng.random() ** 3),
        vibrato_hz=float(rng.uniform(4.6, 6.8)),
        vibrato_semitones=float(rng.uniform(0.0, 0.7) * (rng.random() < 0.75)),
        glide_s=float(rng.uniform(0.02, 0.1)),
        ring_db=float(rng.uniform(0, 8) * (rng.random() < 0.4)),
    )
    first = int(rng.integers(len(voice.syllables)))
    lead = perform(voice, notes, manner, rng, first=first)
    if rng.random() < config.driven:
        lead = _driven(lead, rng)
    parts = [(lead, 0.0, 1.0)]
    if rng.random() < config.doubled:
        for side in (-1.0, 1.0):
            other = replace(manner, formants=manner.formants * float(rng.uniform(0.97, 1.03)))
            copy = perform(voice, _loosened(notes, rng), other, rng, first=first)
            parts.append((copy, side * float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.3, 0.8))))
    if rng.random() < config.harmony:
        step = int(rng.choice([2, 4, -3, 5]))
        above = [replace(note, pitch=scale_step(note, step)) for note in _loosened(notes, rng)]
        part = perform(voice, above, manner, rng, first=first)
        parts.append((part, float(rng.uniform(-0.8, 0.8)), float(rng.uniform(0.3, 0.8))))
    return _mixed(parts)


def _loosened(notes: Sequence[Note], rng: np.random.Generator) -> list[Note]:
    """The same notes, each up to 30 ms early or late, as a second singer would."""
    late = np.clip(rng.normal(0, 0.012, len(notes)), -0.03, 0.03)
    return [
        replace(note, start_s=max(0.0, note.start_s + d), end_s=note.end_s + d)
        for note, d in zip(notes, late, strict=True)
    ]


def _driven(samples: Floats, rng: np.random.Generator) -> Floats:
    """A shouted or distorted voice: soft clipping, asymmetric."""
    drive = np.float32(10 ** (rng.uniform(6, 22) / 20))
    bias = np.float32(rng.uniform(0, 0.2))
    return np.asarray(np.tanh(samples * drive + bias) - np.tanh(bias), np.float32)


def _mixed(parts: Sequence[tuple[Floats, float, float]]) -> Floats:
    """Parts `(samples [T], position -1..1, gain)` mixed; one channel if there is one part."""
    if len(parts) == 1:
        return parts[0][0][None]
    frames = max(len(samples) for samples, _, _ in parts)
    out = np.zeros((2, frames), np.float32)
    for samples, position, gain in parts:
        angle = (position + 1) * np.pi / 4
        out[0, : len(samples)] += samples * np.float32(gain * np.cos(angle))
        out[1, : len(samples)] += samples * np.float32(gain * np.sin(angle))
    return out


def _raw_material(store: Store) -> tuple[list[list[int]], list[list[int]]]:
    """Training segments by speaker, and by singer."""
    speech: dict[str, list[int]] = {}
    sung: dict[str, list[int]] = {}
    for number, segment in enumerate(store.segments):
        if segment.split == "train" and segment.active_frames > SAMPLE_RATE:
            if segment.pool == "speech" and store.labels[number].concept == "speech":
                speech.setdefault(segment.source, []).append(number)
            elif segment.pool == "singing" and "ps-" not in segment.source:
                sung.setdefault(segment.source, []).append(number)
    if not speech and not sung:
        raise DataError("the store holds no training speech or singing; build those pools first")
    return list(speech.values()), list(sung.values())


def _members(
    speech: list[list[int]], sung: list[list[int]], rng: np.random.Generator, config: SingingConfig
) -> list[int]:
    """The segments of a singer or speaker; speakers with several clips come first in turn."""
    if sung and (rng.random() < config.syllables or not speech):
        return sung[int(rng.integers(len(sung)))]
    several = [members for members in speech if len(members) > 1]
    speakers = several if several and rng.random() < 0.4 else speech
    return speakers[int(rng.integers(len(speakers)))]


def _recording(
    store: Store, members: Sequence[int], length_s: float, rng: np.random.Generator
) -> tuple[Floats, float]:
    """Up to `length_s` of one speaker's clips in a row, mono, and their bandwidth."""
    pieces: list[Floats] = []
    bandwidth = SAMPLE_RATE / 2
    for number in rng.permutation(len(members)):
        segment = store.segments[members[int(number)]]
        frames = min(segment.frames, int(length_s * SAMPLE_RATE))
        pieces.append(store.read(members[int(number)], 0, frames).mean(axis=0))
        bandwidth = min(bandwidth, segment.bandwidth_hz)
        if sum(len(piece) for piece in pieces) > 0.7 * length_s * SAMPLE_RATE:
            break
    return np.concatenate(pieces), bandwidth


def _about(name: str, origin: Segment) -> Segment:
    return replace(
        origin,
        part=PART,
        file=name,
        pool=PART,
        text="=vocals",
        source=f"{PART}/{origin.source}",
        song="",
        pieces=(),
        bandwidth_hz=22050.0,
    )


def _midi(hz: float) -> float:
    return float(69 + 12 * np.log2(hz / 440.0))
