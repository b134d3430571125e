"""What analysis hears of a recording: one channel at a low rate, in RAM."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Resampler, Samples, upright
from sayso.errors import SilenceError
from sayso.watch import SILENT, Watch

_INAUDIBLE = 1e-5

Frames = npt.NDArray[np.int64]
"""Indices or times in frames."""


def mono(audio: Audio, rate: int, *, watch: Watch = SILENT) -> Samples:
    """The mean of all channels [T] at `rate` Hz; three hours at 11 kHz take half a gigabyte.

    Those with their polarity turned over are turned back, for they would cancel. Raises: Cancelled.
    """
    stream = None if rate == audio.sample_rate else Resampler(audio.sample_rate, rate, channels=1)
    pieces = []
    for block in upright(audio).blocks():
        watch.check("stopped while listening")
        mixed = block.mean(axis=0, keepdims=True)
        pieces.append(mixed if stream is None else stream.push(mixed))
    if stream is not None:
        pieces.append(stream.flush())
    mean: Samples = np.concatenate(pieces, axis=1)[0]
    return mean


def require_sound(signal: Samples, what: str) -> None:
    """Raises SilenceError naming `what` where `signal` [T] never leaves -100 dBFS."""
    if not signal.size or float(np.abs(signal).max()) < _INAUDIBLE:
        raise SilenceError(f"{what} is silent; expected a recording with sound in it")
