"""Checkpoints: one safetensors file each, replaced atomically, with no pickled code inside.

Tensors are named `module/NAME/PARAMETER`, `average/PARAMETER` and `optimiser/NAME/INDEX/KEY`; all
else is JSON in the metadata. A model file holds one network's parameters under their own names and
the kind and configuration that rebuild it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from sayso.atomic import writing
from sayso.errors import ModelError


@dataclass
class State:
    """All that a run needs to go on exactly where it was.

    Attributes:
        step: steps done.
        best: best validation score so far, and at which step.
        stale: validations since.
        seconds: spent training, in all stretches.
        metrics: of the last validation.
    """

    step: int = 0
    best: float = -float("inf")
    best_step: int = 0
    stale: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)


def save(
    path: Path,
    state: State,
    *,
    modules: Mapping[str, nn.Module],
    average: Mapping[str, Tensor],
    optimisers: Mapping[str, Optimizer],
    config: Mapping[str, Any],
) -> None:
    """Write a run's whole state to `path`; a crash at any time leaves the former file whole."""
    tensors = {f"average/{key}": value for key, value in average.items()}
    for name, module in modules.items():
        tensors |= {f"module/{name}/{key}": value for key, value in module.state_dict().items()}
    groups: dict[str, Any] = {}
    for name, optimiser in optimisers.items():
        content = optimiser.state_dict()
        groups[name] = content["param_groups"]
        for index, entries in content["state"].items():
            for key, value in entries.items():
                tensors[f"optimiser/{name}/{index}/{key}"] = torch.as_tensor(value)
    metadata = {"state": vars(state), "groups": groups, "config": dict(config)}
    _write(path, tensors, metadata)


def restore(
    path: Path,
    *,
    modules: Mapping[str, nn.Module],
    average: dict[str, Tensor],
    optimisers: Mapping[str, Optimizer],
) -> State:
    """Read what `save` wrote into modules, average and optimisers.

    Raises: ModelError for a damaged file or one of another network.
    """
    tensors, metadata = read(path)
    sections: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        section, _, rest = key.partition("/")
        if section == "module":
            name, _, rest = rest.partition("/")
            section = f"module/{name}"
        sections.setdefault(section, {})[rest] = value
    try:
        for name, module in modules.items():
            module.load_state_dict(sections.get(f"module/{name}", {}))
        for key, value in average.items():
            value.copy_(sections["average"][key])
        for name, optimiser in optimisers.items():
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in sections.get("optimiser", {}).items():
                owner, index, entry = key.split("/")
                if owner == name:
                    state.setdefault(int(index), {})[entry] = value
            optimiser.load_state_dict({"state": state, "param_groups": metadata["groups"][name]})
            _match_layout(optimiser)
        found = metadata["state"]
        if "figures" in found:  # as earlier versions called them
            found["metrics"] = found.pop("figures")
        return State(**found)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(
            f"{path} does not fit this configuration: its network or its optimisers are others; "
            "resume it with the config.yaml beside it, or choose another folder"
        ) from error


def save_model(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write one network: its parameters, and JSON metadata with `kind` and `config`."""
    _write(path, tensors, metadata)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors and the metadata of a file that this module wrote.

    Raises: ModelError if it is missing, damaged or something else.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = {key: json.loads(text) for key, text in (file.metadata() or {}).items()}
            return {key: file.get_tensor(key) for key in file.keys()}, metadata  # noqa: SIM118
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise ModelError(f"{path}: no checkpoint of ours: {error}") from error


def model_file(run: Path) -> Path:
    """The weights of a run: a file as it is; of a run's folder the best, else the averaged ones.

    Raises: ModelError for a folder without either.
    """
    if run.is_file():
        return run
    for name in ("best.safetensors", "average.safetensors"):
        if (run / name).is_file():
            return run / name
    raise ModelError(f"{run}: no best.safetensors or average.safetensors; expected a run's folder")


def _match_layout(optimiser: Optimizer) -> None:
    """Give each state the memory order of its parameter: fused optimisers read raw memory."""
    for parameter, entries in optimiser.state.items():
        for key, value in entries.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                entries[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    with writing(path) as part:
        try:
            save_file(plain, part, {k: json.dumps(v) for k, v in metadata.items()})
        except SafetensorError as error:  # so it says that a disk is full
            found = re.search(r"os error (\d+)", str(error))
            raise OSError(int(found[1]) if found else 0, str(error)) from None
        part.chmod(0o644)  # safetensors makes it readable by its owner alone
        with part.open("rb") as file:
            os.fsync(file.fileno())
