"""Training throughput in seconds of audio a second: the data side alone, and the network's steps.

    python bench/training.py CONFIG.yaml STORE [--steps 12] [--set task.data.batch=8 ...]

Both are measured in one run, on the accelerator that the configuration takes, so their ratio tells
whether the network will ever wait for its data.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from sayso.train.ask_task import build
from sayso.train.config import load_config
from sayso.train.loop import fabric_of


def measure_data(stream, steps: int) -> float:
    """Seconds of audio that one process makes in a second."""
    stream.batch(0)
    began = time.perf_counter()
    for index in range(1, steps + 1):
        batch = stream.batch(index)
    seconds = batch.mix.shape[0] * batch.mix.shape[-1] / 44_100
    return steps * seconds / (time.perf_counter() - began)


def measure_network(task, config, steps: int) -> float:
    """Seconds of audio that the network learns from in a second."""
    fabric = fabric_of(config)
    module, optimiser = fabric.setup(task.modules["net"], task.optimisers["net"])
    task.modules["net"] = module
    batch = task.stream.batch(0)

    def step() -> None:
        _, losses = task.training_step(batch, 0)
        optimiser.zero_grad()
        fabric.backward(losses["loss"])
        optimiser.step()

    for _ in range(3):
        step()
    settle()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    settle()
    seconds = batch.mix.shape[0] * batch.mix.shape[-1] / 44_100
    return steps * seconds / (time.perf_counter() - began)


def settle() -> None:
    """Waits for the GPU, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    arguments = parser.parse_args()
    overrides = [f"task.data.store={arguments.store}", *arguments.overrides]
    config = load_config(arguments.config, overrides)
    if config.loop.threads:
        torch.set_num_threads(config.loop.threads)
    task = build(config.task)
    data = measure_data(task.stream, arguments.steps)
    network = measure_network(task, config.loop, arguments.steps)
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"data, one process      {data:8.1f} s of audio a second")
    print(f"network on {where:11} {network:8.1f} s of audio a second")
    print(f"data / network         {data / network:8.1f}")


if __name__ == "__main__":
    main()
