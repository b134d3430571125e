"""Clicks: finding samples that nothing around them explains, and working them out anew.

Source: Godsill and Rayner, "Digital Audio Restoration", 1998: detection by the error of an
autoregressive model, and least-squares interpolation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Samples
from sayso.effects.sound import Sound
from sayso.effects.windowed import Windowed

_ORDER = 32
_LONGEST_S = 0.003
_AROUND_S = 0.02
_MARGIN = 3
_JOINED = 12
"""Bad samples as near as this are one click."""
_PIECE_S = 0.05
_Track = npt.NDArray[np.float64]


def declick(audio: Audio, sensitivity: float) -> Sound:
    """`audio` with its clicks mended; `sensitivity` 0 to 1. All other samples stay."""
    threshold = 30.0 * (1 / 6) ** sensitivity
    rate = audio.sample_rate
    context = round(0.1 * rate)

    def change(block: Samples) -> Samples:
        out = block.copy()
        for channel, samples in enumerate(block.astype(np.float64)):
            _mend(samples, out[channel], threshold, rate)
        return out

    return Windowed(audio, change, context)


def _mend(samples: _Track, out: npt.NDArray[np.float32], threshold: float, rate: int) -> None:
    """Writes what is mended of `samples` into `out`."""
    if not samples.any():
        return
    model = _model(samples)
    error = np.convolve(samples, model)[: len(samples)]
    for start, stop in _clicks(error, threshold, rate):
        if start > _ORDER and stop + _ORDER < len(samples):
            out[start:stop] = _interpolated(samples, start, stop, model)


def _model(samples: _Track) -> _Track:
    """The coefficients [1, a1, ...] that predict a sample from those before it."""
    from scipy.linalg import solve_toeplitz

    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 2 * len(samples))) ** 2
    correlation = np.fft.irfft(spectrum)[: _ORDER + 1]
    correlation[0] *= 1 + 1e-9
    ahead = solve_toeplitz(correlation[:-1], -correlation[1:])
    return np.concatenate([[1.0], ahead])


def _clicks(error: _Track, threshold: float, rate: int) -> list[tuple[int, int]]:
    """Spans whose error is far above that of both sides; what goes on longer is a sound."""
    magnitude = np.abs(error)
    half = round(_AROUND_S * rate)
    usual = _around(magnitude, half)
    bad = np.flatnonzero(magnitude > threshold * usual)
    if not len(bad):
        return []
    groups = np.split(bad, np.flatnonzero(np.diff(bad) > _JOINED) + 1)
    found = []
    for group in groups:
        start, stop = int(group[0]) - _MARGIN, int(group[-1]) + 1 + _MARGIN
        if stop - start > _LONGEST_S * rate:
            continue
        peak = magnitude[group].max()
        # An attack goes on after its first samples, and a click does not.
        after = magnitude[stop + _JOINED : stop + half]
        before = magnitude[max(0, start - half) : max(0, start - _JOINED)]
        if all(peak > threshold * _rms(side) for side in (before, after) if len(side)):
            found.append((start, stop))
    return found


def _around(magnitude: _Track, half: int) -> _Track:
    """A robust level of the error around every sample: the median of stretches, linked."""
    count = max(1, len(magnitude) // half)
    medians = [np.median(part) for part in np.array_split(magnitude, count)]
    places = (np.arange(count) + 0.5) * len(magnitude) / count
    level = 1.4826 * np.interp(np.arange(len(magnitude)), places, medians)
    result: _Track = np.maximum(level, 1e-7)
    return result


def _rms(values: _Track) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _interpolated(samples: _Track, start: int, stop: int, model: _Track) -> Any:
    """Samples `start` to `stop` for which the model's error is least, given those around."""
    low, high = start - _ORDER, stop + _ORDER
    seen = samples[low:high].copy()
    unknown = np.arange(start - low, stop - low)
    seen[unknown] = 0.0
    rows = len(seen) - _ORDER
    matrix = np.zeros((rows, len(seen)))
    for row in range(rows):
        matrix[row, row : row + _ORDER + 1] = model[::-1]
    return np.linalg.lstsq(matrix[:, unknown], -matrix @ seen, rcond=None)[0]
