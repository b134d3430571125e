"""How near one edit of a recording comes to another, and how cleanly it is cut.

Conventions: both timelines are of the same recording, `estimate` first, `reference` second; times
are of the recording, so the order in which stretches are heard does not count, how often they are
heard does. Boundaries are the starts and stops of clips.

Sources: interval IoU; boundary F as mir_eval.segment.detection with one match a boundary.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, stft
from sayso.timeline import Timeline

_NEAR_S = 0.5
_GRID_S = 0.01
_FFT, _HOP = 1024, 512
_SAMPLED = 400


@dataclass(frozen=True)
class EditScores:
    """Figures of one edit against another.

    Attributes:
        iou: of heard time, 0 to 1; what is heard twice counts twice.
        boundary_f: F-measure of boundaries at 0.5 s, 0 to 1.
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
    """Heard time in both over heard time in either, 0 to 1, on a grid of 10 ms."""
    counts = [_heard(timeline) for timeline in (estimate, reference)]
    length = max(map(len, counts))
    one, other = (np.pad(count, (0, length - len(count))) for count in counts)
    return float(np.minimum(one, other).sum() / max(1, np.maximum(one, other).sum()))


def boundary_f(estimate: Timeline, reference: Timeline) -> float:
    """F-measure, 0 to 1, of boundaries that lie within half a second of each other, one to one."""
    found, true = _boundaries(estimate), _boundaries(reference)
    hits = at = 0
    # Both rise, so that taking the first that is near enough is the best matching.
    for boundary in true:
        while at < len(found) and found[at] < boundary - _NEAR_S:
            at += 1
        if at < len(found) and found[at] <= boundary + _NEAR_S:
            hits += 1
            at += 1
    return 2 * hits / (len(found) + len(true))


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


def _heard(timeline: Timeline) -> npt.NDArray[np.int64]:
    step = timeline.sample_rate * _GRID_S
    end = max(clip.stop for clip in timeline.clips)
    change = np.zeros(round(end / step) + 2, np.int64)
    for clip in timeline.clips:
        change[round(clip.start / step)] += 1
        change[round(clip.stop / step)] -= 1
    return np.cumsum(change)


def _boundaries(timeline: Timeline) -> list[float]:
    edges = [edge for clip in timeline.clips for edge in (clip.start, clip.stop)]
    return sorted(edge / timeline.sample_rate for edge in edges)
