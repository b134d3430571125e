"""How well the raw recording explains the edited one along a line, and where that ends.

Signals are mono [T] at `landmarks.RATE`; positions are in its samples, fractions allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sayso.align.landmarks import RATE
from sayso.align.offsets import STEP, WINDOW, Line, bands, excerpt, lag_of_bands
from sayso.audio import Samples
from sayso.timeline import CROSSFADE_S

_Floats = npt.NDArray[np.float64]

_TAPS = 24
_FITTED = 3 * RATE
"""Samples next to a join on which the tone is learnt."""
_STRIDE = RATE // 4
_LEAST_EXPLAINED = 0.6
_TRUSTED, _SAME_COURSE = 0.4, 0.65
"""Share of the power explained, or the likeness of the course of the spectrum, that makes sure."""
_AGREED, _AGREED_S, _PRESENT = 0.9, 3.0, 0.05
"""So does that anchors over so long agree to the sample, where anything at all is explained."""
_TURN, _AROUND = 16, 30
"""Steps to each side of a coarse join in which the fine one may lie, and that are compared."""


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
        fits = [lag_of_bands(self.raw, self.edited, float(at), self.line)[1] for at in places]
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
    inner = np.arange(WINDOW) - WINDOW // 2
    weight = np.hanning(WINDOW + 1)[:-1] ** 2
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
