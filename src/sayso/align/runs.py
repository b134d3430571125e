"""From matched landmarks to runs: which stretch of the raw recording plays when in the edited one.

All times are in steps of landmarks; `speed` is steps of raw a step of edited. A run lies on one
diagonal, raw = speed * edited + offset.

The path through all diagonals is the one that the matches vote for most, where every jump costs
some votes (Viterbi), so that repeats and chance matches do not tear a run apart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sayso.align.mono import Frames

_Floats = npt.NDArray[np.float64]

BLOCK = 8
"""Steps of a block of the edited recording, for which one diagonal is chosen: 0.19 s."""
_REACH = 3
"""Blocks to each side whose matches vote with a block's own."""
_CANDIDATES = 10
_WIDTH = 2.0
"""Steps of offset that count as one diagonal."""
_JUMP = 9.0
_NEW = 2.2
"""What a block gains, without any vote, by being new."""
_FEWEST_VOTES = 4
_SHORTEST = 2 * BLOCK
_SPEEDS = np.arange(0.90, 1.1001, 0.0025)
_MOST = 200_000
_WINDOW = 215
"""Steps in which one diagonal is looked for: 5 s, less than most stretches between two cuts."""


class Run(NamedTuple):
    """Steps `start` to `stop` of the edited recording, on a diagonal that may drift a little.

    `first` and `last` are the offsets at its ends; both None is new material.
    """

    start: int
    stop: int
    first: float | None
    last: float | None


def estimate_speed(raw: Frames, edited: Frames) -> float:
    """The one speed at which the matches [M] gather on the fewest diagonals; 1.0 where unclear.

    They are gathered in windows: over a whole edit, many small cuts would look like a tempo.
    """
    if len(raw) < 50:
        return 1.0
    if len(raw) > _MOST:
        chosen = np.random.default_rng(0).choice(len(raw), _MOST, replace=False)
        raw, edited = raw[chosen], edited[chosen]
    gathered = np.array([_gathering(raw, edited, speed, _WINDOW) for speed in _SPEEDS])
    best = float(_SPEEDS[int(gathered.argmax())])
    fine = best + np.arange(-0.006, 0.00601, 0.0005)
    scores = np.array([_gathering(raw, edited, speed, 2 * _WINDOW) for speed in fine])
    plain = _gathering(raw, edited, 1.0, 2 * _WINDOW)
    # The refinement of an untouched tempo must not invent one.
    if scores.max() <= 1.1 * plain:
        return 1.0
    top = scores >= 0.98 * scores.max()
    return float(np.average(fine[top], weights=scores[top]))


def _gathering(raw: Frames, edited: Frames, speed: float, window: int) -> float:
    offsets = np.round((raw - speed * edited) / _WIDTH).astype(np.int64)
    offsets -= offsets.min()
    places = edited // window * (int(offsets.max()) + 1) + offsets
    counts = np.unique(places, return_counts=True)[1]
    # Chance matches lie everywhere; only what stands out of them tells.
    floor = 3 * counts.mean() + 2
    return float((np.maximum(counts - floor, 0.0) ** 2).sum())


def trace(raw: Frames, edited: Frames, *, steps: int, speed: float) -> list[Run]:
    """The runs that cover all `steps` of the edited recording, in order.

    Args:
        raw: times [M] of matching landmarks in the raw recording.
        edited: their times [M] in the edited one.
        steps: length of the edited recording.
        speed: from `estimate_speed`.
    """
    offsets, votes = _candidates(raw, edited, -(-steps // BLOCK), speed)
    path = _best_path(offsets, votes)
    runs: list[Run] = []
    for block, offset in enumerate(path):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, steps)
        if runs and _alike(runs[-1].last, offset):
            runs[-1] = runs[-1]._replace(stop=stop, last=offset)
        else:
            runs.append(Run(start, stop, offset, offset))
    return _without_specks(runs)


def _without_specks(runs: list[Run]) -> list[Run]:
    """Runs too short to trust go to the one before; what then lies on one diagonal is one run."""
    kept: list[Run] = []
    for run in runs:
        speck = run.stop - run.start < _SHORTEST and len(runs) > 1
        if kept and (speck or _alike(kept[-1].last, run.first)):
            last = run.last if not speck and run.last is not None else kept[-1].last
            kept[-1] = kept[-1]._replace(stop=run.stop, last=last)
        elif speck and not kept:
            kept.append(Run(run.start, run.stop, None, None))
        else:
            kept.append(run)
    return kept


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= 1.5 * _WIDTH


def _candidates(raw: Frames, edited: Frames, blocks: int, speed: float) -> tuple[_Floats, _Floats]:
    """Offsets and votes [blocks, candidates] of the diagonals that most matches lie on."""
    offset = raw - speed * edited
    order = np.argsort(edited, kind="stable")
    offset, at = offset[order], edited[order] // BLOCK
    offsets = np.full((blocks, _CANDIDATES), np.nan)
    votes = np.zeros((blocks, _CANDIDATES))
    first = np.searchsorted(at, np.arange(blocks) - _REACH)
    last = np.searchsorted(at, np.arange(blocks) + _REACH, "right")
    for block in range(blocks):
        near = np.sort(offset[first[block] : last[block]])
        if len(near) < _FEWEST_VOTES:
            continue
        # At each offset, how many lie within one width above it.
        count = np.searchsorted(near, near + _WIDTH, "right") - np.arange(len(near))
        for place in range(_CANDIDATES):
            top = int(count.argmax())
            if count[top] < _FEWEST_VOTES:
                break
            value = float(np.median(near[top : top + count[top]]))
            offsets[block, place], votes[block, place] = value, count[top]
            count[np.abs(near - value) <= 2 * _WIDTH] = 0
    return offsets, votes


def _best_path(offsets: _Floats, votes: _Floats) -> list[float | None]:
    blocks = len(offsets)
    gain = np.concatenate([2 * np.log2(1 + votes), np.full((blocks, 1), _NEW)], axis=1)
    gain[:, :-1][np.isnan(offsets)] = -np.inf
    states = np.concatenate([offsets, np.full((blocks, 1), np.inf)], axis=1)
    score = gain[0]
    came = np.zeros(states.shape, np.int64)
    for block in range(1, blocks):
        here, before = states[block][:, None], states[block - 1][None, :]
        with np.errstate(invalid="ignore"):
            same = (np.abs(here - before) <= 1.5 * _WIDTH) | (np.isinf(here) & np.isinf(before))
        total = score[None, :] - np.where(same, 0.0, _JUMP)
        came[block] = total.argmax(axis=1)
        score = total[np.arange(len(here)), came[block]] + gain[block]
    at = int(score.argmax())
    path: list[float | None] = []
    for block in range(blocks - 1, -1, -1):
        value = states[block, at]
        path.append(None if np.isinf(value) else float(value))
        at = int(came[block, at])
    return path[::-1]
