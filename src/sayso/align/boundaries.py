"""Where runs that are known to the sample begin and end, and how they are joined.

Signals are mono at `landmarks.RATE`; see `matching` for positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sayso.align.joins import LONGEST_S, Fade, Usual, as_usual, fitted, usual_join
from sayso.align.landmarks import HOP, RATE
from sayso.align.matching import Likeness, by_waveform, join
from sayso.align.offsets import Line, excerpt
from sayso.audio import Samples

NEW_S = 0.15
"""Unknown stretches shorter than this are what a crossfade or a codec leaves, not new material."""
_REACH_S = 0.9
"""How far to each side of its coarse place a join is looked for."""
_AS_GOOD = 0.7
"""Twice the residual power is no worse: a louder copy of the same loop suffers less from codecs."""
_AS_USUAL, _LONGEST_HOLE_S = 6.0, 60.0
"""Up to so many times what is unexplained elsewhere, a hole in what is known is no new material."""
_LITTLE = 0.1
"""Share of the power that even a crossfade of no common curve leaves unexplained at most."""
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


class Placed(NamedTuple):
    """A line between its joins, and the crossfade from the one before, where that tells."""

    side: Likeness
    fade: Fade | None


def placed(raw: Samples, edited: Samples, lines: Sequence[Line]) -> list[Placed]:
    """The lines between their joins, each found where one explains the sound worse than the next.

    What neither explains lies between the stop of one and the start of the next.
    """
    sides = [Likeness(raw, edited, line) for line in lines]
    starts, stops = [line.start for line in lines], [line.stop for line in lines]
    fades: list[Fade | None] = [None] * len(lines)
    reach, usual = _REACH_S * RATE, _usual_rest(sides)
    if usual is None or not _goes_on(sides[0], 0, starts[0], usual):
        starts[0] = _edge(None, sides[0], max(0, starts[0] - reach), starts[0] + reach)
    else:
        starts[0] = 0
    for at in range(1, len(lines)):
        pair = sides[at - 1], sides[at]
        span = starts[at - 1] + 0.1 * RATE, stops[at] - 0.1 * RATE
        stops[at - 1], starts[at], fades[at] = _met(*pair, stops[at - 1], starts[at], span, usual)
    length = len(edited)
    if usual is not None and _goes_on(sides[-1], stops[-1], length, usual):
        stops[-1] = length
    else:
        stops[-1] = _edge(sides[-1], None, stops[-1] - reach, min(length, stops[-1] + reach))
    return [
        Placed(replace(side, line=replace(side.line, start=start, stop=stop)), fade)
        for side, start, stop, fade in zip(sides, starts, stops, fades, strict=True)
        if stop - start > 0.02 * RATE
    ]


def _met(
    before: Likeness,
    after: Likeness,
    stop: float,
    start: float,
    span: tuple[float, float],
    usual: float | None,
) -> tuple[float, float, Fade | None]:
    """Where `before` stops and `after` starts, and how one fades into the other.

    Coarsely they do so at `stop` and `start`; `span` is where both must lie.
    """
    reach = _REACH_S * RATE
    low, high = max(stop - reach, span[0]), min(start + reach, span[1])
    turn = join(before, after, round(low), max(round(high), round(low)))
    if usual is not None and start - stop < _LONGEST_HOLE_S * RATE:
        fade = _faded(before, after, turn, span)
        if fade is not None and _explains(fade, usual):
            first, last = fade.at - fade.length / 2, fade.at + fade.length / 2
            if _goes_on(before, stop, first, usual) and _goes_on(after, last, start, usual):
                return fade.at, fade.at, fade
        if _goes_on(before, stop, turn, usual) and _goes_on(after, turn, start, usual):
            return turn, turn, None
    if start - stop > 2 * reach:
        return _edge(before, None, low, stop + reach), _edge(None, after, start - reach, high), None
    ends = _edge(before, None, low, high), _edge(None, after, low, high)
    if ends[1] - ends[0] > NEW_S * RATE and _audible(before.edited, *ends):
        return *ends, None
    return turn, turn, None


def _explains(fade: Fade, usual: float) -> bool:
    """Whether a crossfade leaves no more than elsewhere is left, or next to nothing."""
    return fade.left < _AS_USUAL * max(usual, fade.around) or fade.share < _LITTLE


def _faded(before: Likeness, after: Likeness, turn: int, span: tuple[float, float]) -> Fade | None:
    """The crossfade about `turn`, where waveforms tell and there is room for one."""
    if not by_waveform(before, after):
        return None
    reach = 0.6 * LONGEST_S * RATE
    low, high = max(turn - reach, span[0]), min(turn + reach, span[1])
    return fitted(before, after, turn, low, high) if high - low > 0.1 * RATE else None


def faded_alike(sides: Sequence[Placed]) -> tuple[list[Placed], Usual | None]:
    """The sides with all crossfades of the usual length but those that differ, and that length."""
    usual = usual_join([side.fade for side in sides if side.fade is not None])
    if usual is None:
        return list(sides), None
    fades = [None if side.fade is None else as_usual(side.fade, usual) for side in sides]
    out = []
    for at, (side, fade) in enumerate(zip(sides, fades, strict=True)):
        line = side.side.line
        start = line.start if fade is None else float(fade.at)
        after = fades[at + 1] if at + 1 < len(fades) else None
        stop = line.stop if after is None else float(after.at)
        if stop <= start:
            return list(sides), usual
        out.append(Placed(replace(side.side, line=replace(line, start=start, stop=stop)), fade))
    return out, usual


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
