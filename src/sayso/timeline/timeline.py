"""Timelines: which stretches of a recording are heard, in which order, to the frame.

A timeline is an edit list over one source. Its clips are heard one after another, so its length is
the sum of theirs; crossfades borrow from the source beyond a clip's ends and do not change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from sayso.value import Value

CROSSFADE_S = 0.02

Spans: TypeAlias = Sequence[tuple[int, int]]
"""Stretches as (first frame, frame after the last)."""


class Clip(Value):
    """Source frames `start` up to `stop`, `gain_db` louder."""

    start: Annotated[int, Field(ge=0)]
    stop: Annotated[int, Field(ge=1)]
    gain_db: Annotated[float, Field(ge=-60.0, le=24.0)] = 0.0

    @property
    def frames(self) -> int:
        """Its length."""
        return self.stop - self.start

    @model_validator(mode="after")
    def _runs_forward(self) -> Clip:
        if self.stop <= self.start:
            raise ValueError(f"stop {self.stop} must lie after start {self.start}")
        return self


class Timeline(Value):
    """Clips of one source, in the order in which they are heard.

    `crossfade_frames` is the length of each join; `fade_out_frames` that of the very end.
    """

    sample_rate: Annotated[int, Field(ge=1)]
    clips: Annotated[tuple[Clip, ...], Field(min_length=1)]
    crossfade_frames: Annotated[int, Field(ge=0)] = 0
    fade_out_frames: Annotated[int, Field(ge=0)] = 0

    @property
    def frames(self) -> int:
        """The length of what is heard."""
        return sum(clip.frames for clip in self.clips)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def whole(frames: int, sample_rate: int) -> Timeline:
    """All of a recording, as it is."""
    crossfade = round(CROSSFADE_S * sample_rate)
    clips = (Clip(start=0, stop=frames),)
    return Timeline(sample_rate=sample_rate, clips=clips, crossfade_frames=crossfade)


def take(clips: Sequence[Clip], start: int, stop: int) -> tuple[Clip, ...]:
    """What is heard from frame `start` up to `stop` of the clips in a row.

    >>> take((Clip(start=0, stop=10), Clip(start=50, stop=60)), 8, 13)
    (Clip(start=8, stop=10, gain_db=0.0), Clip(start=50, stop=53, gain_db=0.0))
    """
    taken, at = [], 0
    for clip in clips:
        low, high = max(start - at, 0), min(stop - at, clip.frames)
        if low < high:
            ends = {"start": clip.start + low, "stop": clip.start + high}
            taken.append(clip.model_copy(update=ends))
        at += clip.frames
    return tuple(taken)
