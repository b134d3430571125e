"""Copies: places of a recording that sound the same to the sample.

Whoever pastes a loop or plays a file twice makes recordings in which nothing in the sound tells
which copy an edit was cut from; only what surrounds it does. Positions are in samples at
`landmarks.RATE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from sayso.align.landmarks import HOP, RATE, Landmarks, matches
from sayso.align.matching import Likeness
from sayso.align.offsets import Line, excerpt, settle
from sayso.audio import Samples

_SAME = 0.98
"""Share of the power of one copy that the other explains."""
_PAUSE = 1e-3
"""Power below this share of the loudest part's is a pause."""
_VOTES = 0.08
"""Share of the landmarks of a stretch that its copies must have; half a step apart, few agree."""
_MOST = 6
_NEAR_S = 0.05
_LEAST_S = 1.0
_SHORT_S = 3.0
"""Who tightens a recording takes less than this out at once."""


def gathered(raw: Samples, marks: Landmarks, lines: Sequence[Line]) -> list[Line]:
    """The lines, each on that copy of its sound which makes the simplest edit.

    One that goes on from a neighbour, but for a short cut, stays, or moves to where it does. Else
    what another line plays, too, is a repeat of it; else the copy that is heard first counts.

    Args:
        raw: the recording [T].
        marks: its landmarks.
        lines: in the order of the edited recording.
    """
    shifts: list[list[float]] = [[] for _ in lines]
    for at, line in enumerate(lines):
        if line.stop - line.start >= _LEAST_S * RATE and not _goes_on(lines, at):
            shifts[at] = copies(raw, marks, line.raw(line.start), line.raw(line.stop))
    places = [
        [replace(line, offset=line.offset + shift) for shift in (0.0, *found)]
        for line, found in zip(lines, shifts, strict=True)
    ]
    out = _simplest(places)
    alone = [bool(found) and not _follows(out, at) for at, found in enumerate(shifts)]
    sure = [line for line, lonely in zip(out, alone, strict=True) if not lonely]
    for at in (at for at, lonely in enumerate(alone) if lonely):
        out[at] = min(places[at], key=lambda place: _cost(place, sure))
        sure.append(out[at])
    return out


def _simplest(places: Sequence[Sequence[Line]]) -> list[Line]:
    """Of all choices of one place a line, the one with the fewest and shortest jumps (Viterbi)."""
    totals = np.zeros(len(places[0]))
    came = []
    for before, here in pairwise(places):
        jumps = np.array([[_jump(one, other) for one in before] for other in here])
        came.append((totals + jumps).argmin(axis=1))
        totals = (totals + jumps).min(axis=1)
    at = int(totals.argmin())
    chosen = [places[-1][at]]
    for before, back in zip(places[-2::-1], came[::-1], strict=True):
        at = int(back[at])
        chosen.append(before[at])
    return chosen[::-1]


def _jump(before: Line, after: Line) -> float:
    """How much of a jump lies between two lines: 0 for none, 1 to 2 for a short cut, 3 for more."""
    apart = (after.raw(after.start) - before.raw(before.stop)) / RATE
    if abs(apart) < _NEAR_S:
        return 0.0
    return 1.0 + apart / _SHORT_S if 0 < apart < _SHORT_S else 3.0


def _follows(lines: Sequence[Line], at: int) -> bool:
    """Whether no more than a short cut lies between a line and a neighbour."""
    near = pairwise(lines[max(0, at - 1) : at + 2])
    return any(_jump(one, other) < 3.0 for one, other in near)


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

    It is looked at in the middle and at both ends, but not where it pauses: noise never repeats.
    """
    length = min(_LEAST_S * RATE, line.stop - line.start)
    begins = line.start, (line.start + line.stop - length) / 2, line.stop - length
    parts = [replace(line, start=begin, stop=begin + length) for begin in begins]
    sounds = [excerpt(raw, round(begin), round(length)) for begin in begins]
    powers = [float(np.vdot(sound, sound)) for sound in sounds]
    least = _PAUSE * max(powers)
    heard = [part for part, power in zip(parts, powers, strict=True) if power > least]
    return all(Likeness(raw, raw, part).explained > _SAME for part in heard)


def _goes_on(lines: Sequence[Line], at: int) -> bool:
    """Whether a line begins or ends where its neighbour ends or begins in the recording."""
    line = lines[at]
    ends = [(lines[at - 1].raw(lines[at - 1].stop), line.raw(line.start))] if at else []
    if at + 1 < len(lines):
        after = lines[at + 1]
        ends.append((line.raw(line.stop), after.raw(after.start)))
    return any(abs(one - other) < _NEAR_S * RATE for one, other in ends)


def _cost(place: Line, sure: Sequence[Line]) -> tuple[bool, float]:
    """What speaks against a place: less is better. Repeats are of lines whose place is `sure`."""
    start, stop = place.raw(place.start), place.raw(place.stop)
    repeated = any(
        min(stop, other.raw(other.stop)) - max(start, other.raw(other.start)) > (stop - start) / 2
        for other in sure
    )
    return not repeated, start
