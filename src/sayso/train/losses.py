"""What the separators are trained to make small.

All errors are relative to the mixture's level, so a loss does not depend on loudness and an absent
(silent) target is as well defined as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sayso.networks.ask import bounded


class Errors(NamedTuple):
    """What each answer is wrong by, all `[B, Q]` and relative to the mixture.

    `absolute` sums magnitudes, `squared` powers; `energy` is the target's own under the same
    weights as `squared`. Silence asked of a whole mixture makes all three about 1.
    """

    absolute: Tensor
    squared: Tensor
    energy: Tensor


def error_weights(spec: Tensor, *, compressed: float = 0.5) -> Tensor:
    """Weights `[B, 2, T, F]` of each bin's absolute and squared error.

    Two norms are mixed: the plain one, where loud bins rule as they do in an SDR, and one whose
    bins are divided by the root of the mixture's amplitude (or power), where quiet treble counts.

    Args:
        spec: mixture `[B, 2 C, T, F]`.
        compressed: share of the second norm, 0..1.
    """
    channels = spec.shape[1] // 2
    power = spec.square().sum(1) / channels
    power = power + 1e-8 * power.mean(dim=(1, 2), keepdim=True) + 1e-12
    amplitude = power.sqrt()
    root = amplitude.sqrt()
    # The mean of |re| + |im| over the amplitude is about 1.25 a channel.
    absolute = _shares(amplitude, 1 / root, compressed) * (0.8 / channels)
    squared = _shares(power, 1 / amplitude, compressed) / channels
    return torch.stack((absolute, squared), 1)


def _shares(size: Tensor, quiet: Tensor, compressed: float) -> Tensor:
    plain = 1 / size.sum(dim=(1, 2), keepdim=True)
    lifted = quiet / (size * quiet).sum(dim=(1, 2), keepdim=True)
    return (1 - compressed) * plain + compressed * lifted


def masked_errors(
    mask: Tensor, spec: Tensor, target: Tensor, weights: Tensor, *, bound: float
) -> Errors:
    """How far masked mixtures are from their targets' spectrograms.

    Args:
        mask: complex masks `[B, Q, 2 C, T, F]` before their bound, any floating type.
        spec: mixtures `[B, 2 C, T, F]`, float32.
        target: spectrograms `[B, Q, 2 C, T, F]`, float32.
        weights: `[B, 2, T, F]`, see `error_weights`.
        bound: of the masks' parts.
    """
    m, x = bounded(mask.float(), bound), spec.unsqueeze(1)
    m_re, m_im = m[:, :, 0::2], m[:, :, 1::2]
    x_re, x_im = x[:, :, 0::2], x[:, :, 1::2]
    error_re = m_re * x_re - m_im * x_im - target[:, :, 0::2]
    error_im = m_re * x_im + m_im * x_re - target[:, :, 1::2]
    absolute, squared = weights.unsqueeze(1).unbind(2)
    return Errors(
        ((error_re.abs() + error_im.abs()).sum(2) * absolute).sum((2, 3)),
        ((error_re.square() + error_im.square()).sum(2) * squared).sum((2, 3)),
        (target.square().sum(2) * squared).sum((2, 3)),
    )


def answer_loss(errors: Errors, *, absent: float, floor: float) -> Tensor:
    """One number for all answers: log distortion of what is there, level of what is not.

    What is there is judged by the log of its squared error against its own energy, so quiet
    targets count like loud ones and silence is never the best guess, as it is under an absolute
    error: most bins of a target are empty, and their median is zero. What is absent is judged by
    its absolute level, whose pull does not fade as it gets quieter.

    Args:
        errors: of `[B, Q]` answers.
        absent: weight of absent targets.
        floor: share of the mixture's energy below which distortion hardly counts.

    Source: thresholded SNR, Wisdom et al. 2020, arXiv:2006.12701.
    """
    there = errors.energy > 1e-9
    distortion = 0.5 * torch.log((errors.squared + floor) / (errors.energy + floor))
    return torch.where(there, distortion, absent * errors.absolute).mean()


def waveform_error(
    estimate: Tensor, target: Tensor, mix: Tensor, *, sizes: Sequence[int] = (512, 2048)
) -> Tensor:
    """L1 distance `[B, Q]` of waveforms and of their magnitudes at several resolutions.

    Args:
        estimate: `[B, Q, C, T]`.
        target: like `estimate`.
        mix: `[B, C, T]`; each part is relative to its own.
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
