"""From edit steps to a timeline: each step acts on the result of the one before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sayso.desk.edits import (
    LATEST_S,
    Arrange,
    Cut,
    CutTail,
    EditStep,
    Keep,
    KeepBest,
    KeepTail,
    Like,
    Loop,
    LoopChorus,
    MoveSpan,
    RemoveSilence,
    ShortenTo,
)
from sayso.errors import RangeError, RequestError
from sayso.timeline import Clip, Spans, Timeline, take, whole

FADE_OUT_S = 2.0
"""How long the end of something shortened fades, at most a quarter of what is left."""
MOST_CLIPS = 100_000


class Listener(Protocol):
    """Whoever has heard the recording: what steps need that depend on its sound."""

    def best_takes(self) -> Spans:
        """The stretches that are left when of each repeated one only the best take stays."""

    def chorus(self) -> tuple[int, int]:
        """Where the chorus is first heard."""

    def like(self, example: str) -> Sequence[Clip]:
        """The recording edited the way that the file `example` was."""


def resolve(
    steps: Sequence[EditStep],
    *,
    frames: int,
    sample_rate: int,
    silences: Callable[[], Spans],
    listener: Listener | None = None,
) -> Timeline:
    """The timeline that `steps` make of a recording, each acting on the result of the one before.

    Args:
        steps: in order.
        frames: length of the recording.
        sample_rate: its rate in Hz.
        silences: asked for the recording's silent stretches only where a step needs them.
        listener: asked where a step depends on what is played.

    Raises: RangeError for a step outside what is there, that would leave nothing, or more than a
        hundred hours or 100,000 clips; RequestError for a step that needs a listener where there
        is none, or that cannot follow others.
    """
    timeline = whole(frames, sample_rate)
    for step in steps:
        if isinstance(step, Arrange):
            timeline = _arranged(step, frames, sample_rate)
        elif isinstance(step, KeepBest | LoopChorus | Like):
            timeline = _heard(timeline, step, listener)
        else:
            timeline = _apply(timeline, step, silences)
    return timeline


def _arranged(step: Arrange, frames: int, sample_rate: int) -> Timeline:
    """The recording's own spans, as a hand put them."""
    clips = []
    for span in step.spans:
        start = round(span.start_s * sample_rate)
        stop = frames if span.end_s is None else min(round(span.end_s * sample_rate), frames)
        if start >= frames:
            raise RangeError(
                f"arrange: start_s {span.start_s:g} lies after the end; "
                f"there are {frames / sample_rate:.2f} s"
            )
        clips.append(Clip(start=start, stop=max(start + 1, stop), gain_db=span.gain_db))
    total_s = sum(clip.frames for clip in clips) / sample_rate
    if total_s > LATEST_S:
        raise RangeError(
            f"arrange: the result would be {total_s / 3600:.0f} hours long; "
            f"expected at most {LATEST_S / 3600:g}"
        )
    return _with(whole(frames, sample_rate), clips, "arrange")


def _heard(
    timeline: Timeline, step: KeepBest | LoopChorus | Like, listener: Listener | None
) -> Timeline:
    """A step that depends on what is played."""
    if listener is None:
        raise RequestError(f"{step.step}: the recording has to be heard for this; open it first")
    match step:
        case KeepBest():
            gaps, at = [], 0
            for start, stop in listener.best_takes():
                gaps.append((at, start))
                at = stop
            gaps.append((at, max(at, *(clip.stop for clip in timeline.clips))))
            return _with(timeline, _without(timeline.clips, gaps), "keep_best")
        case LoopChorus(times=times):
            return _with_chorus(timeline, listener.chorus(), times)
        case Like(example=example):
            if len(timeline.clips) > 1 or timeline.clips[0].start > 0:
                raise RequestError(
                    "editing like an example begins with the whole recording; ask for it before "
                    "other cuts"
                )
            return _with(timeline, listener.like(example), "like")


def _with_chorus(timeline: Timeline, chorus: tuple[int, int], times: int) -> Timeline:
    at = 0
    for clip in timeline.clips:
        low, high = max(chorus[0], clip.start), min(chorus[1], clip.stop)
        if high - low > (chorus[1] - chorus[0]) // 2:
            start, stop = at + low - clip.start, at + high - clip.start
            again = take(timeline.clips, start, stop) * (times - 1)
            _require_room(timeline, (stop - start) * (times - 1), len(again))
            left, right = take(timeline.clips, 0, stop), take(timeline.clips, stop, timeline.frames)
            return _with(timeline, left + again + right, "loop_chorus")
        at += clip.frames
    raise RangeError("loop_chorus: the chorus has been cut out; ask for it before the cut")


def _apply(timeline: Timeline, step: EditStep, silences: Callable[[], Spans]) -> Timeline:
    clips, rate, end = timeline.clips, timeline.sample_rate, timeline.frames
    match step:
        case Keep():
            start, stop = _span(timeline, step)
            return _with(timeline, take(clips, start, stop), "keep")
        case Cut():
            start, stop = _span(timeline, step)
            left = take(clips, 0, start) + take(clips, stop, end)
            return _with(timeline, left, "cut")
        case CutTail(seconds=seconds):
            return _with(timeline, take(clips, 0, end - round(seconds * rate)), "cut")
        case KeepTail(seconds=seconds):
            return _with(timeline, take(clips, max(0, end - round(seconds * rate)), end), "keep")
        case Loop(times=times):
            start, stop = _span(timeline, step)
            span = take(clips, start, stop)
            _require_room(timeline, (stop - start) * (times - 1), len(span) * (times - 1))
            again = span * (times - 1)
            return _with(timeline, take(clips, 0, stop) + again + take(clips, stop, end), "loop")
        case MoveSpan():
            return _moved(timeline, step)
        case ShortenTo(seconds=seconds):
            if end <= round(seconds * rate):
                return timeline
            shorter = _with(timeline, take(clips, 0, round(seconds * rate)), "shorten")
            fade = min(round(FADE_OUT_S * rate), shorter.frames // 4)
            return shorter.model_copy(update={"fade_out_frames": fade})
        case RemoveSilence(longest_s=longest_s):
            left = _without(clips, _shrunk(silences(), round(longest_s * rate)))
            return _with(timeline, left, "remove_silence")
        case _:
            raise AssertionError(f"{step.step} is none of these")


def _moved(timeline: Timeline, step: MoveSpan) -> Timeline:
    start, stop = _span(timeline, step)
    # Whoever moves something to the end need not know where that is.
    to = min(round(step.to_s * timeline.sample_rate), timeline.frames)
    if start < to < stop:
        raise RangeError(
            f"move: to_s {step.to_s:g} lies inside of what is moved, "
            f"{start / timeline.sample_rate:g} to {stop / timeline.sample_rate:g} s; "
            "expected a time outside of it"
        )
    clips, end = timeline.clips, timeline.frames
    left = take(clips, 0, start) + take(clips, stop, end)
    to -= stop - start if to >= stop else 0
    moved = take(left, 0, to) + take(clips, start, stop) + take(left, to, end)
    return _with(timeline, moved, "move")


def _span(timeline: Timeline, step: Keep | Cut | Loop | MoveSpan) -> tuple[int, int]:
    rate, frames = timeline.sample_rate, timeline.frames
    start = round(step.start_s * rate)
    stop = frames if step.end_s is None else round(step.end_s * rate)
    # What was meant to reach the end may overshoot it, but not begin after it.
    if start >= frames:
        raise RangeError(
            f"{step.step}: start_s {step.start_s:g} lies after the end; "
            f"there are {timeline.duration_s:.2f} s"
        )
    return start, max(start + 1, min(stop, frames))


def _require_room(timeline: Timeline, frames: int, clips: int) -> None:
    """Loops of loops grow without bound; raises RangeError where `frames` more are too many."""
    total_s = (timeline.frames + frames) / timeline.sample_rate
    if total_s > LATEST_S or len(timeline.clips) + clips > MOST_CLIPS:
        raise RangeError(
            f"loop: the result would be {total_s / 3600:.1f} hours long, in "
            f"{len(timeline.clips) + clips} pieces; expected at most {LATEST_S / 3600:g} hours "
            f"and {MOST_CLIPS} pieces. Loop it fewer times"
        )


def _with(timeline: Timeline, clips: Sequence[Clip], step: str) -> Timeline:
    if not clips:
        raise RangeError(
            f"{step}: nothing would be left of the {timeline.duration_s:.2f} s that are there"
        )
    return timeline.model_copy(update={"clips": _joined(clips)})


def _joined(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    """Neighbours that follow each other in the source become one, so that no join is heard."""
    out = [clips[0]]
    for clip in clips[1:]:
        if clip.start == out[-1].stop and clip.gain_db == out[-1].gain_db:
            out[-1] = out[-1].model_copy(update={"stop": clip.stop})
        else:
            out.append(clip)
    return tuple(out)


def _shrunk(silences: Spans, longest: int) -> Spans:
    """The middles of silences that are too long."""
    half = longest // 2
    return [(a + half, b - (longest - half)) for a, b in silences if b - a > longest]


def _without(clips: Sequence[Clip], gaps: Spans) -> tuple[Clip, ...]:
    left: list[Clip] = []
    for clip in clips:
        at = clip.start
        for start, stop in gaps:
            if stop <= at or start >= clip.stop:
                continue
            if start > at:
                left.append(clip.model_copy(update={"start": at, "stop": start}))
            at = max(at, stop)
        if at < clip.stop:
            left.append(clip.model_copy(update={"start": at}))
    return tuple(left)
