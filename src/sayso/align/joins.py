"""Crossfades: where one stretch gives way to another, over how long, and by which gains.

A join is fitted as the mixture of what the two sides predict. Positions are in samples at
`landmarks.RATE`; sums over `_STEP` samples are what is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sayso.align.landmarks import RATE
from sayso.align.matching import Likeness
from sayso.align.offsets import excerpt

_Floats = npt.NDArray[np.float64]

_STEP = 8
LONGEST_S = 6.0
_LENGTHS = np.unique(np.geomspace(3, LONGEST_S * RATE / _STEP, 220).round().astype(int))
"""Steps of the crossfades that are tried, 4 per cent apart."""
_COARSE = 3
"""Of those, each third at first."""
_FREE_S = 0.1
"""How far from where one side begins to explain less a hard cut may lie."""
_WORSE = 0.5
"""How much more than elsewhere a join of the usual length may leave unexplained, to be one."""


def _linear(x: _Floats) -> _Floats:
    return x


def _even_power(x: _Floats) -> _Floats:
    rising: _Floats = np.sin(x * np.pi / 2)
    return rising


def _smooth(x: _Floats) -> _Floats:
    """As Sayso's own; see `sayso.audio.crossfade`."""
    rising: _Floats = np.sin((1 - np.cos(x * np.pi)) * np.pi / 4)
    return rising


_CURVES: tuple[Callable[[_Floats], _Floats], ...] = (_even_power, _linear, _smooth)


@dataclass(frozen=True, eq=False)
class Fade:
    """A crossfade that was fitted.

    Attributes:
        at: its middle, in samples of edited.
        length: in samples.
        left: power that it leaves unexplained, a sample of it.
        around: the same where only one side plays.
        share: of the power that is heard, what it leaves.
        costs: what the best crossfade of each curve and length leaves, in all [curves, lengths].
        places: the middle of each of those [curves, lengths].
    """

    at: int
    length: int
    left: float
    around: float
    share: float
    costs: _Floats
    places: npt.NDArray[np.int64]


def fitted(before: Likeness, after: Likeness, near: int, low: float, high: float) -> Fade:
    """The crossfade about `near` that explains edited from `low` to `high` the best."""
    sums = _Sums.of(before, after, round(low), round(high))
    costs = np.full((len(_CURVES), len(_LENGTHS)), np.inf)
    places = np.full(costs.shape, near)
    room = int(np.searchsorted(_LENGTHS, sums.count, "right"))
    tried = np.arange(0, room, _COARSE)
    for number in tried.tolist():
        length = int(_LENGTHS[number])
        middle, free = (near - sums.low) / _STEP, _FREE_S * RATE / _STEP + 0.75 * length
        _try(sums, costs, places, number, (middle - free, middle + free, length // 16))
    # Between those, and to a hundredth of the length, only around the best of each curve.
    for number in (costs[:, tried].argmin(axis=1) * _COARSE).tolist():
        for fine in range(max(0, number - _COARSE), min(room, number + _COARSE + 1)):
            length = int(_LENGTHS[fine])
            free = length / 12
            middles = (places[:, number] - sums.low) / _STEP
            span = float(middles.min()) - free, float(middles.max()) + free, length // 96
            _try(sums, costs, places, fine, span)
    for row, where in zip(costs, places, strict=True):
        known = np.flatnonzero(np.isfinite(row))
        nearest = known[np.abs(known[None] - np.arange(room)[:, None]).argmin(axis=1)]
        row[:room] = np.interp(np.arange(room), known, row[known])
        where[:room] = where[nearest]
    at = np.unravel_index(int(costs.argmin()), costs.shape)
    length = int(_LENGTHS[at[1]] * _STEP)
    outside = sums.around(int(places[at]), length)
    left = max(0.0, float(costs[at]) - outside) / length
    around = outside / max(_STEP, sums.count * _STEP - length)
    share = left / (sums.power(int(places[at]), length) + 1e-12)
    return Fade(int(places[at]), length, left, around, share, costs, places)


def _try(
    sums: _Sums,
    costs: _Floats,
    places: npt.NDArray[np.int64],
    number: int,
    span: tuple[float, float, int],
) -> None:
    """Fills in what crossfades of one length cost with their middles in `span`, and the best."""
    length, (low, high, step) = int(_LENGTHS[number]), span
    begins = (np.arange(low, high + 1, max(1, step)) - length / 2).astype(int)
    begins = np.unique(np.clip(begins, 0, sums.count - length))
    found = sums.costs(length, begins)
    best = found.argmin(axis=1)
    better = found.min(axis=1) < costs[:, number]
    costs[better, number] = found.min(axis=1)[better]
    middles = sums.low + ((begins[best] + length / 2) * _STEP).astype(int)
    places[better, number] = middles[better]


class Usual(NamedTuple):
    """How somebody joins: by which curve, and over which length; numbers of what was tried."""

    curve: int
    number: int

    @property
    def length(self) -> int:
        """In samples."""
        return int(_LENGTHS[self.number] * _STEP)


def usual_join(fades: Sequence[Fade]) -> Usual | None:
    """The one curve and length that suit all crossfades; None where none tells.

    The curve counts for all: over a shorter time, one that is steeper sounds the same.
    """
    if not fades:
        return None
    worse = np.mean([np.log(fade.costs / fade.costs.min()) for fade in fades], axis=0)
    curve, number = np.unravel_index(int(worse.argmin()), worse.shape)
    return Usual(int(curve), int(number))


def as_usual(fade: Fade, usual: Usual) -> Fade:
    """`fade` by the usual curve, and of the usual length unless it clearly has another."""
    costs, places = fade.costs[usual.curve], fade.places[usual.curve]
    own = int(costs.argmin())
    span = _LENGTHS[max(own, usual.number)] * _STEP
    clear = costs[usual.number] - costs[own] > _WORSE * fade.around * span
    number = own if clear else usual.number
    return replace(fade, at=int(places[number]), length=int(_LENGTHS[number] * _STEP))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over steps from `low` on of products of edited (h), one side (a) and the other (b).

    `one` and `other` are what each side leaves of all the steps before [N + 1].
    """

    low: int
    one: _Floats
    other: _Floats
    products: tuple[_Floats, ...]

    @classmethod
    def of(cls, before: Likeness, after: Likeness, low: int, high: int) -> _Sums:
        h = excerpt(before.edited, low, high - low).astype(np.float64)
        a, b = before.predicted(low, high), after.predicted(low, high)
        hh, ha, hb, aa, bb, ab = (
            _summed(x * y) for x, y in ((h, h), (h, a), (h, b), (a, a), (b, b), (a, b))
        )
        one = np.append(0.0, np.cumsum(hh - 2 * ha + aa))
        other = np.append(0.0, np.cumsum(hh - 2 * hb + bb))
        return cls(low, one, other, (hh, ha, hb, aa, bb, ab))

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self.one) - 1

    def costs(self, length: int, begins: npt.NDArray[np.int64]) -> _Floats:
        """What crossfades of `length` steps from `begins` on leave [curves, begins]."""
        x = (np.arange(length) + 0.5) / length
        view = np.lib.stride_tricks.sliding_window_view
        windows = [view(product, length)[begins] for product in self.products]
        outside = self.one[begins] + self.other[-1] - self.other[begins + length]
        hh = windows[0].sum(axis=1)
        left = []
        for curve in _CURVES:
            rise, fall = curve(x), curve(1 - x)
            ha, hb, aa, bb, ab = (
                window @ gain
                for window, gain in zip(
                    windows[1:], (fall, rise, fall**2, rise**2, fall * rise), strict=True
                )
            )
            left.append(hh - 2 * (ha + hb) + aa + bb + 2 * ab)
        costs: _Floats = np.array(left) + outside
        return costs

    def around(self, at: int, length: int) -> float:
        """What is left in all outside a crossfade of `length` samples about `at`."""
        first, last = self._ends(at, length)
        return float(self.one[first] + self.other[-1] - self.other[last])

    def power(self, at: int, length: int) -> float:
        """The power of what is heard within a crossfade."""
        first, last = self._ends(at, length)
        return float(self.products[0][first:last].sum()) / max(_STEP, (last - first) * _STEP)

    def _ends(self, at: int, length: int) -> tuple[int, int]:
        ends = (np.array([at - length / 2, at + length / 2]) - self.low) / _STEP
        first, last = np.clip(np.round(ends), 0, self.count).astype(int)
        return int(first), int(last)


def _summed(products: _Floats) -> _Floats:
    count = len(products) // _STEP
    sums: _Floats = products[: count * _STEP].reshape(count, _STEP).sum(axis=1)
    return sums
