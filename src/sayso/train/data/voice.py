"""A voice taken apart by the WORLD vocoder, and put together again as singing.

Source: Morise, Yokomori, Ozawa 2016, WORLD: a vocoder-based high-quality speech synthesis system.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import scipy.signal
import soxr

from sayso.errors import DataError, MissingExtraError
from sayso.train.data.melody import Note
from sayso.train.data.store import SAMPLE_RATE, Floats

FRAME_S = 0.005
N_FFT = 2048
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Voice:
    """A recording taken apart at 5 ms a frame: envelope and aperiodicity `[N, F]` at 44.1 kHz."""

    f0: Doubles
    envelope: Doubles
    aperiodicity: Doubles
    syllables: tuple[tuple[int, int, int], ...]  # (onset, vowel start, vowel end) in frames


@dataclass(frozen=True, slots=True)
class Manner:
    """How a singer differs from the speaker: drawn once a take, varied a little for a double."""

    formants: float
    breath: float
    vibrato_hz: float
    vibrato_semitones: float
    glide_s: float
    ring_db: float


def analyse(samples: Floats, bandwidth_hz: float) -> Voice:
    """Take a recording `[T]` at 44.1 kHz apart; what lies above its bandwidth is made up.

    Analysis runs at 16 or 24 kHz, whichever the bandwidth needs: WORLD's cost grows with the rate.
    Raises: DataError for under a second of voice.
    """
    rate = 16000 if bandwidth_hz < 9000 else 24000
    low = soxr.resample(samples, SAMPLE_RATE, rate).astype(np.float64)
    f0, times = world().dio(low, rate, f0_floor=65.0, f0_ceil=800.0)
    f0 = world().stonemask(low, f0, times, rate)
    if np.count_nonzero(f0) * FRAME_S < 1.0:
        raise DataError("a recording: under a second of voice")
    edge_hz = min(0.93 * rate / 2, 0.95 * bandwidth_hz)
    envelope = _widened_envelope(world().cheaptrick(low, f0, times, rate), rate, edge_hz)
    aperiodicity = world().d4c(low, f0, times, rate)
    grid = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    own = np.linspace(0, rate / 2, aperiodicity.shape[1])
    above = np.array([np.interp(grid, own, row) for row in aperiodicity])
    # Singers press harder than speakers: less noise between their harmonics, also far up.
    above = np.clip(above**1.6 + np.clip((grid - 8000) / 20000, 0, 0.4), 0.001, 1.0)
    above[f0 <= 0] = 1.0
    syllables = _syllables(f0, envelope)
    if not syllables:
        raise DataError("a recording: no syllable found")
    return Voice(f0, envelope, above, syllables)


def perform(
    voice: Voice, notes: Sequence[Note], manner: Manner, rng: np.random.Generator, *, first: int
) -> Floats:
    """Samples `[T]` of `notes` sung on the syllables of `voice`, from syllable `first` on."""
    total = int(notes[-1].end_s / FRAME_S) + 40
    position = np.full(total, -1.0)
    voiced = np.zeros(total, bool)
    level = np.zeros(total)
    for number, note in enumerate(notes):
        onset, start, end = voice.syllables[(first + number) % len(voice.syllables)]
        at, stop = int(note.start_s / FRAME_S), int(note.end_s / FRAME_S)
        before = min(start - onset, at, 30)
        position[at - before : at] = np.arange(start - before, start)
        voiced[at - before : at] = False
        level[at - before : at] = 10 ** (-rng.uniform(0, 8) / 20)
        position[at:stop] = _stretch(start, end, stop - at)
        voiced[at:stop] = True
        level[at:stop] = 10 ** (note.accent_db / 20)
        # Let go over some 100 ms; the next note, if it follows at once, writes over this.
        release = min(int(rng.uniform(8, 30)), total - stop)
        position[stop : stop + release] = end - 1
        voiced[stop : stop + release] = True
        level[stop : stop + release] = level[stop - 1] * np.linspace(1, 0, release) ** 1.5
    source = np.clip(position, 0, len(voice.f0) - 1)
    envelope = np.exp(_frames_at(np.log(voice.envelope), source))
    aperiodicity = _frames_at(voice.aperiodicity, source)
    pitch = np.where(voiced, _pitch_curve(notes, total, manner, rng), 0.0)
    envelope = _mannered(envelope, manner)
    aperiodicity = np.clip(aperiodicity ** (1 - 0.6 * manner.breath), 0.001, 1.0)
    loud = np.sqrt(envelope.sum(axis=1))
    even = np.median(loud[voiced]) / np.maximum(loud, np.median(loud[voiced]) * 0.03)
    gain = np.where(voiced, even**0.6, 1.0) * scipy.ndimage.gaussian_filter1d(level, 1.5)
    envelope *= (np.maximum(gain, 1e-4) ** 2)[:, None]
    out = world().synthesize(
        np.ascontiguousarray(pitch),
        np.ascontiguousarray(envelope),
        np.ascontiguousarray(aperiodicity),
        SAMPLE_RATE,
        FRAME_S * 1000,
    )
    return np.asarray(out / (np.abs(out).max() + 1e-9), np.float32)


@cache
def world() -> Any:
    """The compiled WORLD module of pyworld.

    It is loaded without its package, whose `__init__` asks `pkg_resources` for a version number,
    which setuptools no longer has. Raises: MissingExtraError when pyworld is not installed.
    """
    package = importlib.util.find_spec("pyworld")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(folder) / f"pyworld{suffix}"
            if path.is_file():
                loader = importlib.machinery.ExtensionFileLoader("pyworld.pyworld", str(path))
                spec = importlib.util.spec_from_file_location(loader.name, path, loader=loader)
                assert spec is not None
                module = importlib.util.module_from_spec(spec)
                loader.exec_module(module)
                return module
    raise MissingExtraError("pyworld is not installed; pip install 'sayso[train]'")


def _pitch_curve(
    notes: Sequence[Note], total: int, manner: Manner, rng: np.random.Generator
) -> Doubles:
    """Hz a frame: notes joined by glides, a late vibrato, slow drift and fine jitter."""
    pitch = np.zeros(total)
    shake = np.zeros(total)
    last = notes[0].pitch
    at = 0
    for note in notes:
        start, stop = int(note.start_s / FRAME_S), int(note.end_s / FRAME_S)
        pitch[at:start] = last
        off = rng.normal(0, 0.12)
        pitch[start:stop] = note.pitch + off
        if rng.random() < 0.3:  # scooped from below
            scoop = min(stop - start, int(rng.uniform(0.05, 0.15) / FRAME_S))
            pitch[start : start + scoop] -= np.linspace(rng.uniform(0.5, 2.5), 0, scoop)
        length = stop - start
        late = int(rng.uniform(0.15, 0.4) / FRAME_S)
        if length > late + 20:
            rise = np.clip(np.arange(length - late) / 60, 0, 1)
            phase = 2 * np.pi * manner.vibrato_hz * np.arange(length - late) * FRAME_S
            shake[start + late : stop] = manner.vibrato_semitones * rise * np.sin(phase)
        last, at = note.pitch + off, stop
    pitch[at:] = last
    smooth = scipy.ndimage.gaussian_filter1d(pitch, manner.glide_s / FRAME_S / 2)
    drift = scipy.ndimage.gaussian_filter1d(rng.standard_normal(total), 40.0) * 0.6
    jitter = scipy.ndimage.gaussian_filter1d(rng.standard_normal(total), 1.5) * 0.06
    return np.asarray(440.0 * 2 ** ((smooth + shake + drift * 0.3 + jitter - 69) / 12), np.float64)


def _widened_envelope(envelope: Doubles, rate: int, edge_hz: float) -> Doubles:
    """The power envelope on the 44.1 kHz grid; above its edge it falls 9 dB an octave."""
    grid = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    own = np.linspace(0, rate / 2, envelope.shape[1])
    logs = np.log(envelope + 1e-16)
    out = np.array([np.interp(np.minimum(grid, edge_hz), own, row) for row in logs])
    near = (own > edge_hz * 0.7) & (own < edge_hz)
    edge = np.searchsorted(grid, edge_hz)
    fall = np.log(10 ** (-0.9 * np.log2(grid[edge:] / edge_hz)))
    out[:, edge:] = 0.5 * (out[:, edge - 1 : edge] + logs[:, near].mean(axis=1)[:, None]) + fall
    # The join is eased over some 600 Hz.
    out[:, edge - 20 : edge + 20] = scipy.ndimage.uniform_filter1d(
        out[:, edge - 40 : edge + 40], 15, axis=1
    )[:, 20:60]
    return np.asarray(np.exp(out))


def _syllables(f0: Doubles, envelope: Doubles) -> tuple[tuple[int, int, int], ...]:
    """(onset, vowel start, vowel end) of each voiced stretch, long ones split at their dips."""
    energy = scipy.ndimage.gaussian_filter1d(10 * np.log10(envelope.sum(axis=1) + 1e-12), 4.0)
    loud = energy > np.percentile(energy, 95) - 35
    voiced = (f0 > 0) & loud
    edges = np.flatnonzero(np.diff(np.concatenate(([0], voiced.astype(np.int8), [0]))))
    out: list[tuple[int, int, int]] = []
    before = 0
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start < 10:
            continue
        dips = scipy.signal.find_peaks(-energy[start:end], distance=20, prominence=1.5)[0] + start
        cuts = [int(start), *(int(d) for d in dips if start + 14 < d < end - 14), int(end)]
        for low, high in pairwise(cuts):
            onset = max(before, low - 30) if low == start else low
            out.append((onset, low, high))
            before = high
    return tuple(out)


def _stretch(start: int, end: int, length: int) -> Doubles:
    """Source frames for a vowel of `length` frames: its edges keep their pace, its middle waits."""
    own = end - start
    if own >= length:
        return np.linspace(start, start + length - 1, length)
    edge = max(2, min(own // 3, 16))
    middle = np.linspace(start + edge, end - 1 - edge, length - 2 * edge)
    # A slow wander keeps a long vowel from freezing into a buzz.
    wander = 2.0 * np.sin(np.linspace(0, len(middle) / 25, len(middle)))
    middle = np.clip(middle + wander, start, end - 1)
    return np.concatenate(
        (np.arange(start, start + edge), middle, np.arange(end - edge, end))
    ).astype(np.float64)


def _frames_at(rows: Doubles, position: Doubles) -> Doubles:
    """Rows of `[N, F]` at fractional positions."""
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, len(rows) - 1)
    share = (position - low)[:, None]
    return np.asarray(rows[low] * (1 - share) + rows[high] * share)


def _mannered(envelope: Doubles, manner: Manner) -> Doubles:
    """Formants moved by a factor, and the singers' ring about 3 kHz."""
    grid = np.linspace(0, SAMPLE_RATE / 2, envelope.shape[1])
    at = np.clip(grid / manner.formants, 0, SAMPLE_RATE / 2) / (grid[1])
    low = np.minimum(at.astype(int), len(grid) - 2)
    share = at - low
    moved = envelope[:, low] * (1 - share) + envelope[:, low + 1] * share
    ring = 10 ** (manner.ring_db / 10 * np.exp(-(((grid - 3000) / 700) ** 2)))
    return np.asarray(moved * ring)
