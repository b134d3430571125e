"""Channels with their polarity turned over, which cancel in a mean and mislead a network.

A cable with two wires swapped, or a microphone facing the other, turns one channel over. Nothing
that is heard in the channels changes, so nothing but that sign may change in what is made of them:
whatever mixes channels, or was trained on such as agree, works on upright ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sayso.audio.audio import Audio, Samples
from sayso.audio.recorder import Recorder

Signs = npt.NDArray[np.float32]
"""1 or -1 for each channel: [C, 1]."""

_AGAINST = -0.3
"""The correlation below which a channel counts as turned over: wide stereo stays above it, and
what is independent is near 0."""


def polarities(audio: Audio) -> Signs:
    """-1 for each channel that runs against those before it, else 1; the first has 1.

    Every block counts by its amplitude, so that one loud click decides nothing.
    """
    together = np.zeros((audio.channels, audio.channels))
    if audio.channels > 1:
        for block in audio.blocks():
            products = (block @ block.T).astype(np.float64)
            together += products / np.sqrt(max(float(np.trace(products)), 1e-30))
    return _signs(together)


def upright_block(block: Samples) -> Samples:
    """One block [C, t] with its channels in agreement."""
    return block * _signs((block @ block.T).astype(np.float64)) if len(block) > 1 else block


def turned(audio: Audio, signs: Signs) -> Audio:
    """`audio` with the channels whose sign is -1 turned over; `audio` itself where none is."""
    if (signs > 0).all():
        return audio
    recorder = Recorder(audio.channels, audio.sample_rate)
    for block in audio.blocks():
        recorder.append(block * signs)
    return recorder.audio()


def upright(audio: Audio) -> Audio:
    """`audio` with all channels in agreement; `audio` itself where they are."""
    return turned(audio, polarities(audio))


def _signs(together: npt.NDArray[np.float64]) -> Signs:
    signs = np.ones(len(together))
    for channel in range(1, len(together)):
        before = signs[:channel]
        power = (before @ together[:channel, :channel] @ before) * together[channel, channel]
        against = before @ together[:channel, channel]
        if against < _AGAINST * np.sqrt(max(power, 1e-60)):
            signs[channel] = -1.0
    return signs[:, None].astype(np.float32)
