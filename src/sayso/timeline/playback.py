"""Playing a timeline: clips in a row, joined without a pop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sayso.audio import BLOCK_FRAMES, Audio, Samples
from sayso.audio.blocks import in_blocks
from sayso.audio.crossfade import crossfade
from sayso.timeline.timeline import Clip, Timeline


def reach(timeline: Timeline, number: int) -> int:
    """How many frames the join after clip `number` reaches to each side: never over another."""
    before, after = timeline.clips[number : number + 2]
    return min(timeline.crossfade_frames, before.frames, after.frames) // 2


@dataclass(frozen=True, eq=False)
class Edited:
    """`source` as `timeline` cuts it: a sound that is read as it is played.

    At a join the crossfade is centred on the cut and borrows what lies beyond it on both sides.
    A clip that begins or ends the whole in the middle of the source fades from or to silence.
    """

    source: Audio
    timeline: Timeline

    @property
    def channels(self) -> int:
        """As the source."""
        return self.source.channels

    @property
    def sample_rate(self) -> int:
        """As the source."""
        return self.source.sample_rate

    @property
    def frames(self) -> int:
        """As the timeline says."""
        return self.timeline.frames

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Blocks [C, `frames`], the last one shorter."""
        return in_blocks(self._faded_out(), frames)

    def _faded_out(self) -> Iterator[Samples]:
        fade, at = self.timeline.fade_out_frames, 0
        for piece in self._pieces():
            stop = at + piece.shape[1]
            if stop > self.frames - fade:
                left = self.frames - np.arange(at, stop)
                piece = piece * np.clip(left / fade, 0.0, 1.0).astype(np.float32)
            at = stop
            yield piece

    def _pieces(self) -> Iterator[Samples]:
        clips = self.timeline.clips
        reaches = [reach(self.timeline, number) for number in range(len(clips) - 1)]
        first = self._edge(clips[0]) if clips[0].start > 0 else 0
        last = self._edge(clips[-1]) if clips[-1].stop < self.source.frames else 0
        if first:
            clip = clips[0]
            into = self._read(clip, clip.start, clip.start + first)
            yield crossfade(np.zeros_like(into), into)
        for number, clip in enumerate(clips):
            start = clip.start + (reaches[number - 1] if number else first)
            stop = clip.stop - (reaches[number] if number < len(reaches) else last)
            for at in range(start, stop, BLOCK_FRAMES):
                yield self._read(clip, at, min(at + BLOCK_FRAMES, stop))
            if number < len(reaches):
                yield self._join(clip, clips[number + 1], reaches[number])
        if last:
            clip = clips[-1]
            out = self._read(clip, clip.stop - last, clip.stop)
            yield crossfade(out, np.zeros_like(out))

    def _edge(self, clip: Clip) -> int:
        return min(self.timeline.crossfade_frames, clip.frames) // 2

    def _join(self, before: Clip, after: Clip, reach: int) -> Samples:
        out = self._read(before, before.stop - reach, before.stop + reach)
        into = self._read(after, after.start - reach, after.start + reach)
        return crossfade(out, into)

    def _read(self, clip: Clip, start: int, stop: int) -> Samples:
        block = self.source.block(start, stop)
        if clip.gain_db:
            block *= np.float32(10 ** (clip.gain_db / 20))
        return block
