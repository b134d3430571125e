"""Landmarks: pairs of spectral peaks that survive codecs, gain, tone and noise.

Times are in steps of `HOP` samples at `RATE` Hz (23 ms). A key packs the bin of the first peak, the
distance in bins and the distance in steps to the second.

Source: Wang 2003, "An industrial-strength audio search algorithm".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sayso.align.mono import Frames
from sayso.audio import Samples, stft

RATE = 11_025
N_FFT, HOP = 1024, 256
_LOW_BIN, _HIGH_BIN = 8, 440
_BESIDE_BINS, _BESIDE_STEPS = 10, 5
"""A peak is the largest within these distances."""
_FAN = 6
_NEXT = 40
"""Of so many following peaks, the first `_FAN` that lie near enough make pairs."""
_NEAREST, _FARTHEST, _WIDEST = 2, 40, 100
_BLOCK_STEPS = 4096
_COMMON = 60
"""Keys that occur more often than this in the raw recording tell nothing."""
_FLOOR = 1e-4


@dataclass(frozen=True, eq=False)
class Landmarks:
    """`keys` [N] in rising order and the `times` [N], in steps, at which they stand."""

    keys: Frames
    times: Frames


def landmarks(signal: Samples) -> Landmarks:
    """The landmarks of `signal` [T] at `RATE` Hz, about 150 a second."""
    times, bins = _peaks(signal)
    keys, at = _pairs(times, bins)
    order = np.argsort(keys, kind="stable")
    return Landmarks(keys[order], at[order])


def matches(raw: Landmarks, edited: Landmarks) -> tuple[Frames, Frames]:
    """Times (raw, edited) [M] of landmarks with the same key, or one step off in their distance.

    That step lets tempo differ by 2 or 3 per cent.
    """
    found_raw, found_edited = [], []
    for shift in (0, -1, 1):
        wanted = edited.keys + shift
        first = np.searchsorted(raw.keys, wanted, "left")
        count = np.searchsorted(raw.keys, wanted, "right") - first
        count[count > _COMMON] = 0
        total = int(count.sum())
        # Index k of all matches, less where its landmark's matches begin, is its place among them.
        begins = np.repeat(np.cumsum(count) - count, count)
        found_raw.append(raw.times[np.repeat(first, count) + np.arange(total) - begins])
        found_edited.append(np.repeat(edited.times, count))
    return np.concatenate(found_raw), np.concatenate(found_edited)


def _peaks(signal: Samples) -> tuple[Frames, Frames]:
    """Times and bins of local maxima of the spectrum, in the order of time."""
    from scipy.ndimage import maximum_filter, uniform_filter

    times, bins = [], []
    steps = len(signal) // HOP + 1
    margin = 2 * _BESIDE_STEPS
    size = (2 * _BESIDE_BINS + 1, 2 * _BESIDE_STEPS + 1)
    for start in range(0, steps, _BLOCK_STEPS):
        low = max(0, start - margin)
        stop = min(start + _BLOCK_STEPS, steps)
        part = signal[low * HOP : (stop + margin) * HOP]
        spectrum = np.abs(stft(part, N_FFT, hop=HOP))[_LOW_BIN:_HIGH_BIN]
        logs = np.log(spectrum + _FLOOR)
        # Above its surroundings, too: noise has maxima everywhere.
        peak = (logs == maximum_filter(logs, size)) & (logs > uniform_filter(logs, 25) + 0.7)
        peak &= spectrum > 10 * _FLOOR
        at, where = np.nonzero(peak.T)
        kept = (at + low >= start) & (at + low < stop)
        times.append(at[kept] + low)
        bins.append(where[kept])
    return np.concatenate(times), np.concatenate(bins)


def _pairs(times: Frames, bins: Frames) -> tuple[Frames, Frames]:
    """Keys and times of pairs of peaks."""
    keys, at = [], []
    fans: npt.NDArray[np.int64] = np.zeros(len(times), np.int64)
    for ahead in range(1, min(_NEXT, len(times) - 1) + 1):
        apart = times[ahead:] - times[:-ahead]
        rise = bins[ahead:] - bins[:-ahead]
        good = (apart >= _NEAREST) & (apart <= _FARTHEST) & (np.abs(rise) <= _WIDEST)
        good &= fans[:-ahead] < _FAN
        fans[:-ahead] += good
        first = np.flatnonzero(good)
        keys.append((bins[first] << 16) | ((rise[first] + 128) << 8) | apart[first])
        at.append(times[first])
    if not keys:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(keys), np.concatenate(at)
