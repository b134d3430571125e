"""Stretches of kept recordings and tracks for a player: exact to the sample, yet small to send."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import soundfile

from sayso.audio import read
from sayso.errors import RangeError

BITS = 20
"""Of each sample: what is rounded away is at -125 dBFS, below what any ear or speaker gives."""


def segment(kept: Path, start: int, frames: int) -> tuple[bytes, float]:
    """Some frames of a kept sound as a file of their own, shorter where the sound ends.

    Args:
        kept: a float32 WAV.
        start: the first frame.
        frames: how many at most.

    Returns: the bytes of a FLAC of `BITS` bits, and what its samples are to be multiplied with, a
        power of two, since FLAC ends at full scale.
    Raises: RangeError for a start that is not there.
    """
    audio = read(kept)
    if not 0 <= start < audio.frames:
        raise RangeError(f"frame {start} was asked for; expected one of 0 to {audio.frames - 1}")
    samples = audio.slice(start, min(start + frames, audio.frames)).samples.T
    largest = 2.0 ** (BITS - 1) - 1
    peak = float(np.abs(samples).max(initial=0.0)) * 2.0 ** (BITS - 1) / largest
    gain = 2.0 ** max(0, math.ceil(math.log2(peak))) if peak > 1.0 else 1.0
    whole = np.rint(samples * np.float32(2.0 ** (BITS - 1) / gain)).astype(np.int32) << (32 - BITS)
    out = io.BytesIO()
    soundfile.write(out, whole, audio.sample_rate, format="FLAC", subtype="PCM_24")
    return out.getvalue(), gain
