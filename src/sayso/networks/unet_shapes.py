"""Sizes of the U-Net, known without torch: its configuration and what valid convolutions cost.

Whoever feeds a `UNet`, in torch or through ONNX Runtime, needs to know how much longer its input
must be than its output; that is all this module knows.

Source: arXiv:1711.00048, section 3, and `getUnetPadding` of its released code.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from pydantic import Field

from sayso.configuration import Frozen
from sayso.errors import RangeError


class UNetConfig(Frozen):
    """Everything that rebuilds a `UNet`; it travels in the checkpoint and in the ONNX file.

    The defaults are the paper's: 8192 Hz mono, a 512-point STFT with a hop of 256, four levels.
    """

    sample_rate: int = Field(
        default=8192, ge=1000, le=192_000, description="Hz; audio is resampled to it"
    )
    n_fft: int = Field(default=512, ge=16, le=16_384)
    hop: int = Field(default=256, ge=4, le=8192)
    sources: tuple[str, ...] = Field(
        default=("accompaniment", "vocals"), min_length=2, max_length=16
    )
    levels: int = Field(
        default=4, ge=1, le=8, description="times the time-frequency grid is halved"
    )
    output: Literal["mask", "linear"] = Field(
        default="mask",
        description="masks of the mixture in 0..1, or the sources' magnitudes themselves",
    )
    width: int = Field(default=16, ge=1, le=256, description="feature maps at full resolution")
    frames: int = Field(
        default=64, ge=1, le=4096, description="STFT frames wanted from a training patch"
    )

    @property
    def bins(self) -> int:
        """Frequency bins of the STFT, n_fft / 2 + 1."""
        return self.n_fft // 2 + 1


class UNetShapes(NamedTuple):
    """What goes into the valid convolutions and what is left: (bins, frames) each."""

    input: tuple[int, int]
    output: tuple[int, int]

    @property
    def context_frames(self) -> int:
        """Frames of the input lost on each side."""
        return (self.input[1] - self.output[1]) // 2


def unet_shapes(bins: int, frames: int, *, levels: int) -> UNetShapes:
    """The smallest possible input and output which cover `bins` x `frames` of output.

    An axis of x cells at the coarsest level grows to `2 x - 2` a level on the way to the output and
    to `2 (x + 2)` on the way back to the input, with two more for the first convolution; x is even
    so that the first upsampled map can be cropped symmetrically.

    Args:
        bins: frequency bins wanted, 1 or more.
        frames: STFT frames wanted, 1 or more.
        levels: how often the network halves the grid, 1 or more.
    Raises: RangeError.

    >>> unet_shapes(257, 64, levels=4)
    UNetShapes(input=(350, 158), output=(258, 66))
    """
    if min(bins, frames, levels) < 1:
        raise RangeError(f"bins={bins}, frames={frames}, levels={levels}: each must be at least 1")
    axes = [_axis(wanted, levels) for wanted in (bins, frames)]
    return UNetShapes((axes[0][0], axes[1][0]), (axes[0][1], axes[1][1]))


def _axis(wanted: int, levels: int) -> tuple[int, int]:
    """Input and output length of one axis."""
    # y -> 2 y - 2 applied `levels` times is 2^L y - 2 (2^L - 1).
    scale = 2**levels
    coarsest = max(2, 2 * math.ceil((wanted + 2 * (scale - 1)) / scale / 2))
    before = after = coarsest
    for _ in range(levels):
        after = 2 * after - 2
        before = 2 * (before + 2)
    return before + 2, after
