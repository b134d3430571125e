"""Loudness and true peak as ITU-R BS.1770-5 and EBU R 128 define them, in a stream.

Loudness in LUFS, gated in blocks of 400 ms that overlap by 75 %; true peak in dBTP after four-fold
oversampling. Silence gives minus infinity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.audio.audio import Audio, Samples

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
_QUIET_LUFS = -50.0  # from here down the absolute gate may take some of it for silence
_LIFTS_DB = (50.0, 100.0, 150.0)
_OVERSAMPLING = 4
# Left, right, centre, LFE, and surrounds in the order of a 5.1 file.
_WEIGHTS = (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41, 1.41)


class LoudnessMeter:
    """Integrated loudness of a stream of blocks [C, t]."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._sos = k_weighting(sample_rate)
        self._state = np.zeros((len(self._sos), channels, 2))
        self._hop = max(1, round(0.1 * sample_rate))
        weights = _WEIGHTS if channels > 3 else (1.0,) * 8
        self._weights = np.array(weights[:channels])
        self._rest = np.zeros((channels, 0))
        self._powers: list[npt.NDArray[np.float64]] = []

    def push(self, block: npt.NDArray[np.floating]) -> None:
        """Takes the next block."""
        from scipy.signal import sosfilt

        filtered, self._state = sosfilt(self._sos, block.astype(np.float64), -1, self._state)
        joined = np.concatenate([self._rest, filtered], axis=1)
        whole = joined.shape[1] // self._hop
        tenths = joined[:, : whole * self._hop].reshape(len(joined), whole, self._hop)
        self._powers.append(self._weights @ np.mean(tenths**2, axis=-1))
        self._rest = joined[:, whole * self._hop :]

    def integrated_lufs(self) -> float:
        """Gated loudness so far; minus infinity when nothing passes the gate."""
        tenths = np.concatenate([*self._powers, np.zeros(0)])
        if len(tenths) < 4:
            # Shorter than one block: measured whole, ungated, so that short sounds have a level.
            power = np.concatenate(
                [tenths, self._weights @ self._rest**2 if not len(tenths) else []]
            )
            return _lufs(float(np.mean(power))) if power.size else -np.inf
        blocks = np.convolve(tenths, np.full(4, 0.25), "valid")
        blocks = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
        if not blocks.size:
            return -np.inf
        gate = _power(_lufs(float(np.mean(blocks))) + RELATIVE_GATE_LU)
        return _lufs(float(np.mean(blocks[blocks > gate])))


def integrated_lufs(audio: Audio) -> float:
    """The loudness of all of `audio` in LUFS."""
    meter = LoudnessMeter(audio.channels, audio.sample_rate)
    for block in audio.blocks():
        meter.push(block)
    return meter.integrated_lufs()


def programme_lufs(audio: Audio) -> float:
    """The loudness of all of `audio` in LUFS, however quiet it is; minus infinity for silence.

    The gate of the standard takes all that lies under -70 LUFS for silence; a recording that does
    throughout is measured as if it had been turned up.
    """
    measured = integrated_lufs(audio)
    if measured > _QUIET_LUFS:
        return measured
    for lift_db in _LIFTS_DB:
        meter = LoudnessMeter(audio.channels, audio.sample_rate)
        for block in audio.blocks():
            meter.push(block.astype(np.float64) * 10 ** (lift_db / 20))
        measured = meter.integrated_lufs()
        if measured > _QUIET_LUFS:
            return measured - lift_db
    return measured


class PeakMeter:
    """Sample peak and true peak of a stream of blocks [C, t]."""

    def __init__(self, channels: int) -> None:
        self._history = np.zeros((channels, _TAPS), np.float32)
        self.sample_peak = 0.0
        self._true_peak = 0.0

    def push(self, block: Samples) -> None:
        """Takes the next block."""
        from scipy.signal import upfirdn

        if not block.shape[1]:
            return
        self.sample_peak = max(self.sample_peak, float(np.max(np.abs(block))))
        joined = np.concatenate([self._history, block], axis=1)
        # Only the fully overlapped part: the edges belong to the next block.
        over = upfirdn(interpolator(), joined, _OVERSAMPLING, axis=-1)
        start = _TAPS * _OVERSAMPLING
        over = over[:, start : start + block.shape[1] * _OVERSAMPLING]
        self._true_peak = max(self._true_peak, float(np.max(np.abs(over))))
        self._history = joined[:, -_TAPS:]

    def true_peak_db(self) -> float:
        """The true peak so far in dBTP, never below the sample peak."""
        self.push(np.zeros_like(self._history))
        return decibels(max(self._true_peak, self.sample_peak))


def true_peak_db(audio: Audio) -> float:
    """The true peak of all of `audio` in dBTP; it may exceed 0."""
    meter = PeakMeter(audio.channels)
    for block in audio.blocks():
        meter.push(block)
    return meter.true_peak_db()


def decibels(amplitude: float) -> float:
    """20 log10, minus infinity for nothing.

    >>> decibels(0.1)
    -20.0
    """
    return float(20 * np.log10(amplitude)) if amplitude > 0 else -np.inf


def k_weighting(sample_rate: int) -> npt.NDArray[np.float64]:
    """The K-weighting filter as second-order sections [2, 6] for any rate.

    The standard gives coefficients at 48 kHz alone; these come from the analogue prototype that
    reproduces them (De Man 2014), so that every rate hears alike.
    """
    weight_store = _biquad(sample_rate, 1681.974450955533, 0.7071752369554196, 3.999843853973347)
    return np.stack([weight_store, _highpass(sample_rate, 38.13547087602444, 0.5003270373238773)])


def _biquad(sample_rate: int, frequency_hz: float, q: float, gain_db: float) -> Any:
    k = np.tan(np.pi * min(frequency_hz, 0.49 * sample_rate) / sample_rate)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    top = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    return np.array([*top, a0, 2 * (k * k - 1), 1 - k / q + k * k]) / a0


def _highpass(sample_rate: int, frequency_hz: float, q: float) -> Any:
    k = np.tan(np.pi * frequency_hz / sample_rate)
    a0 = 1 + k / q + k * k
    # The standard's numerator is 1, -2, 1 without a division by a0.
    return np.array([1, -2, 1, 1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])


_TAPS = 24


def interpolator() -> npt.NDArray[np.float32]:
    """A windowed-sinc low-pass [4 * 24] for four-fold oversampling, gain 4."""
    length = _TAPS * _OVERSAMPLING
    at = (np.arange(length) - (length - 1) / 2) / _OVERSAMPLING
    return (np.sinc(at) * np.kaiser(length, 8.0)).astype(np.float32)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _lufs(power: float) -> float:
    return float(-0.691 + 10 * np.log10(power)) if power > 0 else -np.inf
