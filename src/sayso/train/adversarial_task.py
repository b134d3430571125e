"""Semi-supervised adversarial training of the U-Net, the published method.

Besides paired songs there are mixtures without stems and recordings of single sources, of other
songs. The separator is trained on

    MSE(paired) - alpha * sum_s mean(critic_s(estimate_s))
                + beta * mean((sum_s estimate_s - mix)^2)

where estimates in the last two terms are of the unpaired mixtures, and one critic a source is
trained, `critic_steps` times for each step of the separator, to tell estimates from recordings:

    mean(critic_s(estimate_s)) - mean(critic_s(recording_s)) + weight * gradient penalty

A step of the loop is one of either kind, so a cycle has `critic_steps + 1` steps.

Source: Stoller, Ewert and Dixon 2018, arXiv:1711.00048, equations 3 to 8; defaults are those of its
released configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Adam

from sayso.errors import DataError
from sayso.networks.critic import Critic, CriticConfig, gradient_penalty
from sayso.train import unet_task
from sayso.train.config import Frozen
from sayso.train.data.datasets.patches import (
    PairedBatch,
    PairedStream,
    UnpairedBatch,
    UnpairedStream,
)
from sayso.train.data.datasets.selection import Selected
from sayso.train.unet_task import UNetTask, middle, supervised_loss


class LossConfig(Frozen):
    """Weights of the unsupervised terms.

    Attributes:
        alpha: of the critics' opinion of the separator's estimates.
        beta: of the penalty on estimates that do not add up to the mix.
        gradient_penalty: on a critic's slope above one.
    """

    alpha: float = Field(default=1e-3, ge=0)
    beta: float = Field(default=1e-3, ge=0)
    gradient_penalty: float = Field(default=10.0, ge=0)


class Config(unet_task.Config):
    """What an adversarially trained U-Net is trained on and how.

    Attributes:
        loss: weights of its terms.
        critic_steps: updates of the critics before each of the separator.
        critic_width: feature maps of a critic's first layer.
        critic_rate: learning rate of the critics' Adam.
    """

    loss: LossConfig = LossConfig()
    critic_steps: int = Field(default=5, ge=1, le=1000)
    critic_width: int = Field(default=32, ge=1, le=512)
    critic_rate: float = Field(default=5e-5, gt=0, le=1)


class _Batch(NamedTuple):
    unpaired: UnpairedBatch
    paired: PairedBatch | None  # only where the separator learns


class AdversarialTask(UNetTask):
    """The semi-supervised task; see `sayso.train.loop.Task`.

    Args:
        config: of the run.
        selected: its songs, read and checked.
    Raises: DataError when there are no unsupervised songs.
    """

    def __init__(self, config: Config, selected: Selected) -> None:
        super().__init__(config, selected)
        if not selected.partition.unsupervised:
            raise DataError(
                "adversarial training needs unsupervised songs; name some, or train kind: unet"
            )
        self._settings = config
        sizes = CriticConfig(
            bins=config.network.bins - 1, frames=config.network.frames, width=config.critic_width
        )
        critics = {f"critic_{name}": Critic(sizes) for name in config.network.sources}
        self.modules |= critics
        parameters = [p for critic in critics.values() for p in critic.parameters()]
        # Each critic's loss reaches its own weights alone, so one optimiser is as good as two.
        self.optimisers["critics"] = Adam(parameters, lr=config.critic_rate)

    def batches(self, start: int, *, rank: int, world: int) -> Iterator[Any]:
        """Unpaired batches every step, with a paired one where the separator learns."""
        partition, seed = self.selected.partition, self.config.seed
        paired = PairedStream(self.excerpts, partition.supervised, seed=(seed, rank))
        unpaired = UnpairedStream(self.excerpts, partition.unsupervised, seed=(seed, rank))
        cycle = self._settings.critic_steps + 1
        try:
            step = start
            while True:
                learns = self._separator_learns(step)
                yield _Batch(unpaired.batch(step), paired.batch(step // cycle) if learns else None)
                step += 1
        finally:
            paired.close()
            unpaired.close()

    def training_step(self, batch: Any, step: int) -> tuple[str, Mapping[str, Tensor]]:
        """One update, of the critics or of the separator."""
        mix, recordings = self.tensors(batch.unpaired)
        if not self._separator_learns(step):
            return "critics", self._critic_losses(mix, recordings)
        paired_mix, sources = self.tensors(batch.paired)
        supervised = supervised_loss(self.estimate(paired_mix), sources)
        estimate = self.estimate(mix)
        opinion = -sum_over_sources(self._critics(), self._patches(estimate))
        excess = estimate.sum(dim=1) - middle(mix, estimate.shape[-1])
        additive = excess.square().mean()
        weights = self._settings.loss
        return "separator", {
            "loss": supervised + weights.alpha * opinion + weights.beta * additive,
            "supervised": supervised,
            "opinion": opinion,
            "additive": additive,
        }

    def _separator_learns(self, step: int) -> bool:
        return step % (self._settings.critic_steps + 1) == self._settings.critic_steps

    def _critic_losses(self, mix: Tensor, recordings: Tensor) -> Mapping[str, Tensor]:
        with torch.no_grad():
            fakes = self._patches(self.estimate(mix))
        reals = self._patches(recordings)
        names = self.config.network.sources
        gaps, penalties = {}, {}
        for s, (name, critic) in enumerate(zip(names, self._critics(), strict=True)):
            gaps[f"gap_{name}"] = critic(reals[:, s]).mean() - critic(fakes[:, s]).mean()
            penalties[f"penalty_{name}"] = gradient_penalty(critic, reals[:, s], fakes[:, s])
        gap = torch.stack(list(gaps.values())).sum()
        penalty = torch.stack(list(penalties.values())).sum()
        return {
            "loss": self._settings.loss.gradient_penalty * penalty - gap,
            "gap": gap,
            "penalty": penalty,
            **gaps,
            **penalties,
        }

    def _critics(self) -> list[nn.Module]:
        return [self.modules[f"critic_{name}"] for name in self.config.network.sources]

    def _patches(self, magnitudes: Tensor) -> Tensor:
        """What the critics see: `log1p`, without the highest bin and odd frames at the edges."""
        kept = middle(magnitudes, self.config.network.frames)
        return torch.log1p(kept[:, :, : self.config.network.bins - 1])


def build(config: Config) -> AdversarialTask:
    """The task of a configuration, its songs read and checked. Raises: DataError."""
    return AdversarialTask(config, config.songs.select(config.network.sources))


def sum_over_sources(critics: list[nn.Module], patches: Tensor) -> Tensor:
    """Sum over sources of each critic's mean answer to its own source's patches `[B, S, F, T]`."""
    answers = [critic(patches[:, s]).mean() for s, critic in enumerate(critics)]
    return torch.stack(answers).sum()
