"""What formats share: clips from times in seconds or in coarse frames, joins, plain edits."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from sayso.errors import FormatError
from sayso.timeline.editlist import EditList
from sayso.timeline.exchange.files import Media
from sayso.timeline.playback import reach
from sayso.timeline.timeline import CROSSFADE_S, Clip, Timeline

COARSE_HZ = 30
"""Frames a second in formats that were made for pictures."""


def clip_of(number: int, start_s: float, stop_s: float, media: Media, gain_db: float = 0.0) -> Clip:
    """Seconds `start_s` to `stop_s` of `media`; an end that overshoots by a frame is pulled in.

    Raises: FormatError for a clip that ends before it starts or lies outside.
    """
    rate = media.sample_rate
    start, stop = round(start_s * rate), round(stop_s * rate)
    slack = rate // COARSE_HZ + 1
    if stop > media.frames and stop - media.frames <= slack:
        stop = media.frames
    if not 0 <= start < stop <= media.frames:
        raise FormatError(
            f"clip {number} runs from {start_s:.3f} to {stop_s:.3f} s; expected a stretch within "
            f"the {media.frames / rate:.3f} s of {media.path}"
        )
    return Clip(start=start, stop=stop, gain_db=min(max(gain_db, -60.0), 24.0))


def inner_reach(timeline: Timeline, number: int) -> int:
    """As `sayso.timeline.playback.reach`, but not beyond the beginning of the recording."""
    return min(reach(timeline, number), timeline.clips[number + 1].start)


def edit_of(clips: Sequence[Clip], media: Media) -> EditList:
    """Clips in a format that says nothing of joins."""
    timeline = Timeline(
        sample_rate=media.sample_rate,
        clips=tuple(clips),
        crossfade_frames=round(CROSSFADE_S * media.sample_rate),
    )
    return EditList(sources=(media.path,), source_frames=media.frames, timeline=timeline)


def coarse(frames: int, sample_rate: int) -> int:
    """Sample frames as the nearest coarse frame."""
    return round(Fraction(frames * COARSE_HZ, sample_rate))
