"""Edits as operations on bars, and operations as edits.

A clip enters a bar at one of its beats, some frames before or after it, and leaves another the same
way. Between, whole bars are copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sayso.autoedit.bars import Bars, Ints, means
from sayso.autoedit.features import HOP, RATE, Array, Features
from sayso.timeline import Clip, Timeline

REACH = 8
"""Frames to each side of a beat at which a cut may lie: 0.26 s."""
MOST_BEATS = 9
"""Beats of a bar that can be pointed to, its end counted."""


class Edge(NamedTuple):
    """Where a clip enters or leaves a bar: at which beat of it, and frames after that."""

    bar: int
    beat: int
    frame: int


class Stretch(NamedTuple):
    """Consecutive bars that are features, from one edge to another."""

    enter: Edge
    leave: Edge


def stretches(timeline: Timeline, bars: Bars, features: Features) -> list[Stretch]:
    """The clips of `timeline` as stretches of bars; clips shorter than half a beat are left out."""
    scale = RATE / HOP / features.sample_rate
    found = []
    for clip in timeline.clips:
        enter = _enter(clip.start * scale, bars)
        leave = _leave(clip.stop * scale, bars)
        if leave.bar >= enter.bar and position(leave, bars) > position(enter, bars):
            found.append(Stretch(enter, leave))
    return found


def _nearest(at: float, bars: Bars) -> tuple[int, int]:
    beat = int(np.abs(bars.beats - at).argmin())
    return beat, int(np.clip(round(at - bars.beats[beat]), -REACH, REACH))


def _enter(at: float, bars: Bars) -> Edge:
    beat, frame = _nearest(at, bars)
    beat = min(beat, len(bars.beats) - 2)
    bar = int(np.searchsorted(bars.first, beat, "right")) - 1
    return Edge(bar, min(beat - int(bars.first[bar]), MOST_BEATS - 1), frame)


def _leave(at: float, bars: Bars) -> Edge:
    beat, frame = _nearest(at, bars)
    beat = max(beat, 1)
    bar = int(np.searchsorted(bars.first, beat, "left")) - 1
    return Edge(bar, min(beat - int(bars.first[bar]), MOST_BEATS - 1), frame)


def position(edge: Edge, bars: Bars) -> int:
    """The frame of `hearing` at which an edge lies."""
    beat = min(int(bars.first[edge.bar]) + edge.beat, len(bars.beats) - 1)
    return int(np.clip(bars.beats[beat] + edge.frame, 0, bars.beats[-1]))


def kept_share(timeline: Timeline, bars: Bars, features: Features, *, least: int = 1) -> Array:
    """The share of each bar that is heard in `timeline` [N], `least` times or more often."""
    scale = RATE / HOP / features.sample_rate
    count = np.zeros(int(bars.edges[-1]) + 1, np.float32)
    for clip in timeline.clips:
        count[round(clip.start * scale) : round(clip.stop * scale)] += 1
    return means((count[:-1] >= least).astype(np.float32), bars.edges)


def clips_of(found: Sequence[Stretch], bars: Bars, features: Features) -> tuple[Clip, ...]:
    """Stretches as clips of the recording."""
    clips = []
    for stretch in found:
        start = features.frame(position(stretch.enter, bars))
        stop = features.frame(position(stretch.leave, bars))
        if stop > start:
            clips.append(Clip(start=start, stop=stop))
    return tuple(clips)


class Surroundings(NamedTuple):
    """What the pointer sees of beats and frames.

    `beats` [N, MOST_BEATS, 4]: level and onset from each beat on, level before it, and its place in
    the bar; `there` [N, MOST_BEATS]: whether it exists. `frames` [N, MOST_BEATS, 2, 2 * REACH + 1]:
    level and onset around each.
    """

    beats: Array
    there: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    frames: Array


def surroundings(bars: Bars, features: Features) -> Surroundings:
    """Beats and frames of every bar."""
    level, onset = features.level, features.onset
    scaled = np.stack([(level - np.quantile(level, 0.9)) / 20, onset / 5]).astype(np.float32)
    padded = np.pad(scaled, ((0, 0), (REACH, REACH + 1)), mode="edge")
    index = np.minimum(bars.first[:-1, None] + np.arange(MOST_BEATS), bars.first[1:, None])
    there = bars.first[:-1, None] + np.arange(MOST_BEATS) <= bars.first[1:, None]
    at = bars.beats[index]
    windows = padded[:, at[..., None] + np.arange(2 * REACH + 1)]
    frames = np.ascontiguousarray(np.moveaxis(windows, 0, 2))
    before, after = frames[..., :REACH].mean(axis=-1), frames[..., REACH:].mean(axis=-1)
    beats = np.stack(
        [after[..., 0], after[..., 1], before[..., 0], np.arange(MOST_BEATS) / 4 + 0 * at], axis=-1
    )
    return Surroundings(beats.astype(np.float32), there, frames)


def order(found: Sequence[Stretch]) -> Ints:
    """Numbers of the bars in the order in which they are features."""
    runs = [np.arange(stretch.enter.bar, stretch.leave.bar + 1) for stretch in found]
    return np.concatenate(runs) if runs else np.zeros(0, np.int64)
