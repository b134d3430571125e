"""What is wrong with a recording by itself: clipping, silence, background, levels.

Conventions: shares are of the frames, 0 to 1; levels in dBFS of all channels together. No
reference is needed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, LoudnessMeter, PeakMeter, Samples, calmed, decibels
from sayso.measure.compared import Compared

_STEP_S = 0.05
_FLAT, _NEAR_PEAK, _RUN = 2.0**-15, 0.98, 3
_LEAST_PEAK = 0.25  # nothing clips below this
_DIGITAL_SILENCE_DB = -100.0


def clipped_share(audio: Audio) -> float:
    """The share of samples that lie on flat tops: three or more in a row, level, near the peak.

    >>> import numpy as np
    >>> wave = 2 * np.sin(np.arange(48_000) / 20)[None].astype(np.float32)
    >>> clipped_share(Audio(wave, 48_000)), clipped_share(Audio(np.clip(wave, -1, 1), 48_000)) > 0.5
    (0.0, True)
    """
    audio = calmed(audio)
    peak = max(float(np.max(np.abs(block))) for block in audio.blocks())
    if peak < _LEAST_PEAK:
        return 0.0
    count, tail = 0, np.zeros((audio.channels, 0), np.float32)
    for block in audio.blocks():
        joined = np.concatenate([tail, block], axis=1)
        count += _on_tops(joined, peak) - _on_tops(tail, peak)
        tail = joined[:, -_RUN:]
    return count / (audio.frames * audio.channels)


def background_db(audio: Audio) -> float | None:
    """How far the quiet moments lie below the loud ones, in dB; None where all is silent.

    Quiet and loud are the 10th and the 95th of a hundred moments of 50 ms; moments of digital
    silence count as quiet as -100 dBFS.
    """
    levels = moments_db(audio)
    if levels.max() <= _DIGITAL_SILENCE_DB:
        return None
    quiet, loud = np.quantile(levels, [0.10, 0.95])
    return float(quiet - loud)


def moments_db(audio: Audio) -> npt.NDArray[np.float64]:
    """The level of every 50 ms in dBFS, -100 at least."""
    step = max(1, round(_STEP_S * audio.sample_rate))
    powers = []
    for block in audio.blocks(step * 512):
        power = np.mean(block.astype(np.float64) ** 2, axis=0)
        starts = np.arange(0, len(power), step)
        powers.append(np.add.reduceat(power, starts) / np.diff(np.append(starts, len(power))))
    floor = 10 ** (_DIGITAL_SILENCE_DB / 10)
    levels: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(np.concatenate(powers), floor))
    return levels


def evaluate(compared: Compared) -> dict[str, float]:
    """Loudness, peaks, clipping and background; metrics of silence are left out.

    Returns: "lufs", "true_peak_db", "sample_peak_db", "clipped_share" and "background_db".
    """
    audio = compared.estimate
    loudness = LoudnessMeter(audio.channels, audio.sample_rate)
    peaks = PeakMeter(audio.channels)
    for block in audio.blocks():
        loudness.push(block)
        peaks.push(block)
    background = background_db(audio)
    metrics = {
        "lufs": loudness.integrated_lufs(),
        "true_peak_db": peaks.true_peak_db(),
        "sample_peak_db": decibels(peaks.sample_peak),
        "clipped_share": clipped_share(audio),
        "background_db": -np.inf if background is None else background,
    }
    return {name: figure for name, figure in metrics.items() if np.isfinite(figure)}


def _on_tops(block: Samples, peak: float) -> int:
    if block.shape[1] < _RUN:
        return 0
    near = np.abs(block) >= _NEAR_PEAK * peak
    flat = np.abs(np.diff(block, axis=1)) <= _FLAT * peak
    pair = near[:, 1:] & near[:, :-1] & flat
    triple = pair[:, 1:] & pair[:, :-1]
    on = np.zeros_like(near)
    for shift in range(_RUN):
        on[:, shift : shift + triple.shape[1]] |= triple
    return int(on.sum())
