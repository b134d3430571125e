"""Configurations of training runs: YAML files with overrides, checked before anything starts.

A file names the kind of task, where the run is kept, the loop's settings and the task's own:

    kind: ask
    folder: runs/ask
    loop: {max_minutes: 120}
    task: {learning_rate: 1.0e-3}

Unknown keys fail. Every default is written once, in the models.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SerializeAsAny, field_validator, model_validator

from sayso.configuration import Frozen, parse, read_values

__all__ = ["TASKS", "Frozen", "LoopConfig", "RunConfig", "load_config", "parse_config"]

# Where each kind of task lives; its module offers `Config` and `build(config) -> Task`.
TASKS: Mapping[str, str] = {
    "ask": "sayso.train.ask_task",
    "unet": "sayso.train.unet_task",
    "adversarial": "sayso.train.adversarial_task",
}


class LoopConfig(Frozen):
    """How long and where to train, and how often to look and to save.

    Attributes:
        max_steps: optimiser steps in all.
        max_minutes: of this run; the run can be resumed afterwards.
        warmup_steps: the learning rate rises linearly over these.
        cooldown_steps: it falls linearly to zero over the last of `max_steps`; constant between.
        clip_norm: largest gradient norm; 0 = unlimited.
        average_decay: of the exponential moving average of the weights.
        save_minutes: between checkpoints.
        validate_steps: between validations; 0 = never.
        patience: validations without a better score before stopping; 0 = no early stopping.
        log_steps: between progress reports.
        precision: of the networks' arithmetic; weights stay float32.
        accelerator, devices, nodes: as Lightning Fabric takes them.
        threads: of torch on the CPU; 0 = torch's choice.
        seed: of what each step draws.
        tensorboard: write scalars, audio and spectrograms if TensorBoard is installed.
    """

    max_steps: int = Field(default=100_000, ge=1)
    max_minutes: float | None = Field(default=None, gt=0)
    warmup_steps: int = Field(default=200, ge=0)
    cooldown_steps: int = Field(default=0, ge=0)
    clip_norm: float = Field(default=1.0, ge=0)
    average_decay: float = Field(default=0.999, ge=0, lt=1)
    save_minutes: float = Field(default=5.0, ge=0)
    validate_steps: int = Field(default=500, ge=0)
    patience: int = Field(default=0, ge=0)
    log_steps: int = Field(default=20, ge=1)
    precision: Literal["32-true", "bf16-mixed"] = "bf16-mixed"
    accelerator: str = "auto"
    devices: int = Field(default=1, ge=1)
    nodes: int = Field(default=1, ge=1)
    threads: int = Field(default=0, ge=0)
    seed: int = 0
    tensorboard: bool = True


class RunConfig(Frozen):
    """A whole run: its kind, its folder, the loop's settings and the task's own."""

    kind: str
    folder: Path
    loop: LoopConfig = LoopConfig()
    task: SerializeAsAny[BaseModel]

    @model_validator(mode="before")
    @classmethod
    def _task_by_kind(cls, values: Any) -> Any:
        if not isinstance(values, dict) or isinstance(values.get("task"), BaseModel):
            return values
        kind = str(values.get("kind"))
        if kind not in TASKS:
            raise ValueError(f"unknown kind {kind!r}; one of {', '.join(TASKS)}")
        model = importlib.import_module(TASKS[kind]).Config
        return {**values, "task": model.model_validate(values.get("task") or {})}

    @field_validator("folder")
    @classmethod
    def _expand(cls, folder: Path) -> Path:
        return folder.expanduser()


def load_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a run's configuration and apply `a.b=value` overrides (values are YAML).

    Raises: ConfigError for a missing file, bad YAML, unknown keys and values out of range.
    """
    return parse_config(read_values(path, overrides), str(path))


def parse_config(values: Mapping[str, Any], origin: str) -> RunConfig:
    """Check a run's configuration given as plain values; `origin` is named in errors."""
    return parse(RunConfig, values, origin)
