"""Aligning: what a person cut, kept, repeated, moved and changed, found from the two recordings.

Landmarks give coarse matches, a path through them the runs, cross-correlation each run's place to
the sample, and the better explanation of the two sides each join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sayso.align.boundaries import NEW_S, Placed, absorbed, bridged, faded_alike, merged, placed
from sayso.align.copies import gathered
from sayso.align.hypotheses import likeliest, step
from sayso.align.landmarks import RATE, landmarks
from sayso.align.mono import mono, require_sound
from sayso.align.offsets import Line
from sayso.audio import Audio, decibels, resample
from sayso.errors import DataError, EmptyAudioError
from sayso.timeline import CROSSFADE_S, Clip, Spans, Timeline
from sayso.watch import SILENT, Watch

SHORTEST_S = 2.0
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
    step(watch, 0.25)
    edited_low = mono(edited, RATE, watch=watch)
    require_sound(raw_low, "the raw recording")
    require_sound(edited_low, "the edited recording")
    step(watch, 0.4)
    marks = landmarks(raw_low)
    step(watch, 0.5)
    likely = likeliest(raw_low, edited_low, marks, watch)
    signal, tape, lines = likely.signal, likely.tape, likely.lines
    _require_kinship(raw, edited, sum(line.stop - line.start for line in lines) / len(signal))
    step(watch, 0.75)
    lines = merged(absorbed(raw_low, signal, merged(bridged(raw_low, signal, lines))))
    lines = gathered(raw_low, marks, lines)
    sides, usual = faded_alike(placed(raw_low, signal, lines))
    step(watch, 0.9)
    found = _matches(raw, edited, sides, tape)
    crossfade_s = CROSSFADE_S if usual is None else usual.length / RATE
    return _alignment(raw, edited, found, crossfade_s)


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


def _matches(raw: Audio, edited: Audio, sides: Sequence[Placed], tape: float) -> list[Match]:
    """From samples at the low rate to frames, the offset found anew at the full rate."""
    found = []
    for side, fade in sides:
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
                clip=Clip(
                    start=first,
                    stop=last,
                    gain_db=gain_db,
                    crossfade_frames=_frames(fade.length, raw) if fade is not None else None,
                ),
                speed=round(speed, 6),
                certainty=round(line.certainty, 3),
            )
        )
    return found


def _frames(samples: float, raw: Audio) -> int:
    """So many samples at the low rate, in frames of the raw recording."""
    return round(samples / RATE * raw.sample_rate)


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


def _alignment(raw: Audio, edited: Audio, found: Sequence[Match], crossfade_s: float) -> Alignment:
    if not found:
        raise _strangers()
    shortest = round(NEW_S * edited.sample_rate)
    ends = [0, *(match.stop for match in found)]
    begins = [*(match.start for match in found), edited.frames]
    new = [(a, b) for a, b in zip(ends, begins, strict=True) if b - a >= shortest]
    usual = round(crossfade_s * raw.sample_rate)
    # A clip says only what is not usual.
    clips = tuple(
        match.clip.model_copy(update={"crossfade_frames": None})
        if match.clip.crossfade_frames == usual else match.clip
        for match in found
    )  # fmt: skip
    timeline = Timeline(sample_rate=raw.sample_rate, clips=clips, crossfade_frames=usual)
    unknown = sum(b - a for a, b in new)
    return Alignment(tuple(found), tuple(new), timeline, 1 - unknown / edited.frames)
