"""Timelines: which stretches of a recording are heard, in which order, to the frame.

A timeline is an edit list over one source. Its clips are heard one after another, each behind its
gap, so its length is the sum of theirs; crossfades borrow from the source beyond a clip's ends and
do not change it. Frames of the source and frames that are heard differ where a clip has a speed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from sayso.value import Value

CROSSFADE_S = 0.02
LONGEST_CROSSFADE_S = 10.0
LOWEST_SPEED, HIGHEST_SPEED = 0.25, 4.0
MOST_CLIPS = 100_000

Spans: TypeAlias = Sequence[tuple[int, int]]
"""Stretches as (first frame, frame after the last)."""


class Clip(Value):
    """Source frames `start` up to `stop`; empty where it only carries a gap.

    Attributes:
        start, stop: frames of the source.
        gain_db: how much louder.
        speed: how much faster, at the same pitch.
        gap: frames of silence before it.
        crossfade_frames: length of the join with what comes before, where there is no gap; None
            takes that of the timeline.
    """

    start: Annotated[int, Field(ge=0)]
    stop: Annotated[int, Field(ge=0)]
    gain_db: Annotated[float, Field(ge=-60.0, le=24.0)] = 0.0
    speed: Annotated[float, Field(ge=LOWEST_SPEED, le=HIGHEST_SPEED)] = 1.0
    gap: Annotated[int, Field(ge=0)] = 0
    crossfade_frames: Annotated[int, Field(ge=0)] | None = None

    @property
    def frames(self) -> int:
        """The length of what is heard of the source."""
        if self.speed == 1.0 or self.stop == self.start:
            return self.stop - self.start
        return max(1, round((self.stop - self.start) / self.speed))

    @property
    def length(self) -> int:
        """That and its gap."""
        return self.gap + self.frames

    @model_validator(mode="after")
    def _runs_forward(self) -> Clip:
        if self.stop < self.start or (self.stop == self.start and not self.gap):
            raise ValueError(f"stop {self.stop} must lie after start {self.start}")
        return self

    def part(self, low: int, high: int) -> Clip:
        """What is heard from its frame `low` to `high`, of its gap and of the source.

        >>> Clip(start=100, stop=300, speed=2.0, gap=10).part(5, 60)
        Clip(start=100, stop=200, gain_db=0.0, speed=2.0, gap=5, crossfade_frames=None)
        """
        if low <= 0 and high >= self.length:
            return self
        first, last = max(0, low - self.gap), max(0, high - self.gap)
        ends = (self.start + round(at * self.speed) for at in (first, last))
        start, stop = (min(at, self.stop) for at in ends)
        # A join in the middle of a clip is a new one.
        join = self.crossfade_frames if low <= 0 else None
        gap = max(0, min(high, self.gap) - low)
        fields = {"start": start, "stop": stop, "gap": gap, "crossfade_frames": join}
        return self.model_copy(update=fields)


class Timeline(Value):
    """Clips of one source, in the order in which they are heard.

    `crossfade_frames` is the length of each join that has none of its own; `fade_in_frames` and
    `fade_out_frames` are those of the very beginning and end.
    """

    sample_rate: Annotated[int, Field(ge=1)]
    clips: Annotated[tuple[Clip, ...], Field(min_length=1)]
    crossfade_frames: Annotated[int, Field(ge=0)] = 0
    fade_in_frames: Annotated[int, Field(ge=0)] = 0
    fade_out_frames: Annotated[int, Field(ge=0)] = 0

    @property
    def frames(self) -> int:
        """The length of what is heard."""
        return sum(clip.length for clip in self.clips)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def join(self, number: int) -> int:
        """The length of the crossfade between the clip `number` and the one before it."""
        own = self.clips[number].crossfade_frames
        return self.crossfade_frames if own is None else own


def whole(frames: int, sample_rate: int) -> Timeline:
    """All of a recording, as it is."""
    crossfade = round(CROSSFADE_S * sample_rate)
    clips = (Clip(start=0, stop=frames),)
    return Timeline(sample_rate=sample_rate, clips=clips, crossfade_frames=crossfade)


def take(clips: Sequence[Clip], start: int, stop: int) -> tuple[Clip, ...]:
    """What is heard from frame `start` up to `stop` of the clips in a row.

    >>> [(c.start, c.stop) for c in take((Clip(start=0, stop=10), Clip(start=50, stop=60)), 8, 13)]
    [(8, 10), (50, 53)]
    """
    return select(clips, [(start, stop)])


def select(clips: Sequence[Clip], spans: Spans) -> tuple[Clip, ...]:
    """What is heard in each of `spans` of the clips in a row, one span after the other.

    Args:
        clips: in a row.
        spans: in frames of what is heard; what lies outside of it is nothing.
    """
    begins = [0, *accumulate(clip.length for clip in clips)]
    taken: list[Clip] = []
    for start, stop in spans:
        number = max(0, bisect_right(begins, start) - 1)
        while number < len(clips) and begins[number] < stop:
            clip, at = clips[number], begins[number]
            low, high = max(start - at, 0), min(stop - at, clip.length)
            if low < high:
                taken.append(clip.part(low, high))
            number += 1
    return tuple(taken)
