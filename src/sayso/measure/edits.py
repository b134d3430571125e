"""How near one edit of a recording comes to another, and how cleanly it is cut.

Conventions: both timelines are of the same recording, `estimate` first, `reference` second. What is
heard is held against each other in the order in which it is heard: of two sequences, the longest
that both hold counts as shared, so a part that was moved counts as missing here and too much there.
Boundaries are the starts and stops of clips.

Sources: interval IoU over a longest common subsequence (Hirschberg 1975), weighted by time;
boundary F as mir_eval.segment.detection with one match a boundary, in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, stft
from sayso.timeline import Timeline

_NEAR_S = 0.5
_FFT, _HOP = 1024, 512
_SAMPLED = 400


@dataclass(frozen=True)
class EditScores:
    """Figures of one edit against another.

    Attributes:
        iou: of heard time in its order, 0 to 1; what is heard twice counts twice.
        boundary_f: F-measure of boundaries at 0.5 s in their order, 0 to 1.
        keep_ratio: length of the estimate over that of the recording.
        duration_error_s: its length less that of the reference.
    """

    iou: float
    boundary_f: float
    keep_ratio: float
    duration_error_s: float


def compare_edits(estimate: Timeline, reference: Timeline, frames: int) -> EditScores:
    """All metrics of `estimate` against `reference`, for a recording of `frames`."""
    return EditScores(
        iou=kept_iou(estimate, reference),
        boundary_f=boundary_f(estimate, reference),
        keep_ratio=estimate.frames / frames,
        duration_error_s=estimate.duration_s - reference.duration_s,
    )


def kept_iou(estimate: Timeline, reference: Timeline) -> float:
    """Time heard in both, in the same order, over time heard in either, 0 to 1."""
    cuts = np.unique([e for line in (estimate, reference) for e in _edges(line)])
    seconds = np.diff(cuts) / estimate.sample_rate
    one, other = (_parts(timeline, cuts) for timeline in (estimate, reference))
    total = float(seconds[one].sum() + seconds[other].sum())
    shared = _shared((other == part for part in one), (seconds[part] for part in one), len(other))
    return shared / max(total - shared, 1e-9)


def boundary_f(estimate: Timeline, reference: Timeline) -> float:
    """F-measure, 0 to 1, of boundaries within half a second of each other, one to one, in order.

    A start matches a start, and a stop a stop.
    """
    found, true = (np.array(_edges(line)) / line.sample_rate for line in (estimate, reference))
    starting = np.arange(len(true)) % 2 == 0
    alike = (
        (np.abs(true - at) <= _NEAR_S) & (starting == (number % 2 == 0))
        for number, at in enumerate(found)
    )
    hits = _shared(alike, (1.0 for _ in found), len(true))
    return 2 * hits / (len(found) + len(true))


def _edges(timeline: Timeline) -> list[int]:
    """Starts and stops of what is heard, in turns."""
    clips = [clip for clip in timeline.clips if clip.stop > clip.start]
    return [edge for clip in clips for edge in (clip.start, clip.stop)]


def _parts(timeline: Timeline, cuts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What is heard as numbers of the stretches between `cuts`, in the order it is heard in."""
    ends = np.searchsorted(cuts, np.array(_edges(timeline), np.int64)).reshape(-1, 2)
    parts: npt.NDArray[np.int64] = np.concatenate([np.arange(a, b) for a, b in ends])
    return parts


def _shared(alike: Iterable[npt.NDArray[np.bool_]], weights: Iterable[float], count: int) -> float:
    """The weight of the heaviest common subsequence.

    Args:
        alike: for each item of one sequence, which of the other's are the same [count].
        weights: of the items of the first.
        count: of the other's.
    """
    best = np.zeros(count + 1)
    for same, weight in zip(alike, weights, strict=True):
        taken = np.where(same, best[:-1] + weight, 0.0)
        best[1:] = np.maximum.accumulate(np.maximum(best[1:], taken))
    return float(best[-1])


def cut_quality(audio: Audio, timeline: Timeline) -> float | None:
    """The usual spectral jump at joins over the usual one in the recording; 1 is unheard.

    The jump is the distance between log spectra of 23 ms (at 44.1 kHz) on both sides. None where
    nothing is joined.
    """
    joins = [
        _jump(audio, before.stop, after.start)
        for before, after in pairwise(timeline.clips)
        if before.stop != after.start
    ]
    if not joins:
        return None
    rng = np.random.default_rng(0)
    inner = rng.integers(_FFT, max(_FFT + 1, audio.frames - _FFT), _SAMPLED)
    usual = np.median([_jump(audio, int(at), int(at)) for at in inner])
    return float(np.median(joins) / max(usual, 1e-6))


def _jump(audio: Audio, before: int, after: int) -> float:
    sides = [
        audio.block(before - _FFT, before).mean(axis=0),
        audio.block(after, after + _FFT).mean(axis=0),
    ]
    logs = [np.log(np.abs(stft(side, _FFT, hop=_HOP)[:, 1]) + 1e-3) for side in sides]
    return float(np.sqrt(np.mean((logs[0] - logs[1]) ** 2)))
