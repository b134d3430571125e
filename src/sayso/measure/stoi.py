"""Short-time objective intelligibility: how well words can be made out; higher is better.

Conventions: mono `[T]`, 0 to about 1. The extended measure also hears masking that comes and goes,
as music does. The library works at 10 kHz and resamples to it.

Source: Taal, Hendriks, Heusdens and Jensen 2011 (IEEE TASLP 19:2125); Jensen and Taal 2016 (IEEE
TASLP 24:2009) for the extended one.
"""

from __future__ import annotations

import warnings

import numpy as np

from sayso.errors import EmptyAudioError, ShapeError, SilenceError
from sayso.measure import sdr
from sayso.measure.compared import Compared
from sayso.measure.sdr import Array
from sayso.optional import require

_SHORTEST_S = 0.4


def validate(estimate: Array, reference: Array, *, sample_rate: int) -> None:
    """Raises what is wrong with a pair: see `stoi`."""
    sdr.validate(estimate, reference)
    if estimate.ndim != 1:
        raise ShapeError(f"the sounds are {list(estimate.shape)}; expected mono [T]")
    if len(estimate) < _SHORTEST_S * sample_rate:
        raise EmptyAudioError(
            f"{len(estimate) / sample_rate:.2f} s; intelligibility needs {_SHORTEST_S} s"
        )
    if not reference.any():
        raise SilenceError("the reference is silent, its intelligibility is undefined")


def stoi(estimate: Array, reference: Array, *, sample_rate: int, extended: bool = False) -> float:
    """Intelligibility of `estimate`.

    Args:
        estimate: `[T]`, any level.
        reference: clean speech `[T]`.
        sample_rate: of both, in Hz.
        extended: ESTOI in place of STOI.
    Raises: ShapeError, EmptyAudioError, NotFiniteError; SilenceError for too little speech;
        MissingExtraError.
    """
    validate(estimate, reference, sample_rate=sample_rate)
    library = require("pystoi", extra="metrics", purpose="intelligibility")
    with warnings.catch_warnings():
        # The library answers 1e-5 with a warning where too little of the reference is speech.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = library.stoi(reference, estimate, sample_rate, extended=extended)
        except RuntimeWarning:
            raise SilenceError(
                f"less than {_SHORTEST_S} s of the reference is speech; STOI is undefined"
            ) from None
    return float(np.clip(found, -1.0, 1.0))


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"stoi", "estoi"}`. Raises: see `stoi`, `Compared.pair`."""
    estimate, reference = compared.mono()
    rate = compared.estimate.sample_rate
    return {
        "stoi": stoi(estimate, reference, sample_rate=rate),
        "estoi": stoi(estimate, reference, sample_rate=rate, extended=True),
    }
