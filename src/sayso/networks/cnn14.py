"""Cnn14 of PANNs: a recording in, the probability of each of 527 kinds of sound out.

Twelve convolutions over a log-mel spectrogram, in pairs, each pair followed by averaging. Attribute
names are those of the published checkpoint's keys. Source: Kong et al. 2020, arXiv:1912.10211; the
mel scale is Slaney's (linear below 1 kHz), its triangles of equal area, as librosa's.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sayso.configuration import Frozen

UNUSED_KEYS = ("spectrogram_extractor.", "logmel_extractor.")
"""Constants that the checkpoint stores among the weights."""


class Cnn14Config(Frozen):
    """Sizes; the defaults are the published ones.

    Fields:
        sample_rate: in Hz.
        n_fft: window of the transform.
        hop: samples between its frames.
        mels: bands.
        low_hz: lower edge of the first band.
        high_hz: upper edge of the last band.
        widths: channels of the six pairs of convolutions.
        classes: kinds of sound.
    """

    sample_rate: int = 32_000
    n_fft: int = 1024
    hop: int = 320
    mels: int = 64
    low_hz: float = 50
    high_hz: float = 14_000
    widths: tuple[int, int, int, int, int, int] = (64, 128, 256, 512, 1024, 2048)
    classes: int = 527

    @property
    def shortest(self) -> int:
        """The least number of samples: five halvings of time must leave a frame."""
        return 32 * self.hop


class Cnn14(nn.Module):
    """Waveforms [B, T] -> probabilities [B, K].

    Args:
        config: sizes.
    """

    def __init__(self, config: Cnn14Config | None = None) -> None:
        super().__init__()
        self.config = config = config or Cnn14Config()
        self.bn0 = nn.BatchNorm2d(config.mels)
        for number, (narrow, wide) in enumerate(itertools.pairwise((1, *config.widths)), start=1):
            self.add_module(f"conv_block{number}", _Pair(narrow, wide))
        self.fc1 = nn.Linear(config.widths[-1], config.widths[-1])
        self.fc_audioset = nn.Linear(config.widths[-1], config.classes)
        self.register_buffer("_mel", mel_bands(config), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Probabilities [B, K] for `waveform` [B, T], T at least `config.shortest`."""
        config = self.config
        window = torch.hann_window(config.n_fft, device=waveform.device)
        spectrum = torch.stft(
            waveform,
            config.n_fft,
            config.hop,
            window=window,
            pad_mode="reflect",
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        mel = torch.einsum("bfn,fm->bnm", power, self.get_buffer("_mel"))
        x = 10 * mel.clamp_min(1e-10).log10()
        x = self.bn0(x.transpose(1, 2)[..., None]).permute(0, 3, 2, 1)  # [B, 1, N, M]
        for number in range(1, 7):
            x = self.get_submodule(f"conv_block{number}")(x)
            if number < 6:
                x = functional.avg_pool2d(x, 2)
        x = x.mean(dim=3)
        x = x.amax(dim=2) + x.mean(dim=2)
        probabilities: Tensor = torch.sigmoid(self.fc_audioset(functional.relu(self.fc1(x))))
        return probabilities


class _Pair(nn.Module):
    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(narrow, wide, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(wide), nn.BatchNorm2d(wide)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(x)))


def mel_bands(config: Cnn14Config) -> Tensor:
    """The weight of each bin in each mel band, [F, M]; a band's weights have an area of one."""
    bins = np.linspace(0, config.sample_rate / 2, config.n_fft // 2 + 1)
    mels = np.linspace(_to_mel(config.low_hz), _to_mel(config.high_hz), config.mels + 2)
    edges = _to_hz(mels)
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.clip(np.minimum(rising, falling), 0, None)
    return torch.from_numpy(triangles * 2 / (edges[2:] - edges[:-2])).float()


_KNEE_HZ, _KNEE_MEL, _STEP = 1000.0, 15.0, float(np.log(6.4)) / 27


def _to_mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz * _KNEE_MEL / _KNEE_HZ
    return _KNEE_MEL + float(np.log(hz / _KNEE_HZ)) / _STEP


def _to_hz(mel: np.ndarray) -> np.ndarray:
    above = _KNEE_HZ * np.exp(_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _KNEE_HZ / _KNEE_MEL, above)
