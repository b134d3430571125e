"""A gate that knows what is coming: pauses go down, and words begin whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sayso.audio import Audio, Samples
from sayso.desk.cleaning import Gate
from sayso.effects import Processed, Sound
from sayso.optional import require

_RATIO = 4.0  # dB down for each dB below the threshold, until the range is reached


def gate(audio: Audio, settings: Gate, *, loudness_lufs: float) -> Sound:
    """`audio`, of the loudness given, with what lies far below it turned down.

    All channels move together, by the loudest of them.
    """
    ahead = max(1, round(settings.attack_s * audio.sample_rate))
    least = np.float32(10 ** (settings.range_db / 20))

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        library = require("pedalboard", extra=None, purpose="the gate")
        follower = library.NoiseGate(
            threshold_db=loudness_lufs + settings.threshold_lu,
            ratio=_RATIO,
            attack_ms=1000 * settings.attack_s,
            release_ms=1000 * settings.release_s,
        )

        def push(block: Samples) -> Samples:
            key = np.maximum(np.max(np.abs(block), axis=0, keepdims=True), np.float32(1e-7))
            gain = follower.process(key, float(audio.sample_rate), reset=False) / key
            opened: Samples = np.maximum(gain, least)
            return opened

        # The gain of a frame is the one found `ahead` frames later.
        waiting = np.zeros((audio.channels, 0), np.float32)
        early = ahead
        for block in blocks:
            gain = push(block)
            skipped = min(early, gain.shape[1])
            early -= skipped
            gain = gain[:, skipped:]
            waiting = np.concatenate([waiting, block], axis=1)
            yield waiting[:, : gain.shape[1]] * gain
            waiting = waiting[:, gain.shape[1] :]
        gain = push(np.zeros((audio.channels, ahead), np.float32))
        yield waiting * gain[:, -waiting.shape[1] :]

    return Processed(audio, transform, audio.frames)
