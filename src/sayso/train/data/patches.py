"""Synthesised sounds: oscillators, swept filters, envelopes and the drums of drum machines.

Waveforms are float32 `[T]` at 44.1 kHz. All draws come from the generator that is passed in.
Sources: band-limited steps, Valimaki and Huovilainen 2007 (IEEE SPM 24:116); filters, RBJ audio EQ
cookbook.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.signal

from sayso.train.data.melody import Note
from sayso.train.data.store import SAMPLE_RATE, Floats

BLOCK = 128
_Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Patch:
    """How a synthesiser is set.

    Attributes:
        wave: "saw", "square", "sine" or "fm".
        voices, detune: oscillators a note, and how far they lie apart in semitones.
        sub: level of a sine an octave below.
        cutoff_hz, resonance: of the low-pass; Q.
        sweep, sweep_s: octaves that each note opens it, and the time in which that dies away.
        attack_s, decay_s, sustain, release_s: of the level; `sustain` 0..1.
        glide_s: time in which a note slides from the one before.
        drive: gain before soft clipping; 1 = hardly any.
    """

    wave: str
    voices: int = 1
    detune: float = 0.0
    sub: float = 0.0
    cutoff_hz: float = 2000.0
    resonance: float = 0.8
    sweep: float = 0.0
    sweep_s: float = 0.2
    attack_s: float = 0.005
    decay_s: float = 0.3
    sustain: float = 0.7
    release_s: float = 0.05
    glide_s: float = 0.0
    drive: float = 1.0


def played(patch: Patch, notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Floats:
    """`[frames]` of notes on a patch; chords are notes at the same time."""
    out = np.zeros(frames, np.float32)
    opened = np.zeros(-(-frames // BLOCK))
    before: float | None = None
    modulation = (float(rng.choice([0.5, 1, 1, 2, 3, 1.41])), float(rng.uniform(0.5, 5)))
    for note in notes:
        start = int(note.start_s * SAMPLE_RATE)
        length = int((note.end_s - note.start_s + patch.release_s) * SAMPLE_RATE)
        length = min(length, frames - start)
        if length < 64:
            continue
        t = np.arange(length) / SAMPLE_RATE
        pitch = np.full(length, note.pitch)
        if patch.glide_s and before is not None:
            pitch += (before - note.pitch) * np.exp(-t / patch.glide_s)
        before = note.pitch
        level = _level(patch, t, note.end_s - note.start_s)
        tone = _tone(patch, pitch, t, modulation, rng)
        out[start : start + length] += tone * level * np.float32(10 ** (note.accent_db / 20))
        first = start // BLOCK
        fall = np.exp(-np.arange(len(opened) - first) * BLOCK / SAMPLE_RATE / patch.sweep_s)
        np.maximum(opened[first:], fall, out=opened[first:])
    out = swept(out, patch.cutoff_hz * 2 ** (patch.sweep * opened), patch.resonance)
    peak = float(np.abs(out).max()) + 1e-9
    return np.asarray(np.tanh(out / peak * patch.drive), np.float32)


def swept(samples: Floats, cutoff_hz: _Doubles, q: float, *, kind: str = "low") -> Floats:
    """`samples` through a low-pass or band-pass (two sections) that moves every `BLOCK` frames."""
    out = np.empty_like(samples)
    states = [np.zeros(2), np.zeros(2)]
    for start, cutoff in zip(range(0, len(samples), BLOCK), cutoff_hz, strict=False):
        block = samples[start : start + BLOCK]
        for number, (b, a) in enumerate(_sections(min(max(cutoff, 20.0), 18_000.0), q, kind)):
            block, states[number] = scipy.signal.lfilter(b, a, block, zi=states[number])
        out[start : start + BLOCK] = block
    return out


def drum(name: str, rng: np.random.Generator) -> Callable[[float], Floats]:
    """A drum machine's `name` (see `DRUMS`), set at random: from an accent 0..1 to one hit."""
    return DRUMS[name](rng)


def _kick(rng: np.random.Generator) -> Callable[[float], Floats]:
    base, top = rng.uniform(38, 62), rng.uniform(60, 400)
    fall, die = rng.uniform(0.008, 0.06), rng.uniform(0.09, 0.5)
    drive, click = rng.uniform(1, 5), rng.uniform(0, 0.4)
    t = _seconds(4 * die)
    noise = rng.standard_normal(len(t)) * np.exp(-t / 0.002)

    def hit(accent: float) -> Floats:
        sine = np.sin(_turns(base + top * np.exp(-t / fall)))
        return _hit((np.tanh(drive * sine) / np.tanh(drive)) * np.exp(-t / die) + click * noise)

    return hit


def _snare(rng: np.random.Generator) -> Callable[[float], Floats]:
    body, die = rng.uniform(150, 260), rng.uniform(0.04, 0.12)
    rattle, mix = rng.uniform(0.05, 0.25), rng.uniform(0.4, 0.9)
    low_hz = rng.uniform(800, 4000)
    t = _seconds(5 * rattle)

    def hit(accent: float) -> Floats:
        tones = np.sin(_turns(body * (1 + 0.5 * np.exp(-t / 0.01)))) + 0.5 * np.sin(
            2 * np.pi * 1.8 * body * t
        )
        noise = _high(rng.standard_normal(len(t)), low_hz) * np.exp(-t / (rattle * (0.6 + accent)))
        return _hit((1 - mix) * tones * np.exp(-t / die) + mix * noise)

    return hit


def _clap(rng: np.random.Generator) -> Callable[[float], Floats]:
    centre, die = rng.uniform(900, 2500), rng.uniform(0.06, 0.25)
    late = np.cumsum(rng.uniform(0.005, 0.013, int(rng.integers(2, 5))))
    t = _seconds(5 * die)

    def hit(accent: float) -> Floats:
        envelope = np.exp(-t / die) * 0.6
        for at in late:
            envelope = envelope + (t >= at) * np.exp(-np.maximum(t - at, 0) / 0.006)
        sections = scipy.signal.butter(
            2, [0.5 * centre, 2.2 * centre], "bandpass", fs=SAMPLE_RATE, output="sos"
        )
        return _hit(scipy.signal.sosfilt(sections, rng.standard_normal(len(t))) * envelope)

    return hit


def _hat(rng: np.random.Generator) -> Callable[[float], Floats]:
    low_hz, metal = rng.uniform(5000, 9500), rng.uniform(0, 1)
    short, long = rng.uniform(0.012, 0.06), rng.uniform(0.12, 0.5)
    partials = rng.uniform(300, 900) * np.array([1, 1.34, 1.52, 1.8, 2.2, 2.7])

    def hit(accent: float) -> Floats:
        die = long if accent > 0.95 else short * (0.7 + 0.6 * accent)
        t = _seconds(5 * die)
        squares = np.sign(np.sin(2 * np.pi * partials[:, None] * t)).sum(0) / 3
        mixed = metal * squares + (1 - 0.7 * metal) * rng.standard_normal(len(t))
        return _hit(_high(mixed, low_hz) * np.exp(-t / die))

    return hit


def _tom(rng: np.random.Generator) -> Callable[[float], Floats]:
    base, die = rng.uniform(70, 240), rng.uniform(0.1, 0.4)
    t = _seconds(4 * die)

    def hit(accent: float) -> Floats:
        return _hit(np.sin(_turns(base * (1 + 0.6 * np.exp(-t / 0.03)))) * np.exp(-t / die))

    return hit


def _percussion(rng: np.random.Generator) -> Callable[[float], Floats]:
    hz, die, shaken = rng.uniform(400, 1800), rng.uniform(0.015, 0.15), rng.random() < 0.4
    ratio = rng.uniform(1.2, 1.7)
    t = _seconds(5 * die)

    def hit(accent: float) -> Floats:
        if shaken:
            swell = np.minimum(t / 0.01, 1)
            return _hit(_high(rng.standard_normal(len(t)), 4 * hz) * swell * np.exp(-t / die))
        tones = np.sign(np.sin(2 * np.pi * hz * t)) + np.sign(np.sin(2 * np.pi * hz * ratio * t))
        return _hit(_high(tones, hz) * np.exp(-t / die))

    return hit


# By the concept that each is.
DRUMS: Mapping[str, Callable[[np.random.Generator], Callable[[float], Floats]]] = {
    "kick": _kick,
    "snare": _snare,
    "hand claps": _clap,
    "hi-hat": _hat,
    "toms": _tom,
    "percussion": _percussion,
}


def _tone(
    patch: Patch,
    pitch: _Doubles,
    t: _Doubles,
    modulation: tuple[float, float],
    rng: np.random.Generator,
) -> Floats:
    out = np.zeros(len(t))
    spread = np.linspace(-1, 1, patch.voices) if patch.voices > 1 else np.zeros(1)
    for offset in spread:
        hz = 440 * 2 ** ((pitch + patch.detune * offset - 69) / 12)
        turns = np.cumsum(hz) / SAMPLE_RATE + rng.random()
        step = hz / SAMPLE_RATE
        if patch.wave == "saw":
            out += _saw(turns, step)
        elif patch.wave == "square":
            out += _saw(turns, step) - _saw(turns + 0.5, step)
        elif patch.wave == "sine":
            out += np.sin(2 * np.pi * turns)
        else:
            ratio, index = modulation
            fall = index * np.exp(-t / patch.sweep_s)
            out += np.sin(2 * np.pi * turns + fall * np.sin(2 * np.pi * ratio * turns))
    if patch.sub:
        low = 440 * 2 ** ((pitch - 12 - 69) / 12)
        out += patch.sub * patch.voices * np.sin(2 * np.pi * np.cumsum(low) / SAMPLE_RATE)
    return (out / patch.voices).astype(np.float32)


def _saw(turns: _Doubles, step: _Doubles) -> _Doubles:
    """A sawtooth whose jumps are rounded over two samples, so that it hardly aliases."""
    at = turns - np.floor(turns)
    out = 2 * at - 1
    after, before = np.flatnonzero(at < step), np.flatnonzero(at > 1 - step)
    out[after] += (at[after] / step[after] - 1) ** 2
    out[before] -= ((at[before] - 1) / step[before] + 1) ** 2
    return out


def _level(patch: Patch, t: _Doubles, held_s: float) -> Floats:
    level = patch.sustain + (1 - patch.sustain) * np.exp(-t / patch.decay_s)
    level *= np.minimum(t / patch.attack_s, 1)
    level *= np.exp(-np.maximum(t - held_s, 0) / (0.3 * patch.release_s))
    tail = min(len(t), 64)
    level[len(t) - tail :] *= np.linspace(1, 0, tail)
    return level.astype(np.float32)


def _sections(cutoff_hz: float, q: float, kind: str) -> Iterator[tuple[list[float], list[float]]]:
    omega = 2 * math.pi * cutoff_hz / SAMPLE_RATE
    cos, sin = math.cos(omega), math.sin(omega)
    for width in (sin / (2 * q), sin / (2 * 0.6)):
        b = [(1 - cos) / 2, 1 - cos, (1 - cos) / 2] if kind == "low" else [width, 0.0, -width]
        yield b, [1 + width, -2 * cos, 1 - width]


def _seconds(length_s: float) -> _Doubles:
    return np.arange(int(length_s * SAMPLE_RATE)) / SAMPLE_RATE


def _turns(hz: _Doubles) -> _Doubles:
    return np.asarray(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE)


def _high(samples: _Doubles, low_hz: float) -> _Doubles:
    sections = scipy.signal.butter(2, low_hz, "highpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(scipy.signal.sosfilt(sections, samples))


def _hit(samples: _Doubles) -> Floats:
    tail = min(len(samples), 200)
    samples[len(samples) - tail :] *= np.linspace(1, 0, tail)
    return np.asarray(samples / (np.abs(samples).max() + 1e-9), np.float32)
