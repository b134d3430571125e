"""Scale-invariant signal-to-distortion ratio: SDR after the best gain of the reference.

Conventions: `[..., T]`; each channel is its own signal. Means are removed, as in the paper's
companion code, so a constant offset of a recording does not count as distortion.

Source: Le Roux, Wisdom, Erdogan and Hershey 2019, "SDR: half-baked or well done?",
arXiv:1811.02508.
"""

from __future__ import annotations

import numpy as np

from sayso.errors import SilenceError
from sayso.measure.compared import Compared
from sayso.measure.sdr import Array, validate


def si_sdr(estimate: Array, reference: Array) -> Array:
    """Scale-invariant signal-to-distortion ratio in dB; infinite for a scaled copy.

    Args:
        estimate: waveform `[..., T]`, any level.
        reference: clean waveform, same shape and rate, not silent.
    Returns: dB `[...]`; minus infinity for a silent estimate.
    Raises: ShapeError, EmptyAudioError, NotFiniteError, SilenceError.
    Source: Le Roux et al. 2019, arXiv:1811.02508, equation 4.

    >>> import numpy as np
    >>> s = np.sin(np.arange(1000.0))
    >>> bool(si_sdr(5 * s, s) > 200)
    True
    """
    validate(estimate, reference)
    clean = np.asarray(reference, dtype=np.float64)
    heard = np.asarray(estimate, dtype=np.float64)
    clean = clean - clean.mean(axis=-1, keepdims=True)
    heard = heard - heard.mean(axis=-1, keepdims=True)
    power = (clean**2).sum(axis=-1, keepdims=True)
    if not np.all(power > 0):
        raise SilenceError("the reference is silent or constant, SI-SDR is undefined; leave it out")
    target = (heard * clean).sum(axis=-1, keepdims=True) / power * clean
    signal = (target**2).sum(axis=-1)
    error = ((heard - target) ** 2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 10.0 * np.log10(signal / error)
    return np.where(signal > 0, ratio, -np.inf)


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"si_sdr": dB}`, the mean over the channels. Raises: see `si_sdr`, `Compared.pair`."""
    return {"si_sdr": float(np.mean(si_sdr(*compared.pair())))}
