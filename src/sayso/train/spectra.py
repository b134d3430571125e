"""Waveforms to the real-valued spectrograms of `networks.ask`, and back, in torch.

The same transform as `sayso.audio.stft` with the bin at half the sample rate left out: periodic
Hann, centred frames.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def spectrogram(waves: Tensor, n_fft: int, *, hop: int) -> Tensor:
    """`[..., C, T]` to `[..., 2 C, N, n_fft / 2]`, N = T / hop + 1; T a multiple of the hop.

    Silent items are not transformed: their spectrograms are zeros at no cost.
    """
    channels, frames = waves.shape[-2:]
    flat = waves.reshape(-1, channels, frames)
    out = flat.new_zeros(len(flat), 2 * channels, frames // hop + 1, n_fft // 2)
    heard = flat.abs().amax((1, 2)) > 0
    if bool(heard.any()):
        window = torch.hann_window(n_fft, device=flat.device)
        sounding = flat[heard]
        complex_ = torch.stft(
            sounding.flatten(0, 1), n_fft, hop, window=window, return_complex=True
        )[:, :-1]
        parts = torch.view_as_real(complex_).permute(0, 3, 2, 1)
        out[heard] = parts.reshape(len(sounding), 2 * channels, *parts.shape[2:])
    return out.reshape(*waves.shape[:-2], *out.shape[1:])


def waveform(spec: Tensor, n_fft: int, *, hop: int, frames: int) -> Tensor:
    """The inverse: `[..., 2 C, N, n_fft / 2]` to `[..., C, frames]`."""
    flat = F.pad(spec, (0, 1)).reshape(-1, 2, spec.shape[-2], spec.shape[-1] + 1)
    window = torch.hann_window(n_fft, device=spec.device)
    complex_ = torch.complex(flat[:, 0], flat[:, 1]).transpose(1, 2)
    waves = torch.istft(complex_, n_fft, hop, window=window, length=frames)
    return waves.reshape(*spec.shape[:-3], spec.shape[-3] // 2, frames)


def apply_mask(mask: Tensor, spec: Tensor) -> Tensor:
    """Complex product of `mask [..., 2 C, T, F]` and `spec`, of shapes that broadcast."""
    m_re, m_im = mask[..., 0::2, :, :], mask[..., 1::2, :, :]
    x_re, x_im = spec[..., 0::2, :, :], spec[..., 1::2, :, :]
    product = torch.stack((m_re * x_re - m_im * x_im, m_re * x_im + m_im * x_re), -3)
    return product.flatten(-4, -3)
