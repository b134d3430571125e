"""Channels and rate of a whole sound: swapped, balanced, as one, at another rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sayso.audio import BLOCK_FRAMES, Resampler, Samples
from sayso.audio.blocks import InPieces
from sayso.effects.sound import STEP_FRAMES, OfSource, Processed, Sound
from sayso.errors import ShapeError


def swap(sound: Sound) -> Sound:
    """Left and right exchanged; a mono sound stays. Raises: ShapeError for more than two."""
    if _is_mono(sound, "swapping"):
        return sound
    return Processed(sound, lambda blocks: (block[::-1] for block in blocks), sound.frames)


def balance(sound: Sound, position: float) -> Sound:
    """The other side turned down, -1 to 1; 0 leaves it untouched. Raises: as `swap`."""
    if position == 0 or _is_mono(sound, "a balance"):
        return sound
    gains = np.minimum(1.0, [[1.0 - position], [1.0 + position]]).astype(np.float32)
    return Processed(sound, lambda blocks: (block * gains for block in blocks), sound.frames)


def _is_mono(sound: Sound, what: str) -> bool:
    if sound.channels > 2:
        raise ShapeError(
            f"the audio has {sound.channels} channels; {what} expects two. Make it stereo first"
        )
    return sound.channels == 1


@dataclass(frozen=True, eq=False)
class Folded(OfSource):
    """The mean of all channels, as one."""

    source: Sound

    @property
    def channels(self) -> int:
        """One."""
        return 1

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Blocks [1, `frames`]."""
        for block in self.source.blocks(frames):
            yield block.mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)


@dataclass(frozen=True, eq=False)
class AtRate(OfSource, InPieces):
    """`source` at `rate` Hz, of `round(T * rate / source.sample_rate)` frames, at least one."""

    source: Sound
    rate: int

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.rate

    @property
    def frames(self) -> int:
        """As long in seconds."""
        return max(1, round(self.source.frames * self.rate / self.source.sample_rate))

    def pieces(self) -> Iterator[Samples]:
        """As the resampler gives them."""
        source, given = self.source, 0
        stream = Resampler(source.sample_rate, self.rate, channels=source.channels)
        for block in source.blocks(STEP_FRAMES):
            out = stream.push(block)
            given += out.shape[1]
            if out.shape[1]:
                yield out
        out = np.ascontiguousarray(stream.flush())
        missing = self.frames - given - out.shape[1]
        yield np.pad(out, ((0, 0), (0, max(0, missing))))


def fold(sound: Sound) -> Sound:
    """`sound` with one channel, the mean of all; mono stays as it is."""
    return sound if sound.channels == 1 else Folded(sound)


def convert(sound: Sound, rate: int) -> Sound:
    """`sound` at `rate` Hz; as it is where it has that rate."""
    return sound if sound.sample_rate == rate else AtRate(sound, rate)
