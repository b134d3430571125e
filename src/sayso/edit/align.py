"""Aligning: what a person cut, kept, repeated, moved and changed, found from the two recordings.

Landmarks give coarse matches, a path through them the runs, cross-correlation each run's place to
the sample, and the better explanation of the two sides each join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sayso.audio import Audio, Progress, Samples, decibels, resample
from sayso.audio.audio import Cancelled
from sayso.desk.timeline import CROSSFADE_S, Clip, Spans, Timeline
from sayso.edit.landmarks import HOP, RATE, Landmarks, landmarks, matches
from sayso.edit.listening import mono, require_sound
from sayso.edit.matching import Likeness, Line, by_waveform, drift, excerpt, join, settle
from sayso.edit.tracing import Run, estimate_speed, trace
from sayso.errors import Cancelled as Stopped
from sayso.errors import DataError, EmptyAudioError

SHORTEST_S = 2.0
_REACH_S = 0.9
"""How far to each side of its coarse place a join is looked for."""
_VARISPEEDS = (1.0, 0.98, 1.02, 0.99, 1.01, 0.97, 1.03, 0.96, 1.04)
_WELL = 0.7
_LEAST_KNOWN = 0.1
_SWAPPED = 0.25
_TRUSTED, _SAME_COURSE = 0.4, 0.65
"""Share of the power explained, or the likeness of the course of the spectrum, that makes sure."""
_NEARLY = 0.006
_NEW_S = 0.15
"""Unknown stretches shorter than this are what a crossfade or a codec leaves, not new material."""
_CROSSFADES_S = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_NO_GAIN_DB = 0.25
_AS_GOOD = 0.7
"""Twice the residual power is no worse: a louder copy of the same loop suffers less from codecs."""
_PAUSE = 0.05
"""Levels below this share of the whole's are a pause."""


@dataclass(frozen=True)
class Match:
    """Frames `start` to `stop` of the edited recording are `clip` of the raw one.

    `speed` is how much faster the raw recording passes than when it was made: 1 for no change.
    """

    start: int
    stop: int
    clip: Clip
    speed: float
    certainty: float


@dataclass(frozen=True)
class Alignment:
    """How an edited recording was made of a raw one.

    Attributes:
        matches: in the order of the edited recording.
        new: frames of the edited recording that are not in the raw one.
        timeline: the same as clips of the raw recording; what is new is left out.
        known: share of the edited recording that was found in the raw one.
    """

    matches: tuple[Match, ...]
    new: Spans
    timeline: Timeline
    known: float


def align(
    raw: Audio,
    edited: Audio,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Alignment:
    """The timeline that makes `edited` of `raw`, whatever was done to its sound on the way.

    Gain, tone, codecs, added effects, tempo within 6% and tape speed within 4% are seen through.

    Args:
        raw: the whole recording, at any rate.
        edited: made of it, at any rate.
        progress: told the fraction done.
        cancelled: asked between steps.

    Raises: SilenceError, EmptyAudioError for less than 2 s, DataError where the two do not belong
        together or seem to be swapped, Cancelled.
    """
    for audio, what in ((raw, "raw"), (edited, "edited")):
        if audio.duration_s < SHORTEST_S:
            raise EmptyAudioError(
                f"the {what} recording lasts {audio.duration_s:.2f} s; "
                f"expected at least {SHORTEST_S:g} s to align"
            )
    tell = _Steps(progress, cancelled)
    raw_low = mono(raw, RATE, cancelled=cancelled)
    tell(0.25)
    edited_low = mono(edited, RATE, cancelled=cancelled)
    require_sound(raw_low, "the raw recording")
    require_sound(edited_low, "the edited recording")
    tell(0.4)
    signal, tape, runs, speed = _coarse(raw_low, edited_low, tell)
    lines = [settle(raw_low, signal, line) for line in _lines(runs, speed)]
    lines = [line for line in lines if _trusted(raw_low, signal, line)]
    _require_kinship(raw, edited, sum(line.stop - line.start for line in lines) / len(signal))
    tell(0.75)
    lines = _merged(_absorbed(raw_low, signal, _merged(lines)))
    placed = _placed(raw_low, signal, lines)
    tell(0.9)
    found = _matches(raw, edited, placed, tape)
    return _alignment(raw, edited, found, _crossfade_s(placed))


class _Steps:
    """Tells progress and heeds cancellation between the steps."""

    def __init__(self, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self._progress, self._cancelled = progress, cancelled

    def __call__(self, done: float) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Stopped("stopped while aligning")
        if self._progress is not None:
            self._progress(done)


def _coarse(raw: Samples, edited: Samples, tell: _Steps) -> tuple[Samples, float, list[Run], float]:
    """The edited signal at the tape speed that fits, that speed, its runs and their tempo."""
    marks = landmarks(raw)
    tell(0.5)
    best: tuple[float, Samples, float, list[Run], float] | None = None
    for tape in _VARISPEEDS:
        signal = _respeed(edited, tape)
        runs, speed = _traced(marks, signal)
        known = _known(runs)
        if best is None or known > best[0]:
            best = (known, signal, tape, runs, speed)
        tell(0.6)
        if best[0] > _WELL:
            break
    assert best is not None
    _, signal, tape, runs, speed = best
    if tape != 1.0:
        # Tape speed that lies between those tried: what is left of it looks like a little tempo.
        for waveform in (False, True):
            tape *= drift(raw, signal, _lines(runs, speed), waveform=waveform)
            signal = _respeed(edited, tape)
            runs, speed = _traced(marks, signal, speed=1.0)
    if 0 < abs(speed - 1.0) < _NEARLY:
        plain, _ = _traced(marks, signal, speed=1.0)
        if _untouched(raw, signal, plain):
            return signal, tape, plain, 1.0
    return signal, tape, runs, speed


def _untouched(raw: Samples, edited: Samples, runs: Sequence[Run]) -> bool:
    """Whether the waveform of the longest run fits at the raw tempo, so that it was not changed."""
    lines = _lines(runs, 1.0)
    if not lines:
        return False
    line = max(lines, key=lambda line: line.stop - line.start)
    middle, half = (line.start + line.stop) / 2, min(RATE, (line.stop - line.start) / 2)
    piece = Line(middle - half, middle + half, 1.0, line.offset)
    return Likeness(raw, edited, settle(raw, edited, piece)).explained > 0.5


def _trusted(raw: Samples, edited: Samples, line: Line) -> bool:
    """Whether the sound along a line is the same, and not only some of its notes."""
    side = Likeness(raw, edited, line)
    return side.explained > _TRUSTED or side.course > _SAME_COURSE


def _respeed(signal: Samples, speed: float) -> Samples:
    """`signal` [T] as it was before it was played `speed` times as fast."""
    if speed == 1.0:
        return signal
    # The resampler takes whole rates: 700 kHz to 700 kHz times the speed.
    slowed: Samples = resample(Audio(signal[None], 700_000), round(700_000 * speed)).samples[0]
    return slowed


def _traced(
    marks: Landmarks, signal: Samples, *, speed: float | None = None
) -> tuple[list[Run], float]:
    at_raw, at_edited = matches(marks, landmarks(signal))
    if speed is None:
        speed = estimate_speed(at_raw, at_edited)
    return trace(at_raw, at_edited, steps=len(signal) // HOP + 1, speed=speed), speed


def _known(runs: Sequence[Run]) -> float:
    known = sum(run.stop - run.start for run in runs if run.first is not None)
    return known / max(1, runs[-1].stop)


def _strangers() -> DataError:
    return DataError(
        "the edited recording does not seem to be made of the raw one: nothing, or next to "
        "nothing, of it was found there. Expected a recording and an edit of it"
    )


def _require_kinship(raw: Audio, edited: Audio, known: float) -> None:
    if known < _LEAST_KNOWN:
        raise _strangers()
    if edited.frames / edited.sample_rate > raw.duration_s and known < 1 - _SWAPPED:
        raise DataError(
            f"the edited recording lasts {edited.duration_s:.1f} s and the raw one only "
            f"{raw.duration_s:.1f} s, of which it holds {1 - known:.0%} that is not there. "
            "Are the two swapped? Expected the raw recording first"
        )


def _lines(runs: Sequence[Run], speed: float) -> list[Line]:
    lines = []
    for run in runs:
        if run.first is not None and run.last is not None:
            offset = (run.first + run.last) / 2 * HOP
            lines.append(Line(run.start * HOP, run.stop * HOP, speed, offset))
    return lines


def _merged(lines: Sequence[Line]) -> list[Line]:
    """Neighbours that turn out to lie on the same diagonal, as one."""
    merged = [lines[0]]
    for line in lines[1:]:
        last = merged[-1]
        near = line.start - last.stop < 2 * HOP * 8
        if near and abs(last.raw(line.start) - line.raw(line.start)) < 0.004 * RATE:
            longer = last if last.stop - last.start > line.stop - line.start else line
            certainty = max(last.certainty, line.certainty)
            merged[-1] = Line(last.start, line.stop, longer.slope, longer.offset, certainty)
        else:
            merged.append(line)
    return merged


def _absorbed(raw: Samples, edited: Samples, lines: Sequence[Line]) -> list[Line]:
    """Lines without detours to places that sound the same as going on would.

    Recorded loops repeat to the sample, so landmarks alone can leave a run and come back.
    """
    kept = [lines[0]]
    for at, line in enumerate(lines[1:], 1):
        goes_on = [kept[-1], *lines[at + 1 : at + 2]]
        length = min(line.stop - line.start, 4 * RATE)
        begin = round((line.start + line.stop - length) / 2)
        stop = begin + round(length)
        own = Likeness(raw, edited, line)
        alike = [
            Line(line.start, line.stop, other.slope, other.offset, other.certainty)
            for other in goes_on
            if _no_worse(own, Likeness(raw, edited, other), begin, stop)
        ]
        kept.append(alike[0] if alike else line)
    return kept


def _no_worse(own: Likeness, other: Likeness, start: int, stop: int) -> bool:
    """Whether `other`'s diagonal explains the stretch as well as its own does."""
    waveform = by_waveform(own, other)
    errors = [side.errors(start, stop, waveform=waveform).mean() for side in (own, other)]
    return bool(errors[1] < errors[0] + _AS_GOOD)


def _placed(raw: Samples, edited: Samples, lines: Sequence[Line]) -> list[Likeness]:
    """The lines between their joins, each found where one explains the sound worse than the next.

    What neither explains lies between the stop of one and the start of the next.
    """
    sides = [Likeness(raw, edited, line) for line in lines]
    starts, stops = [line.start for line in lines], [line.stop for line in lines]
    reach = _REACH_S * RATE
    starts[0] = _edge(None, sides[0], max(0, starts[0] - reach), starts[0] + reach)
    for at in range(len(lines) - 1):
        before, after = sides[at], sides[at + 1]
        low = max(stops[at] - reach, starts[at] + 0.1 * RATE)
        high = min(starts[at + 1] + reach, stops[at + 1] - 0.1 * RATE)
        if starts[at + 1] - stops[at] > 2 * _REACH_S * RATE:
            stops[at] = _edge(before, None, low, stops[at] + reach)
            starts[at + 1] = _edge(None, after, starts[at + 1] - reach, high)
            continue
        stops[at] = starts[at + 1] = join(before, after, round(low), max(round(high), round(low)))
        ends = _edge(before, None, low, high), _edge(None, after, low, high)
        if ends[1] - ends[0] > _NEW_S * RATE and _audible(edited, *ends):
            stops[at], starts[at + 1] = ends
    length = len(edited)
    stops[-1] = _edge(sides[-1], None, stops[-1] - reach, min(length, stops[-1] + reach))
    return [
        Likeness(raw, edited, Line(start, stop, side.line.slope, side.line.offset,
                                   side.line.certainty))
        for side, start, stop in zip(sides, starts, stops, strict=True)
        if stop - start > 0.02 * RATE
    ]  # fmt: skip


def _edge(before: Likeness | None, after: Likeness | None, low: float, high: float) -> int:
    """Where something begins or ends beside what is new; at the very ends, without a search."""
    side = before or after
    assert side is not None
    at = join(before, after, round(low), max(round(high), round(low)))
    ends_s = min(at, len(side.edited) - at) / RATE
    if ends_s < _NEW_S and not _silent_end(side.edited, at):
        return 0 if before is None else len(side.edited)
    return at


def _silent_end(edited: Samples, at: int) -> bool:
    """Whether what lies between `at` and the nearer end is digital silence: a codec's padding."""
    part = edited[:at] if at < len(edited) - at else edited[at:]
    return len(part) > 0 and float(np.abs(part).max(initial=0.0)) < 1e-3


def _audible(edited: Samples, start: int, stop: int) -> bool:
    """Whether something plays there; codecs change the noise of a pause beyond recognition."""
    part = edited[start:stop]
    return float(np.vdot(part, part)) / len(part) > _PAUSE**2 * float(
        np.vdot(edited, edited)
    ) / len(edited)


def _matches(raw: Audio, edited: Audio, placed: Sequence[Likeness], tape: float) -> list[Match]:
    """From samples at the low rate to frames, the offset found anew at the full rate."""
    found = []
    for side in placed:
        line = side.line
        offset_s = line.offset / RATE
        if line.slope == 1.0 and tape == 1.0:
            offset_s += _full_rate_lag_s(raw, edited, line)
        start_s, stop_s = line.start / RATE, line.stop / RATE
        first = round((line.slope * start_s + offset_s) * raw.sample_rate)
        last = round((line.slope * stop_s + offset_s) * raw.sample_rate)
        first, last = max(first, 0), min(last, raw.frames)
        if last - first < 1:
            continue
        gain_db = float(np.clip(decibels(side.gain), -60.0, 24.0))
        gain_db = 0.0 if abs(gain_db) < _NO_GAIN_DB else round(gain_db, 1)
        speed = line.slope * tape
        into = edited.sample_rate / tape
        found.append(
            Match(
                start=max(round(start_s * into), 0),
                stop=min(round(stop_s * into), edited.frames),
                clip=Clip(start=first, stop=last, gain_db=gain_db),
                speed=round(speed, 6),
                certainty=round(line.certainty, 3),
            )
        )
    return found


def _full_rate_lag_s(raw: Audio, edited: Audio, line: Line) -> float:
    """What the low rate left of a lag, in seconds, from half a second of both at the raw rate."""
    import scipy.fft

    rate, length = raw.sample_rate, raw.sample_rate // 2
    best = (0.0, 0.0)
    search = max(4, round(2 * rate / RATE))
    for share in (0.3, 0.5, 0.7):
        middle_s = (line.start + share * (line.stop - line.start)) / RATE
        begin = round(middle_s * edited.sample_rate)
        part = edited.block(begin, begin + edited.sample_rate // 2).mean(axis=0, keepdims=True)
        heard = resample(Audio(part, edited.sample_rate), rate).samples[0][:length]
        expected = begin / edited.sample_rate * rate + line.offset * rate / RATE
        low = round(expected) - search
        there = raw.block(low, low + length + 2 * search).mean(axis=0)
        size = scipy.fft.next_fast_len(2 * length, real=True)
        cross = scipy.fft.rfft(there, size) * np.conj(scipy.fft.rfft(heard, size))
        cross /= np.sqrt(np.abs(cross)) + 1e-9
        curve = scipy.fft.irfft(cross, size)[: 2 * search + 1]
        top = int(curve.argmax())
        if curve[top] > best[0]:
            best = (float(curve[top]), (low + top - expected) / rate)
    return best[1]


def _crossfade_s(placed: Sequence[Likeness]) -> float | None:
    """The usual length of the joins, or None where no join tells."""
    lengths = []
    for before, after in pairwise(placed):
        at = round(before.line.stop)
        if at != round(after.line.start) or min(before.explained, after.explained) < 0.8:
            continue
        reach = round(0.4 * RATE)
        low = at - reach
        heard = excerpt(before.edited, low, 2 * reach).astype(np.float64)
        one, other = before.predicted(low, low + 2 * reach), after.predicted(low, low + 2 * reach)
        left = []
        for length_s in _CROSSFADES_S:
            width = max(length_s * RATE, 1.0)
            share = np.clip((np.arange(2 * reach) - reach) / width + 0.5, 0.0, 1.0)
            mixed = np.cos(share * np.pi / 2) * one + np.sin(share * np.pi / 2) * other
            left.append(float(np.vdot(heard - mixed, heard - mixed)))
        lengths.append(_CROSSFADES_S[int(np.argmin(left))])
    return float(np.median(lengths)) if lengths else None


def _alignment(
    raw: Audio, edited: Audio, found: Sequence[Match], crossfade_s: float | None
) -> Alignment:
    if not found:
        raise _strangers()
    shortest = round(_NEW_S * edited.sample_rate)
    ends = [0, *(match.stop for match in found)]
    begins = [*(match.start for match in found), edited.frames]
    new = [(a, b) for a, b in zip(ends, begins, strict=True) if b - a >= shortest]
    clips = tuple(match.clip for match in found)
    crossfade = CROSSFADE_S if crossfade_s is None else crossfade_s
    timeline = Timeline(
        sample_rate=raw.sample_rate,
        clips=clips,
        crossfade_frames=round(crossfade * raw.sample_rate),
    )
    unknown = sum(b - a for a, b in new)
    return Alignment(tuple(found), tuple(new), timeline, 1 - unknown / edited.frames)
