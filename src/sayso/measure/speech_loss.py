"""Speech loss: how much of the speech itself a treatment took away, in dB; 0 is none, lower better.

What is left of the reference in the estimate is found as the gain that fits best, in each band of a
third of an octave and each stretch of 0.4 s, so that noise and music in the estimate count for
nothing (their share of a stretch is a few per cent of their power), and neither a muffled voice nor
a lost word is excused by loud vowels. One gain for all of a recording would count a lost word
twice: as lost energy, and as a lower gain of what is left. Conventions: `[T]`, the estimate at the
reference's level: a gain of less than 1 is a loss. A constant offset is no speech.
"""

from __future__ import annotations

import numpy as np

from sayso.audio import stft, window_frames
from sayso.errors import RangeError, ShapeError, SilenceError
from sayso.measure import sdr
from sayso.measure.compared import Compared
from sayso.measure.sdr import Array

_WINDOW_S, _HOPS = 0.04, 4
_BANDS_PER_OCTAVE, _LOWEST_HZ = 3, 100.0
_STRETCH_S = 0.4


def validate(estimate: Array, reference: Array, *, sample_rate: int) -> None:
    """Raises what is wrong with a pair: see `speech_loss_db`."""
    sdr.validate(estimate, reference)
    if estimate.ndim != 1:
        raise ShapeError(f"the sounds are {list(estimate.shape)}; expected mono [T]")
    if sample_rate < 4 * _LOWEST_HZ:
        raise RangeError(f"{sample_rate} Hz; expected {4 * _LOWEST_HZ:g} Hz or more")
    if reference.min() == reference.max():
        raise SilenceError("the reference is silent, its loss is undefined")


def speech_loss_db(estimate: Array, reference: Array, *, sample_rate: int) -> float:
    """Energy of `reference` over that of its part in `estimate`, in dB.

    Args:
        estimate: `[T]`, at the reference's level.
        reference: clean speech `[T]`, not silent.
        sample_rate: of both, in Hz.
    Returns: dB; infinite where nothing is left.
    Raises: ShapeError, EmptyAudioError, NotFiniteError, SilenceError, RangeError.

    >>> import numpy as np
    >>> speech = np.random.default_rng(0).standard_normal(16_000)
    >>> round(speech_loss_db(0.5 * speech, speech, sample_rate=16_000), 2)
    6.02
    """
    validate(estimate, reference, sample_rate=sample_rate)
    n_fft = window_frames(_WINDOW_S, sample_rate)
    heard, clean = (
        stft(np.asarray(wave - wave.mean(), np.float32), n_fft, hop=n_fft // _HOPS)
        for wave in (estimate, reference)
    )
    starts = np.arange(0, clean.shape[1], max(1, round(_STRETCH_S * sample_rate * _HOPS / n_fft)))
    hz = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    octaves = np.log2(np.maximum(hz, _LOWEST_HZ) / _LOWEST_HZ)
    bands = np.floor(octaves * _BANDS_PER_OCTAVE).astype(int)
    first = np.flatnonzero(np.diff(bands, prepend=-1))

    def summed(products: Array) -> Array:
        """Over each band and stretch."""
        by_time = np.add.reduceat(products.astype(np.float64), starts, axis=1)
        return np.asarray(np.add.reduceat(by_time, first, axis=0))

    energy, common = summed(np.abs(clean) ** 2), summed((heard * clean.conj()).real)
    sounding = energy > 0
    left = np.maximum(common[sounding], 0) ** 2 / energy[sounding]
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(energy.sum() / left.sum()))


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"speech_loss_db": dB}`. Raises: see `speech_loss_db`, `Compared.pair`."""
    estimate, reference = compared.mono()
    rate = compared.estimate.sample_rate
    return {"speech_loss_db": speech_loss_db(estimate, reference, sample_rate=rate)}
