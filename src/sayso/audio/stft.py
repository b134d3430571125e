"""The short-time Fourier transform and its exact inverse.

Conventions: periodic Hann window on both sides, frame n centred on sample n * hop, the signal
extended by its mirror image (by zeros where it is too short for that), one-sided spectra,
unnormalised as numpy's.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sayso.audio.audio import Samples
from sayso.errors import RangeError

Spectrum: TypeAlias = npt.NDArray[np.complex64]


def window_frames(window_s: float, sample_rate: int) -> int:
    """The `n_fft` for a window of about `window_s`: the nearest power of two, 64 at least.

    >>> window_frames(0.04, 44_100)
    2048
    """
    return 1 << max(6, round(math.log2(window_s * sample_rate)))


def stft(signal: Samples, n_fft: int, *, hop: int) -> Spectrum:
    """The spectrum [..., F = n_fft // 2 + 1, N = ceil(T / hop) + 1] of `signal` [..., T].

    Args:
        signal: any level; silence gives zeros.
        n_fft: window length in samples, even.
        hop: samples between frames, at most half of `n_fft`.

    Raises: RangeError for a hop that the inverse could not undo.
    """
    _check(n_fft, hop)
    import scipy.fft

    half, frames = n_fft // 2, -(-signal.shape[-1] // hop) + 1
    missing = (frames - 1) * hop + n_fft - half - signal.shape[-1]
    pad = [(0, 0)] * (signal.ndim - 1)
    mode = "reflect" if signal.shape[-1] > half + hop else "constant"
    padded = np.pad(signal, [*pad, (half, missing)], mode=mode)  # type: ignore[call-overload]
    windows = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=-1)[..., ::hop, :]
    spectrum = scipy.fft.rfft(windows * _hann(n_fft), axis=-1)
    turned: Spectrum = np.swapaxes(spectrum, -1, -2).astype(np.complex64, copy=False)
    return turned


def istft(spectrum: Spectrum, n_fft: int, *, hop: int, length: int) -> Samples:
    """The signal [..., length] whose `stft` comes nearest to `spectrum` [..., F, N].

    Undoes `stft` to float precision. Source: Griffin and Lim 1984, equation 6.
    """
    _check(n_fft, hop)
    import scipy.fft

    frames = scipy.fft.irfft(np.swapaxes(spectrum, -1, -2), n_fft, axis=-1)
    frames *= _hann(n_fft)
    lead, count = frames.shape[:-2], frames.shape[-2]
    step = -(-n_fft // hop)
    rest = step * hop - n_fft
    window_power = np.pad(_hann(n_fft) ** 2, (0, rest)).reshape(step, hop)
    if rest:
        frames = np.pad(frames, [*[(0, 0)] * (frames.ndim - 1), (0, rest)])
    pieces = frames.reshape(*lead, count, step, hop)
    out = np.zeros((*lead, count + step - 1, hop), np.float32)
    weight = np.zeros((count + step - 1, hop), np.float32)
    # Every frame's piece j lies j hops after its start: each j is added at one stroke.
    for j in range(step):
        out[..., j : j + count, :] += pieces[..., j, :]
        weight[j : j + count] += window_power[j]
    half = n_fft // 2
    kept = slice(half, half + length)
    flat = out.reshape(*lead, -1)[..., kept]
    signal = flat / np.maximum(weight.reshape(-1)[kept], np.float32(1e-8))
    return signal.astype(np.float32, copy=False)


@lru_cache(maxsize=16)
def _hann(n_fft: int) -> Samples:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def _check(n_fft: int, hop: int) -> None:
    if n_fft < 2 or n_fft % 2 or not 1 <= hop <= n_fft // 2:
        raise RangeError(
            f"n_fft {n_fft}, hop {hop}: expected an even n_fft and a hop from 1 to n_fft / 2"
        )
