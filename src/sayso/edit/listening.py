"""What analysis hears of a recording: one channel at a low rate, in RAM."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Resampler, Samples
from sayso.audio.audio import Cancelled
from sayso.errors import Cancelled as Stopped
from sayso.errors import SilenceError

_INAUDIBLE = 1e-5

Frames = npt.NDArray[np.int64]
"""Indices or times in frames."""


def mono(audio: Audio, rate: int, *, cancelled: Cancelled | None = None) -> Samples:
    """The mean of all channels [T] at `rate` Hz; three hours at 11 kHz take half a gigabyte.

    Channels in opposite phase would cancel, so the first is taken alone where the mean is far
    weaker. Raises: Cancelled.
    """
    stream = None if rate == audio.sample_rate else Resampler(audio.sample_rate, rate, channels=1)
    pieces = []
    mean_power = first_power = 0.0
    firsts = []
    for block in audio.blocks():
        if cancelled is not None and cancelled():
            raise Stopped("stopped while listening")
        mixed = block.mean(axis=0, keepdims=True)
        mean_power += float(np.vdot(mixed, mixed))
        first_power += float(np.vdot(block[0], block[0]))
        pieces.append(mixed if stream is None else stream.push(mixed))
    if stream is not None:
        pieces.append(stream.flush())
    if mean_power < 1e-3 * first_power:
        firsts = list(mono_blocks(audio, rate))
    joined: Samples = np.concatenate(firsts or pieces, axis=1)[0]
    return joined


def mono_blocks(audio: Audio, rate: int) -> list[Samples]:
    """The first channel at `rate` Hz, in blocks [1, t]."""
    stream = None if rate == audio.sample_rate else Resampler(audio.sample_rate, rate, channels=1)
    if stream is None:
        return [block[:1] for block in audio.blocks()]
    return [*(stream.push(block[:1]) for block in audio.blocks()), stream.flush()]


def require_sound(signal: Samples, what: str) -> None:
    """Raises SilenceError naming `what` where `signal` [T] never leaves -100 dBFS."""
    if not signal.size or float(np.abs(signal).max()) < _INAUDIBLE:
        raise SilenceError(f"{what} is silent; expected a recording with sound in it")
