"""From scores to a timeline: what is kept at a threshold, and where exactly it is cut.

Scores are made once; choosing again at another threshold costs nothing to speak of.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio
from sayso.audio.polarity import upright_block
from sayso.autoedit.bars import Bars
from sayso.autoedit.features import Array, Features
from sayso.errors import FormatError, RangeError
from sayso.timeline import CROSSFADE_S, Clip, Timeline

SHORTEST_S = 1.0
NEAR = 0.05
"""A wished length is met to this share of it."""
GAP_S = 0.4
_INNER_REACH_S, _PAUSE_REACH_S = 0.03, 0.15
_CALM_S = 0.01
_CROSSING_S = 0.003
_MOST_TIMES = 1000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scores:
    """How much each bar deserves to be kept.

    Attributes:
        scorer: whose opinion it is.
        edges: frames of the recording at which bars begin, and its end [N + 1].
        values: from 0 to 1, one a bar [N].
        rest: whether a bar is a pause [N].
        sample_rate: of the recording, in Hz.
        times: how often each bar is heard where it is kept [N]; None is once.
    """

    scorer: str
    edges: np.ndarray[tuple[int], np.dtype[np.int64]]
    values: Array
    rest: np.ndarray[tuple[int], np.dtype[np.bool_]]
    sample_rate: int
    times: Ints | None = None

    @classmethod
    def of(cls, scorer: str, values: Array, bars: Bars, features: Features) -> Scores:
        """Scores of a recording's bars."""
        edges = np.array([features.frame(at) for at in bars.edges])
        edges[-1] = features.frames
        return cls(scorer, edges, values.astype(np.float32), bars.rest, features.sample_rate)

    def repeated(self, bars: np.ndarray[tuple[int], np.dtype[np.bool_]], times: int) -> Scores:
        """These scores, but `bars` [N] are heard that often."""
        if times == 1 or not bars.any():
            return self
        return replace(self, times=np.where(bars, times, 1))

    def varied(self, temperature: float, seed: int) -> Scores:
        """These scores, with their order changed by chance: by whole phrases, and by `seed`.

        Phrases are what lies between pauses. At a `temperature` of 1 they rank as often above each
        other as their log odds say; at 0 nothing changes.
        """
        if not temperature:
            return self
        rng = np.random.default_rng(seed)
        phrase = np.cumsum(np.diff(self.rest.astype(np.int8), prepend=-1) != 0) - 1
        sure = np.clip(self.values.astype(np.float64), 1e-3, 1 - 1e-3)
        noise = rng.logistic(0.0, temperature / 2, phrase[-1] + 1)
        odds = np.log(sure / (1 - sure)) + noise[phrase]
        return replace(self, values=(1 / (1 + np.exp(-odds))).astype(np.float32))

    def ratio_at(self, threshold: float) -> float:
        """The share of the recording, by time, that scores at least `threshold`."""
        lengths = np.diff(self.edges)
        return float(lengths[self.values >= threshold].sum() / lengths.sum())

    def curve(self) -> list[tuple[float, float]]:
        """Every threshold that changes something, rising, and the share that is kept there."""
        order = np.argsort(self.values)
        lengths = np.diff(self.edges)[order]
        left = np.cumsum(lengths[::-1])[::-1] / lengths.sum()
        values, first = np.unique(self.values[order], return_index=True)
        return [(float(v), float(left[at])) for v, at in zip(values, first, strict=True)]

    def threshold_for(self, ratio: float) -> float:
        """The threshold at which the share that is kept comes nearest to `ratio`, 0 to 1.

        Raises: RangeError.
        """
        if not 0 < ratio <= 1:
            raise RangeError(f"the share to keep is {ratio:g}; expected more than 0, at most 1")
        return min(self.curve(), key=lambda point: abs(point[1] - ratio))[0]

    def dumps(self) -> str:
        """As JSON, for a slider."""
        fields = {
            "scorer": self.scorer,
            "sample_rate": self.sample_rate,
            "edges": self.edges.tolist(),
            "values": [round(float(value), 4) for value in self.values],
            "rest": self.rest.astype(int).tolist(),
        }
        if self.times is not None:
            fields["times"] = self.times.tolist()
        return json.dumps(fields)

    @classmethod
    def loads(cls, text: str | bytes) -> Scores:
        """From JSON. Raises: FormatError."""
        try:
            fields = json.loads(text)
            edges = np.array(fields["edges"], np.int64)
            with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
                values = np.array(fields["values"], np.float32)
            rest = np.array(fields["rest"], bool)
            times = np.array(fields["times"], np.int64) if "times" in fields else None
            scorer, rate = str(fields["scorer"]), int(fields["sample_rate"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise FormatError(f"not the scores of a recording ({error})") from None
        flat = edges.ndim == values.ndim == rest.ndim == 1
        good = flat and len(edges) == len(values) + 1 == len(rest) + 1 >= 2 and rate > 0
        if not (good and _rises(edges) and np.isfinite(values).all()):
            raise FormatError("not the scores of a recording; expected one score a bar, in order")
        if times is not None and not (
            times.shape == values.shape and times.min() >= 1 and times.max() <= _MOST_TIMES
        ):
            raise FormatError(f"scores repeat each bar 1 to {_MOST_TIMES} times; these do not")
        return cls(scorer, edges, values, rest, rate, times)


def _rises(edges: npt.NDArray[np.int64]) -> bool:
    return bool(edges[0] >= 0 and (np.diff(edges) > 0).all())


def choose(
    scores: Scores,
    audio: Audio,
    threshold: float,
    *,
    shortest_s: float = SHORTEST_S,
    crossfade_s: float = CROSSFADE_S,
) -> Timeline:
    """The timeline of what scores at least `threshold`.

    Kept stretches shorter than `shortest_s` go, and pauses between two of them that are shorter
    than `GAP_S` stay; cuts lie at zero crossings of quiet places near the edges of bars. Where
    nothing scores enough, the best stretch stays.

    Args:
        scores: of the recording.
        audio: the recording.
        threshold: 0 to 1.
        shortest_s: of what is heard between two cuts.
        crossfade_s: length of each join.

    Raises: RangeError.
    """
    if not 0 <= shortest_s <= 600 or not 0 <= crossfade_s <= 10:
        raise RangeError(
            f"shortest_s {shortest_s:g} and crossfade_s {crossfade_s:g}: "
            "expected 0 to 600 and 0 to 10"
        )
    clips = []
    for first, last in kept_bars(scores, threshold, shortest_s):
        start = snap(audio, int(scores.edges[first]), in_pause=_beside_rest(scores.rest, first))
        stop = snap(audio, int(scores.edges[last]), in_pause=_beside_rest(scores.rest, last))
        if stop > start:
            clips.append((start, stop))
    return timeline_of(clips, audio, crossfade_s=crossfade_s)


def choose_length(
    scores: Scores,
    audio: Audio,
    wish_s: float,
    *,
    shortest_s: float = SHORTEST_S,
    crossfade_s: float = CROSSFADE_S,
) -> Timeline:
    """The timeline of what scores highest that lasts `wish_s`, to 5% or a bar; see `choose`.

    All that is kept counts, with the pauses that stay between and without what is too short. The
    threshold is the highest at which that is enough; what is then too much goes from the end.

    Raises: RangeError.
    """
    if not 0 < wish_s < np.inf:
        raise RangeError(f"a length of {wish_s:g} s: expected more than 0")
    wish = round(wish_s * audio.sample_rate)
    threshold = threshold_lasting(scores, wish, shortest_s)
    return choose_at_most(
        scores, audio, threshold, wish, shortest_s=shortest_s, crossfade_s=crossfade_s
    )


def choose_at_most(
    scores: Scores,
    audio: Audio,
    threshold: float,
    wish: int,
    *,
    shortest_s: float,
    crossfade_s: float,
) -> Timeline:
    """As `choose`, but what is more than `wish` frames goes, as `trimmed` takes it away."""
    found = choose(scores, audio, threshold, shortest_s=shortest_s, crossfade_s=crossfade_s)
    spans = trimmed([(clip.start, clip.stop) for clip in found.clips], wish)
    return timeline_of(spans, audio, crossfade_s=crossfade_s)


def threshold_lasting(scores: Scores, wish: int, shortest_s: float) -> float:
    """The highest threshold at which `wish` frames are heard, less 5%; see `choose_length`."""
    curve = scores.curve()

    def lasting(number: int) -> int:
        kept = kept_bars(scores, curve[number][0], shortest_s)
        return sum(int(scores.edges[last] - scores.edges[first]) for first, last in kept)

    low, high = 0, len(curve) - 1  # at `low` all is kept; less and less at higher ones
    while low < high:
        middle = (low + high + 1) // 2
        if lasting(middle) >= (1 - NEAR) * wish:
            low = middle
        else:
            high = middle - 1
    return curve[low][0]


def trimmed(spans: Sequence[tuple[int, int]], wish: int) -> list[tuple[int, int]]:
    """`spans` of frames, cut off at the end where they last more than 5% over `wish` frames."""
    over = sum(stop - start for start, stop in spans) - wish
    if over <= NEAR * wish:
        return list(spans)
    kept = list(spans)
    while kept and over > 0:
        start, stop = kept.pop()
        if stop - start > over:
            kept.append((start, stop - over))
        over -= stop - start
    return kept


def kept_bars(scores: Scores, threshold: float, shortest_s: float) -> list[tuple[int, int]]:
    """Runs of bars in the order in which they are heard, as (first, the one after the last).

    See `choose`. Bars that are heard several times are a run that ends with them, and another that
    begins with them.
    """
    kept = _kept(scores, threshold, shortest_s)
    times = np.where(kept, 1 if scores.times is None else scores.times, 0)
    changes = np.flatnonzero(np.diff(times)) + 1
    runs: list[tuple[int, int]] = []
    for first, last in pairwise([0, *changes.tolist(), len(times)]):
        count = int(times[first])
        if count and runs and runs[-1][1] == first:
            runs[-1] = (runs[-1][0], last)
        elif count:
            runs.append((first, last))
        runs += [(first, last)] * (count - 1)
    return runs


def timeline_of(
    spans: list[tuple[int, int]], audio: Audio, *, crossfade_s: float = CROSSFADE_S
) -> Timeline:
    """Spans of frames as a timeline."""
    return Timeline(
        sample_rate=audio.sample_rate,
        clips=tuple(Clip(start=start, stop=stop) for start, stop in spans),
        crossfade_frames=round(crossfade_s * audio.sample_rate),
    )


def _kept(
    scores: Scores, threshold: float, shortest_s: float
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    seconds = np.diff(scores.edges) / scores.sample_rate
    kept: np.ndarray[tuple[int], np.dtype[np.bool_]] = scores.values >= threshold
    for value, limit_s in ((True, GAP_S), (False, shortest_s)):
        runs = np.flatnonzero(np.diff(kept.astype(np.int8))) + 1
        bounds = [0, *runs.tolist(), len(kept)]
        for start, stop in pairwise(bounds):
            inner = not value or (start > 0 and stop < len(kept))
            if kept[start] != value and inner and seconds[start:stop].sum() < limit_s:
                kept[start:stop] = value
    if not kept.any():
        kept[int(scores.values.argmax())] = True
    return kept


def _beside_rest(rest: np.ndarray[tuple[int], np.dtype[np.bool_]], edge: int) -> bool:
    return bool(rest[max(0, edge - 1) : edge + 1].any())


def snap(audio: Audio, at: int, *, in_pause: bool) -> int:
    """A frame near `at` to cut at: where it is quiet, at a zero crossing.

    Beside a pause it may lie up to 0.15 s off, so that no word is clipped; within music 0.03 s, so
    that the beat is kept.
    """
    if at <= 0 or at >= audio.frames:
        return min(max(at, 0), audio.frames)
    rate = audio.sample_rate
    reach = round((_PAUSE_REACH_S if in_pause else _INNER_REACH_S) * rate)
    low, high = max(0, at - reach), min(audio.frames, at + reach + 1)
    sound = upright_block(audio.block(low, high)).mean(axis=0)
    calm = max(1, round(_CALM_S * rate))
    power = np.convolve(sound**2, np.ones(calm) / calm, "same") + 1e-10
    # Farther off must be clearly calmer: 6 dB over the whole reach.
    away = np.abs(np.arange(low, high) - at) / reach
    best = int((np.log(power) + 1.4 * away).argmin())
    near = max(1, round(_CROSSING_S * rate))
    begin = max(0, best - near)
    part = sound[begin : best + near + 1]
    crossings = np.flatnonzero(np.signbit(part[1:]) != np.signbit(part[:-1]))
    if crossings.size:
        best = begin + int(crossings[np.abs(crossings + begin - best).argmin()]) + 1
    return low + best
