"""From edit steps to a timeline: each step acts on the result of the one before it.

Every step but an arrangement plays spans of what is there, one after another, so that what became
of a moment can be followed; see `sayso.desk.placing`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import chain, takewhile
from typing import Protocol, TypeAlias

from sayso.desk.arrangement import arranged, joined
from sayso.desk.desk import Desk
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
from sayso.desk.effect import require_held
from sayso.desk.placing import Resolved
from sayso.errors import RangeError, RequestError
from sayso.timeline import MOST_CLIPS, Clip, Spans, Timeline, select, whole
from sayso.watch import SILENT, Watch

_MOST_WORK = 1_000_000
"""Pieces that may be gone through, over all steps: some seconds' work."""
FADE_OUT_S = 2.0
"""How long the end of something shortened fades, at most a quarter of what is left."""

LISTENING = (KeepBest, LoopChorus, RemoveSilence)
"""Steps that depend on how the recording sounds."""


class Listener(Protocol):
    """Whoever has heard the recording: what steps need that depend on its sound."""

    def best_takes(self) -> Spans:
        """The stretches that are left when of each repeated one only the best take stays."""

    def chorus(self) -> tuple[int, int]:
        """Where the chorus is first heard."""


Silences: TypeAlias = Callable[[], Spans]


def resolve(
    steps: Sequence[EditStep],
    *,
    frames: int,
    sample_rate: int,
    silences: Silences,
    listener: Listener | None = None,
    watch: Watch = SILENT,
) -> Resolved:
    """The timeline that `steps` make of a recording, each acting on the result of the one before.

    Args:
        steps: in order.
        frames: length of the recording.
        sample_rate: its rate in Hz.
        silences: asked for the recording's silent stretches only where a step needs them.
        listener: asked where a step depends on what is played.
        watch: cancelling, polled before each step.

    Raises: RangeError for a step outside what is there, that would leave nothing, or more than a
        hundred hours or 100,000 clips, or for more steps on more pieces than can be gone through
        in some seconds; RequestError for a step that needs a listener where there
        is none, or names a file; Cancelled.
    """
    stages, played, work = [whole(frames, sample_rate)], list[Spans | None](), 0
    for number, step in enumerate(steps, 1):
        watch.check()
        timeline = stages[-1]
        work += len(timeline.clips)
        _require_end(work, number, timeline)
        if isinstance(step, Arrange):
            stages.append(arranged(step, frames, sample_rate))
            played.append(None)
            continue
        spans = _spans(timeline, step, silences, listener)
        left = _with(timeline, select(timeline.clips, spans), step.step)
        if isinstance(step, ShortenTo) and left.frames < timeline.frames:
            fade = min(round(FADE_OUT_S * sample_rate), left.frames // 4)
            left = left.model_copy(update={"fade_out_frames": fade})
        stages.append(left)
        played.append(spans)
    return Resolved(stages[-1], tuple(stages), tuple(played))


def require_within(desk: Desk, *, frames: int, sample_rate: int) -> None:
    """Raises RangeError for what a recording does not hold.

    That is an edit or a span that begins after its end, and a frequency that is too high for it.

    It is as far as can be told without hearing it: what comes after a step that depends on how it
    sounds is left to `resolve`.

    Args:
        desk: what is asked.
        frames: length of the recording.
        sample_rate: its rate in Hz.
    """
    unheard = (*LISTENING, Like)
    known = tuple(takewhile(lambda step: not isinstance(step, unheard), desk.edits))
    time = resolve(known, frames=frames, sample_rate=sample_rate, silences=list)
    cleaned_hz = desk.clean.preprocess.sample_rate if desk.clean is not None else None
    for effect in chain.from_iterable(strip.effects for strip in desk.strips.values()):
        require_held(effect.reaches_hz, cleaned_hz or sample_rate, effect.effect)
        span = effect.span
        if span is not None and (span.said is None or span.said.edits <= len(known)):
            time.place(span)


def _spans(
    timeline: Timeline, step: EditStep, silences: Silences, listener: Listener | None
) -> Spans:
    """The spans of `timeline` that `step` plays, one after another."""
    rate, end = timeline.sample_rate, timeline.frames
    match step:
        case Keep():
            return [_span(timeline, step)]
        case Cut():
            start, stop = _span(timeline, step)
            return [(0, start), (stop, end)]
        case CutTail(seconds=seconds):
            return [(0, end - round(seconds * rate))]
        case KeepTail(seconds=seconds):
            return [(max(0, end - round(seconds * rate)), end)]
        case Loop(times=times):
            return _looped(timeline, _span(timeline, step), times)
        case MoveSpan():
            return _moved(timeline, step)
        case ShortenTo(seconds=seconds):
            return [(0, min(end, round(seconds * rate)))]
        case RemoveSilence(longest_s=longest_s):
            longest = round(longest_s * rate)
            return _without(timeline, _shrunk(silences(), longest), longest)
        case KeepBest():
            return _best(timeline, _require(listener, step))
        case LoopChorus(times=times):
            chorus = _chorus(timeline, _require(listener, step).chorus())
            return _looped(timeline, chorus, times)
        case Like(example=example):
            raise RequestError(
                f"an edit like {example[:100]!r} has to be made of this recording first; say it "
                "again for this recording"
            )
        case _:
            raise AssertionError(f"{step.step} is none of these")


def _require(listener: Listener | None, step: EditStep) -> Listener:
    if listener is None:
        raise RequestError(f"{step.step}: the recording has to be heard for this; open it first")
    return listener


def _best(timeline: Timeline, listener: Listener) -> Spans:
    gaps, at = [], 0
    for start, stop in listener.best_takes():
        gaps.append((at, start))
        at = stop
    gaps.append((at, max(at, *(clip.stop for clip in timeline.clips))))
    return _without(timeline, gaps)


def _chorus(timeline: Timeline, chorus: tuple[int, int]) -> tuple[int, int]:
    """Where most of the chorus is first heard."""
    at = 0
    for clip in timeline.clips:
        low, high = max(chorus[0], clip.start), min(chorus[1], clip.stop)
        if high - low > (chorus[1] - chorus[0]) // 2:
            begin = at + clip.gap
            start, stop = (begin + round((f - clip.start) / clip.speed) for f in (low, high))
            return start, stop
        at += clip.length
    raise RangeError("loop_chorus: the chorus has been cut out; ask for it before the cut")


def _looped(timeline: Timeline, span: tuple[int, int], times: int) -> Spans:
    start, stop = span
    inside = len(select(timeline.clips, [span]))
    _require_room(timeline, (stop - start) * (times - 1), inside * (times - 1))
    return [(0, stop), *[span] * (times - 1), (stop, timeline.frames)]


def _moved(timeline: Timeline, step: MoveSpan) -> Spans:
    start, stop = _span(timeline, step)
    # Whoever moves something to the end need not know where that is.
    to, end = min(round(step.to_s * timeline.sample_rate), timeline.frames), timeline.frames
    if start < to < stop:
        raise RangeError(
            f"move: to_s {step.to_s:g} lies inside of what is moved, "
            f"{start / timeline.sample_rate:g} to {stop / timeline.sample_rate:g} s; "
            "expected a time outside of it"
        )
    if to <= start:
        return [(0, to), (start, stop), (to, start), (stop, end)]
    return [(0, start), (stop, to), (start, stop), (to, end)]


def _span(timeline: Timeline, step: Keep | Cut | Loop | MoveSpan) -> tuple[int, int]:
    rate, frames = timeline.sample_rate, timeline.frames
    start = round(step.start_s * rate)
    stop = frames if step.end_s is None else round(step.end_s * rate)
    # What was meant to reach the end may overshoot it, but not begin after it.
    if start >= frames:
        raise RangeError(
            f"{step.step}: it would begin at {step.start_s:g} s, after the end; "
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


def _require_end(work: int, number: int, timeline: Timeline) -> None:
    """Every step goes through all pieces; raises RangeError where that has come to too much."""
    if work > _MOST_WORK:
        raise RangeError(
            f"edits: there are {number} steps and {len(timeline.clips)} pieces by now, more than "
            "can be followed; take some back, or keep what is heard as one arrangement and go on "
            "from that"
        )


_SAID_AS = {"cut_tail": "cut", "keep_tail": "keep", "shorten_to": "shorten"}


def _with(timeline: Timeline, clips: Sequence[Clip], step: str) -> Timeline:
    if not clips:
        raise RangeError(
            f"{_SAID_AS.get(step, step)}: nothing would be left of the "
            f"{timeline.duration_s:.2f} s that are there"
        )
    return timeline.model_copy(update={"clips": joined(clips)})


def _shrunk(silences: Spans, longest: int) -> Spans:
    """The middles of silences that are too long."""
    half = longest // 2
    return [(a + half, b - (longest - half)) for a, b in silences if b - a > longest]


def _without(timeline: Timeline, gaps: Spans, longest: int | None = None) -> Spans:
    """The spans of `timeline` that are left without the recording's `gaps`.

    Its own gaps stay, up to `longest` frames of each where that is given.
    """
    left: list[tuple[int, int]] = []
    ends = [stop for _, stop in gaps]
    begin = 0
    for clip in timeline.clips:
        own = clip.gap if longest is None else min(clip.gap, longest)
        left.append((begin, begin + own))
        begin += clip.gap
        at = clip.start
        for start, stop in gaps[bisect_right(ends, at) :]:
            if start >= clip.stop:
                break
            if start > at:
                left.append(_heard_in(clip, begin, at, start))
            at = max(at, stop)
        if at < clip.stop:
            left.append(_heard_in(clip, begin, at, clip.stop))
        begin += clip.frames
    return [(start, stop) for start, stop in left if start < stop]


def _heard_in(clip: Clip, begin: int, start: int, stop: int) -> tuple[int, int]:
    """Where frames `start` to `stop` of the source are heard in a clip that begins at `begin`."""
    first, last = (min(round((at - clip.start) / clip.speed), clip.frames) for at in (start, stop))
    return begin + first, begin + last
