"""The order of channels. Ours is that of WAV and FLAC: left, right, centre, LFE, back, side."""

from __future__ import annotations

from sayso.audio.audio import Samples

# Vorbis and Opus put the centre second and the LFE last. For 3 to 8 channels: which of ours each
# of theirs is. Source: Vorbis I specification, 4.3.9.
_VORBIS = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 4, 5, 3),
    7: (0, 2, 1, 5, 6, 4, 3),
    8: (0, 2, 1, 6, 7, 4, 5, 3),
}
# What FFmpeg calls the layouts of 0 to 8 channels in our order, and Opus's own for four.
LAYOUTS = ("", "mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1", "7.1")
OPUS_LAYOUTS = (*LAYOUTS[:4], "quad", *LAYOUTS[5:])


def to_vorbis(block: Samples) -> Samples:
    """`block` [C, t] in the order of Vorbis."""
    order = _VORBIS.get(len(block))
    return block if order is None else block[list(order)]


def from_vorbis(block: Samples) -> Samples:
    """`block` [C, t] in our order, out of that of Vorbis.

    >>> import numpy as np
    >>> block = np.arange(6, dtype=np.float32)[:, None]
    >>> bool((from_vorbis(to_vorbis(block)) == block).all())
    True
    """
    order = _VORBIS.get(len(block))
    return (
        block if order is None else block[[order.index(channel) for channel in range(len(block))]]
    )
