"""Perceptual evaluation of speech quality, ITU-T P.862: 1 (bad) to about 4.6; higher is better.

Conventions: mono `[T]` at 16 kHz (wide band) or 8 kHz (narrow band); the standard knows no others.
"""

from __future__ import annotations

from sayso.errors import EmptyAudioError, RangeError, ShapeError, SilenceError
from sayso.measure import sdr
from sayso.measure.compared import Compared
from sayso.measure.sdr import Array
from sayso.optional import require

_MODES = {16_000: "wb", 8_000: "nb"}
_SHORTEST_S = 0.25


def validate(estimate: Array, reference: Array, *, sample_rate: int) -> None:
    """Raises what is wrong with a pair: see `pesq`."""
    sdr.validate(estimate, reference)
    if estimate.ndim != 1:
        raise ShapeError(f"the sounds are {list(estimate.shape)}; expected mono [T]")
    if sample_rate not in _MODES:
        raise RangeError(f"{sample_rate} Hz; PESQ knows 8000 and 16000 Hz: resample first")
    if len(estimate) < _SHORTEST_S * sample_rate:
        raise EmptyAudioError(f"{len(estimate) / sample_rate:.2f} s; PESQ needs {_SHORTEST_S} s")


def pesq(estimate: Array, reference: Array, *, sample_rate: int) -> float:
    """The quality of `estimate`, as a mean opinion score.

    Args:
        estimate: `[T]`, any level.
        reference: clean speech `[T]`.
        sample_rate: of both, 16000 or 8000 Hz.
    Raises: ShapeError, EmptyAudioError, NotFiniteError, RangeError; SilenceError where no
        utterance is found; MissingExtraError.
    """
    validate(estimate, reference, sample_rate=sample_rate)
    library = require("pesq", extra="metrics", purpose="PESQ")
    try:
        return float(library.pesq(sample_rate, reference, estimate, _MODES[sample_rate]))
    except library.NoUtterancesError:
        raise SilenceError("PESQ found no utterance in the sounds; expected speech") from None


def evaluate(compared: Compared) -> dict[str, float]:
    """`{"pesq": score}`. Raises: see `pesq`, `Compared.pair`."""
    estimate, reference = compared.mono()
    rate = compared.estimate.sample_rate
    return {"pesq": pesq(estimate, reference, sample_rate=rate)}
