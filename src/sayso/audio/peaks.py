"""The outline of a waveform, for drawing."""

from __future__ import annotations

import numpy as np

from sayso.audio.audio import Audio, Samples
from sayso.errors import RangeError


def peaks(audio: Audio, buckets: int) -> Samples:
    """The lowest and highest sample of each of `buckets` equal stretches: [C, buckets, 2].

    Audio with fewer frames than buckets gives one bucket a frame.
    Raises: RangeError unless there are 1 to 100,000 buckets.
    """
    if not 1 <= buckets <= 100_000:
        raise RangeError(f"{buckets} buckets; expected 1 to 100000")
    buckets = min(buckets, audio.frames)
    edges = np.linspace(0, audio.frames, buckets + 1).astype(np.int64)
    out = np.empty((audio.channels, buckets, 2), np.float32)
    group = max(1, (1 << 18) * buckets // audio.frames)
    for first in range(0, buckets, group):
        last = min(first + group, buckets)
        block = audio.block(int(edges[first]), int(edges[last]))
        starts = edges[first:last] - edges[first]
        out[:, first:last, 0] = np.minimum.reduceat(block, starts, axis=1)
        out[:, first:last, 1] = np.maximum.reduceat(block, starts, axis=1)
    return out
