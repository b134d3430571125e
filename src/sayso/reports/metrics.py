"""The metrics of one cleaned file that need no reference and no further model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sayso.audio import Audio, Recorder
from sayso.clean.pipeline import Cleaned
from sayso.measure.compared import Compared
from sayso.measure.metrics import evaluated
from sayso.reports.rows import AFTER, BEFORE
from sayso.timeline import find_silences

_DIGITS = 4


def metrics_of(source: Audio, cleaned: Cleaned) -> dict[str, float]:
    """Levels, clipping, silence and what is left beside the speech, before and after."""
    metrics: dict[str, float] = {}
    for suffix, audio in ((BEFORE, source), (AFTER, cleaned.audio)):
        found = evaluated(Compared(audio))
        metrics |= {name + suffix: metric for name, metric in found.items()}
        silent = sum(stop - start for start, stop in find_silences(audio))
        metrics["silent_share" + suffix] = silent / audio.frames
    rest = _less(cleaned.mix, cleaned.speech)
    for suffix, audio in ((BEFORE, cleaned.mix), (AFTER, cleaned.audio)):
        found = evaluated(Compared(audio, cleaned.speech, rest), "reference", "rest")
        metrics |= {name + suffix: metric for name, metric in found.items()}
    metrics["gain_db"] = cleaned.gain_db
    return rounded(metrics)


def rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    """Those that are finite, to four digits after the point."""
    return {
        name: round(float(metric), _DIGITS)
        for name, metric in metrics.items()
        if np.isfinite(metric)
    }


def _less(one: Audio, other: Audio) -> Audio:
    recorder = Recorder(one.channels, one.sample_rate)
    for a, b in zip(one.blocks(), other.blocks(), strict=True):
        recorder.append(a - b)
    return recorder.audio()
