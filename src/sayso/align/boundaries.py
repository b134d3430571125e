"""Where runs that are known to the sample begin and end, and how they are joined.

Signals are mono at `landmarks.RATE`; see `matching` for positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from sayso.align.landmarks import HOP, RATE
from sayso.align.matching import Likeness, Line, by_waveform, excerpt, join
from sayso.audio import Samples

NEW_S = 0.15
"""Unknown stretches shorter than this are what a crossfade or a codec leaves, not new material."""
_REACH_S = 0.9
"""How far to each side of its coarse place a join is looked for."""
_CROSSFADES_S = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_AS_GOOD = 0.7
"""Twice the residual power is no worse: a louder copy of the same loop suffers less from codecs."""
_AS_USUAL, _LONGEST_HOLE_S = 6.0, 60.0
"""Up to so many times what is unexplained elsewhere, a hole in what is known is no new material."""
_HEARD = 0.03
"""Share of what is left that a sound must have for its presence to be heard."""
_PART_S, _PARTS = 2.0, 8
"""Of so many parts of a run, however long it is, all must sound the same."""
_PAUSE = 0.05
"""Levels below this share of the whole's are a pause."""


def merged(lines: Sequence[Line]) -> list[Line]:
    """Neighbours that turn out to lie on the same diagonal, as one."""
    out = [lines[0]]
    for line in lines[1:]:
        last = out[-1]
        near = line.start - last.stop < 2 * HOP * 8
        if near and abs(last.raw(line.start) - line.raw(line.start)) < 0.004 * RATE:
            longer = last if last.stop - last.start > line.stop - line.start else line
            certainty = max(last.certainty, line.certainty)
            out[-1] = Line(last.start, line.stop, longer.slope, longer.offset, certainty)
        else:
            out.append(line)
    return out


def absorbed(raw: Samples, edited: Samples, lines: Sequence[Line]) -> list[Line]:
    """Lines without detours to places that sound the same as going on would.

    Recorded loops repeat to the sample, so landmarks alone can leave a run and come back.
    """
    kept = [lines[0]]
    for at, line in enumerate(lines[1:], 1):
        goes_on = [kept[-1], *lines[at + 1 : at + 2]]
        own = Likeness(raw, edited, line)
        others = [_along(line, other) for other in goes_on]
        alike = [other for other in others if _no_worse(own, replace(own, line=other))]
        kept.append(alike[0] if alike else line)
    return kept


def _along(line: Line, other: Line) -> Line:
    """The stretch of `line` on the diagonal of `other`."""
    return replace(other, start=line.start, stop=line.stop)


def _no_worse(own: Likeness, other: Likeness) -> bool:
    """Whether `other`'s diagonal explains the stretch as well as its own does, in every part."""
    if not other.trusted:
        return False
    waveform = by_waveform(own, other)
    line = own.line
    length = min(line.stop - line.start, _PART_S * RATE)
    count = 1 if line.stop - line.start <= length else _PARTS
    for begin in np.linspace(line.start, line.stop - length, count):
        span = round(begin), round(begin + length)
        errors = [side.errors(*span, waveform=waveform).mean() for side in (own, other)]
        if errors[1] >= errors[0] + _AS_GOOD:
            return False
    return True


def placed(raw: Samples, edited: Samples, lines: Sequence[Line]) -> list[Likeness]:
    """The lines between their joins, each found where one explains the sound worse than the next.

    What neither explains lies between the stop of one and the start of the next.
    """
    sides = [Likeness(raw, edited, line) for line in lines]
    starts, stops = [line.start for line in lines], [line.stop for line in lines]
    reach, usual = _REACH_S * RATE, _usual_rest(sides)
    if usual is None or not _goes_on(sides[0], 0, starts[0], usual):
        starts[0] = _edge(None, sides[0], max(0, starts[0] - reach), starts[0] + reach)
    else:
        starts[0] = 0
    for at in range(len(lines) - 1):
        before, after = sides[at], sides[at + 1]
        low = max(stops[at] - reach, starts[at] + 0.1 * RATE)
        high = min(starts[at + 1] + reach, stops[at + 1] - 0.1 * RATE)
        if usual is not None and starts[at + 1] - stops[at] < _LONGEST_HOLE_S * RATE:
            turn = join(before, after, round(low), max(round(high), round(low)))
            if _goes_on(before, stops[at], turn, usual) and _goes_on(
                after, turn, starts[at + 1], usual
            ):
                stops[at] = starts[at + 1] = turn
                continue
        if starts[at + 1] - stops[at] > 2 * _REACH_S * RATE:
            stops[at] = _edge(before, None, low, stops[at] + reach)
            starts[at + 1] = _edge(None, after, starts[at + 1] - reach, high)
            continue
        stops[at] = starts[at + 1] = join(before, after, round(low), max(round(high), round(low)))
        ends = _edge(before, None, low, high), _edge(None, after, low, high)
        if ends[1] - ends[0] > NEW_S * RATE and _audible(edited, *ends):
            stops[at], starts[at + 1] = ends
    length = len(edited)
    if usual is not None and _goes_on(sides[-1], stops[-1], length, usual):
        stops[-1] = length
    else:
        stops[-1] = _edge(sides[-1], None, stops[-1] - reach, min(length, stops[-1] + reach))
    return [
        replace(side, line=replace(side.line, start=start, stop=stop))
        for side, start, stop in zip(sides, starts, stops, strict=True)
        if stop - start > 0.02 * RATE
    ]


def _usual_rest(sides: Sequence[Likeness]) -> float | None:
    """The usual power that no waveform explains: a codec's noise, or music under everything.

    None where waveforms do not tell.
    """
    rests = [side.left for side in sides if by_waveform(side)]
    return float(np.median(rests)) if 2 * len(rests) > len(sides) else None


def _goes_on(side: Likeness, start: float, stop: float, usual: float) -> bool:
    """Whether what plays from `start` to `stop` is `side`, as far as any of it is explained.

    In every part: what is left is no more than elsewhere, or takes what `side` plays out of it.
    """
    low, high = round(start), round(stop)
    if high - low < 1:
        return True
    if high - low > _LONGEST_HOLE_S * RATE or not side.waveform:
        return False
    wave = side.predicted(low, high)
    rest = excerpt(side.edited, low, high - low) - wave
    count = max(1, round((high - low) / (_PART_S * RATE)))
    for part, left in zip(np.array_split(wave, count), np.array_split(rest, count), strict=True):
        power = float(np.vdot(part, part)) / len(part)
        unexplained = float(np.vdot(left, left)) / len(left)
        # |heard|^2 - |heard - wave|^2 = |wave|^2 + 2 wave.(heard - wave): all of |wave|^2 if there.
        there = 2 * float(np.vdot(part, left)) / len(part) > -0.5 * power
        if unexplained > _AS_USUAL * usual and not (there and power > _HEARD * unexplained):
            return False
    return True


def bridged(raw: Samples, edited: Samples, lines: Sequence[Line]) -> list[Line]:
    """The lines without the holes in which the one before goes on to the next, unheard by matches.

    Under other sound, such as music under everything, pauses have no matches.
    """
    sides = [Likeness(raw, edited, line) for line in lines]
    usual = _usual_rest(sides)
    out = [lines[0]]
    for side in sides[1:]:
        last, line = out[-1], side.line
        same = abs(last.raw(line.start) - line.raw(line.start)) < 0.004 * RATE
        if usual is not None and same and _goes_on(side, last.stop, line.start, usual):
            out[-1] = replace(last, stop=line.stop)
        else:
            out.append(line)
    return out


def _edge(before: Likeness | None, after: Likeness | None, low: float, high: float) -> int:
    """Where something begins or ends beside what is new; at the very ends, without a search."""
    side = before or after
    assert side is not None
    at = join(before, after, round(low), max(round(high), round(low)))
    ends_s = min(at, len(side.edited) - at) / RATE
    if ends_s < NEW_S and not _silent_end(side.edited, at):
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


def usual_crossfade_s(placed: Sequence[Likeness]) -> float | None:
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
