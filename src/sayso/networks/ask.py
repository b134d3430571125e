"""AskNet: encode a mixture once, ask it for many sounds by words.

`encode` is the heavy part: the stereo spectrogram is split into bands and goes through a
convolutional U-Net over time and bands. `ask` embeds the words, conditions the encoding on them by
FiLM and decodes a complex mask for each channel.

Conventions: a spectrogram is a real tensor `[B, P, T, F]`: real and imaginary part of the left,
then of the right channel (P = 4), or of the only one (P = 2); frames; the n_fft / 2 bins below half
the sample rate. The grid inside is `[B, C, T, K]` (K bands) in channels-last memory order. There
are no normalisation layers: on CPUs with bf16 matrix units they cost more than the convolutions.
Levels are divided out of the input, so the mask does not depend on the mixture's loudness.

Sources: band splitting, Luo and Yu 2022, arXiv:2209.15174; encode once and condition the decoder
only, Watcharasupat and Lerch 2024, arXiv:2406.18747; FiLM, Perez et al. 2017, arXiv:1709.07871.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, model_validator
from torch import Tensor, nn
from torch.nn import functional as F


class AskConfig(BaseModel):
    """Everything that rebuilds an `AskNet`; travels in checkpoints and exported graphs.

    Attributes:
        sample_rate: of the audio, in Hz.
        channels: 2 hears and masks stereo; 1 hears one channel at a time.
        n_fft, hop: of the STFT, in samples.
        bands: groups of (count, bins a band), from 0 Hz upward; together n_fft / 2 bins.
        widths: channels of the U-Net's levels, from full resolution down.
        depths: residual blocks a level on the way down; one fewer (at least one) on the way up.
        dilations: of the blocks in time at the lowest level.
        ask_width, context_width: channels of a question's fine and coarse grid.
        buckets, text_length: of the hashed n-grams.
        text_width: of the embedding of the words.
        mask_bound: largest real or imaginary part of the mask.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: int = 44100
    channels: Literal[1, 2] = 2
    n_fft: int = 4096
    hop: int = 1024
    bands: tuple[tuple[int, int], ...] = ((24, 4), (12, 8), (12, 16), (8, 48), (8, 160))
    widths: tuple[int, ...] = (96, 128, 192, 256)
    depths: tuple[int, ...] = (1, 2, 2)
    dilations: tuple[int, ...] = (1, 2, 4)
    ask_width: int = 64
    context_width: int = 128
    buckets: int = 8192
    text_length: int = 96
    text_width: int = 128
    mask_bound: float = 1.5

    @model_validator(mode="after")
    def _fits(self) -> AskConfig:
        bins = sum(count * width for count, width in self.bands)
        if bins != self.n_fft // 2:
            raise ValueError(f"bands cover {bins} bins, expected n_fft / 2 = {self.n_fft // 2}")
        if len(self.depths) != len(self.widths) - 1:
            raise ValueError(f"{len(self.depths)} depths for {len(self.widths)} widths, one fewer")
        if self.band_count % self.stride:
            raise ValueError(f"{self.band_count} bands are no multiple of {self.stride}")
        if len(self.widths) < 3:
            raise ValueError("at least three levels are needed: the context grid is the third")
        return self

    @property
    def band_count(self) -> int:
        """Bands in the grid."""
        return sum(count for count, _ in self.bands)

    @property
    def stride(self) -> int:
        """The number of frames must be a multiple of this."""
        return int(2 ** (len(self.widths) - 1))


class Features(NamedTuple):
    """An encoded mixture: `fine [B, C, T, K]` and `context [B, C', T/4, K/4]`."""

    fine: Tensor
    context: Tensor


class BandSplit(nn.Module):
    """Spectrogram to grid: a linear map a band over compressed values and magnitudes."""

    def __init__(self, bands: tuple[tuple[int, int], ...], width: int, channels: int) -> None:
        super().__init__()
        self.bands = bands
        planes = 3 if channels == 1 else 8
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(count, planes * bins, width) / math.sqrt(planes * bins))
            for count, bins in bands
        )
        self.bias = nn.Parameter(torch.zeros(sum(count for count, _ in bands), 1, width))

    def forward(self, spec: Tensor) -> Tensor:
        """`[B, P, T, F]` to `[B, C, T, K]`, channels last."""
        x = _compress(spec) if spec.shape[1] == 4 else _compress_one(spec)
        batch, planes, frames, _ = x.shape
        grids, start = [], 0
        for (count, bins), weight in zip(self.bands, self.weights, strict=True):
            part = x[..., start : start + count * bins].reshape(batch, planes, frames, count, bins)
            part = part.permute(3, 0, 2, 1, 4).reshape(count, batch * frames, planes * bins)
            grids.append(torch.bmm(part, weight))
            start += count * bins
        grid = torch.cat(grids) + self.bias.to(grids[0].dtype)
        # Two steps, each a copy of whole rows: one permutation is many times slower in inference.
        rows = grid.transpose(0, 1).reshape(batch, frames * len(self.bias), -1)
        return rows.transpose(1, 2).reshape(batch, -1, frames, len(self.bias))


class BandMask(nn.Module):
    """Grid to complex mask before its bound: a linear map a band."""

    def __init__(self, bands: tuple[tuple[int, int], ...], width: int, channels: int) -> None:
        super().__init__()
        self.bands, self.planes = bands, 2 * channels
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(count, width, self.planes * bins) * 0.45 / math.sqrt(width))
            for count, bins in bands
        )
        # A real mask of about 0.25 in each channel: near the average target.
        real = torch.tensor([0.25, 0.0] * channels)
        self.biases = nn.ParameterList(
            nn.Parameter(real.repeat_interleave(bins).repeat(count, 1, 1)) for count, bins in bands
        )

    def forward(self, grid: Tensor) -> Tensor:
        """`[B, C, T, K]` to `[B, P, T, F]`."""
        batch, width, frames, count = grid.shape
        # In two steps, as in BandSplit.
        rows = grid.flatten(2).transpose(1, 2).reshape(batch * frames, count, width)
        groups = torch.split(rows.transpose(0, 1), [count for count, _ in self.bands])
        parts = []
        for x, weight, bias in zip(groups, self.weights, self.biases, strict=True):
            bins = weight.shape[2] // self.planes
            part = torch.bmm(x, weight) + bias.to(x.dtype)
            part = part.reshape(-1, batch, frames, self.planes, bins).permute(1, 3, 2, 0, 4)
            parts.append(part.reshape(batch, self.planes, frames, -1))
        return torch.cat(parts, 3)


class Block(nn.Module):
    """Two 3x3 convolutions around a residual connection that starts near the identity."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _conv(width, width, dilation)
        self.second = _conv(width, width, 1)
        with torch.no_grad():
            self.second.weight.mul_(0.2)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x [B, C, T, K]`, not negative."""
        return F.relu(x + self.second(F.relu(self.first(x))))


class UNet(nn.Module):
    """Down and up over time and bands with additive skips; gives every level on the way up."""

    def __init__(self, config: AskConfig) -> None:
        super().__init__()
        widths, depths = config.widths, config.depths
        self.down = nn.ModuleList(
            nn.Sequential(*[Block(w) for _ in range(d)])
            for w, d in zip(widths, depths, strict=False)
        )
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in pairwise(widths))
        self.bottom = nn.Sequential(*[Block(widths[-1], d) for d in config.dilations])
        self.grow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.up = nn.ModuleList(
            nn.Sequential(*[Block(w) for _ in range(max(1, d - 1))])
            for w, d in zip(widths, depths, strict=False)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """`[B, C, T, K]` to levels of the way up, full resolution first."""
        skips = []
        for down, shrink in zip(self.down, self.shrink, strict=True):
            x = down(x)
            skips.append(x)
            x = F.relu(shrink(x))
        x = self.bottom(x)
        levels = [x]
        for level in reversed(range(len(skips))):
            x = self.up[level](F.relu(skips[level] + _enlarge(self.grow[level](x), 2)))
            levels.append(x)
        return levels[::-1]


class WordEncoder(nn.Module):
    """Hashed n-grams to one vector: their weighted mean, then two layers."""

    def __init__(self, buckets: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(buckets, width + 1, padding_idx=0)
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width), nn.ReLU()
        )
        with torch.no_grad():
            self.table.weight[:, -1] = 0.0  # equal weights at first

    def forward(self, ids: Tensor) -> Tensor:
        """`[B, L]` bucket numbers, 0 = padding, to `[B, E]`."""
        rows = self.table(ids).float()
        weight = torch.exp(rows[..., -1:].clamp(-8, 8)) * (ids > 0).unsqueeze(-1)
        mean = (rows[..., :-1] * weight).sum(1) / (weight.sum(1) + 1e-4)
        # The mean of about 20 independent rows shrinks by sqrt(20).
        return self.layers(4.0 * mean)  # type: ignore[no-any-return]


class Film(nn.Module):
    """Feature-wise scale and shift from the words' vector."""

    def __init__(self, text_width: int, width: int) -> None:
        super().__init__()
        self.map = nn.Linear(text_width, 2 * width)

    def scale_and_shift(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Both `[N, C, 1, 1]`, from `words [N, E]`."""
        scale, shift = self.map(words)[:, :, None, None].chunk(2, 1)
        return 1 + scale, shift

    def forward(self, x: Tensor, words: Tensor) -> Tensor:
        """`x [B, C, T, K]` scaled and shifted for each of Q questions: `[B * Q, C, T, K]`."""
        scale, shift = self.scale_and_shift(words)
        return _scale_each(x, scale) + shift.to(x.dtype)


class AskNet(nn.Module):
    """Encode once, ask many: `ask(encode(spec), ids)` is a complex mask for `spec`."""

    def __init__(self, config: AskConfig) -> None:
        super().__init__()
        self.config = config
        fine, context, text = config.ask_width, config.context_width, config.text_width
        self.split = BandSplit(config.bands, config.widths[0], config.channels)
        self.unet = UNet(config)
        self.to_fine = nn.Conv2d(config.widths[0], fine, 1)
        self.to_context = nn.Conv2d(config.widths[2], context, 1)
        self.words = WordEncoder(config.buckets, text)
        self.films = nn.ModuleList(Film(text, w) for w in (context, context, fine))
        self.coarse = nn.ModuleList(_conv(context, context, 1) for _ in range(2))
        self.join = nn.Conv2d(context, fine, 1)
        self.head = _conv(fine, fine, 1)
        self.mask = BandMask(config.bands, fine, config.channels)

    def encode(self, spec: Tensor) -> Features:
        """The heavy part: a mixture `[B, P, T, F]` of any level, T a multiple of the stride."""
        levels = self.unet(F.relu(self.split(_level(spec))))
        return Features(self.to_fine(levels[0]), self.to_context(levels[2]))

    def ask(self, features: Features, ids: Tensor) -> Tensor:
        """Masks `[B * Q, P, T, F]` of what the n-grams `ids [B * Q, L]` name, Q a mixture.

        Complex, one a channel, parts within the configured bound; multiply with the mixture.
        """
        return bounded(self.ask_unbounded(features, ids), self.config.mask_bound)

    def ask_unbounded(self, features: Features, ids: Tensor) -> Tensor:
        """Like `ask`, before `bounded`: what a loss takes that does the rest in one pass."""
        words = self.words(ids)
        x = F.relu(self.films[0](features.context, words))
        x = F.relu(self.coarse[0](x))
        x = F.relu(self.films[1](self.coarse[1](x), words))
        last: Film = self.films[2]  # type: ignore[assignment]
        scale, shift = last.scale_and_shift(words)
        # The shift is added before enlarging: a sixteenth of the work.
        x = F.relu(_scale_each(features.fine, scale) + _enlarge(self.join(x) + shift, 4))
        return self.mask(x + F.relu(self.head(x)))  # type: ignore[no-any-return]

    def forward(self, spec: Tensor, ids: Tensor) -> Tensor:
        """Masks `[B, Q, P, T, F]` of Q questions `ids [B, Q, L]` to each mixture `[B, P, T, F]`."""
        masks = self.ask(self.encode(spec), ids.flatten(0, 1))
        return masks.reshape(len(spec), -1, *masks.shape[1:])


def bounded(mask: Tensor, bound: float) -> Tensor:
    """`mask` squeezed smoothly into -bound..bound; by a root, which costs less than a tanh."""
    # Products and one division: exported as powers and reciprocals they take twice as long.
    return mask / torch.sqrt(1 + mask * mask * (1 / bound**2))


def _scale_each(x: Tensor, scale: Tensor) -> Tensor:
    """`x [B, C, T, K]` times `scale [B * Q, C, 1, 1]`, Q questions a mixture."""
    return (x.unsqueeze(1) * scale.to(x.dtype).reshape(len(x), -1, *scale.shape[1:])).flatten(0, 1)


def _conv(width: int, out: int, dilation: int) -> nn.Conv2d:
    conv = nn.Conv2d(width, out, 3, padding=(dilation, 1), dilation=(dilation, 1))
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _enlarge(x: Tensor, times: int) -> Tensor:
    return F.interpolate(x, scale_factor=float(times), mode="nearest")


def _level(spec: Tensor) -> Tensor:
    """`spec` divided by its level: the root of the frames' mean power, weighted by that power.

    So silence before, after or between sounds does not change what the network sees of them.
    """
    power = spec.square().mean(dim=(1, 3), keepdim=True)
    weighted = power.square().sum(2, keepdim=True) / power.sum(2, keepdim=True).clamp(min=1e-12)
    return spec * torch.rsqrt(weighted.clamp(min=1e-12))


def _compress(spec: Tensor) -> Tensor:
    """`[B, 4, T, F]` to `[B, 8, T, F]`: compressed values and magnitudes L, R, mid, side.

    Both channels are scaled by one factor, their common amplitude to the power -3/4 (by square
    roots, which are cheap), so that their ratio (the panning) is kept.
    """
    # Floors by clamping: the ONNX exporter drops the addition of what it takes for zero.
    left_re, left_im, right_re, right_im = spec.unbind(1)
    left = left_re.square() + left_im.square()
    right = right_re.square() + right_im.square()
    both = left_re * right_re + left_im * right_im
    half = 0.5 * (left + right)
    quarter = torch.sqrt(torch.sqrt(half.clamp(min=1e-8)))
    scale = 1 / (quarter * torch.sqrt(quarter))
    # |mid|^2 and |side|^2 with mid = (L + R) / sqrt(2).
    powers = torch.stack((left, right, half + both, half - both), 1)
    magnitudes = torch.sqrt(powers.clamp(min=1e-9))
    return torch.cat((spec, magnitudes), 1) * scale.unsqueeze(1)


def _compress_one(spec: Tensor) -> Tensor:
    """`[B, 2, T, F]` of one channel to `[B, 3, T, F]`: compressed values and magnitude."""
    re, im = spec.unbind(1)
    power = (re.square() + im.square()).clamp(min=1e-8)
    quarter = torch.sqrt(torch.sqrt(power))
    scale = 1 / (quarter * torch.sqrt(quarter))
    return torch.cat((spec, torch.sqrt(power).unsqueeze(1)), 1) * scale.unsqueeze(1)
