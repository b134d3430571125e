"""Teaching `AskNet` to answer questions in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Optimizer

from sayso.errors import DataError
from sayso.networks.ask import AskConfig, AskNet, bounded
from sayso.networks.ngrams import batch_ids
from sayso.train.board import Board
from sayso.train.config import Frozen
from sayso.train.data.store import Floats
from sayso.train.data.stream import AskBatch, Stream, StreamConfig, prefetch
from sayso.train.losses import (
    Errors,
    answer_loss,
    error_weights,
    masked_errors,
    waveform_error,
)
from sayso.train.muon import Muon
from sayso.train.spectra import apply_mask, spectrogram, waveform


class LossConfig(Frozen):
    """What is made small.

    Attributes:
        compressed: share of the loudness-compressed norm in the spectral errors, 0..1.
        absent: weight of targets that are not there.
        floor: share of the mixture's energy below which distortion hardly counts.
        waveform: weight of the waveform and multi-resolution error; it costs inverse transforms.
    """

    compressed: float = Field(default=0.5, ge=0, le=1)
    absent: float = Field(default=0.5, ge=0)
    floor: float = Field(default=1e-3, gt=0)
    waveform: float = Field(default=0.0, ge=0)


class Config(Frozen):
    """An ask run: the network, its data, its loss and its optimiser.

    Attributes:
        start_from: a model file, or the `.onnx` of an exported one, whose weights are taken over
            before the first step.
        compile: compile the loss, which is several times faster on a CPU but needs a C++ compiler.
        workers: processes that make batches; 0 = none.
    """

    network: AskConfig = AskConfig()
    data: StreamConfig
    loss: LossConfig = LossConfig()
    start_from: Path | None = None
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    workers: int = Field(default=1, ge=0)
    compile: bool = False


def build(config: Config) -> AskTask:
    """The task of `config`, on its own stream of data."""
    frames, network = config.data.frames, config.network
    if frames % network.hop or (frames // network.hop + 1) % network.stride:
        near = max(1, round((frames / network.hop + 1) / network.stride)) * network.stride - 1
        raise DataError(
            f"data.frames {frames}: with a hop of {network.hop} and a stride of {network.stride} "
            f"use {near * network.hop}"
        )
    return AskTask(config, Stream(config.data))


class Objective(nn.Module):
    """The network together with its loss, as one forward pass that Fabric can wrap."""

    def __init__(self, net: AskNet, config: LossConfig, *, compiled: bool) -> None:
        super().__init__()
        self.net, self.config = net, config
        self._weights: Callable[..., Tensor] = error_weights
        self._errors: Callable[..., Errors] = masked_errors
        if compiled:
            self._weights = torch.compile(error_weights)
            self._errors = torch.compile(masked_errors)

    def forward(self, mix: Tensor, targets: Tensor, ids: Tensor) -> dict[str, Tensor]:
        """The losses of the answers to `ids [B, Q, L]` for `mix [B, 2, T]`."""
        shape = self.net.config
        if shape.channels == 1:
            mix, targets = mix.mean(-2, keepdim=True), targets.mean(-2, keepdim=True)
        with torch.no_grad(), torch.autocast(mix.device.type, enabled=False):
            spec = spectrogram(mix, shape.n_fft, hop=shape.hop)
            wanted = spectrogram(targets, shape.n_fft, hop=shape.hop)
            weights = self._weights(spec, compressed=self.config.compressed)
        mask = self.net.ask_unbounded(self.net.encode(spec), ids.flatten(0, 1))
        mask = mask.reshape(*ids.shape[:2], *mask.shape[1:])
        with torch.autocast(mix.device.type, enabled=False):
            errors = self._errors(mask, spec, wanted, weights, bound=shape.mask_bound)
            loss = answer_loss(errors, absent=self.config.absent, floor=self.config.floor)
            if self.config.waveform:
                masked = apply_mask(bounded(mask.float(), shape.mask_bound), spec.unsqueeze(1))
                made = waveform(masked, shape.n_fft, hop=shape.hop, frames=mix.shape[-1])
                loss = loss + self.config.waveform * waveform_error(made, targets, mix).mean()
        return {"loss": loss, **_watched(errors)}


class AskTask:
    """Questions about mixtures; see `sayso.train.loop.Task`."""

    def __init__(self, config: Config, stream: Stream) -> None:
        self.config, self.stream = config, stream
        torch.manual_seed(config.data.seed)
        self.net = AskNet(config.network)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if config.start_from is not None:
            from sayso.train.export import weights_of

            self.net.load_state_dict(weights_of(config.start_from, self.net.state_dict()))
        self.modules: dict[str, nn.Module] = {
            "net": Objective(self.net, config.loss, compiled=config.compile)
        }
        self.optimisers: dict[str, Optimizer] = {"net": _optimiser(self.net, config)}

    @property
    def network(self) -> nn.Module:
        """The network that is averaged, validated and exported."""
        return self.net

    @property
    def meta(self) -> Mapping[str, Any]:
        """What rebuilds the network."""
        return {"kind": "ask", "config": self.config.network.model_dump(mode="json")}

    def batches(self, start: int, *, rank: int, world: int) -> Iterator[AskBatch]:
        """The this process's share of the stream, from step `start` on."""
        return prefetch(_Share(self.stream, rank, world), start, self.config.workers)

    def training_step(self, batch: AskBatch, step: int) -> tuple[str, Mapping[str, Tensor]]:
        """The losses of one batch; `sdr_db` and `absent_db` are those of what is (not) there."""
        device = next(self.net.parameters()).device
        mix, targets = (torch.from_numpy(x).to(device) for x in (batch.mix, batch.targets))
        return "net", self.modules["net"](mix, targets, self._ids(batch.queries).to(device))

    def validate(self, board: Board, step: int) -> Mapping[str, float]:
        """Figures in dB: uSDR by group and concept, the level of what is absent, the mean."""
        found: dict[str, list[float]] = defaultdict(list)
        shown = set[str]()
        for item in self.stream.validation():
            estimates = self.answer(item.mix, list(item.queries))
            for concept, target, estimate in zip(
                item.concepts, item.targets, estimates, strict=True
            ):
                if not np.abs(target).max() > 0:
                    found["absent_db"].append(_level_db(estimate) - _level_db(item.mix))
                    continue
                name = item.group if item.group == "sounds" else f"{item.group}/{concept}"
                found[name].append(_usdr(estimate, target))
                if name not in shown:
                    board.audio(step, name, estimate, self.config.network.sample_rate)
                    shown.add(name)
        means = {name: float(np.mean(values)) for name, values in sorted(found.items())}
        present = [value for name, value in means.items() if name != "absent_db"]
        score = float(np.mean(present)) if present else -means.get("absent_db", 0.0)
        return {"score": score, **means}

    @torch.no_grad()
    def answer(self, mix: NDArray[np.float32], queries: list[str]) -> NDArray[np.float32]:
        """Estimates `[Q, 2, T]` of what `queries` name in `mix [2, T]`."""
        shape, frames = self.config.network, mix.shape[-1]
        device = next(self.net.parameters()).device
        block = shape.hop * shape.stride
        whole = torch.from_numpy(mix).to(device)[None]
        whole = nn.functional.pad(whole, (0, -(frames + shape.hop) % block))
        # A network for one channel hears the two one after the other.
        heard = whole if shape.channels == 2 else whole.transpose(0, 1)
        spec = spectrogram(heard, shape.n_fft, hop=shape.hop)
        with torch.autocast(device.type, torch.bfloat16):
            features = self.net.encode(spec)
            ids = self._ids([queries]).to(device)[0]
            masks = [
                self.net.ask(features, row.expand(len(spec), -1)).float().flatten(0, 1)
                for row in ids
            ]
        masked = torch.stack([apply_mask(mask, spec.flatten(0, 1)) for mask in masks])
        waves: NDArray[np.float32] = (
            waveform(masked, shape.n_fft, hop=shape.hop, frames=frames).cpu().numpy()
        )
        return waves

    def _ids(self, queries: list[list[str]]) -> Tensor:
        shape = self.config.network
        rows = [batch_ids(row, shape.buckets, length=shape.text_length) for row in queries]
        return torch.tensor(rows)


class _Share(Stream):
    """Every `world`-th batch of a stream, from `rank` on: one process's data."""

    def __init__(self, stream: Stream, rank: int, world: int) -> None:
        super().__init__(stream.config)
        self._stream, self._rank, self._world = stream, rank, world

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))

    def batch(self, index: int) -> AskBatch:
        return self._stream.batch(index * self._world + self._rank)

    def fill(self, index: int, mix: Floats, targets: Floats) -> list[list[str]]:
        return self._stream.fill(index * self._world + self._rank, mix, targets)


@torch.no_grad()
def _watched(errors: Errors) -> dict[str, Tensor]:
    """Mean metrics in dB of a batch: SDR of what is there, level of what is not."""
    there = errors.energy > 1e-9
    sdr_db = 10 * torch.log10((errors.energy + 1e-6) / (errors.squared + 1e-6))
    level_db = 10 * torch.log10(errors.squared + 1e-6)
    return {
        "sdr_db": (sdr_db * there).sum() / there.sum().clamp(min=1),
        "absent_db": (level_db * ~there).sum() / (~there).sum().clamp(min=1),
    }


def _optimiser(net: AskNet, config: Config) -> Optimizer:
    """Muon inside the network; AdamW where audio and words come in, where masks go out, biases."""
    hidden, ends, vectors = list[Tensor](), list[Tensor](), list[Tensor]()
    for name, weight in net.named_parameters():
        if weight.ndim == 1 or name.endswith("bias") or "biases" in name:
            vectors.append(weight)
        elif name.startswith(("split.", "mask.", "words.table")):
            ends.append(weight)
        else:
            hidden.append(weight)
    decay = config.weight_decay
    groups = [
        {"params": hidden, "orthogonal": True, "weight_decay": decay},
        {"params": ends, "orthogonal": False, "weight_decay": decay},
        {"params": vectors, "orthogonal": False, "weight_decay": 0.0},
    ]
    return Muon(groups, lr=config.learning_rate, betas=(0.9, 0.98))


def _level_db(x: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.square(x, dtype=np.float64).mean() + 1e-12))


def _usdr(estimate: NDArray[np.float32], target: NDArray[np.float32]) -> float:
    signal = np.square(target, dtype=np.float64).sum()
    noise = np.square(target - estimate, dtype=np.float64).sum()
    return float(10 * np.log10((signal + 1e-7) / (noise + 1e-7)))
