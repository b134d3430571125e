"""Where a recording can be cut: phrases between pauses, bars in them, beats in those.

Where there is no beat to follow, bars are about two seconds long and beats a quarter of that.
All positions are frames of `hearing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sayso.autoedit.features import FRAME_HZ, Array, Features
from sayso.timeline.silence import quiet_below_db

Ints = npt.NDArray[np.int64]

BEATS_A_BAR = 4
_PAUSE_S = 0.45
_SHORTEST_SOUND_S = 0.12
_BEAT_S = 0.5
_FASTEST_S, _SLOWEST_S = 0.3, 1.0
_TIGHTNESS = 100.0
_LONGEST_REST_S = 4.0
_SECTION_S, _CLOSE_S = 5.0, 0.5
_CHANGE_DB = 4.5
"""Mean difference of bands between seconds that belong to different sections."""


@dataclass(frozen=True, eq=False)
class Bars:
    """A recording cut into bars without gaps.

    Attributes:
        beats: frames at which beats begin, and the end [B + 1].
        first: the beat with which each bar begins, and B [N + 1].
        phrase: the number of each bar's phrase or pause [N].
        rest: whether a bar is a pause [N].
    """

    beats: Ints
    first: Ints
    phrase: Ints
    rest: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """N."""
        return len(self.phrase)

    @property
    def edges(self) -> Ints:
        """Frames at which bars begin, and the end [N + 1]."""
        return self.beats[self.first]

    @property
    def seconds(self) -> Array:
        """How long each bar lasts [N]."""
        return (np.diff(self.edges) / FRAME_HZ).astype(np.float32)


def means(course: Array, edges: Ints) -> Array:
    """Means [..., N] of a course [..., T] between `edges` [N + 1]."""
    sums = np.add.reduceat(course, edges[:-1], axis=-1)
    found: Array = (sums / np.diff(edges)).astype(np.float32)
    return found


def find_bars(features: Features) -> Bars:
    """The bars of a recording."""
    level, onset = features.level, features.onset
    sounding = _sounding(level)
    edges = np.flatnonzero(np.diff(sounding.astype(np.int8))) + 1
    changes = [
        at
        for at in _changes(features.mel)
        if sounding[at] and np.abs(edges - at).min(initial=features.count) > _SECTION_S * FRAME_HZ
    ]
    spans = np.sort(np.concatenate([[0], edges, changes, [features.count]])).astype(np.int64)
    beats: list[int] = []
    first: list[int] = []
    phrase: list[int] = []
    rest: list[bool] = []
    for number, (start, stop) in enumerate(pairwise(spans)):
        playing = bool(sounding[start])
        inner = _beats(onset[start:stop]) if playing else _even(stop - start)
        groups = range(0, len(inner), BEATS_A_BAR if playing else 1)
        starts = list(groups)
        # A last beat on its own belongs to the bar before it.
        if len(starts) > 1 and playing and len(inner) - starts[-1] == 1:
            starts.pop()
        first += [len(beats) + at for at in starts]
        phrase += [number] * len(starts)
        rest += [not playing] * len(starts)
        beats += [int(start + at) for at in inner]
    return Bars(
        np.array([*beats, features.count]),
        np.array([*first, len(beats)]),
        np.array(phrase),
        np.array(rest),
    )


def _changes(mel: Array) -> list[int]:
    """Frames at which the sound clearly becomes another, such as where a chorus begins.

    Seconds before and after are held against each other; only the clearest change within one
    section's length counts. Source: Foote 2000, novelty from a checkerboard kernel, simplified.
    """
    total = np.pad(np.cumsum(mel, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    half, least = round(_SECTION_S * FRAME_HZ), round(_CLOSE_S * FRAME_HZ)
    count = mel.shape[1]
    if count < 2 * half:
        return []

    def apart(at: Ints, reach: int) -> Array:
        before = total[:, at] - total[:, at - reach]
        after = total[:, at + reach] - total[:, at]
        distance: Array = np.abs(after - before).mean(axis=0) / reach
        return distance

    places = np.arange(half, count - half + 1, 4)
    novelty = apart(places, half)
    found = []
    for index in np.flatnonzero(novelty > _CHANGE_DB):
        near = slice(max(0, index - half // 4), index + half // 4 + 1)
        if novelty[index] == novelty[near].max():
            close = np.arange(places[index] - 2 * least, places[index] + 2 * least + 1)
            close = close[(close >= least) & (close <= count - least)]
            found.append(int(close[apart(close, least).argmax()]))
    return sorted(set(found))


def _sounding(level: Array) -> npt.NDArray[np.bool_]:
    """Whether each frame is part of a phrase: short pauses are, and specks of sound are not."""
    loud = level > quiet_below_db(level)
    loud = _filled(loud, round(_PAUSE_S * FRAME_HZ), value=True)
    return _filled(loud, round(_SHORTEST_SOUND_S * FRAME_HZ), value=False)


def _filled(mask: npt.NDArray[np.bool_], shortest: int, *, value: bool) -> npt.NDArray[np.bool_]:
    """`mask` with inner runs of `not value` that are shorter than `shortest` set to `value`."""
    out = mask.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[value], mask, [value]]).astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start < shortest and start > 0 and stop < len(mask):
            out[start:stop] = value
    return out


def _even(length: int) -> list[int]:
    """Starts of pieces of a pause."""
    pieces = max(1, round(length / (_LONGEST_REST_S * FRAME_HZ)))
    return [round(length * at / pieces) for at in range(pieces)]


def _beats(onset: Array) -> list[int]:
    """Starts of beats of a phrase, the first at 0. Source: Ellis 2007, beat tracking by DP."""
    length = len(onset)
    period = _period(onset)
    if length < 2 * period:
        return [0] if length < 1.5 * period else [0, length // 2]
    strength = onset / (onset.std() + 1e-6)
    lags = np.arange(-round(2 * period), -round(period / 2))
    cost = -_TIGHTNESS * np.log(-lags / period) ** 2
    total = strength.astype(np.float64).copy()
    came = np.full(length, -1)
    for at in range(-int(lags[-1]), length):
        low = max(0, -at - int(lags[0]))  # nothing lies before the first frame
        scores = total[at + lags[low:]] + cost[low:]
        best = int(scores.argmax())
        total[at] += scores[best]
        came[at] = at + lags[low + best]
    tail = max(0, length - round(period))
    at = tail + int(total[tail:].argmax())
    beats = []
    while at >= 0:
        beats.append(at)
        at = int(came[at])
    beats = beats[::-1]
    shortest = round(0.5 * period)
    kept = [0]
    for beat in beats:
        if beat - kept[-1] >= shortest and length - beat >= shortest:
            kept.append(beat)
    return kept


def _period(onset: Array) -> float:
    """Frames between beats: the strongest repetition of onsets, near half a second by choice."""
    slowest = round(_SLOWEST_S * FRAME_HZ)
    if len(onset) < 4 * slowest:
        return _BEAT_S * FRAME_HZ
    centred = onset - onset.mean()
    size = 1 << int(np.ceil(np.log2(2 * len(centred))))
    spectrum = np.fft.rfft(centred, size)
    curve = np.fft.irfft(np.abs(spectrum) ** 2, size)[: 2 * slowest + 1]
    lags = np.arange(1, slowest + 1)
    # A true beat repeats at twice its lag, too.
    strength = curve[lags] + 0.5 * curve[2 * lags]
    preference = np.exp(-0.5 * (np.log2(lags / (_BEAT_S * FRAME_HZ)) / 0.9) ** 2)
    allowed = (lags >= _FASTEST_S * FRAME_HZ) * np.maximum(strength, 0) * preference
    top = int(allowed.argmax())
    return float(lags[top]) if allowed[top] > 0 else _BEAT_S * FRAME_HZ
