"""What the parts of an editor's ensemble are worth, each asked of pairs that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sayso.autoedit.anomaly import Known, usual
from sayso.autoedit.editor import DISCRIMINATOR, PARTS
from sayso.autoedit.features import Array
from sayso.autoedit.scoring import by_odds, evidence, weighed
from sayso.networks.autoencoder import Autoencoder
from sayso.train.editor_lessons import Lesson, Lessons, Pair, judged

_RESTRAINT = 0.02
"""Of the weights, for each second."""
ALONE = np.eye(1, 2 * len(PARTS) + 1, PARTS.index(DISCRIMINATOR), dtype=np.float32)[0]
"""The discriminator alone: where a single pair leaves none to be tried on."""

Taught = tuple[Autoencoder, Known]


def weigh(
    pairs: Sequence[Pair],
    lessons: Lessons,
    teach: Callable[[Sequence[Pair], int], Taught],
    rests: float,
) -> tuple[Array, list[Array]]:
    """Weights and a bias [2 P + 1] for `scoring.weighed`, and what that says of every pair [N].

    A logistic regression, whose weights are not negative, from what the parts say of pairs that
    they were not taught; a part that says less than chance would is left out.

    Args:
        pairs: at least one.
        lessons: of them.
        teach: makes an autoencoder, and what it knows, out of pairs; called twice, with 0 and 1.
        rests: the share of pauses that is kept.
    """
    if len(pairs) < 2:
        return ALONE, []
    found: list[Array] = [np.zeros(0, np.float32)] * len(pairs)
    for fold in range(2):
        net, known = teach(pairs[1 - fold :: 2], fold)
        for number in range(fold, len(pairs), 2):
            bars = lessons.plain[number].bars
            anomalies = usual(pairs[number].features, bars, net, known, rests)
            odds = judged(lessons.plain[number], lessons.others[number]).described[:, -1]
            found[number] = evidence(np.stack([*anomalies, by_odds(odds)]), bars)
    weights = _fitted(np.concatenate(found), lessons.plain)
    return weights, [weighed(x, weights) for x in found]


def _fitted(x: Array, lessons: Sequence[Lesson]) -> Array:
    from scipy.optimize import minimize

    seconds = np.concatenate([lesson.bars.seconds for lesson in lessons]).astype(np.float64)
    y = np.concatenate([lesson.share for lesson in lessons]).astype(np.float64)
    sounds = ~np.concatenate([lesson.bars.rest for lesson in lessons])
    worth = [area(x[sounds, at], y[sounds], seconds[sounds]) > 0.5 for at in range(x.shape[1])]
    bounds = [(0, None if good else 0) for good in worth] + [(None, None)]
    restraint = _RESTRAINT * seconds.sum()

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ w[:-1] + w[-1]
        value = seconds @ (np.logaddexp(0, z) - y * z) + restraint * w[:-1] @ w[:-1]
        slope = seconds * (by_odds(z) - y)
        return float(value), np.append(x.T @ slope + 2 * restraint * w[:-1], slope.sum())

    start = np.append(np.full(x.shape[1], 0.1) * worth, 0.0)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights: Array = best.astype(np.float32)
    return weights


def area(values: Array, kept: np.ndarray, seconds: np.ndarray) -> float:
    """How often a kept second scores higher than one that is not, 0 to 1; ties count half.

    That is the area under the curve of hits against false alarms. 0.5 where only one kind is there.

    Args:
        values: of N bars.
        kept: the share of each that is kept, 0 to 1.
        seconds: that each lasts.
    """
    _, place = np.unique(values, return_inverse=True)
    good = np.bincount(place, seconds * kept)
    bad = np.bincount(place, seconds * (1 - kept))
    pairs = good.sum() * bad.sum()
    if not pairs:
        return 0.5
    return float((good * (np.cumsum(bad) - bad / 2)).sum() / pairs)
