"""What analysis hears of a recording: one channel at a low rate, in RAM."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Resampler, Samples
from sayso.errors import SilenceError
from sayso.watch import SILENT, Watch

_INAUDIBLE = 1e-5

Frames = npt.NDArray[np.int64]
"""Indices or times in frames."""


def mono(audio: Audio, rate: int, *, watch: Watch = SILENT) -> Samples:
    """The mean of all channels [T] at `rate` Hz; three hours at 11 kHz take half a gigabyte.

    Channels in opposite phase would cancel, so the first is taken alone where the mean is far
    weaker. Raises: Cancelled.
    """
    mean, power, first_power = _mixed(audio, rate, slice(None), watch)
    return mean if power >= 1e-3 * first_power else _mixed(audio, rate, slice(1), watch)[0]


def _mixed(audio: Audio, rate: int, channels: slice, watch: Watch) -> tuple[Samples, float, float]:
    """The mean of some channels [T] at `rate` Hz, its energy and that of the first channel."""
    stream = None if rate == audio.sample_rate else Resampler(audio.sample_rate, rate, channels=1)
    pieces, energy, first_energy = [], 0.0, 0.0
    for block in audio.blocks():
        watch.check("stopped while listening")
        mixed = block[channels].mean(axis=0, keepdims=True)
        energy += float(np.vdot(mixed, mixed))
        first_energy += float(np.vdot(block[0], block[0]))
        pieces.append(mixed if stream is None else stream.push(mixed))
    if stream is not None:
        pieces.append(stream.flush())
    return np.concatenate(pieces, axis=1)[0], energy, first_energy


def require_sound(signal: Samples, what: str) -> None:
    """Raises SilenceError naming `what` where `signal` [T] never leaves -100 dBFS."""
    if not signal.size or float(np.abs(signal).max()) < _INAUDIBLE:
        raise SilenceError(f"{what} is silent; expected a recording with sound in it")
