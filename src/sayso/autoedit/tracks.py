"""Recordings that run beside each other, heard as one: what any of them plays counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sayso.audio import Audio
from sayso.audio.polarity import upright_block
from sayso.audio.recorder import Recorder
from sayso.errors import DataError
from sayso.watch import SILENT, Watch

_BLOCK = 1 << 18


def together(audio: Audio, tracks: Mapping[str, Audio], *, watch: Watch = SILENT) -> Audio:
    """`audio` and the `tracks` beside it, a channel each, as long as `audio`; it itself alone.

    Args:
        audio: the first of them.
        tracks: the others by name; what is missing at their ends counts as silence.
        watch: cancelling, polled between blocks.

    Raises: DataError for another sample rate, Cancelled.
    """
    if not tracks:
        return audio
    for name, track in tracks.items():
        if track.sample_rate != audio.sample_rate:
            raise DataError(
                f"{name} has {track.sample_rate} Hz and runs beside a recording of "
                f"{audio.sample_rate} Hz; they are cut together, so resample it first"
            )
    recorder = Recorder(1 + len(tracks), audio.sample_rate)
    for start in range(0, audio.frames, _BLOCK):
        watch.check("stopped while listening")
        stop = min(start + _BLOCK, audio.frames)
        block = np.zeros((1 + len(tracks), stop - start), np.float32)
        for row, track in zip(block, (audio, *tracks.values()), strict=True):
            last = min(stop, track.frames)
            if last > start:
                row[: last - start] = upright_block(track.block(start, last)).mean(axis=0)
        recorder.append(block)
    return recorder.audio()
