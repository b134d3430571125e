"""Playing a timeline: clips in a row, joined without a pop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sayso.audio import BLOCK_FRAMES, Audio, Samples
from sayso.audio.blocks import FromSource, InPieces
from sayso.audio.crossfade import crossfade
from sayso.timeline.timeline import Clip, Timeline


def reach(timeline: Timeline, number: int) -> int:
    """How many frames the join after clip `number` reaches to each side: never over another.

    0 where a gap, or a clip that is only that, leaves nothing to join.
    """
    before, after = timeline.clips[number : number + 2]
    if after.gap:
        return 0
    return min(timeline.join(number + 1), before.frames, after.frames) // 2


@dataclass(frozen=True, eq=False)
class Edited(FromSource, InPieces):
    """`source` as `timeline` cuts it: a sound that is read as it is played.

    At a join the crossfade is centred on the cut and borrows what lies beyond it on both sides.
    A clip that begins or ends at a gap, or at an end of the whole, in the middle of the source
    fades from or to silence.

    Attributes:
        source: the recording.
        timeline: of it.
        respeed: makes audio so much faster at its pitch; needed where a clip has a speed.
    """

    source: Audio
    timeline: Timeline
    respeed: Callable[[Audio, float], Audio] | None = None

    @property
    def frames(self) -> int:
        """As the timeline says."""
        return self.timeline.frames

    def pieces(self) -> Iterator[Samples]:
        """With the fades at the very beginning and end."""
        rise, fall, at = self.timeline.fade_in_frames, self.timeline.fade_out_frames, 0
        total = self.frames
        for piece in self._pieces():
            stop = at + piece.shape[1]
            if at < rise:
                heard = np.arange(at, stop)
                piece = piece * np.clip(heard / rise, 0.0, 1.0).astype(np.float32)
            if stop > total - fall:
                left = total - np.arange(at, stop)
                piece = piece * np.clip(left / fall, 0.0, 1.0).astype(np.float32)
            at = stop
            yield piece

    def _pieces(self) -> Iterator[Samples]:
        """All that is heard, from the first gap to the end of the last clip."""
        clips = self.timeline.clips
        reaches = [0, *(reach(self.timeline, number) for number in range(len(clips) - 1)), 0]
        part: _Part | None = None
        for number, clip in enumerate(clips):
            before, part = part, self._part(number)
            if clip.gap:
                yield from _silence(self.channels, clip.gap)
            if not clip.frames:
                continue
            come, go = reaches[number], reaches[number + 1]
            if come and before is not None:
                out = before.read(before.frames - come, before.frames + come)
                yield crossfade(out, part.read(-come, come))
            else:
                come = part.edge if clip.start > 0 and self._is_loose(number) else 0
                if come:
                    into = part.read(0, come)
                    yield crossfade(np.zeros_like(into), into)
            ends = not go and self._is_loose(number + 1) and clip.stop < self.source.frames
            last = part.edge if ends else 0
            stop = part.frames - (go or last)
            for at in range(come, stop, BLOCK_FRAMES):
                yield part.read(at, min(at + BLOCK_FRAMES, stop))
            if last:
                out = part.read(part.frames - last, part.frames)
                yield crossfade(out, np.zeros_like(out))

    def _is_loose(self, number: int) -> bool:
        """Whether there is silence, or nothing, between the clip `number` and the one before."""
        clips = self.timeline.clips
        if number in (0, len(clips)):
            return True
        return clips[number].gap > 0 or not clips[number - 1].frames

    def _part(self, number: int) -> _Part:
        timeline, clip = self.timeline, self.timeline.clips[number]
        edge = min(timeline.crossfade_frames, clip.frames) // 2
        if clip.speed == 1.0:
            return _Part(self.source, clip.start, clip, edge)
        assert self.respeed is not None, "a clip has a speed, and nothing that makes it faster"
        after = min(number + 1, len(timeline.clips) - 1)
        margin = math.ceil(max(timeline.join(number), timeline.join(after)) * clip.speed)
        low, high = max(0, clip.start - margin), min(self.source.frames, clip.stop + margin)
        faster = self.respeed(self.source.slice(low, high), clip.speed)
        return _Part(faster, round((clip.start - low) / clip.speed), clip, edge)


@dataclass(frozen=True)
class _Part:
    """A clip as it is heard: `clip` begins at the frame `begin` of `audio`."""

    audio: Audio
    begin: int
    clip: Clip
    edge: int

    @property
    def frames(self) -> int:
        return self.clip.frames

    def read(self, start: int, stop: int) -> Samples:
        """Frames of what is heard, from the beginning of the clip; also beyond its ends."""
        block = self.audio.block(self.begin + start, self.begin + stop)
        if self.clip.gain_db:
            block *= np.float32(10 ** (self.clip.gain_db / 20))
        return block


def _silence(channels: int, frames: int) -> Iterator[Samples]:
    for at in range(0, frames, BLOCK_FRAMES):
        yield np.zeros((channels, min(BLOCK_FRAMES, frames - at)), np.float32)
