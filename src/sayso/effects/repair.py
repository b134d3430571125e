"""Mending: hum, clicks, sharp s-sounds, and noise below a threshold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Samples
from sayso.desk import Deess, Dehum, Gate
from sayso.effects.sound import Processed, Sound
from sayso.effects.tone import filtered
from sayso.effects.windowed import Windowed
from sayso.errors import RangeError
from sayso.optional import require

_NOTCH_HZ = 0.5
"""Width of a notch: as narrow as mains are steady, so that little music goes."""
_MOST_HARMONICS, _ALWAYS = 30, 10
_CERTAIN, _LIKELY = (10.0, 2.0), (3.0, 1.2)
"""How many times the median and the highest of its surroundings a harmonic reaches: two that are
certain or three that are likely make a hum. Songs without one had at most one that was likely."""
_LISTENED_S = 60.0
_ESS_HZ = 5_000.0
_ESS_TAPS_S = 0.003
_ESS_SMOOTH_S = 0.006


def dehum(audio: Audio, effect: Dehum) -> Sound:
    """`audio` with notches at the mains frequency and those of its harmonics that stand out.

    As it is, with a note, where none does.
    """
    from scipy.signal import iirnotch, tf2sos

    found = hum_of(audio, (effect.mains_hz,) if effect.mains_hz else (50, 60))
    if not found:
        sought = f"{effect.mains_hz} Hz" if effect.mains_hz else "50 or 60 Hz"
        return Windowed(audio, lambda block: block, 0, f"no hum of {sought} was found")
    notches = [tf2sos(*iirnotch(hz, hz / _NOTCH_HZ, fs=audio.sample_rate)) for hz in found]
    return filtered(audio, np.concatenate(notches))


def hum_of(audio: Audio, mains_hz: tuple[int, ...] = (50, 60)) -> list[float]:
    """The frequencies of the mains hum in Hz, lowest first; none where there is no hum.

    The quietest stretches are listened to, where music hides least of it. A hum is a set of lines
    at multiples of one frequency, within 0.3 Hz of the mains', each of them narrow and steady.
    """
    rate = audio.sample_rate
    window = min(audio.frames, 4 * rate)
    if window < rate:
        return []
    frequencies, level = _quiet_spectrum(audio, window)
    near = np.arange(-0.3, 0.301, 0.02)
    tried = {
        exact: _lines(frequencies, level, exact, _LIKELY)
        for exact in (float(mains + off) for mains in mains_hz for off in near)
    }
    exact = max(tried, key=lambda hz: (len(tried[hz]), _sum(frequencies, level, tried[hz])))
    if len(tried[exact]) < 3 and len(_lines(frequencies, level, exact, _CERTAIN)) < 2:
        return []
    # The lower ones are there, too, if behind a bass or a chord.
    lower = range(1, min(_ALWAYS, round(tried[exact][-1] / exact)) + 1)
    return sorted({*(exact * number for number in lower), *tried[exact]})


def _quiet_spectrum(audio: Audio, window: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Frequencies, and the amplitudes that a low quantile of the windows reaches in each bin.

    What is there all the time, such as a hum, keeps its level in it; notes do not.
    """
    hop = window // 2
    shape = np.hanning(window)
    starts = range(0, max(1, audio.frames - window + 1), hop)
    step = max(1, len(starts) * hop // round(_LISTENED_S * audio.sample_rate))
    spectra = []
    for start in starts[::step]:
        block = audio.block(start, start + window).mean(axis=0, dtype=np.float64)
        # Four times as fine as the window resolves, so that no line lies between two bins.
        spectra.append(np.abs(np.fft.rfft(block * shape, 4 * window)))
    level = np.quantile(spectra, 0.25, axis=0)
    return np.fft.rfftfreq(4 * window, 1 / audio.sample_rate), level


def _lines(
    frequencies: npt.NDArray[Any], level: npt.NDArray[Any], exact: float, least: tuple[float, float]
) -> list[float]:
    found, step = [], frequencies[1]
    for number in range(1, _MOST_HARMONICS + 1):
        hz = exact * number
        if hz > frequencies[-1] * 0.9:
            break
        at, near, far = round(hz / step), round(1.5 / step), round(12 / step)
        around = np.r_[level[max(0, at - far) : at - near], level[at + near : at + far]]
        if level[at] > max(least[0] * np.median(around), least[1] * around.max()):
            found.append(hz)
    return found


def _sum(frequencies: npt.NDArray[Any], level: npt.NDArray[Any], lines: list[float]) -> float:
    return float(sum(level[round(hz / frequencies[1])] for hz in lines))


def deess(audio: Audio, effect: Deess) -> Sound:
    """`audio` with its highs turned down where they are louder than the rest.

    Raises: RangeError for a rate that holds nothing above 5 kHz.
    """
    from scipy.signal import firwin, oaconvolve

    rate = audio.sample_rate
    if effect.db == 0:
        return audio
    if rate < 2.4 * _ESS_HZ:
        raise RangeError(
            f"audio at {rate} Hz holds no s-sounds, which lie above {_ESS_HZ:g} Hz; "
            "expected 12000 Hz or more"
        )
    taps = firwin(round(_ESS_TAPS_S * rate) * 2 + 1, _ESS_HZ, pass_zero=False, fs=rate)
    smooth = np.hanning(round(_ESS_SMOOTH_S * rate) * 2 + 3)
    smooth /= smooth.sum()

    def change(block: Samples) -> Samples:
        high = oaconvolve(block.astype(np.float64), taps[np.newaxis], "same", axes=1)
        low = block - high
        power = [
            oaconvolve(np.mean(part**2, axis=0), smooth, "same").clip(1e-14) for part in (high, low)
        ]
        # From 6 dB below the rest on, decibel for decibel.
        over_db = 10 * np.log10(power[0] / power[1]) + 6
        loud = np.clip((10 * np.log10(power[0]) + 60) / 10, 0, 1)  # silence has no s-sounds
        down_db = np.clip(over_db, 0, -effect.db) * loud
        gain = oaconvolve(10 ** (-down_db / 20), smooth, "same")
        out: Samples = (block - (1 - gain) * high).astype(np.float32)
        return out

    return Windowed(audio, change, len(taps) + 2 * len(smooth))


def gate(sound: Sound, effect: Gate) -> Sound:
    """`sound` silent where its loudest channel stays below the threshold; all channels alike."""

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        library = require("pedalboard", extra=None, purpose="a gate")
        closing = library.NoiseGate(
            threshold_db=effect.threshold_db, ratio=10.0, attack_ms=1.0, release_ms=100.0
        )
        for block in blocks:
            key = np.maximum(np.max(np.abs(block), axis=0, keepdims=True), np.float32(1e-7))
            yield block * (closing.process(key, float(sound.sample_rate), reset=False) / key)

    return Processed(sound, transform, sound.frames)
