"""Signal-to-distortion ratio without filters: plain SDR, and uSDR as in the MDX challenges.

Conventions: `[..., C, T]` or `[..., T]`; an energy is summed over what `axis` names, so stereo is
one signal. uSDR is taken over the whole track; a data set's figure is the median over tracks.

Source: Mitsufuji et al. 2022, "Music Demixing Challenge 2021", arXiv:2108.13559, section 2.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.errors import EmptyAudioError, NotFiniteError, ShapeError, SilenceError
from sayso.measure.compared import Compared

Array = npt.NDArray[Any]

DELTA = 1e-7  # keeps uSDR finite when a source is silent or the estimate perfect


def validate(estimate: Array, reference: Array) -> None:
    """Refuse a pair that cannot be compared.

    Args:
        estimate: waveform `[..., T]`.
        reference: waveform of the same shape and rate.
    Raises: ShapeError, EmptyAudioError, NotFiniteError.
    """
    if estimate.shape != reference.shape or estimate.ndim < 1:
        raise ShapeError(
            f"the estimate has shape {estimate.shape} and the reference {reference.shape}; "
            "both must be the same [..., T]"
        )
    if estimate.size == 0:
        raise EmptyAudioError("no samples to compare; at least one is needed")
    for name, wave in (("estimate", estimate), ("reference", reference)):
        if not np.isfinite(wave).all():
            raise NotFiniteError(f"the {name} holds NaN or infinity; expected finite samples")


def sdr(estimate: Array, reference: Array, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Plain SDR in dB, 10 log10(|s|^2 / |s - e|^2); infinite for a perfect estimate.

    Args:
        estimate: waveform `[..., T]`.
        reference: clean waveform, same shape and rate, not silent.
        axis: axes that make up one signal; `(-2, -1)` treats channels together.
    Returns: dB, one figure for each index of the other axes.
    Raises: ShapeError, EmptyAudioError, NotFiniteError, SilenceError.

    >>> import numpy as np
    >>> s = np.ones(100)
    >>> round(float(sdr(0.9 * s, s)), 6)
    20.0
    """
    validate(estimate, reference)
    signal, error = _energies(estimate, reference, axis)
    if not np.all(signal > 0):
        raise SilenceError(
            "the reference is silent, its SDR is undefined; leave it out or use usdr"
        )
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(signal / error))


def usdr(estimate: Array, reference: Array, *, axis: int | tuple[int, ...] = (-2, -1)) -> Array:
    """Whole-track uSDR in dB, 10 log10((|s|^2 + d) / (|s - e|^2 + d)), d = 1e-7.

    Args:
        estimate: waveform `[..., C, T]`.
        reference: clean waveform, same shape and rate; may be silent.
        axis: axes that make up one signal; -1 for mono `[..., T]`.
    Returns: dB, one figure for each index of the other axes; always finite.
    Raises: ShapeError, EmptyAudioError, NotFiniteError.
    """
    validate(estimate, reference)
    signal, error = _energies(estimate, reference, axis)
    return np.asarray(10.0 * np.log10((signal + DELTA) / (error + DELTA)))


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"sdr": dB}` of all channels together. Raises: see `sdr`, `Compared.pair`."""
    return {"sdr": float(sdr(*compared.pair(), axis=(-2, -1)))}


def _energies(
    estimate: Array, reference: Array, axis: int | tuple[int, ...]
) -> tuple[Array, Array]:
    """Energy of the reference and of the error, in double precision."""
    clean = np.asarray(reference, dtype=np.float64)
    error = clean - estimate
    return np.asarray((clean**2).sum(axis=axis)), np.asarray((error**2).sum(axis=axis))
