"""ResUNet30, AudioSep's network: a mono mixture and the embedding of words in, that sound out.

A residual U-Net over the magnitudes of a spectrogram predicts, for each bin, a magnitude mask and a
rotation of the phase. Words reach every convolution as an offset of its normalised input (a FiLM
without the scale). Attribute names are those of the published checkpoint's keys, so a state loads
as it is once the prefix `ss_model.` is taken off. Source: Liu et al. 2023, arXiv:2308.05037; Kong
et al. 2021, arXiv:2109.05418.

Two things differ from the released code without changing what comes out: the transform is torch's
own instead of convolutions with sines, and a normalisation with its offset is one multiplication
and one addition. The network is for inference: it always normalises by the stored statistics.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from sayso.configuration import Frozen

_SLOPE = 0.01
_LEAST_POWER = 1e-10
_MASKS = 3
POOLED_FRAMES = 32
"""Frames that are one at the coarsest level."""

UNUSED_KEYS = (
    "base.stft.",
    "base.istft.",
    *(f"base.decoder_block{n}.bn2." for n in range(1, 7)),
    *(f"film.decoder_block{n}->beta2." for n in range(1, 7)),
)
"""Beginnings of keys of the published checkpoint that play no part in its answer."""


class ResUNet30Config(Frozen):
    """Sizes.

    Fields:
        sample_rate: in Hz.
        n_fft: window of the transform.
        hop: samples between its frames.
        width: channels of the first level.
        widths: channels of the six encoders.
        condition: size of the embedding.
    """

    sample_rate: int = 32_000
    n_fft: int = 2048
    hop: int = 320
    width: int = 32
    widths: tuple[int, int, int, int, int, int] = (32, 64, 128, 256, 384, 384)
    condition: int = 512


Offsets = dict[str, Tensor]
"""What the words add where: `BLOCK->...->beta1` -> [B, C, 1, 1]."""


class ResUNet30(nn.Module):
    """Mixture [B, T] and condition [B, D] -> the sound that was asked for, [B, T].

    Args:
        config: sizes.
    """

    def __init__(self, config: ResUNet30Config | None = None) -> None:
        super().__init__()
        self.config = config or ResUNet30Config()
        self.base = _Base(self.config)
        self.film = nn.ModuleDict()
        for name, features in _places(self.base):
            self.film[name] = nn.Linear(self.config.condition, features)

    def offsets(self, condition: Tensor) -> Offsets:
        """What `condition` [B, D] adds to each normalised input; the same for every chunk."""
        return {name: layer(condition)[:, :, None, None] for name, layer in self.film.items()}

    def forward(self, mixture: Tensor, offsets: Offsets) -> Tensor:
        """The sound in `mixture` [B, T], T more than half a window, that `offsets` describe."""
        config = self.config
        window = torch.hann_window(config.n_fft, device=mixture.device)
        spectrum = torch.stft(
            mixture,
            config.n_fft,
            config.hop,
            window=window,
            pad_mode="reflect",
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        magnitude = power.clamp_min(_LEAST_POWER).sqrt()
        masks = self.base(magnitude, offsets).float()
        turn = torch.complex(torch.tanh(masks[:, 1]), torch.tanh(masks[:, 2]))
        turn = turn / turn.abs().clamp_min(_LEAST_POWER**0.5)
        masked = spectrum * (torch.sigmoid(masks[:, 0]) * turn)
        return torch.istft(
            masked, config.n_fft, config.hop, window=window, length=mixture.shape[-1]
        )


class _Base(nn.Module):
    """Magnitudes [B, F, N] -> what the masks are made of, [B, 3, F, N]."""

    def __init__(self, config: ResUNet30Config) -> None:
        super().__init__()
        widths = config.widths
        self.bn0 = nn.BatchNorm2d(config.n_fft // 2 + 1)
        self.pre_conv = nn.Conv2d(1, config.width, 1)
        self.after_conv = nn.Conv2d(config.width, _MASKS, 1)
        pairs = list(itertools.pairwise((config.width, *widths)))
        for number, (narrow, wide) in enumerate(pairs, start=1):
            down = (1, 2) if number == 6 else (2, 2)
            self.add_module(f"encoder_block{number}", _Encoder(narrow, wide, down))
        self.conv_block7a = _Encoder(widths[-1], widths[-1], (1, 1))
        coming = widths[-1]
        for number, wide in enumerate(reversed(widths), start=1):
            up = (1, 2) if number == 1 else (2, 2)
            self.add_module(f"decoder_block{number}", _Decoder(coming, wide, up))
            coming = wide

    def forward(self, magnitude: Tensor, offsets: Offsets) -> Tensor:
        x = self.bn0(magnitude[..., None]).permute(0, 3, 2, 1)  # [B, 1, N, F]
        frames = x.shape[2]
        # Five halvings of time; the topmost bin is dropped to leave a power of two.
        x = functional.pad(x[..., :-1], (0, 0, 0, -frames % POOLED_FRAMES))
        x = self.pre_conv(x.to(memory_format=torch.channels_last))
        skips = []
        for number in range(1, 7):
            name = f"encoder_block{number}"
            x, skip = self.get_submodule(name)(x, _under(offsets, name))
            skips.append(skip)
        x, _ = self.conv_block7a(x, _under(offsets, "conv_block7a"))
        for number in range(1, 7):
            name = f"decoder_block{number}"
            x = self.get_submodule(name)(x, skips.pop(), _under(offsets, name))
        x = functional.pad(self.after_conv(x)[:, :, :frames], (0, 1))
        return x.transpose(2, 3)


class _Encoder(nn.Module):
    def __init__(self, narrow: int, wide: int, down: tuple[int, int]) -> None:
        super().__init__()
        self.down = down
        self.conv_block1 = _Residual(narrow, wide)

    def forward(self, x: Tensor, offsets: Offsets) -> tuple[Tensor, Tensor]:
        skip = self.conv_block1(x, _under(offsets, "conv_block1"))
        if self.down == (1, 1):
            return skip, skip
        return functional.avg_pool2d(skip, self.down), skip


class _Decoder(nn.Module):
    def __init__(self, coming: int, wide: int, up: tuple[int, int]) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(coming)
        self.conv1 = nn.ConvTranspose2d(coming, wide, up, stride=up, bias=False)
        self.conv_block2 = _Residual(2 * wide, wide)

    def forward(self, x: Tensor, skip: Tensor, offsets: Offsets) -> Tensor:
        x = self.conv1(_normalise(x, self.bn1, offsets["beta1"]))
        out: Tensor = self.conv_block2(torch.cat((x, skip), dim=1), _under(offsets, "conv_block2"))
        return out


class _Residual(nn.Module):
    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(narrow), nn.BatchNorm2d(wide)
        self.conv1 = nn.Conv2d(narrow, wide, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        if narrow != wide:
            self.shortcut = nn.Conv2d(narrow, wide, 1)

    def forward(self, x: Tensor, offsets: Offsets) -> Tensor:
        y = self.conv1(_normalise(x, self.bn1, offsets["beta1"]))
        y = self.conv2(_normalise(y, self.bn2, offsets["beta2"]))
        out: Tensor = y.add_(self.shortcut(x) if hasattr(self, "shortcut") else x)
        return out


def _normalise(x: Tensor, norm: nn.BatchNorm2d, offset: Tensor) -> Tensor:
    """`leaky_relu(norm(x) + offset)` in evaluation, as one multiplication and one addition."""
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    shift = (norm.bias - norm.running_mean * scale)[None, :, None, None] + offset
    y = torch.addcmul(shift.to(x.dtype), x, scale[None, :, None, None].to(x.dtype))
    return functional.leaky_relu_(y, _SLOPE)


def _under(offsets: Offsets, name: str) -> Offsets:
    start = f"{name}->"
    return {key[len(start) :]: value for key, value in offsets.items() if key.startswith(start)}


def _places(base: nn.Module) -> Iterator[tuple[str, int]]:
    """Where words come in: the path of each normalisation that takes an offset, and its size."""
    for path, module in base.named_modules():
        parent, _, name = path.rpartition(".")
        if parent and name in ("bn1", "bn2") and isinstance(module, nn.BatchNorm2d):
            yield f"{parent.replace('.', '->')}->beta{name[-1]}", module.num_features
