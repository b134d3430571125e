"""DNS64, a denoiser of speech on the waveform: noisy speech in, speech out.

A U-Net of strided convolutions around an LSTM, on a waveform whose rate is raised fourfold first.
It is causal: what comes out depends on what came in before, and on about 40 ms after. Attribute
names are those of the published checkpoints' keys. Source: Defossez, Synnaeve and Adi 2020,
arXiv:2006.12847; the resampling by two after Smith and Gossett 1984.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn import functional

_ZERO_CROSSINGS = 56


class DNS64Config(BaseModel):
    """Sizes, under the names that the checkpoints carry; the defaults are DNS64's.

    Fields:
        chin: channels in.
        chout: channels out.
        hidden: channels of the first layer.
        depth: layers down, and up again.
        kernel_size: of their convolutions.
        stride: of their convolutions.
        causal: whether the LSTM goes forward alone.
        resample: how many times the rate is raised inside.
        growth: of the channels from layer to layer.
        max_hidden: channels at most.
        normalize: whether loudness is taken out before and put back after.
        glu: gated layers; otherwise rectified ones.
        floor: added to the deviation that is divided by.
        sample_rate: in Hz.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    chin: int = 1
    chout: int = 1
    hidden: int = 64
    depth: int = 5
    kernel_size: int = 8
    stride: int = 4
    causal: bool = True
    resample: Literal[1, 2, 4] = 4
    growth: float = 2
    max_hidden: int = 10_000
    normalize: bool = True
    glu: bool = True
    floor: float = 1e-3
    sample_rate: int = 16_000


class DNS64(nn.Module):
    """Noisy speech [B, C, T] -> speech [B, C, T].

    Args:
        config: sizes.
    """

    def __init__(self, config: DNS64Config | None = None) -> None:
        super().__init__()
        self.config = config = config or DNS64Config()
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        kernel, stride = config.kernel_size, config.stride
        wider = 2 if config.glu else 1
        gate: nn.Module = nn.GLU(1) if config.glu else nn.ReLU()
        above, out, width = config.chin, config.chout, config.hidden
        for level in range(config.depth):
            self.encoder.append(
                nn.Sequential(
                    nn.Conv1d(above, width, kernel, stride),
                    nn.ReLU(),
                    nn.Conv1d(width, width * wider, 1),
                    gate,
                )
            )
            up = [
                nn.Conv1d(width, width * wider, 1),
                gate,
                nn.ConvTranspose1d(width, out, kernel, stride),
            ]
            self.decoder.insert(0, nn.Sequential(*up, *([nn.ReLU()] if level else [])))
            above = out = width
            width = min(int(config.growth * width), config.max_hidden)
        self.lstm = _Recurrent(above, causal=config.causal)

    def forward(self, noisy: Tensor, deviation: Tensor | None = None) -> Tensor:
        """Speech in `noisy` [B, C, T].

        Args:
            noisy: any level.
            deviation: standard deviation [B, 1, 1] of the whole recording that `noisy` is a part
                of, so that parts join at one level; None takes that of `noisy`.
        """
        config = self.config
        length = noisy.shape[-1]
        if deviation is None:
            deviation = noisy.mean(dim=1, keepdim=True).std(dim=-1, keepdim=True)
        if config.normalize:
            noisy = noisy / (config.floor + deviation)
        x = functional.pad(noisy, (0, self._padded(length) - length))
        doublings = int(math.log2(config.resample))
        for _ in range(doublings):
            x = _double(x)
        skips = []
        for encode in self.encoder:
            x = encode(x)
            skips.append(x)
        x = self.lstm(x)
        for decode in self.decoder:
            x = decode(x + skips.pop()[..., : x.shape[-1]])
        for _ in range(doublings):
            x = _halve(x)
        x = x[..., :length]
        return x * deviation if config.normalize else x

    def _padded(self, length: int) -> int:
        """The least length, not below `length`, that convolutions take without a remainder."""
        config = self.config
        inside = math.ceil(length * config.resample)
        for _ in range(config.depth):
            inside = max(1, math.ceil((inside - config.kernel_size) / config.stride) + 1)
        for _ in range(config.depth):
            inside = (inside - 1) * config.stride + config.kernel_size
        return math.ceil(inside / config.resample)


class _Recurrent(nn.Module):
    """Two LSTMs over [B, C, T], forward alone or both ways."""

    def __init__(self, width: int, *, causal: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, num_layers=2, bidirectional=not causal)
        self.linear = None if causal else nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.lstm(x.permute(2, 0, 1))[0]
        if self.linear is not None:
            y = self.linear(y)
        return y.permute(1, 2, 0)


def _half_sample_kernel(like: Tensor) -> Tensor:
    """A windowed sinc [1, 1, 112] that gives the values half-way between samples."""
    at = torch.arange(2 * _ZERO_CROSSINGS, dtype=torch.float64) - _ZERO_CROSSINGS + 0.5
    window = torch.cos(at * (math.pi / (2 * _ZERO_CROSSINGS))).square()
    return (torch.sinc(at) * window)[None, None].to(like)


def _between(x: Tensor) -> Tensor:
    """[B, C, T] -> [B, C, T + 1]: value n lies half a sample before sample n."""
    flat = x.reshape(-1, 1, x.shape[-1])
    out = functional.conv1d(flat, _half_sample_kernel(x), padding=_ZERO_CROSSINGS)
    return out.reshape(*x.shape[:-1], -1)


def _double(x: Tensor) -> Tensor:
    """[B, C, T] at twice the rate, [B, C, 2 T]."""
    return torch.stack((x, _between(x)[..., 1:]), dim=-1).flatten(-2)


def _halve(x: Tensor) -> Tensor:
    """[B, C, T] at half the rate, [B, C, ceil(T / 2)]."""
    x = functional.pad(x, (0, x.shape[-1] % 2))
    return 0.5 * (x[..., ::2] + _between(x[..., 1::2])[..., :-1])
