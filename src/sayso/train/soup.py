"""The mean of several trainings: runs that began at the same weights and went apart.

Such a mean is often better than each of them, and several machines or cores can so train one
network without a wire between them. Source: Wortsman et al. 2022, arXiv:2203.05482.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sayso.errors import DataError, ModelError
from sayso.train.checkpoint import model_file, read, save_model


def average(runs: Sequence[Path], output: Path, *, shares: Sequence[float] = ()) -> None:
    """Write the mean of the models of `runs` to `output`, a file that `export` takes.

    Args:
        runs: model files, or folders of runs.
        output: `NAME.safetensors`.
        shares: how much each counts; any positive scale. Equal if empty.

    Raises: DataError for shares that do not fit, ModelError for models of different networks.
    """
    weights = list(shares) or [1.0] * len(runs)
    if len(weights) != len(runs) or min(weights) <= 0:
        raise DataError(
            f"{len(weights)} shares for {len(runs)} models; expected a positive number for each"
        )
    paths = [model_file(run) for run in runs]
    first, metadata = read(paths[0])
    total = {name: value.double() * weights[0] for name, value in first.items()}
    for path, weight in zip(paths[1:], weights[1:], strict=True):
        tensors, other = read(path)
        for key in ("kind", "config"):
            if other.get(key) != metadata.get(key):
                raise ModelError(f"{path}: another network than {paths[0]}; they have no mean")
        for name in total:
            total[name] += tensors[name].double() * weight
    mean = {name: (total[name] / sum(weights)).to(value.dtype) for name, value in first.items()}
    save_model(output, mean, metadata)
