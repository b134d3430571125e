"""The one overlap-add: chunks of any length of audio through a function, and seamlessly back.

A network's answer is wrong near the edges of a chunk, where it had to guess what lies beyond.
A crossfade alone would blend those wrong edges in. So each chunk carries `context_frames` more on
either side, which are thrown away first; only what is left overlaps and crossfades.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from sayso.audio.audio import Audio, Samples
from sayso.audio.recorder import Recorder
from sayso.errors import RangeError
from sayso.watch import SILENT, Watch


@dataclass(frozen=True)
class Chunking:
    """How audio is cut up, in frames.

    A chunk is `segment` long: `context` to be discarded, a core, `context` to be discarded.
    Neighbouring cores share `crossfade` frames. Raises: RangeError when no core would be left.
    """

    segment: int
    context: int
    crossfade: int

    def __post_init__(self) -> None:
        if self.context < 0 or self.crossfade < 0 or self.step < max(1, self.crossfade):
            raise RangeError(
                f"segment {self.segment}, context {self.context}, crossfade {self.crossfade}: "
                "expected a segment longer than two contexts and two crossfades"
            )

    @classmethod
    def in_seconds(
        cls, sample_rate: int, *, segment_s: float, overlap: float, grid: int = 1
    ) -> Self:
        """A cutting in which neighbours share about `overlap` (0 to 0.5) of a segment.

        Two fifths of what is shared are discarded on each side, the middle fifth crossfades. All
        lengths are multiples of `grid` frames, so that a network's own grid falls alike everywhere.

        Raises: RangeError for a segment outside 1 to 600 s or another overlap.
        """
        if not 1.0 <= segment_s <= 600.0:
            raise RangeError(f"a segment of {segment_s:g} s; expected 1 to 600 s")
        if not 0.0 <= overlap <= 0.5:
            raise RangeError(f"an overlap of {overlap:g}; expected 0 to 0.5")
        segment = round(segment_s * sample_rate / grid) * grid
        context = round(0.4 * overlap * segment / grid) * grid
        crossfade = round(0.2 * overlap * segment / grid) * grid
        return cls(segment, context, crossfade)

    def evened(self, frames: int, *, grid: int = 1) -> Self:
        """The same for audio of about `frames`, in as many chunks but no longer than they need be.

        Otherwise the last chunk may be mostly silence, which costs a network as much as sound.
        """
        if frames <= self.segment:
            return self
        cores = frames - self.crossfade
        count = -(-cores // self.step)
        needed = max(-(-cores // count), self.crossfade)
        return replace(self, segment=self.segment - (self.step - needed) // grid * grid)

    @property
    def step(self) -> int:
        """From the start of one core to the start of the next."""
        return self.segment - 2 * self.context - self.crossfade


def overlap_add(
    mix: Audio,
    function: Callable[[Samples], Samples],
    chunking: Chunking,
    *,
    sources: int,
    watch: Watch = SILENT,
) -> tuple[Audio, ...]:
    """`function` over all of `mix`, chunk by chunk, in memory that does not grow with its length.

    Args:
        mix: any length. One that fits into a segment is given as it is, in one piece.
        function: takes [C, t], silence beyond the ends of the mix, and returns [S, C, t].
        chunking: how to cut.
        sources: S.
        watch: progress and cancelling, polled before each chunk.

    Returns: S pieces of audio like the mix. Raises: Cancelled.
    """
    recorders = [Recorder(mix.channels, mix.sample_rate) for _ in range(sources)]

    def emit(block: Samples) -> None:
        for recorder, source in zip(recorders, block, strict=True):
            recorder.append(source)

    if mix.frames <= chunking.segment:
        watch.check()
        emit(function(mix.block(0, mix.frames)))
    else:
        tail: Samples | None = None
        for start in range(0, max(mix.frames - chunking.crossfade, 1), chunking.step):
            watch.check()
            low = start - chunking.context
            core = function(mix.block(low, low + chunking.segment))
            core = core[..., chunking.context : chunking.segment - chunking.context]
            core = core[..., : mix.frames - start]
            last = start + chunking.step + chunking.crossfade >= mix.frames
            end = core.shape[-1] if last else chunking.step
            begin = 0
            if tail is not None:
                begin = tail.shape[-1]
                emit(_joined(tail, core[..., :begin]))
            emit(core[..., begin:end])
            tail = core[..., end:]
            watch.report((start + chunking.step) / mix.frames)
    watch.report(1.0)
    return tuple(recorder.audio() for recorder in recorders)


def _joined(tail: Samples, head: Samples) -> Samples:
    """The crossfade of the end of one chunk with the beginning of the next."""
    weight = (np.arange(tail.shape[-1], dtype=np.float32) + 0.5) / max(tail.shape[-1], 1)
    # tail + weight * (head - tail) leaves equal signals untouched.
    joined: Samples = tail + weight * (head - tail)
    return joined
