"""Fine offsets, tone and joins of runs that are known to a few hundredths of a second.

Signals are mono [T] at `landmarks.RATE`; positions are in its samples, fractions allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sayso.align.landmarks import RATE
from sayso.audio import Samples, stft
from sayso.timeline import CROSSFADE_S

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
_TAPS = 24
_FITTED = 3 * RATE
"""Samples next to a join on which the tone is learnt."""
_STRIDE = RATE // 4
_WINDOW, _BANDS = 512, 20
_LEAST_EXPLAINED = 0.6
_TRUSTED, _SAME_COURSE = 0.4, 0.65
"""Share of the power explained, or the likeness of the course of the spectrum, that makes sure."""
_AGREED, _AGREED_S, _PRESENT = 0.9, 3.0, 0.05
"""So does that anchors over so long agree to the sample, where anything at all is explained."""
_TURN, _AROUND = 16, 30
"""Steps to each side of a coarse join in which the fine one may lie, and that are compared."""


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
        lag, height = (_lag_of_bands if stretched else _lag)(raw, edited, centre, line)
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
    find = _lag if waveform else _lag_of_bands
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
    power = np.abs(stft(signal, _WINDOW, hop=STEP)).astype(np.float64) ** 2
    edges = np.unique(np.geomspace(3, power.shape[0] - 1, _BANDS + 1).astype(int))
    summed = np.add.reduceat(power[: edges[-1]], edges[:-1], axis=0)
    logs: _Floats = np.log(summed + 1e-6)
    return logs


def _lag_of_bands(raw: Samples, edited: Samples, centre: float, line: Line) -> tuple[float, float]:
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


@dataclass(frozen=True, eq=False)
class Likeness:
    """How well the raw recording along `line` explains `edited`, step by step."""

    raw: Samples
    edited: Samples
    line: Line

    def errors(self, start: int, stop: int, *, waveform: bool) -> _Floats:
        """The logarithm of what is left unexplained in each step from sample `start` to `stop`."""
        if waveform:
            return self._residual(start, stop)
        return self._distance(start, stop)

    @cached_property
    def explained(self) -> float:
        """Share of the power that the raw waveform explains near its ends; 0 if stretched."""
        return 0.0 if self.line.slope != 1.0 else self._filter[1]

    @cached_property
    def _filter(self) -> tuple[_Floats, float, float]:
        """The filter [2 * taps + 1] that turns raw into edited, and the power it explains.

        Then, too, the mean power that it does not.
        """
        from scipy.linalg import solve_toeplitz
        from scipy.signal import fftconvolve

        length = int(min(self.line.stop - self.line.start, _FITTED))
        begin = self._loudest(length)
        heard = excerpt(self.edited, begin, length).astype(np.float64)
        there = excerpt(self.raw, round(self.line.raw(begin)), length).astype(np.float64)
        both = fftconvolve(heard, there[::-1])[length - 1 - _TAPS : length + _TAPS]
        own = fftconvolve(there, there[::-1])[length - 1 : length + 2 * _TAPS]
        own[0] = own[0] * 1.001 + 1e-9
        taps: _Floats = solve_toeplitz(own, both)
        power = float(np.vdot(heard, heard)) + 1e-12
        left = heard - fftconvolve(there, taps, "same")
        unexplained = float(np.vdot(left, left))
        return taps, 1.0 - unexplained / power, unexplained / length

    def _loudest(self, length: int) -> int:
        """Where the raw recording is loudest for `length` samples of edited, a second from ends.

        A pause tells nothing, least of all under other sound.
        """
        spare = self.line.stop - self.line.start - length
        low = round(self.line.start + min(RATE, spare / 2))
        count = int((round(self.line.stop - min(RATE, spare / 2)) - low - length) // _STRIDE)
        if count < 1:
            return round(self.line.start + spare / 2)
        part = excerpt(self.raw, round(self.line.raw(low)), length + count * _STRIDE)
        total = np.append(0.0, np.cumsum(part.astype(np.float64) ** 2))
        begins = np.arange(count + 1) * _STRIDE
        return low + int(begins[(total[begins + length] - total[begins]).argmax()])

    @property
    def left(self) -> float:
        """The mean power that the raw waveform leaves unexplained where its tone was learnt."""
        return self._filter[2]

    @cached_property
    def course(self) -> float:
        """How alike the courses of the spectra are, 0 to 1: the median of some places."""
        places = np.linspace(self.line.start, self.line.stop, 7)[1:-1:2]
        fits = [_lag_of_bands(self.raw, self.edited, float(at), self.line)[1] for at in places]
        return float(np.median(fits))

    @property
    def trusted(self) -> bool:
        """Whether the sound along the line is the same, and not only some of its notes."""
        return self.explained > _TRUSTED or self._agreed or self.course > _SAME_COURSE

    @property
    def waveform(self) -> bool:
        """Whether it is the very waveform that is the same."""
        return self.explained > _TRUSTED or self._agreed

    @property
    def _agreed(self) -> bool:
        line = self.line
        long = line.stop - line.start >= _AGREED_S * RATE
        return long and line.certainty > _AGREED and self.explained > _PRESENT

    @property
    def gain(self) -> float:
        """How much louder edited is than raw, as a ratio of their levels over the middle."""
        length = int(min(self.line.stop - self.line.start, 20 * RATE))
        begin = round((self.line.start + self.line.stop - length) / 2)
        heard = excerpt(self.edited, begin, length)
        there = excerpt(self.raw, round(self.line.raw(begin)), length)
        powers = float(np.vdot(heard, heard)), float(np.vdot(there, there))
        return float(np.sqrt((powers[0] + 1e-9) / (powers[1] + 1e-9)))

    def predicted(self, start: int, stop: int) -> _Floats:
        """What edited should be from `start` to `stop`, if it is the raw one in its tone."""
        from scipy.signal import fftconvolve

        begin = round(self.line.raw(start)) - _TAPS
        there = excerpt(self.raw, begin, stop - start + 2 * _TAPS)
        wave: _Floats = fftconvolve(there, self._filter[0], "valid")
        return wave

    def _residual(self, start: int, stop: int) -> _Floats:
        heard = excerpt(self.edited, start, stop - start).astype(np.float64)
        left = in_steps((heard - self.predicted(start, stop)) ** 2)
        floor = 1e-3 * in_steps(heard**2) + 1e-10
        logs: _Floats = np.log(left + floor)
        return logs

    def _distance(self, start: int, stop: int) -> _Floats:
        heard, there = self._both_bands(start, stop)
        apart = np.abs(heard - there - self._tone[:, None]).mean(axis=0)[: (stop - start) // STEP]
        # Logarithms of distances weigh like those of residual powers.
        logs: _Floats = 2 * np.log(apart + 0.1)
        return logs

    @cached_property
    def _tone(self) -> _Floats:
        """How much louder edited is in each band."""
        length = int(min(self.line.stop - self.line.start, _FITTED))
        begin = round((self.line.start + self.line.stop - length) / 2)
        heard, there = self._both_bands(begin, begin + length)
        tone: _Floats = np.median(heard - there, axis=1)
        return tone

    def _both_bands(self, start: int, stop: int) -> tuple[_Floats, _Floats]:
        heard = bands(excerpt(self.edited, start, stop - start))
        low = round(self.line.raw(start))
        there = bands(excerpt(self.raw, low, round((stop - start) * self.line.slope) + STEP))
        at = np.round(np.arange(heard.shape[1]) * self.line.slope).astype(int)
        return heard, there[:, np.minimum(at, there.shape[1] - 1)]


def in_steps(power: _Floats) -> _Floats:
    """Means over steps of `STEP`; a rest is left out."""
    count = len(power) // STEP
    means: _Floats = power[: count * STEP].reshape(count, STEP).mean(axis=1)
    return means


def by_waveform(*sides: Likeness) -> bool:
    """Whether the waveform explains enough on every side to be trusted with a join."""
    return all(side.explained > _LEAST_EXPLAINED for side in sides)


def join(before: Likeness | None, after: Likeness | None, start: int, stop: int) -> int:
    """The sample of edited, `start` to `stop`, at which `before` gives way to `after`.

    None stands for new material, of which nothing is known but that neither explains it.
    """
    sides = [side for side in (before, after) if side is not None]
    waveform = by_waveform(*sides)
    logs = [
        _unknown(sides[0], start, stop, waveform) if side is None
        else side.errors(start, stop, waveform=waveform)
        for side in (before, after)
    ]  # fmt: skip
    # The least of what `before` leaves up to a step and `after` leaves from it.
    gain = np.concatenate([[0.0], np.cumsum(logs[0] - logs[1])])
    at = start + int(gain.argmin()) * STEP
    if waveform or before is None or after is None:
        return at
    return _between(before, after, at)


def _between(before: Likeness, after: Likeness, near: int) -> int:
    """The sample of edited close to `near` at which the spectra turn from one to the other.

    A window that reaches over the join hears both sides, and of them mostly the louder one, so
    every place is judged by the mixture that it would give.
    """
    low, length = near - (_TURN + _AROUND) * STEP, 2 * (_TURN + _AROUND) * STEP
    heard, one = before._both_bands(low, low + length)
    _, other = after._both_bands(low, low + length)
    one, other = (np.exp(x + y._tone[:, None]) for x, y in ((one, before), (other, after)))
    times = low + np.arange(heard.shape[1]) * STEP
    places = near + np.arange(-2 * _TURN, 2 * _TURN + 1) * STEP // 2
    apart = []
    for place in places:
        share = _after_share(times - place)
        mixed = np.log(one * (1 - share) + other * share)
        apart.append(float(np.abs(heard - mixed).sum()))
    return int(places[int(np.argmin(apart))])


def _after_share(centres: npt.NDArray[np.int64]) -> _Floats:
    """How much of the power in windows around `centres` comes from after a join at 0, 0 to 1."""
    inner = np.arange(_WINDOW) - _WINDOW // 2
    weight = np.hanning(_WINDOW + 1)[:-1] ** 2
    # Power of an equal-power crossfade.
    part = np.clip((centres[:, None] + inner) / (CROSSFADE_S * RATE) + 0.5, 0.0, 1.0)
    share: _Floats = np.sin(part * np.pi / 2) ** 2 @ (weight / weight.sum())
    return share


def _unknown(side: Likeness, start: int, stop: int, waveform: bool) -> _Floats:
    """What a stranger would leave unexplained: clearly more than `side` does where it holds."""
    if waveform:
        heard = excerpt(side.edited, start, stop - start).astype(np.float64)
        logs: _Floats = np.log(0.5 * in_steps(heard**2) + 1e-10)
        return logs
    length = int(min(side.line.stop - side.line.start, _FITTED))
    begin = round((side.line.start + side.line.stop - length) / 2)
    inner = float(np.median(side.errors(begin, begin + length, waveform=False)))
    return np.full((stop - start) // STEP, inner + 1.0)
