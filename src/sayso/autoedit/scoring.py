"""What scorers think of every bar: a number from 0 to 1, more for what is rather to be kept.

| name | what it goes by |
|---|---|
| `autoencoder` | how well an autoencoder of the person's edits rebuilds its active sound |
| `latent` | how near that lies to those edits in the autoencoder's latent space |
| `discriminator` | bars that were kept against bars that were not |
| `ensemble` | these three, by bar and by phrase, as much as each is worth |
| `level` | how loud it is; needs nothing that was learnt |
| `novelty` | how much it differs from what came before; needs nothing that was learnt |
"""

from __future__ import annotations

import numpy as np

from sayso.autoedit.anomaly import Known, usual
from sayso.autoedit.bars import Bars, find_bars, means
from sayso.autoedit.choose import SHORTEST_S, Scores, threshold_lasting
from sayso.autoedit.describing import describe, measure, with_odds
from sayso.autoedit.editor import DISCRIMINATOR, ENSEMBLE, LEARNT, SCORERS, Editor
from sayso.autoedit.features import Array, Features
from sayso.errors import ModelError, RangeError

_EVEN = 0.5
_UNSURE = 0.02
"""Scores nearer to 0 or 1 than this count as no surer."""


def score(features: Features, scorer: str, editor: Editor | None = None) -> Scores:
    """What a scorer thinks of every bar of a recording, and how often each is to be heard.

    Args:
        features: the recording.
        scorer: one of `SCORERS`.
        editor: for those that were learnt.

    Raises: RangeError for another name, ModelError where an editor is needed.
    """
    if scorer not in SCORERS:
        raise RangeError(f"scorer {scorer!r}: expected one of {', '.join(SCORERS)}")
    bars = find_bars(features)
    if scorer not in LEARNT:
        values = _loud(features, bars) if scorer == "level" else _novelty(features, bars)
        return Scores.of(scorer, values, bars, features)
    if editor is None:
        raise ModelError(f"the scorer {scorer} needs an editor; `sayso edit learn` makes one")
    again, kept = with_odds(describe(measure(features, bars)), editor.judges)[:, -2:].T
    odds = by_odds(kept)
    if scorer != DISCRIMINATOR:
        known = Known(editor.errors, editor.latents)
        rebuilt, near = usual(features, bars, editor.autoencoder, known, editor.rests)
        if scorer == ENSEMBLE:
            odds = weighed(evidence(np.stack([rebuilt, near, odds]), bars), editor.weighing)
        else:
            odds = rebuilt if scorer == "autoencoder" else near
    found = Scores.of(scorer, odds, bars, features)
    return found.repeated(looped(again, bars), editor.times)


def usual_threshold(editor: Editor, scores: Scores) -> float:
    """The threshold of `scores` at which as much is kept as the person would keep.

    Where that is a length, what is then heard may be somewhat longer; see `choose.trimmed`.
    """
    if editor.usual_s is not None:
        duration_s = int(scores.edges[-1]) / scores.sample_rate
        wish = round(editor.wish_s(duration_s) * scores.sample_rate)
        return threshold_lasting(scores, wish, SHORTEST_S)
    if editor.sure and scores.scorer in (DISCRIMINATOR, ENSEMBLE):
        return _EVEN
    return scores.threshold_for(editor.keep_ratio)


def by_odds(log_odds: Array) -> Array:
    """Probabilities of log odds."""
    odds: Array = (1 / (1 + np.exp(-log_odds))).astype(np.float32)
    return odds


def looped(again: Array, bars: Bars) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which bars are heard again [N]: whole phrases, by the mean of their log odds [N]."""
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (_by_phrase(again, bars) > 0) & ~bars.rest
    return found


def evidence(values: Array, bars: Bars) -> Array:
    """Log odds of what parts say [P, N] of each bar, then of its phrase [N, 2 P]."""
    sure = np.clip(values, _UNSURE, 1 - _UNSURE)
    odds = np.log(sure / (1 - sure))
    both: Array = np.concatenate([odds, [_by_phrase(row, bars) for row in odds]]).T
    return both.astype(np.float32)


def weighed(found: Array, weighing: Array) -> Array:
    """The ensemble's opinion [N] of evidence [N, 2 P], weighed by [2 P + 1]."""
    return by_odds(found @ weighing[:-1] + weighing[-1])


def _by_phrase(values: Array, bars: Bars) -> Array:
    """The mean over its phrase, by time, at each bar [N]."""
    total = np.bincount(bars.phrase, values * bars.seconds)
    mean: Array = (total / np.bincount(bars.phrase, bars.seconds).clip(1e-6))[bars.phrase]
    return mean


def _loud(features: Features, bars: Bars) -> Array:
    values: Array = np.clip((means(features.level, bars.edges) + 70) / 70, 0, 1)
    return values


def _novelty(features: Features, bars: Bars) -> Array:
    """How far each bar's spectrum lies from the mean of the four before it."""
    mel = means(np.clip((features.mel + 60) / 40, -1, 1.5), bars.edges)
    far = [
        float(np.abs(mel[:, at] - mel[:, max(0, at - 4) : at].mean(axis=1)).mean()) if at else 0.0
        for at in range(bars.count)
    ]
    values: Array = np.clip(np.array(far, np.float32) / 0.5, 0, 1)
    return values
