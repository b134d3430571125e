"""Where an effect that holds for a span is heard once everything that was done to time is done.

A span is said of what is heard at that moment, and moves with it: through each later step to where
the same of the recording is heard then, in several places where it is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, chain

from sayso.desk.spans import During, Moment
from sayso.errors import RangeError
from sayso.timeline import Spans, Timeline, select


@dataclass(frozen=True)
class Piece:
    """Frames `start` to `stop` of what is heard, where an effect holds.

    `fade_in` and `fade_out` are the frames over which it comes in and goes, within the piece.
    """

    start: int
    stop: int
    fade_in: int
    fade_out: int


@dataclass(frozen=True)
class Resolved:
    """What edit steps come to.

    Attributes:
        timeline: of the recording.
        stages: the timeline before the first step and after each.
        played: the spans of the stage before that each step plays; None for an arrangement.
    """

    timeline: Timeline
    stages: tuple[Timeline, ...]
    played: tuple[Spans | None, ...]

    def place(self, span: During) -> list[Piece]:
        """Where `span` is in the frames of the timeline, before any tempo.

        Empty where all of it was cut. Raises: RangeError for a span beyond the end of what there
        was when it was said.
        """
        moment = span.said or Moment(edits=len(self.played))
        at = min(moment.edits, len(self.played))
        stage = self.stages[at]
        scale = stage.sample_rate * moment.tempo
        first, last = _bounds(span, stage.frames, scale)
        found = [(first, last)]
        for number in range(at, len(self.played)):
            spans = self.played[number]
            if spans is None:
                found = _rearranged(found, self.stages[number], self.stages[number + 1])
            else:
                found = _moved_along(found, spans)
        fade_in, fade_out = (round(s * scale) for s in (span.fade_in_s, span.fade_out_s))
        return [Piece(a, b, fade_in, fade_out) for a, b in _merged(found)]


def _bounds(span: During, frames: int, scale: float) -> tuple[int, int]:
    """A span in frames; what was meant to reach the end may overshoot it."""

    def frame(seconds: float) -> int:
        return round(seconds * scale) + (frames if seconds < 0 else 0)

    first = max(0, frame(span.start_s))
    last = frames if span.end_s is None else min(frame(span.end_s), frames)
    if first >= frames:
        raise RangeError(
            f"span: it would begin at {span.start_s:g} s, after the end; "
            f"there are {frames / scale:.2f} s"
        )
    if last <= first:
        raise RangeError(
            f"span: from {span.start_s:g} to {span.end_s:g} s there is nothing; "
            f"there are {frames / scale:.2f} s"
        )
    return first, last


def _moved_along(found: Spans, played: Spans) -> list[tuple[int, int]]:
    """Where spans are once `played` of their stage is heard in a row."""
    begins = accumulate((stop - start for start, stop in played), initial=0)
    return [
        (at + max(a, start) - start, at + min(b, stop) - start)
        for at, (start, stop) in zip(begins, played, strict=False)
        for a, b in found
        if max(a, start) < min(b, stop)
    ]


def _rearranged(found: Spans, before: Timeline, after: Timeline) -> list[tuple[int, int]]:
    """Where spans are once the recording is arranged anew: wherever the same of it is heard."""
    clips = (select(before.clips, [span]) for span in found)
    return list(chain.from_iterable(_heard_at(after, c.start, c.stop) for c in chain(*clips)))


def _heard_at(timeline: Timeline, start: int, stop: int) -> list[tuple[int, int]]:
    """Where frames `start` to `stop` of the recording are heard."""
    found, at = [], 0
    for clip in timeline.clips:
        low, high = max(start, clip.start), min(stop, clip.stop)
        if low < high:
            begin = at + clip.gap
            ends = (begin + round((edge - clip.start) / clip.speed) for edge in (low, high))
            first, last = (min(edge, at + clip.length) for edge in ends)
            found.append((first, last))
        at += clip.length
    return [(first, last) for first, last in found if first < last]


def _merged(spans: Spans) -> list[tuple[int, int]]:
    """The same, in order, those that touch as one."""
    out: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], stop))
        else:
            out.append((start, stop))
    return out
