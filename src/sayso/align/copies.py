"""Copies: places of a recording that sound the same to the sample.

Whoever pastes a loop or plays a file twice makes recordings in which nothing in the sound tells
which copy an edit was cut from; only what surrounds it does. Positions are in samples at
`landmarks.RATE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sayso.align.landmarks import HOP, RATE, Landmarks, matches
from sayso.align.matching import Likeness, Line, settle
from sayso.audio import Samples

_SAME = 0.98
"""Share of the power of one copy that the other explains."""
_VOTES = 0.4
"""Share of the landmarks of a stretch that its copies must have."""
_MOST = 6
_NEAR_S = 0.05
_LEAST_S = 1.0


def gathered(raw: Samples, marks: Landmarks, lines: Sequence[Line]) -> list[Line]:
    """The lines, each on that copy of its sound which makes the simplest edit.

    One that goes on from a neighbour stays, or moves to where it does. Else what another line
    plays, too, is a repeat of it; else the copy that is heard first in the recording counts.

    Args:
        raw: the recording [T].
        marks: its landmarks.
        lines: in the order of the edited recording.
    """
    shifts: list[list[float]] = [[] for _ in lines]
    for at, line in enumerate(lines):
        if line.stop - line.start >= _LEAST_S * RATE and not _goes_on(lines, at):
            shifts[at] = copies(raw, marks, line.raw(line.start), line.raw(line.stop))
    out = list(lines)
    sure = [line for line, found in zip(lines, shifts, strict=True) if not found]
    for at, line in enumerate(lines):
        if shifts[at]:
            places = [replace(line, offset=line.offset + shift) for shift in (0.0, *shifts[at])]
            out[at] = min(places, key=lambda place: _cost(place, out, at, sure))
            sure.append(out[at])
    return out


def copies(raw: Samples, marks: Landmarks, start: float, stop: float) -> list[float]:
    """How far from `start` to `stop` its copies lie in the same recording, at most six."""
    inside = (marks.times >= start / HOP) & (marks.times < stop / HOP)
    part = Landmarks(marks.keys[inside], marks.times[inside])
    if not len(part.times):
        return []
    there, here = matches(marks, part)
    offsets, votes = np.unique(np.round((there - here) / 2).astype(int), return_counts=True)
    far = (np.abs(offsets) * 2 * HOP > _NEAR_S * RATE) & (votes > _VOTES * len(part.times))
    likely = offsets[far][np.argsort(-votes[far])][:_MOST]
    found: list[float] = []
    for offset in likely:
        line = settle(raw, raw, Line(start, stop, 1.0, float(offset) * 2 * HOP))
        inner = line.raw(start) >= 0 and line.raw(stop) <= len(raw)
        known = any(abs(line.offset - other) < _NEAR_S * RATE for other in found)
        if inner and not known and same_sound(raw, line):
            found.append(line.offset)
    return found


def same_sound(raw: Samples, line: Line) -> bool:
    """Whether `raw` along `line` is `raw` itself, but for its level and what lies 17 dB below it.

    It is looked at in the middle and at both ends.
    """
    length = min(_LEAST_S * RATE, line.stop - line.start)
    begins = line.start, (line.start + line.stop - length) / 2, line.stop - length
    parts = [replace(line, start=begin, stop=begin + length) for begin in begins]
    return all(Likeness(raw, raw, part).explained > _SAME for part in parts)


def _goes_on(lines: Sequence[Line], at: int) -> bool:
    """Whether a line begins or ends where its neighbour ends or begins in the recording."""
    line = lines[at]
    ends = [(lines[at - 1].raw(lines[at - 1].stop), line.raw(line.start))] if at else []
    if at + 1 < len(lines):
        after = lines[at + 1]
        ends.append((line.raw(line.stop), after.raw(after.start)))
    return any(abs(one - other) < _NEAR_S * RATE for one, other in ends)


def _cost(
    place: Line, lines: Sequence[Line], at: int, sure: Sequence[Line]
) -> tuple[bool, bool, float]:
    """What speaks against a place: less is better. Repeats are of lines whose place is `sure`."""
    moved = [*lines[:at], place, *lines[at + 1 :]]
    start, stop = place.raw(place.start), place.raw(place.stop)
    repeated = any(
        min(stop, other.raw(other.stop)) - max(start, other.raw(other.start)) > (stop - start) / 2
        for other in sure
    )
    return not _goes_on(moved, at), not repeated, start
