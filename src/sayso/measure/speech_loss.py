"""Speech loss: how much of the speech itself a treatment took away, in dB; 0 is none, lower better.

What is left of the reference in the estimate is found band by band as the gain that fits best, so
that noise and music in the estimate count for nothing, and a muffled voice is not excused by loud
vowels. Conventions: `[T]`, the estimate at the reference's level: a gain is a loss.
"""

from __future__ import annotations

import numpy as np

from sayso.audio import stft
from sayso.errors import RangeError, ShapeError, SilenceError
from sayso.measure import sdr
from sayso.measure.sdr import Array

_WINDOW_S, _HOPS = 0.04, 4
_BANDS_PER_OCTAVE, _LOWEST_HZ = 3, 100.0


def validate(estimate: Array, reference: Array, *, sample_rate: int) -> None:
    """Raises what is wrong with a pair: see `speech_loss_db`."""
    sdr.validate(estimate, reference)
    if estimate.ndim != 1:
        raise ShapeError(f"the sounds are {list(estimate.shape)}; expected mono [T]")
    if sample_rate < 4 * _LOWEST_HZ:
        raise RangeError(f"{sample_rate} Hz; expected {4 * _LOWEST_HZ:g} Hz or more")
    if not reference.any():
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
    n_fft = max(64, 2 ** round(np.log2(_WINDOW_S * sample_rate)))
    heard, clean = (
        stft(np.asarray(wave, np.float32), n_fft, hop=n_fft // _HOPS)
        for wave in (estimate, reference)
    )
    energy = (np.abs(clean) ** 2).sum(axis=1, dtype=np.float64)
    common = (heard * clean.conj()).real.sum(axis=1, dtype=np.float64)
    hz = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    octaves = np.log2(np.maximum(hz, _LOWEST_HZ) / _LOWEST_HZ)
    bands = np.floor(octaves * _BANDS_PER_OCTAVE).astype(int)
    energy, common = (np.bincount(bands, weights=each) for each in (energy, common))
    sounding = energy > 0
    left = np.maximum(common[sounding], 0) ** 2 / energy[sounding]
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(energy.sum() / left.sum()))


def evaluate(estimate: Array, reference: Array, *, sample_rate: int) -> dict[str, float]:
    """`{"speech_loss_db": dB}`. Raises: see `speech_loss_db`."""
    return {"speech_loss_db": speech_loss_db(estimate, reference, sample_rate=sample_rate)}
