"""What the separators are trained to make small.

All errors are relative to the mixture's level, so a loss does not depend on loudness and an absent
(silent) target is as well defined as any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def error_weight(spec: Tensor, *, compressed: float = 0.5) -> Tensor:
    """Weights `[B, T, F]` of each bin's error, so that an all-zero estimate costs about 1.

    Two norms are mixed: the plain one, where loud bins rule as they do in an SDR, and one whose
    bins are divided by the square root of the mixture's amplitude, where quiet treble counts too.

    Args:
        spec: mixture `[B, 4, T, F]`.
        compressed: share of the second norm, 0..1.
    """
    amplitude = torch.sqrt(spec.square().sum(1) / 2)
    floor = 1e-4 * amplitude.mean(dim=(1, 2), keepdim=True) + 1e-9
    root = torch.rsqrt(amplitude + floor)
    # 4 / (2 sqrt 2): the mean of |re| + |im| of both channels over the amplitude, phases random.
    plain = 1 / (amplitude.sum(dim=(1, 2), keepdim=True) + floor)
    quiet = root / ((amplitude * root).sum(dim=(1, 2), keepdim=True) + floor.sqrt())
    weight: Tensor = ((1 - compressed) * plain + compressed * quiet) * 0.4
    return weight


def masked_error(mask: Tensor, spec: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted L1 distance `[B, Q]` of masked mixtures from their targets' spectrograms.

    Args:
        mask: complex masks `[B, Q, 4, T, F]`, any floating type.
        spec: mixtures `[B, 4, T, F]`, float32.
        target: spectrograms `[B, Q, 4, T, F]`, float32.
        weight: `[B, T, F]`, see `error_weight`.
    """
    m, x = mask.float(), spec.unsqueeze(1)
    m_re, m_im = m[:, :, 0::2], m[:, :, 1::2]
    x_re, x_im = x[:, :, 0::2], x[:, :, 1::2]
    error_re = m_re * x_re - m_im * x_im - target[:, :, 0::2]
    error_im = m_re * x_im + m_im * x_re - target[:, :, 1::2]
    error = (error_re.abs() + error_im.abs()).sum(2)
    return (error * weight.unsqueeze(1)).sum((2, 3))


def waveform_error(
    estimate: Tensor, target: Tensor, mix: Tensor, *, sizes: Sequence[int] = (512, 2048)
) -> Tensor:
    """L1 distance `[B, Q]` of waveforms and of their magnitudes at several resolutions.

    Args:
        estimate: `[B, Q, 2, T]`.
        target: like `estimate`.
        mix: `[B, 2, T]`; each part is relative to its own.
        sizes: STFT windows in samples, hops of a quarter.

    Source: multi-resolution STFT loss, Yamamoto et al. 2019, arXiv:1910.11480.
    """
    floor = 1e-4
    total = (estimate - target).abs().mean((2, 3)) / (mix.abs().mean((1, 2)) + floor)[:, None]
    for size in sizes:
        window = torch.hann_window(size, device=mix.device)
        made, wanted, whole = (_magnitudes(x, size, window) for x in (estimate, target, mix))
        scale = (whole.mean((1, 2, 3)) + floor)[:, None]
        total = total + (made - wanted).abs().mean((2, 3, 4)) / scale
    return total / (1 + len(sizes))


def _magnitudes(waves: Tensor, size: int, window: Tensor) -> Tensor:
    flat = waves.reshape(-1, waves.shape[-1])
    spec = torch.stft(flat, size, size // 4, window=window, return_complex=True).abs()
    return spec.reshape(*waves.shape[:-1], *spec.shape[1:])
