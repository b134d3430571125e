"""What tells one bar from another: how it sounds, where it stands, and what repeats it.

A rehearsal is takes of the same few things; so, besides level and timbre, every bar knows whether
its phrase comes again, how it differs from those others, and what share of it is played alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sayso.autoedit.bars import Bars, Ints, means
from sayso.autoedit.features import FRAME_HZ, Array, Features

_GRAIN_S = 0.25
_NEIGHBOURS = 40
"""Phrases to each side among which repeats are looked for."""
_LEAST_SHARED = 0.5
_ALIKE = 0.55
_STEEP = 14.0
_SUREST = 6.0
JUDGES = 2
CEPSTRA = 10
NAMES = (
    *(f"cepstrum {number}" for number in range(CEPSTRA)),
    "level", "level spread", "onsets", "tonality", "length", "pause",
    "phrase level", "phrase length", "share of the phrase", "phrase onsets", "phrase tonality",
    "like a later phrase", "like an earlier phrase", "later phrases alike", "earlier phrases alike",
    "level against those alike", "length against those alike", "agreement", "least agreement",
    "agreement against those alike", "bar's agreement", "like a later bar", "like an earlier bar",
    "bars alike", "place in the recording", "pause before", "pause after",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Measured:
    """Statistics of bars and phrases from which descriptions are made; see `measure`.

    `own` [N, 16] are each bar's own; `phrases` [P, 4] level, seconds, onsets, tonality; `alike`
    [P, P] how alike phrases are; `agreeing` [N] how well the notes of a bar agree with the takes
    that are like its phrase; `bars_alike` [N, N] for bars.
    """

    bars: Bars
    own: Array
    phrases: Array
    alike: Array
    agreeing: Array
    bars_alike: Array


def measure(features: Features, bars: Bars) -> Measured:
    """Measures all bars of a recording."""
    own = _own(features, bars)
    starts = np.flatnonzero(np.diff(bars.phrase, prepend=-1))
    ends = np.append(bars.edges[starts], bars.edges[-1])
    onset, level = features.onset, features.level
    tonal = features.chroma.max(axis=0)
    phrases = np.stack(
        [
            means(level, ends),
            np.diff(ends) / FRAME_HZ,
            means(onset, ends),
            means(tonal, ends),
        ],
        axis=1,
    ).astype(np.float32)
    grains = _grains(features)
    rest = bars.rest[starts]
    alike, agreeing = _compare(grains, bars, ends, rest)
    return Measured(bars, own, phrases, alike, agreeing, _bars_alike(grains, bars))


def describe(measured: Measured, kept: Ints | None = None) -> Array:
    """Descriptions [N, len(NAMES)] of bars, about zero and one wide.

    Args:
        measured: of the whole recording.
        kept: numbers of the bars that are there, whole phrases of them; None means all. Repeats
            in phrases that are not there do not count.
    """
    bars = measured.bars
    kept = np.arange(bars.count) if kept is None else kept
    phrase = bars.phrase[kept]
    there, index = np.unique(phrase, return_inverse=True)
    own = measured.own[kept]
    phrases = measured.phrases[there]
    seconds = bars.seconds[kept]
    loud = np.quantile(phrases[:, 0], 0.9)
    agreement = _by_phrase(measured.agreeing[kept], index, len(there))
    similar = measured.alike[np.ix_(there, there)]
    per_phrase = _of_phrases(phrases, similar, agreement, float(loud))[index]
    elapsed = np.cumsum(seconds) - seconds
    starts = np.flatnonzero(np.diff(phrase, prepend=-1))
    share = (elapsed - elapsed[starts][index]) / (phrases[index, 1] + 1e-3)
    pairs = measured.bars_alike[np.ix_(kept, kept)]
    place = elapsed / (elapsed[-1] + seconds[-1])
    rest_s = np.where(measured.bars.rest[kept], seconds, 0.0)
    pause = np.bincount(index, rest_s, len(there))
    columns = [
        own[:, :CEPSTRA],
        (own[:, CEPSTRA : CEPSTRA + 1] - loud) / 10,
        own[:, CEPSTRA + 1 :],
        per_phrase[:, :2],
        share[:, None],
        per_phrase[:, 2:],
        4 * measured.agreeing[kept][:, None],
        _nearest(pairs, later=True)[:, None],
        _nearest(pairs, later=False)[:, None],
        np.log1p((pairs > 0.8).sum(axis=1) * 0.3)[:, None],
        place[:, None] * 2 - 1,
        np.log1p(np.append(0, pause)[index])[:, None],
        np.log1p(np.append(pause, 0)[index + 1])[:, None],
    ]
    joined: Array = np.concatenate(columns, axis=1).astype(np.float32)
    assert joined.shape[1] == len(NAMES)
    return joined


def with_odds(described: Array, judges: Array) -> Array:
    """Descriptions [N, F + JUDGES] of bars: those [N, F], and log odds.

    The odds, -6 to 6, are of being heard again, and of being kept. `judges` [JUDGES, F + 1] are
    weights and biases.
    """
    odds = np.clip(described @ judges[:, :-1].T + judges[:, -1], -_SUREST, _SUREST)
    joined: Array = np.concatenate([described, odds], axis=1).astype(np.float32)
    return joined


def _of_phrases(phrases: Array, similar: Array, agreement: Array, loud: float) -> Array:
    """What all bars of a phrase share [P, 13]: how it sounds, and how it stands to those alike."""
    weight = 1 / (1 + np.exp(-_STEEP * (similar - _ALIKE)))
    np.fill_diagonal(weight, 0)
    later, earlier = np.triu(weight, 1), np.tril(weight, -1)
    total = weight.sum(axis=1)
    mean = weight / (total[:, None] + 1e-3)
    repeated = total / (total + 0.3)
    log_s = np.log(phrases[:, 1] + 0.1)
    per_phrase: Array = np.stack(
        [
            (phrases[:, 0] - loud) / 10,
            log_s - 1.5,
            (phrases[:, 2] - 2.0),
            (phrases[:, 3] - 0.2) * 8,
            np.max(np.triu(similar, 1), axis=1, initial=0),
            np.max(np.tril(similar, -1), axis=1, initial=0),
            np.log1p(later.sum(axis=1)),
            np.log1p(earlier.sum(axis=1)),
            repeated * (phrases[:, 0] - mean @ phrases[:, 0]) / 6,
            repeated * (log_s - mean @ log_s),
            4 * agreement[0],
            4 * agreement[1],
            repeated * (agreement[0] - mean @ agreement[0]) * 8,
        ],
        axis=1,
    ).astype(np.float32)
    return per_phrase


def _own(features: Features, bars: Bars) -> Array:
    """Each bar's cepstra, level, spread of level, onsets, tonality, length and whether it rests."""
    import scipy.fft

    edges = bars.edges
    mel = means(features.mel, edges)
    cepstra = scipy.fft.dct(mel, axis=0, norm="ortho")[1 : CEPSTRA + 1].T / 20
    level = features.level
    mean = means(level, edges)
    spread = np.sqrt(np.maximum(means(level**2, edges) - mean**2, 0))
    parts = [mean, spread / 10, means(features.onset, edges) - 2.0]
    parts += [8 * (means(features.chroma.max(axis=0), edges) - 0.2)]
    parts += [np.log(bars.seconds + 0.1) - 0.7, bars.rest.astype(np.float32)]
    own: Array = np.concatenate([cepstra, np.stack(parts, axis=1)], axis=1).astype(np.float32)
    return own


def _grains(features: Features) -> Array:
    """Notes of every quarter of a second [n, 12], of length 1, without what all have in common."""
    step = round(_GRAIN_S * FRAME_HZ)
    edges = np.arange(0, features.count + 1, step)
    loudness = np.power(10.0, (features.level - features.level.max()) / 40)
    notes = np.add.reduceat(features.chroma * loudness, edges[:-1], axis=1)[:, : len(edges) - 1].T
    notes = notes / (notes.sum(axis=1, keepdims=True) + 1e-6)
    notes = notes - notes.mean(axis=0)
    unit: Array = (notes / (np.linalg.norm(notes, axis=1, keepdims=True) + 1e-3)).astype(np.float32)
    return unit


def _compare(
    grains: Array, bars: Bars, ends: Ints, rest: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[Array, Array]:
    """How alike phrases are [P, P], and how well each bar agrees with those like its phrase [N]."""
    step = round(_GRAIN_S * FRAME_HZ)
    count = len(ends) - 1
    alike = np.zeros((count, count), np.float32)
    bounds = np.minimum(np.round(ends / step).astype(int), len(grains))
    support = np.zeros(len(grains), np.float32)
    weights = np.full(len(grains), 1e-3, np.float32)
    playing = [at for at in range(count) if not rest[at] and bounds[at + 1] - bounds[at] >= 4]
    for place, one in enumerate(playing):
        mine = grains[bounds[one] : bounds[one + 1]]
        for other in playing[place + 1 : place + 1 + _NEIGHBOURS]:
            theirs = grains[bounds[other] : bounds[other + 1]]
            fit, lag = _best_lag(mine, theirs)
            alike[one, other] = alike[other, one] = fit
            if fit < _ALIKE - 0.1:
                continue
            low, high = max(0, lag), min(len(mine), len(theirs) + lag)
            each = (mine[low:high] * theirs[low - lag : high - lag]).sum(axis=1)
            for at, agreed in ((bounds[one] + low, each), (bounds[other] + low - lag, each)):
                span = slice(at, at + len(agreed))
                support[span] += fit**4 * agreed
                weights[span] += fit**4
    agreed = support / weights
    edges = np.minimum(bars.edges[:-1] // step, len(grains) - 1)
    stops = np.maximum(np.minimum(bars.edges[1:] // step, len(grains)), edges + 1)
    sums = np.append(0, np.cumsum(agreed))
    agreeing: Array = ((sums[stops] - sums[edges]) / (stops - edges)).astype(np.float32)
    return alike, agreeing


def _best_lag(mine: Array, theirs: Array) -> tuple[float, int]:
    """The best mean likeness over all shifts that share half of the shorter, and that shift."""
    table = mine @ theirs.T
    shared = max(4, int(_LEAST_SHARED * min(table.shape)))
    best, found = 0.0, 0
    for lag in range(shared - table.shape[1], table.shape[0] - shared + 1):
        fit = float(np.diagonal(table, -lag).mean())
        if fit > best:
            best, found = fit, lag
    return best, found


def _bars_alike(grains: Array, bars: Bars) -> Array:
    """How alike the notes of bars are [N, N], by the mean of the first eight grains."""
    step = round(_GRAIN_S * FRAME_HZ)
    starts = bars.edges[:-1] // step
    at = np.minimum(starts[:, None] + np.arange(8), len(grains) - 1)
    flat = grains[at].reshape(bars.count, -1)
    alike: Array = flat @ flat.T / 8
    alike[bars.rest] = 0
    alike[:, bars.rest] = 0
    np.fill_diagonal(alike, 0)
    return alike


def _nearest(pairs: Array, *, later: bool) -> Array:
    side = np.triu(pairs, 1) if later else np.tril(pairs, -1)
    nearest: Array = side.max(axis=1, initial=0)
    return nearest


def _by_phrase(values: Array, index: Ints, count: int) -> Array:
    """Means and minima over phrases [2, count]."""
    sums = np.bincount(index, values, count) / np.maximum(np.bincount(index, minlength=count), 1)
    least = np.full(count, np.inf)
    np.minimum.at(least, index, values)
    both: Array = np.stack([sums, least]).astype(np.float32)
    return both
