"""Aligning: what a person cut, kept, repeated, moved and changed, found from the two recordings.

Landmarks give coarse matches, a path through them the runs, cross-correlation each run's place to
the sample, and the better explanation of the two sides each join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sayso.align.boundaries import NEW_S, absorbed, bridged, merged, placed, usual_crossfade_s
from sayso.align.copies import gathered
from sayso.align.landmarks import HOP, RATE, Landmarks, landmarks, matches
from sayso.align.matching import Likeness, Line, drift, settle
from sayso.align.mono import mono, require_sound
from sayso.align.runs import Run, estimate_speed, trace
from sayso.audio import Audio, Samples, decibels, resample
from sayso.errors import DataError, EmptyAudioError
from sayso.timeline import CROSSFADE_S, Clip, Spans, Timeline
from sayso.watch import SILENT, Watch

SHORTEST_S = 2.0
_VARISPEEDS = (1.0, 0.98, 1.02, 0.99, 1.01, 0.97, 1.03, 0.96, 1.04)
_WELL = 0.7
_LEAST_KNOWN = 0.1
_SWAPPED = 0.25
_SURE = 0.95
_NO_GAIN_DB = 0.25


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
        doubt: what a person should know of it, where that is less than 95%; else None.
    """

    matches: tuple[Match, ...]
    new: Spans
    timeline: Timeline
    known: float

    @property
    def doubt(self) -> str | None:
        """See the class."""
        if self.known >= _SURE:
            return None
        return (
            f"only {self.known:.0%} of the edited recording was found in the raw one; "
            "look over the edit before it is used or learnt from"
        )


def align(
    raw: Audio,
    edited: Audio,
    *,
    watch: Watch = SILENT,
) -> Alignment:
    """The timeline that makes `edited` of `raw`, whatever was done to its sound on the way.

    Gain, tone, codecs, added effects, tempo within 6% and tape speed within 4% are seen through.

    Args:
        raw: the whole recording, at any rate.
        edited: made of it, at any rate.
        watch: progress and cancelling, polled between steps.

    Raises: SilenceError, EmptyAudioError for less than 2 s, DataError where the two do not belong
        together or seem to be swapped, Cancelled.
    """
    for audio, what in ((raw, "raw"), (edited, "edited")):
        if audio.duration_s < SHORTEST_S:
            raise EmptyAudioError(
                f"the {what} recording lasts {audio.duration_s:.2f} s; "
                f"expected at least {SHORTEST_S:g} s to align"
            )
    raw_low = mono(raw, RATE, watch=watch)
    _step(watch, 0.25)
    edited_low = mono(edited, RATE, watch=watch)
    require_sound(raw_low, "the raw recording")
    require_sound(edited_low, "the edited recording")
    _step(watch, 0.4)
    marks = landmarks(raw_low)
    _step(watch, 0.5)
    signal, tape, runs, speed = _coarse(raw_low, edited_low, marks, watch)
    lines = [settle(raw_low, signal, line) for line in _lines(runs, speed)]
    lines = [line for line in lines if Likeness(raw_low, signal, line).trusted]
    _require_kinship(raw, edited, sum(line.stop - line.start for line in lines) / len(signal))
    _step(watch, 0.75)
    lines = merged(absorbed(raw_low, signal, merged(bridged(raw_low, signal, lines))))
    lines = gathered(raw_low, marks, lines)
    sides = placed(raw_low, signal, lines)
    _step(watch, 0.9)
    found = _matches(raw, edited, sides, tape)
    return _alignment(raw, edited, found, usual_crossfade_s(sides))


def _step(watch: Watch, done: float) -> None:
    watch.check("stopped while aligning")
    watch.report(done)


def _coarse(
    raw: Samples, edited: Samples, marks: Landmarks, watch: Watch
) -> tuple[Samples, float, list[Run], float]:
    """The edited signal at the tape speed that fits, that speed, its runs and their tempo."""
    best: tuple[float, Samples, float, list[Run], float] | None = None
    for tape in _VARISPEEDS:
        signal = _respeed(edited, tape)
        runs, speed = _traced(marks, signal)
        known = _known(runs)
        if best is None or known > best[0]:
            best = (known, signal, tape, runs, speed)
        _step(watch, 0.6)
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
    if speed != 1.0:
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


def _matches(raw: Audio, edited: Audio, sides: Sequence[Likeness], tape: float) -> list[Match]:
    """From samples at the low rate to frames, the offset found anew at the full rate."""
    found = []
    for side in sides:
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


def _alignment(
    raw: Audio, edited: Audio, found: Sequence[Match], crossfade_s: float | None
) -> Alignment:
    if not found:
        raise _strangers()
    shortest = round(NEW_S * edited.sample_rate)
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
