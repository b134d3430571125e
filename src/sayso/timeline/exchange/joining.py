"""How far the joins of an edit reach, where other programs lay clips over each other."""

from __future__ import annotations

from sayso.timeline.playback import reach
from sayso.timeline.timeline import Timeline


def inner_reach(timeline: Timeline, number: int) -> int:
    """As `sayso.timeline.playback.reach`, but not beyond the beginning of the recording."""
    after = timeline.clips[number + 1]
    return min(reach(timeline, number), int(after.start / after.speed))
