"""A limiter that keeps the true peak below a ceiling, without make-up gain and without clipping.

Look-ahead: the gain has come down smoothly by the time a peak arrives. Everything below the
ceiling passes bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.audio import Samples
from sayso.audio.blocks import InPieces
from sayso.effects.sound import STEP_FRAMES, OfSource, Sound

_ATTACK_S = 0.004
_RELEASE_DB_PER_S = 60.0
# The meter of BS.1770 oversamples by four. Twice that sees peaks within 0.2 dB of the truth, and
# the margin takes care of what is left and of what the moving gain adds.
_OVERSAMPLING = 8
_HALF_TAPS = 12
_MARGIN_DB = 0.15
_TOLD_DB = 0.05

_Track = npt.NDArray[np.float64]


def limit(sound: Sound, ceiling_db: float) -> Limited:
    """`sound` with no true peak above `ceiling_db` (dBTP); all channels share one gain.

    Source: the true-peak meter of ITU-R BS.1770-5, annex 2; the sliding maximum under a smoothing
    window of the same length, by which the gain is in time.
    """
    return Limited(sound, ceiling_db)


class Limited(OfSource, InPieces):
    """A sound under a ceiling, which knows what that took once it was played.

    Attributes:
        ceiling_db: in dBTP.
        most_db: how far down a peak was turned at most, when it was played last.
        lost_db: how much quieter the whole became.
    """

    def __init__(self, source: Sound, ceiling_db: float) -> None:
        self.source, self.ceiling_db = source, ceiling_db
        self.most_db, self.lost_db = 0.0, 0.0

    def note(self) -> str | None:
        """What a person should know of it; None where nothing was turned down."""
        if self.most_db < _TOLD_DB:
            return None
        whole = (
            f"; the whole is {self.lost_db:.1f} dB quieter for it" if self.lost_db > 0.05 else ""
        )
        return (
            f"peaks were held under {self.ceiling_db:g} dBTP by the limiter, by up to "
            f"{self.most_db:.1f} dB{whole}"
        )

    def pieces(self) -> Iterator[Samples]:
        """The source, turned down ahead of each peak."""
        gain = _Gain(self.channels, self.sample_rate, self.ceiling_db - _MARGIN_DB)
        waiting = np.zeros((self.channels, 0), np.float32)
        self.most_db, self.lost_db = 0.0, 0.0
        energy = np.zeros(2)

        def turned_down(block: Samples, attenuation_db: _Track) -> Samples:
            held = _turn_down(block, attenuation_db)
            if held is not block:
                self.most_db = max(self.most_db, float(attenuation_db.max()))
            energy[:] += np.vdot(block, block), np.vdot(held, held)
            return held

        for block in self.source.blocks(STEP_FRAMES):
            waiting = np.concatenate([waiting, block], axis=1)
            ready = gain.push(block)
            yield turned_down(waiting[:, : len(ready)], ready)
            waiting = waiting[:, len(ready) :]
        ready = gain.push(np.zeros((self.channels, gain.delay), np.float32))
        yield turned_down(waiting, ready[: waiting.shape[1]])
        if self.most_db and energy[1] > 0:
            self.lost_db = float(10 * np.log10(energy[0] / energy[1]))


def limiter_notes(sound: object) -> tuple[str, ...]:
    """What the effects at the end of a chain that was played have to say: limiters, and others."""
    told = list[str]()
    while sound is not None:
        say = getattr(sound, "note", None)
        note = say() if callable(say) else None
        if note is not None:
            told.append(note)
        sound = getattr(sound, "source", None)
    return tuple(told)


def _turn_down(block: Samples, attenuation_db: _Track) -> Samples:
    if not attenuation_db.any():
        return block
    return block * (10 ** (-attenuation_db / 20)).astype(np.float32)


class _Gain:
    """From samples to the attenuation in dB of each, `delay` frames later."""

    def __init__(self, channels: int, sample_rate: int, ceiling_db: float) -> None:
        self._reach = max(1, round(_ATTACK_S * sample_rate / 2))
        self._ceiling = 10 ** (ceiling_db / 20)
        self._slope = _RELEASE_DB_PER_S / sample_rate
        self._held = 0.0
        # Silence before the first frame, so that the gain may come down ahead of it too.
        self._samples = np.zeros((channels, _HALF_TAPS), np.float32)
        self._needed = np.zeros(2 * self._reach)
        self._releasing = np.zeros(0)
        window = np.hanning(2 * self._reach + 3)[1:-1]
        self._window = window / window.sum()
        self.delay = _HALF_TAPS + 2 * self._reach

    def push(self, block: Samples) -> _Track:
        """The attenuation of the frames that can be known by now."""
        needed = self._required(block)
        held = self._hold(needed)
        return self._smooth(self._release(held))

    def _required(self, block: Samples) -> _Track:
        """What each frame needs: its own true peak down to the ceiling."""
        joined = np.concatenate([self._samples, block], axis=1)
        self._samples = joined[:, -2 * _HALF_TAPS :]
        frames = max(0, joined.shape[1] - 2 * _HALF_TAPS)
        loudest = np.max(np.abs(joined), initial=0.0)
        # No interpolated value can exceed the samples by more than the filter's absolute sum.
        if loudest * _overshoot() <= self._ceiling or not frames:
            return np.zeros(frames)
        peak = np.max(np.abs(joined[:, _HALF_TAPS : _HALF_TAPS + frames]), axis=0)
        for taps in _phases():
            for channel in joined:
                between = np.abs(np.convolve(channel, taps, "valid"))
                # Each value lies between two frames; both must make room for it.
                peak = np.maximum(peak, np.maximum(between[:frames], between[1 : frames + 1]))
        needed: _Track = np.maximum(20 * np.log10(np.maximum(peak, 1e-9) / self._ceiling), 0)
        return needed

    def _hold(self, needed: _Track) -> _Track:
        from scipy.ndimage import maximum_filter1d

        joined = np.concatenate([self._needed, needed])
        self._needed = joined[-2 * self._reach :]
        if not joined.any():
            return np.zeros(max(0, len(joined) - 2 * self._reach))
        held: _Track = maximum_filter1d(joined, 2 * self._reach + 1)
        return held[self._reach : len(joined) - self._reach]

    def _release(self, held: _Track) -> _Track:
        if not len(held):
            return held
        # max over the past of (value - slope * age), as one running maximum.
        age = self._slope * np.arange(1, len(held) + 1)
        falling: _Track = np.maximum.accumulate(np.maximum(held, 0) + age)
        falling = np.maximum(np.maximum(falling, self._held) - age, 0)
        self._held = float(falling[-1])
        return falling

    def _smooth(self, releasing: _Track) -> _Track:
        joined = np.concatenate([self._releasing, releasing])
        self._releasing = joined[-2 * self._reach :]
        frames = max(0, len(joined) - 2 * self._reach)
        if not frames or not joined.any():
            return np.zeros(frames)
        smooth: _Track = np.convolve(joined, self._window, "valid")
        return smooth


@lru_cache(maxsize=1)
def _phases() -> Any:
    """Interpolators [7, 24] for the points between two samples; unity gain at DC."""
    taps = np.arange(-_HALF_TAPS, _HALF_TAPS) + 0.5
    rows = []
    for step in range(1, _OVERSAMPLING):
        at = taps + 0.5 - step / _OVERSAMPLING
        window = np.i0(9.0 * np.sqrt(np.maximum(1 - (at / _HALF_TAPS) ** 2, 0))) / np.i0(9.0)
        row = np.sinc(at) * window
        rows.append(row / row.sum())
    return np.array(rows, np.float32)


def _overshoot() -> float:
    return float(np.max(np.sum(np.abs(_phases()), axis=1)))
