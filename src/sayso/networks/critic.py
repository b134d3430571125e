"""The critic of the semi-supervised method: it judges how real a spectrogram patch looks.

One critic a source sees `log1p` magnitude patches `[B, F, T]`, taken from recordings of the source
alone or from the separator's estimates, and answers one unbounded number each; the difference of
the two means estimates the Wasserstein distance. No normalisation layers: the gradient penalty is
taken for each example alone, and normalising over a batch would tie them together.

Source: arXiv:1711.00048, after DCGAN (arXiv:1511.06434) and WGAN-GP (arXiv:1704.00028).
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from sayso.configuration import Frozen
from sayso.errors import ShapeError

_SMALLEST = 4  # cells an axis is halved down to


class CriticConfig(Frozen):
    """Sizes of a `Critic`; the defaults are the paper's patch of 256 bins by 64 frames."""

    bins: int = Field(default=256, ge=2, le=8192)
    frames: int = Field(default=64, ge=2, le=4096)
    width: int = Field(default=32, ge=1, le=512, description="feature maps of the first layer")
    hidden: int = Field(default=32, ge=1, le=4096, description="units before the answer")


class Critic(nn.Module):
    """Patches -> one number each, higher for what looks like a real recording of the source."""

    def __init__(self, config: CriticConfig) -> None:
        super().__init__()
        self.config = config
        rows, columns = _halve(config.bins), _halve(config.frames)
        width = config.width
        layers: list[nn.Module] = [nn.Conv2d(1, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        while rows > _SMALLEST and columns > _SMALLEST:
            layers += [nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            width, rows, columns = 2 * width, _halve(rows), _halve(columns)
        # Patches are taller than wide: the rest of the height goes without losing time.
        while rows > _SMALLEST:
            layers += [
                nn.Conv2d(width, width, (4, 3), stride=(2, 1), padding=1),
                nn.LeakyReLU(0.2),
            ]
            rows = _halve(rows)
        self.features = nn.Sequential(*layers)
        self.answer = nn.Sequential(
            nn.Flatten(),
            nn.Linear(width * rows * columns, config.hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(config.hidden, 1, bias=False),
        )

    def forward(self, patch: Tensor) -> Tensor:
        """One number a patch.

        Args:
            patch: `log1p` magnitudes `[B, F, T]` of exactly the configured size.
        Returns: `[B]`.
        Raises: ShapeError.
        """
        wanted = (self.config.bins, self.config.frames)
        if patch.ndim != 3 or patch.shape[1:] != wanted:
            raise ShapeError(
                f"a patch of shape {tuple(patch.shape)}; this critic judges "
                f"[B, {wanted[0]}, {wanted[1]}]"
            )
        answer: Tensor = self.answer(self.features(patch[:, None]))
        return answer[:, 0]


def _halve(cells: int) -> int:
    """Length after a convolution of 4 with stride 2 and a border of 1."""
    return cells // 2


def gradient_penalty(
    critic: nn.Module, real: Tensor, fake: Tensor, *, generator: torch.Generator | None = None
) -> Tensor:
    """One-sided penalty on the critic's slope between real and fake: mean(max(0, |g| - 1)^2).

    Args:
        critic: the critic under training, `[B, F, T]` patches to `[B]`.
        real: `[B, F, T]` patches of recordings.
        fake: `[B, F, T]` patches of estimates, detached.
        generator: source of the random points between them.
    Returns: a scalar >= 0, differentiable with respect to the critic.
    Source: Gulrajani et al. 2017, section 4; one-sided as in the released code of arXiv:1711.00048.
    """
    share = torch.rand(real.shape[0], 1, 1, generator=generator, device="cpu").to(real)
    between = (real + share * (fake - real)).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norm = slope.flatten(1).norm(dim=1)
    return torch.clamp(norm - 1.0, min=0.0).square().mean()
