"""Cheap variations of one source: pitch, colour, room, place in the stereo field, level.

Waveforms are float32 `[C, T]` at 44.1 kHz with one or two channels. Mono stays mono for as long as
possible, because every filter then costs half. What is done to a source belongs to it: a target
holds its room and its colour. All draws come from the generator that is passed in.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal
import soxr
from pydantic import Field

from sayso.configuration import Frozen
from sayso.train.data.store import SAMPLE_RATE, Floats, block_power

ROOMS = 48


class AugmentConfig(Frozen):
    """How often each variation is drawn, as probabilities 0..1."""

    speed: float = Field(default=0.3, ge=0, le=1)
    equaliser: float = Field(default=0.4, ge=0, le=1)
    room: float = Field(default=0.22, ge=0, le=1)
    doubling: float = Field(default=0.2, ge=0, le=1)
    band_limit: float = Field(default=0.06, ge=0, le=1)


def resampled(samples: Floats, ratio: float) -> Floats:
    """`samples` played `ratio` times as fast: shorter and higher for ratios above 1."""
    out = soxr.resample(samples.T, SAMPLE_RATE * ratio, SAMPLE_RATE, "LQ")
    return np.ascontiguousarray(out.T, dtype=np.float32)


def biquad(samples: Floats, b: Floats, a: Floats) -> Floats:
    """One second-order section over each channel, in float32."""
    out: Floats = scipy.signal.lfilter(b, a, samples, axis=-1)
    return out


def equalised(samples: Floats, rng: np.random.Generator) -> Floats:
    """A random peak or weight_store: 60 Hz..12 kHz, -9..9 dB, Q 0.4..2 (RBJ audio EQ cookbook)."""
    omega = 2 * np.pi * 60.0 * 200.0 ** rng.random() / SAMPLE_RATE
    amp = 10 ** (rng.uniform(-9, 9) / 40)
    alpha = np.sin(omega) / (2 * rng.uniform(0.4, 2.0))
    cos = np.cos(omega)
    if rng.random() < 0.5:
        b = [1 + alpha * amp, -2 * cos, 1 - alpha * amp]
        a = [1 + alpha / amp, -2 * cos, 1 - alpha / amp]
    else:
        sign = 1.0 if rng.random() < 0.5 else -1.0  # low weight_store or high weight_store
        root = 2 * np.sqrt(amp) * alpha
        b = [
            amp * ((amp + 1) - sign * (amp - 1) * cos + root),
            sign * 2 * amp * ((amp - 1) - sign * (amp + 1) * cos),
            amp * ((amp + 1) - sign * (amp - 1) * cos - root),
        ]
        a = [
            (amp + 1) + sign * (amp - 1) * cos + root,
            -sign * 2 * ((amp - 1) + sign * (amp + 1) * cos),
            (amp + 1) + sign * (amp - 1) * cos - root,
        ]
    scale = a[0]
    return biquad(
        samples,
        np.array(b, np.float32) / np.float32(scale),
        np.array(a, np.float32) / scale.astype(np.float32),
    )


def low_passed(samples: Floats, cutoff_hz: float) -> Floats:
    """A steep, zero-phase low-pass: nothing above `cutoff_hz`, all below 0.94 times that."""
    size = scipy.fft.next_fast_len(samples.shape[1], real=True)
    spectrum = scipy.fft.rfft(samples, size, axis=-1)
    edge = min(int(cutoff_hz / SAMPLE_RATE * size), spectrum.shape[1])
    slope = max(1, int(0.06 * edge))
    ramp = np.cos(np.linspace(0, np.pi / 2, slope, dtype=np.float32)) ** 2
    spectrum[:, edge - slope : edge] *= ramp
    spectrum[:, edge:] = 0
    out: Floats = scipy.fft.irfft(spectrum, size, axis=-1)[:, : samples.shape[1]]
    return out


def softened(samples: Floats, cutoff_hz: float) -> Floats:
    """A gentle low-pass, 12 dB an octave from `cutoff_hz` on, as a loudspeaker's (RBJ cookbook)."""
    omega = 2 * np.pi * cutoff_hz / SAMPLE_RATE
    alpha, cos = np.sin(omega) / (2 * 0.8), np.cos(omega)
    b = np.array([(1 - cos) / 2, 1 - cos, (1 - cos) / 2], np.float32)
    a = np.array([1 + alpha, -2 * cos, 1 - alpha], np.float32)
    return biquad(samples, b / a[0], a / a[0])


def in_room(samples: Floats, number: int, *, wet: float) -> Floats:
    """`samples` in the synthetic room `number` (0..ROOMS-1), `[2, T]`; `wet` 0..1 its share."""
    frames = samples.shape[1]
    spectrum_there, size = _room_spectrum(number, frames)
    spectrum = scipy.fft.rfft(samples, size, axis=-1) * spectrum_there
    tail = scipy.fft.irfft(spectrum, size, axis=-1)[:, :frames]
    return np.asarray(samples * np.float32(1 - 0.5 * wet) + np.float32(wet) * tail, np.float32)


@lru_cache(maxsize=ROOMS)
def room(number: int) -> Floats:
    """A made-up stereo room response `[2, L]` of unit energy: early taps, then decaying noise.

    Decay times (RT60) run from 0.15 to 1.6 s; treble dies faster than bass, as in real rooms.
    """
    rng = np.random.default_rng((7, number))
    rt60_s = 0.15 * 10.7 ** rng.random()
    length = int(rt60_s * 0.8 * SAMPLE_RATE)
    t = np.arange(length) / SAMPLE_RATE
    pre = int(rng.uniform(0.002, 0.03) * SAMPLE_RATE)
    noise = rng.standard_normal((2, length)).astype(np.float32)
    bright = noise * np.exp(-6.9 * t / (rt60_s * rng.uniform(0.3, 0.7)))
    dark = scipy.signal.lfilter([0.12], [1, -0.88], noise) * np.exp(-6.9 * t / rt60_s)
    tail = np.pad((bright * rng.uniform(0.1, 0.5) + dark * 2.0), ((0, 0), (pre, 0)))
    for _ in range(int(rng.integers(3, 9))):
        at = int(rng.uniform(0.001, 0.04) * SAMPLE_RATE)
        if at < tail.shape[1]:
            tail[:, at] += rng.uniform(-6, 6, 2) * np.exp(-30 * at / SAMPLE_RATE)
    return np.asarray(tail / np.sqrt(np.square(tail).sum() / 2), np.float32)


def placed(samples: Floats, rng: np.random.Generator, *, spread: float) -> Floats:
    """`[2, T]`: mono panned within `spread` (0..1) of the centre; stereo swapped and narrowed."""
    if len(samples) == 1:
        angle = (1 + spread * rng.uniform(-1, 1)) * np.pi / 4
        gains = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        return np.asarray(samples * gains, np.float32)
    if rng.random() < 0.5:
        samples = samples[::-1]
    if rng.random() < 0.25:
        width = np.float32(rng.uniform(0.0, 1.0))
        mid = samples.mean(axis=0)
        return np.asarray(mid + width * (samples - mid), np.float32)
    return samples


def doubled(samples: Floats, rng: np.random.Generator) -> Floats:
    """A voice sung twice or echoed, `[2, T]`: late, quieter copies to the left and right."""
    base = samples if len(samples) == 2 else np.repeat(samples, 2, axis=0)
    out = base.copy()
    late_s = rng.uniform(0.012, 0.035, 2) if rng.random() < 0.6 else rng.uniform(0.12, 0.5, 2)
    for channel, late in enumerate(late_s):
        shift = int(late * SAMPLE_RATE)
        if shift < base.shape[1]:
            gain = np.float32(rng.uniform(0.15, 0.7))
            out[channel, shift:] += gain * base[channel, : base.shape[1] - shift]
    return out


def to_level(samples: Floats, level_db: float) -> Floats:
    """`samples` at `level_db` dBFS over its loud blocks (within 35 dB of the loudest)."""
    power = block_power(samples)
    top = float(power.max())
    if top < 1e-9:
        return samples
    rms = float(np.sqrt(np.mean(power[power > top * 10**-3.5])))
    return samples * np.float32(10 ** (level_db / 20) / rms)


def coloured_noise(frames: int, rng: np.random.Generator) -> Floats:
    """Made-up background noise `[1, frames]`: a random tilt and hump, swelling slowly."""
    size = scipy.fft.next_fast_len(frames, real=True)
    bins = size // 2 + 1
    hz = np.linspace(1.0, SAMPLE_RATE / 2, bins, dtype=np.float32)
    octaves = np.log2(hz / 1000.0)
    shape_db = rng.uniform(-9, 1) * octaves
    for _ in range(int(rng.integers(0, 4))):
        centre, width = rng.uniform(-4, 4), rng.uniform(0.2, 2)
        shape_db = shape_db + rng.uniform(-15, 15) * np.exp(-(((octaves - centre) / width) ** 2))
    shape = 10 ** (np.clip(shape_db, -80, 40) / 20) * (hz > 30)
    phase = rng.random(bins, dtype=np.float32) * np.float32(2 * np.pi)
    spectrum = (shape * np.exp(1j * phase)).astype(np.complex64)
    noise = scipy.fft.irfft(spectrum, size)[:frames]
    knots = rng.uniform(0.5, 1.0, 2 + frames // SAMPLE_RATE).astype(np.float32)
    swell = np.interp(np.linspace(0, len(knots) - 1, frames), np.arange(len(knots)), knots)
    out = (noise * swell)[None]
    return np.asarray(out / (np.abs(out).max() + 1e-9), np.float32)


def varied(
    samples: Floats, rng: np.random.Generator, config: AugmentConfig, *, sung: bool, spread: float
) -> Floats:
    """`samples [C, T]` with a random draw of colour, doubling, room and place, as `[2, T]`."""
    if rng.random() < config.equaliser:
        samples = equalised(samples, rng)
    if rng.random() < config.band_limit:
        samples = low_passed(samples, 3000 * 5 ** rng.random())
    if sung and rng.random() < config.doubling:
        samples = doubled(samples, rng)
    if rng.random() < config.room:
        wet = 0.7 * rng.random() ** 2 + 0.05
        samples = in_room(samples, int(rng.integers(ROOMS)), wet=wet)
    samples = placed(samples, rng, spread=spread)
    return -samples if rng.random() < 0.5 else samples


@lru_cache(maxsize=2 * ROOMS)
def _room_spectrum(number: int, frames: int) -> tuple[npt.NDArray[np.complex64], int]:
    """The spectrum of a room's response, and the size of transform, for `frames` of sound."""
    response = room(number)
    size = scipy.fft.next_fast_len(frames + response.shape[1] - 1, real=True)
    return scipy.fft.rfft(response, size, axis=-1), size
