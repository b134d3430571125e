"""Editing a recording: by an editor's pointer, or by scores and a threshold; and room tone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sayso.audio import Audio, Cancelled, Progress
from sayso.desk.timeline import CROSSFADE_S, Clip, Timeline
from sayso.edit.bars import find_bars
from sayso.edit.choose import SHORTEST_S, snap, timeline_of
from sayso.edit.describing import describe, measure
from sayso.edit.editor import Editor
from sayso.edit.hearing import Heard
from sayso.edit.operations import clips_of, surroundings
from sayso.edit.pointing import Limits, point
from sayso.errors import RangeError, RequestError


def point_out(
    audio: Audio,
    heard: Heard,
    editor: Editor,
    *,
    wish_s: float | None = None,
    shortest_s: float = SHORTEST_S,
    crossfade_s: float = CROSSFADE_S,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Timeline:
    """The timeline that the editor's pointer makes of a recording.

    Args:
        audio: the recording.
        heard: the same, as it is heard.
        editor: that has learnt.
        wish_s: wished length; it is missed by at most a bar or 15%.
        shortest_s: of what is heard between two cuts.
        crossfade_s: length of each join.
        progress: told the fraction of the recording that was passed.
        cancelled: asked at every step.

    Raises: RangeError, Cancelled.
    """
    if wish_s is not None and not 1 <= wish_s <= 360_000:
        raise RangeError(f"a length of {wish_s:g} s: expected 1 to 360000")
    bars = find_bars(heard)
    found = point(
        editor.pointer,
        describe(measure(heard, bars)),
        bars,
        surroundings(bars, heard),
        editor.style,
        Limits(shortest_s=shortest_s, wish_s=wish_s),
        progress=progress,
        cancelled=cancelled,
    )
    spans = []
    for clip in clips_of(found, bars, heard):
        start = snap(audio, clip.start, in_pause=False)
        stop = snap(audio, clip.stop, in_pause=False)
        if stop > start:
            spans.append((start, stop))
    if not spans:
        raise RequestError("the editor keeps nothing of this recording; try a scorer instead")
    return timeline_of(spans, audio, crossfade_s=crossfade_s)


def with_room_tone(timeline: Timeline, audio: Audio, heard: Heard, seconds: float) -> Timeline:
    """`timeline` with `seconds` of the room's own sound in every join.

    It is a stretch of the longest pause, looped where that is too short.
    Raises: RangeError, RequestError where the recording has no pause.
    """
    if not 0.05 <= seconds <= 60:
        raise RangeError(f"room tone of {seconds:g} s: expected 0.05 to 60")
    bars = find_bars(heard)
    lengths = np.where(bars.rest, bars.seconds, 0)
    longest = int(lengths.argmax())
    if not lengths[longest]:
        raise RequestError(
            "the recording never pauses, so there is no room tone to fill joins with"
        )
    low, high = (heard.frame(at) for at in bars.edges[longest : longest + 2])
    margin = (high - low) // 8
    low, high = low + margin, high - margin
    wanted = round(seconds * audio.sample_rate)
    tone: list[Clip] = []
    while wanted > 0:
        length = min(wanted, high - low)
        tone.append(Clip(start=low, stop=low + length))
        wanted -= length
    clips: list[Clip] = []
    for before, after in pairwise(timeline.clips):
        clips.append(before)
        if before.stop != after.start:
            clips += tone
    return timeline.model_copy(update={"clips": (*clips, timeline.clips[-1])})
