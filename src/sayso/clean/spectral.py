"""Speech out of noise with no weights: OM-LSA, the optimally modified log-spectral amplitude.

At each point of the spectrogram the noise is estimated where no speech is likely, the speech by
the decision-directed rule, and the gain is the one that keeps the expected error of the log
spectrum least, weighted by how probable speech is there. The recording is at hand as a whole, so
the noise is looked for on both sides of each moment, and the decision rule is run forwards and
backwards: words begin as sharply as they end.

Sources: Ephraim and Malah 1985 (IEEE TASSP 33:443) for the gain; Cohen and Berdugo 2001 (Signal
Processing 81:2403) for the weighting; Cohen 2003 (IEEE TSAP 11:466) for the noise by minima
controlled recursive averaging; Martin 2001 (IEEE TSAP 9:504) for the minima.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Chunking, Samples, istft, overlap_add, stft, window_frames
from sayso.watch import SILENT, Watch

_Grid: TypeAlias = npt.NDArray[np.float32]

_WINDOW_S, _HOPS = 0.04, 4
_SEGMENT_S, _OVERLAP = 24.0, 0.25
# Of the noise: smoothing before the search for minima, half the stretch searched, the averaging.
_SMOOTH_S, _SEARCH_S, _AVERAGE_S = 0.12, 1.2, 0.4
# A minimum over that stretch lies this far below the mean of a steady noise's smoothed power.
_MINIMUM_BIAS = 1.71
# Above these, speech is likely: a point over the minimum, and its smoothed power over it.
_POINT_ABOVE, _LEVEL_ABOVE = 4.6, 1.67
_REMEMBER_S = 0.08  # time constant of the decision-directed rule
_LEAST_PRIOR = 10 ** (-25 / 10)
_SURE_DB, _UNSURE_DB = 10.0, -10.0  # prior ratios that surely hold speech, or none


def denoise(
    audio: Audio,
    *,
    floor_db: float,
    watch: Watch = SILENT,
) -> Audio:
    """`audio` with its steady and slowly changing noise turned down; all channels by one mask.

    Args:
        audio: any rate, channels and length.
        floor_db: the least gain, in dB, where there is no speech.
        watch: progress and cancelling, polled between chunks.
    Raises: Cancelled.
    """
    rate = audio.sample_rate
    n_fft = window_frames(_WINDOW_S, rate)
    hop = n_fft // _HOPS
    chunking = Chunking.in_seconds(rate, segment_s=_SEGMENT_S, overlap=_OVERLAP, grid=hop)

    def clean(chunk: Samples) -> Samples:
        spectrum = stft(chunk, n_fft, hop=hop)
        power = np.mean(np.abs(spectrum) ** 2, axis=0, dtype=np.float32).T  # [N, F]
        gain = speech_gain(np.ascontiguousarray(power), hop / rate, floor_db=floor_db)
        return istft(spectrum * gain.T, n_fft, hop=hop, length=chunk.shape[1])[None]

    (cleaned,) = overlap_add(audio, clean, chunking, sources=1, watch=watch)
    return cleaned


def speech_gain(power: _Grid, hop_s: float, *, floor_db: float) -> _Grid:
    """The gain [N, F] of each point of a power spectrogram [N, F] whose frames are `hop_s` apart.

    It lies between the floor and 1.
    """
    noise = noise_power(power, hop_s)
    posterior = np.minimum(power / np.maximum(noise, 1e-20), 1e4).astype(np.float32)
    keep = float(np.exp(-hop_s / _REMEMBER_S))
    forwards = _decide(posterior, keep)
    backwards = _decide(posterior[::-1], keep)[::-1]
    prior = np.maximum(np.sqrt(forwards * backwards), _LEAST_PRIOR)
    gain = _log_spectral_gain(prior, posterior)
    probable = _presence(prior)
    least = np.float32(10 ** (floor_db / 20))
    mixed: _Grid = gain**probable * least ** (1 - probable)
    return np.maximum(mixed, least)


def noise_power(power: _Grid, hop_s: float) -> _Grid:
    """The power of the noise at each point of a power spectrogram [N, F]."""
    from scipy.ndimage import convolve1d, minimum_filter1d

    def along(grid: _Grid, seconds: float) -> _Grid:
        half = max(1, round(seconds / hop_s))
        window = np.hanning(2 * half + 3)[1:-1].astype(np.float32)
        smooth: _Grid = convolve1d(grid, window / window.sum(), axis=0, mode="nearest")
        return smooth

    across = np.array([0.25, 0.5, 0.25], np.float32)
    level = along(convolve1d(power, across, axis=1, mode="nearest"), _SMOOTH_S)
    size = 2 * max(1, round(_SEARCH_S / hop_s)) + 1
    least = _MINIMUM_BIAS * minimum_filter1d(level, size, axis=0, mode="nearest")
    least = np.maximum(least, 1e-20)
    quiet = ((power < _POINT_ABOVE * least) & (level < _LEVEL_ABOVE * least)).astype(np.float32)
    share = along(quiet, _AVERAGE_S)
    mean = along(quiet * power, _AVERAGE_S) / np.maximum(share, 1e-6)
    # Where hardly any quiet moment is near, the minimum has to do.
    trust = np.minimum(share / 0.2, 1.0)
    noise: _Grid = (trust * mean + (1 - trust) * least).astype(np.float32)
    return noise


def _decide(posterior: _Grid, keep: float) -> _Grid:
    """The prior ratio of speech to noise by the decision-directed rule, frame after frame."""
    prior = np.empty_like(posterior)
    instant = np.maximum(posterior - 1, 0)
    before = instant[0] if len(instant) else instant
    for at in range(len(posterior)):
        ratio = np.maximum(keep * before + (1 - keep) * instant[at], _LEAST_PRIOR)
        prior[at] = ratio
        # The amplitude that Wiener's gain would give; the log-spectral one differs by little.
        before = (ratio / (1 + ratio)) ** 2 * posterior[at]
    return prior


def _log_spectral_gain(prior: _Grid, posterior: _Grid) -> _Grid:
    from scipy.special import exp1

    wiener = prior / (1 + prior)
    # exp1 grows without bound towards 0, the gain with it; nothing is made louder.
    seen = np.maximum(wiener * posterior, 1e-4)
    gain: _Grid = np.minimum(wiener * np.exp(0.5 * exp1(seen)), 1.0).astype(np.float32)
    return gain


def _presence(prior: _Grid) -> _Grid:
    """How probable speech is, out of the prior ratio near each point, around it, and overall."""
    from scipy.ndimage import uniform_filter1d

    def likely(ratio: _Grid) -> _Grid:
        share = (10 * np.log10(ratio) - _UNSURE_DB) / (_SURE_DB - _UNSURE_DB)
        found: _Grid = np.clip(share, 0.0, 1.0).astype(np.float32)
        return found

    near = likely(uniform_filter1d(prior, 3, axis=1, mode="nearest"))
    around = likely(uniform_filter1d(prior, 31, axis=1, mode="nearest"))
    overall = likely(prior.mean(axis=1, keepdims=True))
    product = near * around * overall
    # Absence is likely where the three do not agree; never certain, so that nothing is cut off.
    absent = np.minimum(1 - product, 0.95)
    seen = prior / (1 + prior)
    odds = absent / (1 - absent) * (1 + prior) * np.exp(-np.minimum(seen * (1 + prior), 50.0))
    found: _Grid = (1 / (1 + odds)).astype(np.float32)
    return found
