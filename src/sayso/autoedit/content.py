"""What a recording is made of, for words that speak of takes, choruses and examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sayso.audio import Audio, read
from sayso.errors import RequestError
from sayso.measure.voice_activity import find_pauses
from sayso.timeline import Spans, Timeline, find_silences
from sayso.watch import SILENT, Watch

if TYPE_CHECKING:
    from sayso.autoedit.bars import Bars
    from sayso.autoedit.describing import Measured
    from sayso.autoedit.features import Array, Features

_MARGIN_S = 0.03
"""Left to a voice, besides what is left to whatever is louder than the room."""
_SAME_TAKE = 0.55
_SAME_BARS = 0.6
_CHORUS_S = (5.0, 40.0)
_LONGEST_SONG_BARS = 1500
_LIKENESS = 0.9
"""The share of an example's own bars that count as like it."""


@dataclass(frozen=True)
class ContentAnalyser:
    """Hears `audio` once, when first asked; `watch` is polled while it does."""

    audio: Audio
    watch: Watch = SILENT

    def silences(self) -> Spans:
        """Where nothing is said or played; in talk, the noise of the room counts as nothing."""
        return find_silences(
            self.audio, pauses=find_pauses(self.audio, margin_s=_MARGIN_S, watch=self.watch)
        )

    def best_takes(self) -> Spans:
        """The best take of each repeated phrase; what is played once goes with the talk.

        Best is what agrees most in its notes with the other takes, is whole, and is loud.
        Raises: RequestError where nothing is played twice.
        """
        from sayso.autoedit.choose import snap

        features, bars, measured = self._measured
        phrases, alike = measured.phrases, measured.alike
        starts = np.flatnonzero(np.diff(bars.phrase, prepend=-1))
        ends = np.append(bars.edges[starts], bars.edges[-1])
        agreeing = np.array(
            [measured.agreeing[bars.phrase == number].mean() for number in range(len(phrases))]
        )
        merit = 6 * agreeing + np.log(phrases[:, 1] + 0.1) + phrases[:, 0] / 12
        left = set(np.flatnonzero(alike.max(axis=1, initial=0) > _SAME_TAKE).tolist())
        if not left:
            raise RequestError(
                "nothing in this recording is played more than once, so there are no takes to "
                "choose from; cuts by time work"
            )
        best = []
        while left:
            group = _group(min(left), alike, left)
            left -= group
            best.append(max(group, key=lambda number: float(merit[number])))
        spans = []
        for number in sorted(best):
            start, stop = (features.frame(at) for at in ends[number : number + 2])
            spans.append(
                (snap(self.audio, start, in_pause=True), snap(self.audio, stop, in_pause=True))
            )
        return spans

    def chorus(self) -> tuple[int, int]:
        """The stretch of 5 to 40 s that comes again most often and loudest, where it begins.

        Raises: RequestError where nothing comes again.
        """
        from sayso.autoedit.choose import snap

        features, bars, measured = self._measured
        count = min(bars.count, _LONGEST_SONG_BARS)
        pairs = measured.bars_alike[:count, :count]
        level = measured.own[:count, 10]
        seconds = bars.seconds[:count]
        best, found = -np.inf, None
        for length in range(2, count // 2 + 1):
            lasting = np.convolve(seconds, np.ones(length), "valid")
            if lasting.min() > _CHORUS_S[1]:
                break
            mean = _along_diagonals(pairs, length)
            again = np.triu(mean > _SAME_BARS, length).sum(axis=1) + np.tril(
                mean > _SAME_BARS, -length
            ).sum(axis=1)
            loud = np.convolve(level, np.ones(length) / length, "valid")
            merit = np.minimum(again, 6) + (loud - level.max()) / 6 + np.log(lasting) / 2
            merit[(again == 0) | (lasting < _CHORUS_S[0]) | (lasting > _CHORUS_S[1])] = -np.inf
            at = int(merit.argmax())
            if merit[at] > best:
                best, found = float(merit[at]), (at, at + length)
        if found is None:
            raise RequestError(
                "I hear nothing that comes again, so I do not know where the chorus is; "
                'tell me its times, such as "loop 0:30 to 0:45 twice"'
            )
        start, stop = (features.frame(bars.edges[at]) for at in found)
        return snap(self.audio, start, in_pause=False), snap(self.audio, stop, in_pause=False)

    def like(self, example: str) -> Timeline:
        """The recording as the editor `example` edits it, or what sounds like an example's sound.

        Raises: FormatError, ModelError where the example cannot be read.
        """
        if Path(example).suffix == ".editor":
            from sayso.autoedit.apply import edit_like
            from sayso.autoedit.editor import Editor

            return edit_like(Editor.open(example), self.audio, watch=self.watch)
        from sayso.autoedit.choose import Scores, choose

        features, bars, measured = self._measured
        theirs = _measure(read(example, watch=self.watch), self.watch)[2].own
        middle, width = theirs.mean(axis=0), theirs.std(axis=0) + 0.1
        own = np.abs((theirs - middle) / width).mean(axis=1)
        apart = np.abs((measured.own - middle) / width).mean(axis=1)
        limit = float(np.quantile(own, _LIKENESS))
        scores = Scores.of("like", np.exp(-apart), bars, features)
        return choose(scores, self.audio, float(np.exp(-limit)))

    @cached_property
    def _measured(self) -> tuple[Features, Bars, Measured]:
        return _measure(self.audio, self.watch)


def _measure(audio: Audio, watch: Watch) -> tuple[Features, Bars, Measured]:
    from sayso.autoedit.bars import find_bars
    from sayso.autoedit.describing import measure
    from sayso.autoedit.features import extract_features

    features = extract_features(audio, watch=watch.quiet)
    watch.check()
    bars = find_bars(features)
    watch.check()
    return features, bars, measure(features, bars)


def _group(first: int, alike: Array, left: set[int]) -> set[int]:
    """All phrases that are takes of what phrase `first` plays."""
    return {first} | {at for at in left if alike[first, at] > _SAME_TAKE}


def _along_diagonals(pairs: Array, length: int) -> Array:
    """Means of `pairs` [N, N] over `length` steps down each diagonal [M, M], M = N + 1 - length."""
    size = len(pairs) + 1 - length
    total = np.zeros((size, size), np.float32)
    for step in range(length):
        total += pairs[step : step + size, step : step + size]
    mean: Array = total / np.float32(length)
    return mean
