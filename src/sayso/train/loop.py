"""The one training loop, on Lightning Fabric: any task, CPU, GPUs and machines, bf16.

A step is one update of one optimiser. What happens at step i is a pure function of the seed, i and
the weights: batches are drawn by index and torch's generator is seeded anew for every step. So a
run that was killed and resumed from its checkpoint ends with the weights of an unbroken one.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision
from torch import Tensor, nn
from torch.optim import Optimizer

from sayso.errors import ConfigError
from sayso.train import checkpoint
from sayso.train.board import Board
from sayso.train.checkpoint import State
from sayso.train.config import LoopConfig

LAST = "last.safetensors"


class Task(Protocol):
    """One thing to learn; `modules` are replaced by Fabric's wrappers before the first step."""

    modules: dict[str, nn.Module]
    optimisers: dict[str, Optimizer]

    @property
    def network(self) -> nn.Module:
        """The network whose averaged weights are validated, kept and exported."""

    @property
    def meta(self) -> Mapping[str, Any]:
        """JSON that rebuilds the network: its `kind` and `config`."""

    def batches(self, start: int, *, rank: int, world: int) -> Iterator[Any]:
        """Batches of step `start` and on, each a pure function of its step and the rank."""

    def training_step(self, batch: Any, step: int) -> tuple[str, Mapping[str, Tensor]]:
        """The optimiser to move at this step, and losses, of which it follows `loss`."""

    def validate(self, board: Board, step: int) -> Mapping[str, float]:
        """Figures of `network` on fixed material; `score` is to be large."""


@dataclass(frozen=True)
class Report:
    """What a run tells its watcher now and then.

    Attributes:
        losses: means since the last report, each over the steps that gave it; `loss` is what is
            minimised, `loss_NAME` where several optimisers take turns.
        metrics: of a validation just made, else empty; `score` is to be large.
        steps_per_s: since the last report.
    """

    step: int
    losses: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    steps_per_s: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `reason` is finished, minutes, stopped or patience."""

    state: State
    reason: str


def require_free(folder: Path, *, resume: bool) -> None:
    """Nothing, unless `folder` holds a run that is not to be resumed. Raises: ConfigError."""
    if (folder / LAST).exists() and not resume:
        raise ConfigError(f"{folder} holds a run already: resume it, or choose another folder")


def fit(
    task: Task,
    config: LoopConfig,
    folder: Path,
    *,
    resume: bool = False,
    on_progress: Callable[[Report], None] = lambda report: None,
    begun: Callable[[], object] = lambda: None,
) -> Outcome:
    """Train `task` until its steps are done, its minutes are up, or it is asked to stop.

    Writes `last.safetensors` (everything, to resume), `best.safetensors` and `average.safetensors`
    (the averaged network), `log.jsonl` and TensorBoard's files into `folder`. SIGTERM and SIGINT
    end the run after the current step, with a checkpoint.

    Nothing is written, and `begun` is not called, before what is to be resumed has been restored.

    Raises: ConfigError if the folder holds a run and `resume` is false, ModelError if what it holds
        is damaged or of another network, OutputError.
    """
    require_free(folder, resume=resume)
    last = folder / LAST
    if config.threads:
        torch.set_num_threads(config.threads)
    fabric = fabric_of(config)
    fabric.launch()
    run = _TrainingRun(task, config, folder, fabric, on_progress)
    if last.exists():
        run.restore(last)
    begun()
    with closing(run.open_board()), _stop_signals() as stopped:
        return Outcome(run.state, run.train(stopped))


def fabric_of(config: LoopConfig) -> Fabric:
    """The machines and the arithmetic that a configuration asks for."""
    return Fabric(
        accelerator=config.accelerator,
        devices=config.devices,
        num_nodes=config.nodes,
        plugins=[_Autocast(config)] if config.precision == "bf16-mixed" else [],
    )


class _Autocast(MixedPrecision):
    """bf16 inside the networks, while what goes in (audio) keeps its precision."""

    def __init__(self, config: LoopConfig) -> None:
        on_gpu = torch.cuda.is_available() and config.accelerator != "cpu"
        super().__init__("bf16-mixed", "cuda" if on_gpu else "cpu")

    def convert_input(self, data: Any) -> Any:
        return data


class _TrainingRun:
    """One stretch of training: the loop's state and what happens now and then."""

    def __init__(
        self,
        task: Task,
        config: LoopConfig,
        folder: Path,
        fabric: Fabric,
        on_progress: Callable[[Report], None],
    ) -> None:
        self.task, self.config, self.folder = task, config, folder
        self.fabric, self.on_progress = fabric, on_progress
        self.state = State()
        self.modules = dict(task.modules)
        self.optimisers = dict(task.optimisers)
        self.rates = {n: [g["lr"] for g in o.param_groups] for n, o in self.optimisers.items()}
        for name, module in self.modules.items():
            task.modules[name] = fabric.setup_module(module)
        for name, optimiser in self.optimisers.items():
            task.optimisers[name] = cast(Optimizer, fabric.setup_optimizers(optimiser))
        self.average = {k: v.detach().clone() for k, v in task.network.state_dict().items()}

    def open_board(self) -> Board:
        """Begins to log, or goes on."""
        shown = self.config.tensorboard and self.fabric.is_global_zero
        self.board = Board(self.folder, tensorboard=shown)
        return self.board

    def restore(self, path: Path) -> None:
        self.state = checkpoint.restore(
            path, modules=self.modules, average=self.average, optimisers=self.optimisers
        )

    def train(self, stopped: threading.Event) -> str:
        config, state = self.config, self.state
        began = saved = time.monotonic()
        spent = state.seconds
        totals, counts = dict[str, Tensor](), Counter[str]()
        logged_at, logged_step = began, state.step
        batches = self.task.batches(
            state.step, rank=self.fabric.global_rank, world=self.fabric.world_size
        )
        reason = "finished"
        while state.step < config.max_steps:
            for name, value in self.step(next(batches)).items():
                totals[name] = totals.get(name, torch.zeros(())) + value.detach().float().cpu()
                counts[name] += 1
            state.step += 1
            now = time.monotonic()
            state.seconds = spent + now - began
            if state.step % config.log_steps == 0:
                means = {name: float(total) / counts[name] for name, total in totals.items()}
                rate = (state.step - logged_step) / (now - logged_at)
                self.report(Report(state.step, means, {}, rate))
                totals, counts = {}, Counter()
                logged_at, logged_step = now, state.step
            if config.validate_steps and state.step % config.validate_steps == 0:
                self.validate()
                logged_at = time.monotonic()
            if now - saved > 60 * config.save_minutes:
                self.save()
                saved = now
            if ended := self.ended(now - began, stopped):
                reason = ended
                break
        self.save()
        return reason

    def step(self, batch: Any) -> Mapping[str, Tensor]:
        """One update: seed, losses, gradients, clipping, optimiser, average."""
        config, step = self.config, self.state.step
        torch.manual_seed((config.seed * 1_000_003 + step) % 2**63)
        factor = _rate(config, step)
        name, losses = self.task.training_step(batch, step)
        optimiser = self.task.optimisers[name]
        for group, rate in zip(self.optimisers[name].param_groups, self.rates[name], strict=True):
            group["lr"] = rate * factor
        optimiser.zero_grad()
        self.fabric.backward(losses["loss"])
        if config.clip_norm:
            parameters = [p for g in self.optimisers[name].param_groups for p in g["params"]]
            norm = torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm)
            losses = {**losses, f"norm_{name}": norm}
        if len(self.optimisers) > 1:  # what one minimises is no other's loss
            losses = {f"loss_{name}" if key == "loss" else key: x for key, x in losses.items()}
        optimiser.step()
        self.update_average()
        return losses

    @torch.no_grad()
    def update_average(self) -> None:
        # Early on the average follows fast, or it would hold the random start for long.
        step = self.state.step
        decay = min(self.config.average_decay, (1 + step) / (10 + step))
        for key, value in self.task.network.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - decay)
            else:
                self.average[key].copy_(value)

    def ended(self, seconds: float, stopped: threading.Event) -> str:
        if stopped.is_set():
            return "stopped"
        if self.config.max_minutes and seconds > 60 * self.config.max_minutes:
            return "minutes"
        if self.config.patience and self.state.stale >= self.config.patience:
            return "patience"
        return ""

    def report(self, report: Report) -> None:
        if self.fabric.is_global_zero:
            group, metrics = (
                ("valid", report.metrics) if report.metrics else ("train", report.losses)
            )
            self.board.scalars(report.step, metrics, group=group)
            self.on_progress(report)

    def validate(self) -> None:
        """Validate the averaged weights; keep them if they are the best so far."""
        state, network = self.state, self.task.network
        kept = {key: value.detach().clone() for key, value in network.state_dict().items()}
        network.load_state_dict(self.average)
        network.eval()
        try:
            with torch.no_grad():
                metrics = dict(self.task.validate(self.board, state.step))
        finally:
            network.load_state_dict(kept)
            network.train()
        state.metrics = metrics
        self.report(Report(state.step, {}, metrics))
        if metrics["score"] > state.best:
            state.best, state.best_step, state.stale = metrics["score"], state.step, 0
            self.save_model("best.safetensors")
        else:
            state.stale += 1

    def save(self) -> None:
        if not self.fabric.is_global_zero:
            return
        self.save_model("average.safetensors")
        checkpoint.save(
            self.folder / LAST,
            self.state,
            modules=self.modules,
            average=self.average,
            optimisers=self.optimisers,
            config={**self.task.meta, "loop": self.config.model_dump(mode="json")},
        )

    def save_model(self, name: str) -> None:
        if self.fabric.is_global_zero:
            training = {k: v for k, v in vars(self.state).items() if k != "stale"}
            meta = {**self.task.meta, "training": training}
            checkpoint.save_model(self.folder / name, self.average, meta)


def _rate(config: LoopConfig, step: int) -> float:
    """The learning rate's factor at `step`: warm-up, constant, cool-down."""
    factor = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    if config.cooldown_steps:
        factor *= min(1.0, (config.max_steps - step) / config.cooldown_steps)
    return factor


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event set by SIGTERM or SIGINT; the former handlers come back afterwards."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    former = [signal.signal(number, lambda *_: stopped.set()) for number in numbers]
    try:
        yield stopped
    finally:
        for number, handler in zip(numbers, former, strict=True):
            signal.signal(number, handler)
