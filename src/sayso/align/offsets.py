"""Fine offsets of runs that are known to a few hundredths of a second, and how they drift.

Signals are mono [T] at `landmarks.RATE`; positions are in its samples, fractions allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sayso.align.landmarks import RATE
from sayso.audio import Samples, stft

_Floats = npt.NDArray[np.float64]

_ANCHOR = 8192
_SEARCH = 1400
"""Samples to each side in which the fine offset is looked for: 0.13 s."""
_ANCHORS = 9
_TELLING = 12
"""So many of the longest lines tell a drift."""
_FARTHEST_OFF = 0.012
STEP = 32
"""Samples of a step of the search for a join: 2.9 ms."""
WINDOW, _BANDS = 512, 20


@dataclass(frozen=True)
class Line:
    """raw = `slope` * edited + `offset`, for edited samples `start` to `stop`.

    `certainty` is how much the anchors agree, 0 to 1.
    """

    start: float
    stop: float
    slope: float
    offset: float
    certainty: float = 1.0

    def raw(self, edited: float) -> float:
        """The sample of the raw recording that is heard at `edited`."""
        return self.slope * edited + self.offset


def excerpt(signal: Samples, start: int, length: int) -> Samples:
    """`length` samples from `start`, silence where they lie outside."""
    out = np.zeros(length, np.float32)
    low, high = max(start, 0), min(start + length, len(signal))
    if high > low:
        out[low - start : high - start] = signal[low:high]
    return out


def settle(raw: Samples, edited: Samples, line: Line) -> Line:
    """`line` with the slope and offset at which the two fit best.

    Stretched sound matches no waveform, so there (slope other than 1) the course of its spectrum
    is compared.
    """
    length = line.stop - line.start
    count = int(np.clip(length // (_ANCHOR // 2), 1, _ANCHORS))
    centres = line.start + (np.arange(count) + 0.5) * length / count
    stretched = line.slope != 1.0
    found = []
    for centre in centres:
        lag, height = (lag_of_bands if stretched else _lag)(raw, edited, centre, line)
        found.append((centre, line.raw(centre) + lag, height))
    at, to, height = np.array(found).T
    if not stretched:
        lags = to - at
        weight = height**2
        best = _weighted_median(lags, weight)
        # The anchors that agree tell the fraction of a sample.
        near = np.abs(lags - best) < 3
        offset = float(np.average(lags[near], weights=weight[near] + 1e-12))
        certainty = float(weight[near].sum() / (weight.sum() + 1e-12))
        return Line(line.start, line.stop, 1.0, offset, certainty)
    slope = _theil_sen(at, to, line.slope) if count >= 5 else line.slope
    offset = _weighted_median(to - slope * at, height)
    near = np.abs(to - slope * at - offset) < 0.02 * RATE
    certainty = float(height[near].sum() / (height.sum() + 1e-12))
    return Line(line.start, line.stop, slope, offset, certainty)


def _theil_sen(at: _Floats, to: _Floats, fallback: float) -> float:
    slopes = _slopes(at, to)
    slope = float(np.median(slopes)) if len(slopes) else fallback
    return slope if abs(slope - fallback) < 0.004 else fallback


def _slopes(at: _Floats, to: _Floats) -> _Floats:
    """Slopes between all pairs of points that lie 2 s apart."""
    first, second = np.triu_indices(len(at), 1)
    apart = at[second] - at[first]
    far = apart > 2 * RATE
    slopes: _Floats = (to[second] - to[first])[far] / apart[far]
    return slopes


def drift(raw: Samples, edited: Samples, lines: Sequence[Line], *, waveform: bool) -> float:
    """How much faster raw passes than `lines` say over the longest of them; 1 is no drift.

    The course of the spectrum tells some samples in ten seconds, and the waveform, once the two
    hardly drift, fractions of one. Short lines tell little each, so all tell together.
    """
    find = _lag if waveform else lag_of_bands
    slopes = []
    for line in sorted(lines, key=lambda line: line.start - line.stop)[:_TELLING]:
        length = line.stop - line.start
        count = int(np.clip(length // (_ANCHOR // 2), 2, 2 * _ANCHORS))
        centres = line.start + (np.arange(count) + 0.5) * length / count
        lags = [find(raw, edited, float(centre), line) for centre in centres]
        to = [line.raw(centre) + lag for centre, (lag, _) in zip(centres, lags, strict=True)]
        slopes.append(_slopes(centres, np.array(to)) / line.slope)
    pooled = np.concatenate(slopes) if slopes else np.zeros(0)
    slope = float(np.median(pooled)) if len(pooled) else 1.0
    return slope if abs(slope - 1) < _FARTHEST_OFF else 1.0


def _weighted_median(values: _Floats, weights: _Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _lag(raw: Samples, edited: Samples, centre: float, line: Line) -> tuple[float, float]:
    """The lag of raw behind `line` at `centre` of edited, and the height of its peak, 0 to 1."""
    import scipy.fft

    begin = round(centre) - _ANCHOR // 2
    heard = excerpt(edited, begin, _ANCHOR)
    expected = line.raw(begin)
    there = excerpt(raw, round(expected) - _SEARCH, _ANCHOR + 2 * _SEARCH)
    size = scipy.fft.next_fast_len(len(there) + _ANCHOR, real=True)
    cross = scipy.fft.rfft(there, size) * np.conj(scipy.fft.rfft(heard, size))
    # Half whitened: sharp as a delay should be, and not ruled by bands that hold only noise.
    cross /= np.sqrt(np.abs(cross)) + 1e-9
    curve = scipy.fft.irfft(cross, size)[: 2 * _SEARCH + 1]
    top = int(curve.argmax())
    spread = float(np.sqrt(np.mean(curve**2))) + 1e-12
    height = min(float(curve[top]) / (20 * spread), 1.0)
    return top + _vertex(curve, top) - _SEARCH + round(expected) - expected, height


def _vertex(curve: npt.NDArray[np.floating], top: int) -> float:
    """Where between samples the parabola through the largest three peaks, -0.5 to 0.5."""
    if not 0 < top < len(curve) - 1:
        return 0.0
    left, mid, right = (float(value) for value in curve[top - 1 : top + 2])
    bend = left - 2 * mid + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0


def bands(signal: Samples) -> _Floats:
    """Logarithms of the power in `_BANDS` bands [bands, steps] at every `STEP` samples."""
    power = np.abs(stft(signal, WINDOW, hop=STEP)).astype(np.float64) ** 2
    edges = np.unique(np.geomspace(3, power.shape[0] - 1, _BANDS + 1).astype(int))
    summed = np.add.reduceat(power[: edges[-1]], edges[:-1], axis=0)
    logs: _Floats = np.log(summed + 1e-6)
    return logs


def lag_of_bands(raw: Samples, edited: Samples, centre: float, line: Line) -> tuple[float, float]:
    """The same as `_lag`, by the course of the spectrum; stretched sound has no other likeness."""
    begin = round(centre) - _ANCHOR // 2
    heard = bands(excerpt(edited, begin, _ANCHOR))
    expected = line.raw(begin)
    length = round(_ANCHOR * line.slope) + 2 * _SEARCH
    there = bands(excerpt(raw, round(expected) - _SEARCH, length))
    at = np.arange(heard.shape[1]) * line.slope
    shifts = np.arange(2 * _SEARCH // STEP)
    heard = heard - heard.mean(axis=1, keepdims=True)
    fits = np.empty(len(shifts))
    for shift in shifts:
        part = there[:, np.minimum(np.round(at + shift).astype(int), there.shape[1] - 1)]
        part = part - part.mean(axis=1, keepdims=True)
        scale = np.sqrt(np.vdot(part, part) * np.vdot(heard, heard)) + 1e-9
        fits[shift] = np.vdot(part, heard) / scale
    top = int(fits.argmax())
    lag = (top + _vertex(fits, top)) * STEP - _SEARCH + round(expected) - expected
    return lag, max(float(fits[top]), 0.0)
