"""Supervised training of the U-Net: mean squared error of log magnitudes on paired songs.

Source: Stoller, Ewert and Dixon 2018, arXiv:1711.00048, section 3.2; defaults are those of its
released configuration (Adam at 5e-5, batches of 64 patches, MSE on `log1p` magnitudes summed over
sources, stopping when the validation error rises).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from sayso.audio import Audio
from sayso.networks.unet import UNet
from sayso.networks.unet_shapes import UNetConfig
from sayso.separate.unet import KIND, UNetSeparator
from sayso.train.board import Board
from sayso.train.config import Frozen
from sayso.train.data.datasets.check import describe
from sayso.train.data.datasets.decoded import Decoded, signals_of
from sayso.train.data.datasets.partition import Partition
from sayso.train.data.datasets.patches import Excerpts, PairedBatch, PairedStream, PatchConfig
from sayso.train.data.datasets.selection import Selected, Songs
from sayso.train.data.datasets.spans import read_excerpt

_EXAMPLE_S = 8.0


class Config(Frozen):
    """What a supervised U-Net is trained on and how.

    Attributes:
        songs: which songs train, stop and test the run.
        network: sizes and sources.
        patches: how batches are drawn.
        learning_rate: of Adam.
        seed: of the weights and of what is drawn.
    """

    songs: Songs
    network: UNetConfig = UNetConfig()
    patches: PatchConfig = PatchConfig()
    learning_rate: float = Field(default=5e-5, gt=0, le=1)
    seed: int = Field(default=0, ge=0)


class UNetTask:
    """The supervised task; see `sayso.train.loop.Task`.

    Args:
        config: of the run.
        selected: its songs, read and checked.
    """

    def __init__(self, config: Config, selected: Selected) -> None:
        torch.manual_seed(config.seed)
        self.config, self.selected = config, selected
        self._network = UNet(config.network)
        self.modules: dict[str, nn.Module] = {"separator": self._network}
        adam = Adam(self._network.parameters(), lr=config.learning_rate)
        self.optimisers: dict[str, Optimizer] = {"separator": adam}
        self.excerpts = _excerpts(config, selected.partition)
        self._fixed: list[PairedBatch] | None = None

    @property
    def network(self) -> nn.Module:
        """The separator, whose weights are averaged, validated and exported."""
        return self._network

    @property
    def meta(self) -> Mapping[str, Any]:
        """What rebuilds the network, and which songs were left out."""
        return {
            "kind": KIND,
            "config": self.config.network.model_dump(mode="json"),
            "data": describe(self.selected.skipped),
        }

    def batches(self, start: int, *, rank: int, world: int) -> Iterator[Any]:
        """Paired batches from step `start` on; each rank draws its own."""
        tracks = self.selected.partition.supervised
        stream = PairedStream(self.excerpts, tracks, seed=(self.config.seed, rank))
        try:
            step = start
            while True:
                yield stream.batch(step)
                step += 1
        finally:
            stream.close()

    def training_step(self, batch: Any, step: int) -> tuple[str, Mapping[str, Tensor]]:
        """One supervised update."""
        mix, sources = self.tensors(batch)
        return "separator", {"loss": supervised_loss(self.estimate(mix), sources)}

    def validate(self, board: Board, step: int) -> Mapping[str, float]:
        """The error on fixed excerpts of the validation songs; the score is its negative."""
        if self._fixed is None:
            self._fixed = self.excerpts.fixed(self.selected.partition.validation)
        errors = []
        for batch in self._fixed:
            mix, sources = self.tensors(batch)
            errors.append(float(supervised_loss(self.estimate(mix), sources)))
        self._show(board, step)
        unreadable = float(sum(self.excerpts.unreadable.values()))
        error = float(np.mean(errors))
        return {"score": -error, "mse": error, "unreadable": unreadable}

    def tensors(self, batch: tuple[Any, ...]) -> tuple[Tensor, ...]:
        """A batch's arrays as tensors where the network lives."""
        device = next(self._network.parameters()).device
        return tuple(torch.from_numpy(array).to(device) for array in batch)

    def estimate(self, mix: Tensor) -> Tensor:
        """Magnitudes `[B, S, F, T]` of the sources in `mix` `[B, F, T + 2 context]`."""
        out: Tensor = self.modules["separator"](mix)
        if self.config.network.output == "linear":
            return out
        return out * middle(mix, out.shape[-1])[:, None]

    def separator(self) -> UNetSeparator:
        """The network as it is now, as a `Separator`."""
        return torch_separator(self._network)

    def _show(self, board: Board, step: int) -> None:
        """The beginning of the first validation song, separated, to be listened to."""
        track = self.selected.partition.validation[0]
        rate = self.config.network.sample_rate
        wave = read_excerpt(
            track,
            track.mix,
            start_s=max(0.0, track.duration_s - _EXAMPLE_S) / 2,
            frames=round(_EXAMPLE_S * rate),
            sample_rate=rate,
        )
        mix = Audio(wave[None], rate)
        for name, stem in self.separator().separate(mix, self.config.network.sources).items():
            board.audio(step, name, stem.samples, rate)


def _excerpts(config: Config, partition: Partition) -> Excerpts:
    """Where a run's excerpts come from: its songs, or what is kept of them decoded."""
    network, decoded = config.network, config.patches.decoded
    if decoded is None:
        return Excerpts(network, config.patches)
    tracks = (*partition.supervised, *partition.unsupervised, *partition.validation)
    signals = signals_of(tracks, network.sources)
    songs = Decoded(decoded, signals, sample_rate=network.sample_rate)
    return Excerpts(network, config.patches, read=songs.excerpt)


def build(config: Config) -> UNetTask:
    """The task of a configuration, its songs read and checked. Raises: DataError."""
    return UNetTask(config, config.songs.select(config.network.sources))


def supervised_loss(estimate: Tensor, sources: Tensor) -> Tensor:
    """Mean squared error of `log1p` magnitudes, summed over sources; a scalar >= 0.

    Args:
        estimate: magnitudes `[B, S, F, T]`.
        sources: true magnitudes, same shape.
    """
    error = torch.log1p(estimate) - torch.log1p(sources)
    return error.square().mean(dim=(0, 2, 3)).sum()


def middle(mix: Tensor, frames: int) -> Tensor:
    """The middle `frames` of the last axis: a mix without its context."""
    context = (mix.shape[-1] - frames) // 2
    return mix[..., context : context + frames]


def torch_separator(network: UNet, *, name: str = "unet") -> UNetSeparator:
    """A torch U-Net behind the `Separator` protocol, as it will run once exported."""

    def masks(magnitude: Any) -> Any:
        device = next(network.parameters()).device
        with torch.no_grad():
            return network(torch.from_numpy(magnitude).to(device)).cpu().numpy()

    return UNetSeparator(network.config, masks, name=name)
