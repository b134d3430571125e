"""The U-Net of Stoller, Ewert and Dixon (2018): magnitudes in, masks or magnitudes out.

Conventions: magnitudes are linear, `[B, F, T]` with F = n_fft / 2 + 1 bins; masks are
`[B, S, F, T]` in 0..1 and multiply the mixture's magnitudes. Every convolution is *valid*: nothing
inside the network invents a border, so what it says of a frame does not depend on where a chunk was
cut. The price is that the input must be longer than the output by a context on each side;
`sayso.networks.unet_shapes` computes it.

Source: arXiv:1711.00048, section 3. The released code lets the last layer write the sources'
magnitudes, on the scale of `log1p` and above zero: that is `output: linear`. Masks, the default,
can never add sound that the mixture does not have.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from sayso.errors import ShapeError
from sayso.networks.unet_shapes import UNetConfig, unet_shapes


class UNet(nn.Module):
    """Mixture magnitudes -> a mask or magnitudes a source, for the middle of what it was shown.

    Args:
        config: sizes and sources.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.width * 2**level for level in range(config.levels + 1)]
        self.first = nn.Conv2d(1, widths[0], 3)
        self.down = nn.ModuleList(
            nn.Conv2d(narrow, wide, 3) for narrow, wide in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(wide, narrow, 2, stride=2)
            for narrow, wide in itertools.pairwise(widths)
        )
        self.merge = nn.ModuleList(nn.Conv2d(2 * width, width, 3) for width in widths[:-1])
        # One more input map: the paper shows the mixture itself to the last layer.
        self.heads = nn.ModuleList(nn.Conv2d(widths[0] + 1, 1, 1) for _ in config.sources)
        for conv in self.modules():
            if isinstance(conv, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_uniform_(conv.weight)
                assert conv.bias is not None
                nn.init.zeros_(conv.bias)
        if config.output == "linear":
            # A head whose outputs all begin below zero would never learn: begin at the mixture.
            for head in self.heads:
                assert isinstance(head, nn.Conv2d)
                nn.init.constant_(head.weight[:, -1], 0.5)

    def forward(self, magnitude: Tensor) -> Tensor:
        """Masks or magnitudes, as configured, for the middle frames of `magnitude`.

        Args:
            magnitude: linear magnitudes `[B, F, T]`, T one of the input lengths of `unet_shapes`,
                context included.
        Returns: masks in 0..1, or linear magnitudes >= 0, `[B, S, F, T - 2 * context]`.
        Raises: ShapeError when F or T do not fit.
        """
        if not torch.compiler.is_compiling():
            self._check(magnitude.shape)
        (rows_in, _), (rows_out, _) = unet_shapes(self.config.bins, 1, levels=self.config.levels)
        below = (rows_in - rows_out) // 2
        above = rows_in - below - self.config.bins
        x = torch.log1p(magnitude)[:, None]
        # Silence below 0 Hz and above Nyquist, as the paper pads the frequency axis.
        x = functional.pad(x, (0, 0, below, above))
        seen = x
        skips = []
        x = functional.relu(self.first(x))
        for conv in self.down:
            skips.append(x)
            x = functional.relu(conv(functional.max_pool2d(x, 2)))
        for up, merge, skip in zip(
            reversed(self.up), reversed(self.merge), reversed(skips), strict=True
        ):
            x = functional.relu(up(x))
            x = functional.relu(merge(torch.cat([_centre(skip, x), x], dim=1)))
        x = torch.cat([_centre(seen, x), x], dim=1)
        out = torch.cat([head(x) for head in self.heads], dim=1)[:, :, : self.config.bins]
        if self.config.output == "linear":
            return torch.expm1(functional.relu(out))
        return torch.sigmoid(out)

    def _check(self, shape: torch.Size) -> None:
        """Refuse magnitudes which the valid convolutions cannot take."""
        config = self.config
        smallest = unet_shapes(config.bins, 1, levels=config.levels).input[1]
        step = 2 ** (config.levels + 1)
        extra = shape[-1] - smallest
        if len(shape) != 3 or shape[1] != config.bins or extra < 0 or extra % step:
            raise ShapeError(
                f"magnitudes of shape {tuple(shape)}; expected [B, {config.bins}, T] with T = "
                f"{smallest} + a multiple of {step} frames: see `unet_shapes`"
            )


def _centre(wide: Tensor, narrow: Tensor) -> Tensor:
    """The middle of `wide`, as large as `narrow` over the last two axes."""
    rows, columns = narrow.shape[-2:]
    top = (wide.shape[-2] - rows) // 2
    left = (wide.shape[-1] - columns) // 2
    return wide[..., top : top + rows, left : left + columns]
