"""Wild samples: clicks of a few samples far above all else, which would decide every level.

A bad byte in a file of floats, or a spark in a cable, leaves one. Loudness, peaks and what a
network hears of the seconds around it are then those of the click.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sayso.audio.audio import Audio, Samples
from sayso.audio.loudness import decibels
from sayso.audio.recorder import Recorder

_MOMENT_S = 0.05
_LOUD_SHARE = 0.05  # of the moments; the middle one of these is what is loud in the recording
_LEAST_MOMENTS = 20
_FAR_ABOVE = 10.0  # 20 dB; no drum or cough that lasts a moment stands out so far alone
_LONGEST = 8  # samples
_AROUND = 8  # of these, before and after, none may be far above the rest


@dataclass(frozen=True)
class Wild:
    """Wild samples of a recording.

    Attributes:
        places: of the first sample of each and the one behind its last.
        level: what is loud in the recording besides, as an amplitude.
        peak: the greatest of them.
    """

    places: tuple[tuple[int, int], ...]
    level: float
    peak: float

    def note(self, sample_rate: int) -> str:
        """Says where they are and how far they stand out."""
        first_s = self.places[0][0] / sample_rate
        above_db = decibels(self.peak) - decibels(self.level)
        count = len(self.places)
        several = f"{count} clicks, the first" if count > 1 else "a click of a few samples"
        return (
            f"{several} at {first_s:.2f} s, {above_db:.0f} dB above the loudest of the rest: "
            "taken for damage, and evened out where sounds are told apart and levels are measured"
        )


def find_wild(audio: Audio) -> Wild | None:
    """The wild samples of `audio`; None where there are none."""
    step = max(_LONGEST, round(_MOMENT_S * audio.sample_rate))
    peaks = np.concatenate([_peaks(block, step) for block in audio.blocks(step * 512)])
    if len(peaks) < _LEAST_MOMENTS:
        return None
    loud = np.sort(peaks)[-max(5, round(_LOUD_SHARE * len(peaks))) :]
    level = float(np.median(loud))
    places, peak = list[tuple[int, int]](), 0.0
    if level > 0:
        for moment in np.flatnonzero(peaks > _FAR_ABOVE * level):
            for place in _in_moment(audio, int(moment) * step, step, _FAR_ABOVE * level):
                places.append(place)
                peak = max(peak, float(peaks[moment]))
    return Wild(tuple(places), level, peak) if places else None


def calmed(audio: Audio) -> Audio:
    """`audio` with straight lines in place of wild samples; `audio` itself without any."""
    wild = find_wild(audio)
    if wild is None:
        return audio
    recorder = Recorder(audio.channels, audio.sample_rate)
    at = 0
    for block in audio.blocks():
        stop = at + block.shape[1]
        for start, end in wild.places:
            if start < stop and end > at:
                line = _line(audio, start, end)
                low, high = max(start, at), min(end, stop)
                block[:, low - at : high - at] = line[:, low - start : high - start]
        recorder.append(block)
        at = stop
    return recorder.audio()


def _peaks(block: Samples, step: int) -> npt.NDArray[np.float32]:
    loudest: npt.NDArray[np.float32] = np.abs(block).max(axis=0)
    return np.maximum.reduceat(loudest, np.arange(0, len(loudest), step))


def _in_moment(audio: Audio, start: int, step: int, most: float) -> list[tuple[int, int]]:
    """Where single samples, or a few, lie above `most` in a moment whose other samples do not."""
    low = max(0, start - _AROUND)
    above = np.abs(audio.block(low, start + step + _AROUND)).max(axis=0) > most
    edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]]).astype(np.int8)))
    found = []
    for first, last in zip(edges[::2] + low, edges[1::2] + low, strict=True):
        inside = start <= first < start + step
        if inside and last - first <= _LONGEST and above.mean() < 0.02:
            found.append((int(first), min(int(last), audio.frames)))
    return found


def _line(audio: Audio, start: int, end: int) -> Samples:
    before = audio.block(start - 1, start)
    after = audio.block(end, end + 1)
    share = (np.arange(1, end - start + 1, dtype=np.float32) / (end - start + 1))[None]
    line: Samples = (before + (after - before) * share).astype(np.float32)
    return line
