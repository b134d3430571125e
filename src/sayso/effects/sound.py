"""Sound that is worked out as it is played: a source, what is done to it, and nothing in between.

A `Sound` can be played again and again, block by block. `Audio` is one; `Processed` and `Mixed`
hold no samples of their own, so that a chain of any length over hours of audio costs the memory
of a few blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from sayso.audio import BLOCK_FRAMES, Audio, Recorder, Samples
from sayso.audio.blocks import FromSource, InPieces
from sayso.errors import ShapeError
from sayso.watch import SILENT, Watch

STEP_FRAMES = 1 << 14
"""What every effect is fed at a time, whatever size of block is asked for at the end: results
cannot depend on the size then."""


class Sound(Protocol):
    """Something that can be played from its beginning, block by block, as often as wanted."""

    @property
    def channels(self) -> int:
        """C."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""

    @property
    def frames(self) -> int:
        """T: samples in each channel."""

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Consecutive blocks [C, at most `frames`]."""


class OfSource(FromSource):
    """The shape of a sound that is made of a `source` of the same shape."""

    source: Sound

    @property
    def frames(self) -> int:
        """As the source."""
        return self.source.frames


Transform: TypeAlias = Callable[[Iterator[Samples]], Iterator[Samples]]
"""From the blocks of a sound to the blocks of another; blocks may be of any length."""


@dataclass(frozen=True, eq=False)
class Processed(FromSource, InPieces):
    """`source` as `transform` leaves it, `frames` long."""

    source: Sound
    transform: Transform
    frames: int

    def pieces(self) -> Iterator[Samples]:
        """As the transform gives them, which starts afresh each time."""
        return self.transform(self.source.blocks(STEP_FRAMES))


@dataclass(frozen=True, eq=False)
class Mixed:
    """The sum of sounds; nothing is scaled.

    Raises: ShapeError unless all have the same length, rate and channels.
    """

    sounds: Sequence[Sound]

    def __post_init__(self) -> None:
        shapes = {(s.channels, s.frames, s.sample_rate) for s in self.sounds}
        if len(shapes) != 1:
            listed = ", ".join(f"{c} x {t} at {r} Hz" for c, t, r in sorted(shapes)) or "none"
            raise ShapeError(
                f"cannot add up sounds of {listed}; expected at least one, all of one shape"
            )

    @property
    def channels(self) -> int:
        """As the sounds."""
        return self.sounds[0].channels

    @property
    def sample_rate(self) -> int:
        """As the sounds."""
        return self.sounds[0].sample_rate

    @property
    def frames(self) -> int:
        """As the sounds."""
        return self.sounds[0].frames

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Blocks [C, `frames`] of the sum."""
        for blocks in zip(*(sound.blocks(frames) for sound in self.sounds), strict=True):
            total = blocks[0].astype(np.float64)
            for block in blocks[1:]:
                total += block
            yield total.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Widened(OfSource):
    """A mono sound on two equal channels, so that it can be panned; others as they are."""

    source: Sound

    @property
    def channels(self) -> int:
        """At least two."""
        return max(2, self.source.channels)

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Blocks [C, `frames`]."""
        for block in self.source.blocks(frames):
            yield np.repeat(block, 2, axis=0) if len(block) == 1 else block


def record(sound: Sound, *, watch: Watch = SILENT) -> Audio:
    """Plays `sound` once and keeps it: in RAM when short, in a scratch file when long.

    Audio comes back as it is. Raises: Cancelled; OutputError when the scratch disk is full.
    """
    if isinstance(sound, Audio):
        return sound
    recorder = Recorder(sound.channels, sound.sample_rate)
    for block in sound.blocks(STEP_FRAMES):
        watch.check()
        recorder.append(block)
        watch.report(recorder.frames / sound.frames)
    return recorder.audio()
