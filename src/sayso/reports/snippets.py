"""A before and B after: a few seconds of a file, where the cleaning took away the most."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Samples, read, resample, write
from sayso.audio.polarity import upright_block
from sayso.errors import InputError
from sayso.measure.checks import moments_db
from sayso.reports.rows import CleanRow, source_of

Levels: TypeAlias = npt.NDArray[np.float64]

SNIPPET_S = 6.0
_STEP_S = 0.05  # of `moments_db`
_SPOKEN_DB = 25.0  # below the loudest moment: nothing is said
_HIGHEST_HZ = 48_000


@dataclass(frozen=True)
class Snippet:
    """The same seconds of a source and of its output, mono, at one rate and one loudness.

    Attributes:
        start_s: where they begin.
        before: of the source.
        after: of the output.
    """

    start_s: float
    before: Audio
    after: Audio


def telling(row: CleanRow, output: Path) -> Snippet | None:
    """The most telling seconds of a cleaned file; None where its source is not here to compare."""
    source = source_of(row, output)
    if source is None:
        return None
    try:
        before, after = read(source), read(output)
    except InputError:
        return None
    if before.sample_rate != after.sample_rate:
        before = resample(before, after.sample_rate)
    gain_db = row.metrics.get("gain_db", 0.0)
    start_s = most_removed_s(moments_db(before) + gain_db, moments_db(after))
    start = round(start_s * after.sample_rate)
    stop = min(start + round(SNIPPET_S * after.sample_rate), before.frames, after.frames)
    if stop <= start:
        return None
    gain = 10 ** (gain_db / 20)
    return _together(
        start_s, gain * _excerpt(before, start, stop), _excerpt(after, start, stop), after
    )


def most_removed_s(before_db: Levels, after_db: Levels) -> float:
    """Where to begin, from the levels of every moment: the most removed while somebody speaks."""
    count = min(len(before_db), len(after_db))
    spoken = after_db[:count] > after_db[:count].max() - _SPOKEN_DB
    removed = np.maximum(before_db[:count] - after_db[:count], 0)
    worth = removed + 6.0 * spoken  # seconds without a word tell little of what speech became
    length = min(round(SNIPPET_S / _STEP_S), count)
    sums = np.convolve(worth, np.ones(length), "valid")
    return float(np.argmax(np.round(sums, 6)) * _STEP_S)


def as_mp3(audio: Audio) -> bytes:
    """The bytes of an MP3 of `audio`."""
    with tempfile.TemporaryDirectory(prefix="sayso-") as folder:
        return write(Path(folder) / "snippet.mp3", audio).read_bytes()


def _excerpt(audio: Audio, start: int, stop: int) -> Samples:
    excerpt: Samples = upright_block(audio.block(start, stop)).mean(axis=0, keepdims=True)
    return excerpt


def _together(start_s: float, before: Samples, after: Samples, like: Audio) -> Snippet:
    """Both turned down by one gain where either would clip."""
    loudest = max(float(np.abs(before).max()), float(np.abs(after).max()), 1.0)
    rate = min(like.sample_rate, _HIGHEST_HZ)
    pair = [
        resample(Audio((wave / loudest).astype(np.float32), like.sample_rate), rate)
        for wave in (before, after)
    ]
    return Snippet(start_s, *pair)
