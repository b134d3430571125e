"""Dynamics: compression that leaves the loudness and the stereo image where they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sayso.audio import Audio, Samples
from sayso.effects.sound import Processed, Sound
from sayso.optional import require


@dataclass(frozen=True)
class Setting:
    """`threshold_lu` above the programme's loudness, as a peak level; times in milliseconds."""

    threshold_lu: float
    ratio: float
    attack_ms: float
    release_ms: float


# Music and speech peak 14 to 22 dB above their loudness. On both, the loudest twentieth of the time
# is turned down by about 2, 5 and 10 dB.
SETTINGS: dict[Literal["low", "medium", "high"], Setting] = {
    "low": Setting(threshold_lu=3.0, ratio=2.0, attack_ms=15.0, release_ms=150.0),
    "medium": Setting(threshold_lu=0.0, ratio=3.0, attack_ms=8.0, release_ms=120.0),
    "high": Setting(threshold_lu=-4.0, ratio=5.0, attack_ms=3.0, release_ms=90.0),
}


def compress(audio: Audio, setting: Setting, *, loudness_lufs: float) -> Sound:
    """`audio`, of the loudness given, with its loud moments turned down; no make-up gain.

    All channels are turned down together, by the loudest of them, so that nothing moves sideways.
    """

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        library = require("pedalboard", extra=None, purpose="compression")
        compressor = library.Compressor(
            threshold_db=loudness_lufs + setting.threshold_lu,
            ratio=setting.ratio,
            attack_ms=setting.attack_ms,
            release_ms=setting.release_ms,
        )
        for block in blocks:
            # The library compresses each channel by itself. Fed with the loudest channel's
            # magnitude it tells the gain: what comes out over what went in.
            key = np.maximum(np.max(np.abs(block), axis=0, keepdims=True), np.float32(1e-7))
            gain = compressor.process(key, float(audio.sample_rate), reset=False) / key
            yield block * gain

    return Processed(audio, transform, audio.frames)
