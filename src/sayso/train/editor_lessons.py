"""Lessons for an editor: pairs of recordings and edits, as they are and varied.

Variations: tempo 0.95 to 1.05, transposition by up to two semitones, a little of another recording
mixed in, and made-up raw recordings, in which phrases of the true one are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sayso.autoedit.bars import Bars, Ints, find_bars
from sayso.autoedit.describing import JUDGES, Measured, describe, measure, with_odds
from sayso.autoedit.features import Array, Features
from sayso.autoedit.operations import (
    Edge,
    Stretch,
    Surroundings,
    kept_share,
    stretches,
    surroundings,
)
from sayso.errors import DataError
from sayso.timeline import Timeline

_VARIANTS = 4
_MISSING, _MISSING_DROPPED = 0.15, 0.5
"""The largest shares of missing phrases: with all that are like them, or left out anyway."""
_ALIKE = 0.5
_BLUR = (0.15, 0.35, 0.15)
"""Widths of noise that is the same for a recording, for a phrase, for a bar."""
_STYLE_BARS = 48
_UNSURE = 0.3
"""Width of noise on the judges' odds."""
_NEVER = 6.0
"""Log odds against what nobody ever did."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A recording and the edit that somebody made of it."""

    features: Features
    timeline: Timeline


@dataclass(frozen=True, eq=False)
class Lesson:
    """A pair as bars: what is there to see, and what the person did.

    `described` [N, F]; once judges have seen them, [N, F + JUDGES]. `share` [N] of each bar is
    kept, `again` [N] heard more than once.
    """

    described: Array
    bars: Bars
    around: Surroundings
    share: Array
    again: Array
    found: list[Stretch]

    @property
    def kept(self) -> Array:
        """Descriptions of the bars that are features, for a style reference."""
        kept: Array = self.described[self.share > 0.5]
        return kept


def lesson_of(pair: Pair, measured: Measured | None = None) -> Lesson:
    """A pair as it is. Raises: DataError where nothing of the edit lies on bars."""
    bars = find_bars(pair.features) if measured is None else measured.bars
    measured = measured or measure(pair.features, bars)
    found = stretches(pair.timeline, bars, pair.features)
    if not found:
        raise DataError("an edit keeps nothing that is longer than a beat; nothing can be learnt")
    share = kept_share(pair.timeline, bars, pair.features)
    again = kept_share(pair.timeline, bars, pair.features, least=2)
    around = surroundings(bars, pair.features)
    return Lesson(describe(measured), bars, around, share, again, found)


def judges_of(lessons: Sequence[Lesson], strength: float) -> Array:
    """Judges [JUDGES, F + 1] of bars: whether they are heard more than once, and kept at all.

    `strength` restrains their weights.
    """
    x = np.concatenate([lesson.described for lesson in lessons]).astype(np.float64)
    seconds = np.concatenate([lesson.bars.seconds for lesson in lessons])
    kept = np.concatenate([lesson.share for lesson in lessons])
    again = np.concatenate([lesson.again for lesson in lessons])
    return np.stack([_regression(x, y, seconds, strength) for y in (again, kept)])


def _regression(x: np.ndarray, y: Array, seconds: Array, strength: float) -> Array:
    """Weights and bias [F + 1] of a logistic regression from `x` [N, F] to `y` [N], 0 to 1."""
    from scipy.optimize import minimize

    if not y.any():
        return np.append(np.zeros(x.shape[1]), -_NEVER).astype(np.float32)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ w[:-1] + w[-1]
        value = seconds @ (np.logaddexp(0, z) - y * z) + strength * w[:-1] @ w[:-1]
        slope = seconds * (1 / (1 + np.exp(-z)) - y)
        return float(value), np.append(x.T @ slope + 2 * strength * w[:-1], slope.sum())

    best = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    found: Array = best.astype(np.float32)
    return found


def judged(lesson: Lesson, judges: Array) -> Lesson:
    """A lesson with its odds."""
    return replace(lesson, described=with_odds(lesson.described, judges))


class Lessons:
    """All pairs, each with its variations, to draw lessons from.

    The odds in a lesson are of judges that have not seen its pair, as they will be of recordings to
    come.

    Args:
        pairs: at least one.
        seed: of the variations.
        strength: of the judges' restraint.
    """

    def __init__(self, pairs: Sequence[Pair], seed: int = 0, *, strength: float = 1.0) -> None:
        self._rng = np.random.default_rng(seed)
        self._pairs = pairs
        self._bars = [find_bars(pair.features) for pair in pairs]
        self._measured = [
            [measure(pair.features, bars)] for pair, bars in zip(pairs, self._bars, strict=True)
        ]
        self.plain = [
            lesson_of(pair, measured[0])
            for pair, measured in zip(pairs, self._measured, strict=True)
        ]
        self.judges = judges_of(self.plain, strength)
        self.others = [
            judges_of([x for x in self.plain if x is not lesson] or self.plain, strength)
            for lesson in self.plain
        ]
        for number, pair in enumerate(pairs):
            for _ in range(_VARIANTS):
                features = self._varied(pair.features)
                self._measured[number].append(measure(features, self._bars[number]))

    def draw(self) -> tuple[Lesson, Array]:
        """A varied lesson, and a style reference [S, F] out of the other pairs."""
        number = int(self._rng.integers(len(self._pairs)))
        return self._shortened(number), self.style(number)

    def style(self, without: int | None = None) -> Array:
        """Some bars that the person kept, in other pairs than `without` where there are others."""
        others = [at for at in range(len(self.plain)) if at != without] or [0]
        bars = np.concatenate([judged(self.plain[at], self.others[at]).kept for at in others])
        chosen = self._rng.choice(len(bars), min(_STYLE_BARS, len(bars)), replace=False)
        style: Array = bars[np.sort(chosen)]
        return style

    def _varied(self, features: Features) -> Features:
        """The recording transposed, with a little of another under it."""
        rng = self._rng
        semitones = int(rng.integers(-2, 3))
        # Bands are about a semitone and a half apart where melodies lie.
        bands = round(semitones / 1.5)
        mel = np.roll(features.mel, bands, axis=0)
        if bands > 0:
            mel[:bands] = mel[bands : bands + 1]
        elif bands < 0:
            mel[bands:] = mel[bands - 1 : bands]
        other = self._pairs[int(rng.integers(len(self._pairs)))].features.mel
        shift = int(rng.integers(other.shape[1]))
        index = (np.arange(mel.shape[1]) + shift) % other.shape[1]
        under = other[:, index] - float(rng.uniform(20, 40))
        mixed = 10 * np.log10(np.power(10, mel / 10) + np.power(10, under / 10))
        chroma = np.roll(features.chroma, semitones, axis=0)
        return replace(features, mel=mixed.astype(np.float32), chroma=chroma)

    def _shortened(self, number: int) -> Lesson:
        """A lesson of a recording in which some phrases are missing, at another tempo."""
        rng = self._rng
        plain = self.plain[number]
        variants = self._measured[number]
        measured = variants[int(rng.integers(len(variants)))]
        bars = plain.bars
        kept = np.flatnonzero(~np.isin(bars.phrase, self._gone(measured, plain)))
        left = _without(plain.found, kept)
        if not left or len(kept) < 4:
            kept, left = np.arange(bars.count), plain.found
        tempo = float(rng.uniform(0.95, 1.05))
        clear = describe(_at_tempo(measured, tempo), kept)
        described = with_odds(clear, self.others[number])
        described[:, :-JUDGES] = self._blurred(clear, bars.phrase[kept])
        described[:, -JUDGES:] += _UNSURE * rng.standard_normal((len(described), JUDGES))
        around = plain.around
        around = Surroundings(around.beats[kept], around.there[kept], around.frames[kept])
        share, again = plain.share[kept], plain.again[kept]
        return Lesson(described, _only(bars, kept, tempo), around, share, again, left)

    def _gone(self, measured: Measured, plain: Lesson) -> Ints:
        """Phrases that a made-up recording lacks, so that the person would have edited it alike.

        A phrase that was left out may be missing, or else everything that is like it, too: whoever
        keeps the last take would keep another if that one were not there.
        """
        rng, phrase = self._rng, measured.bars.phrase
        features = np.unique(phrase[plain.share > 0.2])
        count = int(phrase.max()) + 1
        gone = rng.random(count) < rng.uniform(0, _MISSING_DROPPED)
        gone[features] = False
        for one in np.flatnonzero(rng.random(count) < rng.uniform(0, _MISSING)):
            gone[one] = True
            gone |= measured.alike[one] > _ALIKE
        return np.flatnonzero(gone)

    def _blurred(self, described: Array, phrase: Ints) -> Array:
        """Descriptions with noise, or a network of any size would know the few recordings by heart.

        Most of what could be known by heart is the same for all bars of a phrase, so that is where
        most of the noise is.
        """
        rng, width = self._rng, described.shape[1]
        _, index = np.unique(phrase, return_inverse=True)
        noise = _BLUR[0] * rng.standard_normal((1, width))
        noise = noise + _BLUR[1] * rng.standard_normal((index.max() + 1, width))[index]
        noise = noise + _BLUR[2] * rng.standard_normal(described.shape)
        blurred: Array = (described + noise).astype(np.float32)
        return blurred


def _at_tempo(measured: Measured, tempo: float) -> Measured:
    phrases = measured.phrases.copy()
    phrases[:, 1] /= tempo
    return replace(measured, phrases=phrases)


def _only(bars: Bars, kept: Ints, tempo: float) -> Bars:
    """Bars `kept` in a row; their beats keep their lengths, over `tempo`."""
    beats, first = [0], [0]
    for bar in kept:
        inner = bars.beats[bars.first[bar] : bars.first[bar + 1] + 1]
        beats += [beats[-1] + int(at - inner[0]) for at in inner[1:]]
        first.append(len(beats) - 1)
    scaled = np.round(np.array(beats) / tempo).astype(np.int64)
    return Bars(scaled, np.array(first), bars.phrase[kept], bars.rest[kept])


def _without(found: Sequence[Stretch], kept: Ints) -> list[Stretch]:
    """Stretches over bars `kept`, by their new numbers, without what is not there."""
    place = {int(bar): at for at, bar in enumerate(kept)}
    out: list[Stretch] = []
    for stretch in found:
        there = [place[b] for b in range(stretch.enter.bar, stretch.leave.bar + 1) if b in place]
        if not there:
            continue
        whole_start = stretch.enter.bar in place
        whole_stop = stretch.leave.bar in place
        enter = stretch.enter if whole_start else Edge(0, 0, 0)
        leave = stretch.leave if whole_stop else Edge(0, 4, 0)
        out.append(Stretch(enter._replace(bar=there[0]), leave._replace(bar=there[-1])))
    return out
