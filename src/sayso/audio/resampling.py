"""Changing the sample rate, whole or in a stream, with the SoX resampler."""

from __future__ import annotations

from typing import Any

import numpy as np

from sayso.audio.audio import Audio, Samples, check_rate
from sayso.audio.recorder import Recorder


class Resampler:
    """A stream from one rate to another, very high quality, linear phase, no delay in sum.

    `push` returns what is ready; `flush` the rest. In all, `round(T * to_hz / from_hz)` frames.
    """

    def __init__(self, from_hz: int, to_hz: int, *, channels: int) -> None:
        import soxr

        check_rate(to_hz)
        self._ratio = to_hz / from_hz
        self._channels = channels
        self._stream: Any = soxr.ResampleStream(
            from_hz, to_hz, channels, dtype="float32", quality="VHQ"
        )
        self._taken = 0
        self._given = 0

    def push(self, block: Samples) -> Samples:
        """The output [C, t'] that the block [C, t] completes."""
        self._taken += block.shape[1]
        out = self._stream.resample_chunk(np.ascontiguousarray(block.T))
        self._given += len(out)
        return np.ascontiguousarray(out.T)

    def flush(self) -> Samples:
        """What is left at the end, so that the whole has its exact length."""
        out = self._stream.resample_chunk(np.zeros((0, self._channels), np.float32), last=True)
        missing = round(self._taken * self._ratio) - self._given - len(out)
        if missing < 0:
            out = out[:missing]
        return np.pad(out, ((0, max(missing, 0)), (0, 0))).T


def resample(audio: Audio, sample_rate: int) -> Audio:
    """`audio` at another rate in Hz, of `round(T * sample_rate / audio.sample_rate)` frames.

    The same object when nothing changes. Raises: ShapeError for a rate outside 2 to 768 kHz.
    """
    check_rate(sample_rate)
    if sample_rate == audio.sample_rate:
        return audio
    stream = Resampler(audio.sample_rate, sample_rate, channels=audio.channels)
    recorder = Recorder(audio.channels, sample_rate)
    for block in audio.blocks():
        recorder.append(stream.push(block))
    recorder.append(stream.flush())
    if recorder.frames == 0:
        recorder.append(np.zeros((audio.channels, 1), np.float32))
    return recorder.audio()
