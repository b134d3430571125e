"""A convolutional autoencoder of mel segments: it learns what edited recordings sound like.

Segments are `[B, M, T]`, levels in dB scaled to about -1..1, T a multiple of 16; bands are
channels, so the convolutions run along time alone. What it has never heard it rebuilds badly.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from sayso.configuration import Frozen
from sayso.errors import ShapeError

STRIDE = 16
"""Frames that one step of the latent course stands for."""


class AutoencoderConfig(Frozen):
    """Sizes of an `Autoencoder`."""

    mels: int = Field(default=64, ge=4, le=512)
    width: int = Field(default=48, ge=4, le=1024)
    latent: int = Field(default=8, ge=1, le=512, description="numbers a step of 16 frames")


class Autoencoder(nn.Module):
    """Segments -> a narrow course in time -> segments."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = nn.Sequential(
            nn.Conv1d(config.mels, width, 5, stride=2, padding=2),
            nn.GELU(),
            nn.Conv1d(width, width, 5, stride=2, padding=2),
            nn.GELU(),
            nn.Conv1d(width, width, 5, stride=4, padding=2),
            nn.GELU(),
            nn.Conv1d(width, config.latent, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv1d(config.latent, width, 1),
            nn.GELU(),
            nn.ConvTranspose1d(width, width, 4, stride=4),
            nn.GELU(),
            nn.ConvTranspose1d(width, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.ConvTranspose1d(width, config.mels, 4, stride=2, padding=1),
        )

    def encode(self, segment: Tensor) -> Tensor:
        """The latent course `[B, L, T / 16]` of segments `[B, M, T]`. Raises: ShapeError."""
        if segment.ndim != 3 or segment.shape[1] != self.config.mels or segment.shape[2] % STRIDE:
            raise ShapeError(
                f"segments of shape {tuple(segment.shape)}; expected [B, {self.config.mels}, T], "
                f"T a multiple of {STRIDE}"
            )
        latent: Tensor = self.encoder(segment)
        return latent

    def forward(self, segment: Tensor) -> Tensor:
        """Segments `[B, M, T]` as it would have them. Raises: ShapeError."""
        rebuilt: Tensor = self.decoder(self.encode(segment))
        return rebuilt


def active_error(net: Autoencoder, segment: Tensor, active: Tensor) -> Tensor:
    """The mean square of what is rebuilt wrongly of active sound, for each segment `[B]`.

    Args:
        net: that rebuilds.
        segment: `[B, M, T]`.
        active: 1 where something sounds, else 0, `[B, T]`; somewhere in every segment.
    """
    wrong = torch.mean((net(segment) - segment) ** 2, dim=1)
    return (wrong * active).sum(dim=1) / active.sum(dim=1)
