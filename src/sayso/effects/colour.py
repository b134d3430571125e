"""Colour: overdrive and chorus."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sayso.audio import Samples
from sayso.effects.sound import Processed, Sound
from sayso.optional import require

_MOST_DRIVE_DB = 40.0
_WAVER_HZ, _WAVER_MS = 1.1, 9.0


def distort(sound: Sound, amount: float) -> Sound:
    """`sound` through a soft clipper, driven by up to 40 dB; it gets louder."""

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        library = require("pedalboard", extra=None, purpose="distortion")
        drive = library.Distortion(drive_db=_MOST_DRIVE_DB * amount)
        for block in blocks:
            yield drive.process(block, float(sound.sample_rate), reset=False)

    return Processed(sound, transform, sound.frames)


def chorus(sound: Sound, amount: float) -> Sound:
    """`sound` with a copy that wavers in time and pitch; 0 changes nothing."""
    if amount == 0:
        return sound

    def transform(blocks: Iterator[Samples]) -> Iterator[Samples]:
        library = require("pedalboard", extra=None, purpose="a chorus")
        voices = [
            library.Chorus(
                rate_hz=_WAVER_HZ, depth=0.25, centre_delay_ms=_WAVER_MS, feedback=0.0, mix=1.0
            )
            for _ in range(sound.channels)
        ]
        scale = 1 / np.sqrt(1 + amount**2)  # as loud as before, as the two differ
        for block in blocks:
            copies = [
                voice.process(channel[np.newaxis], float(sound.sample_rate), reset=False)
                for voice, channel in zip(voices, block, strict=True)
            ]
            yield (scale * (block + amount * np.concatenate(copies))).astype(np.float32)

    return Processed(sound, transform, sound.frames)
