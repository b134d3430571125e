"""Weights by rule instead of by file, so that a fixture holds only what came out."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest


def ruled_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state with the shapes of `state`, each tensor drawn by numpy from the crc32 of its key.

    Running variances are 0.5 plus uniform, matrices normal over the root of their fan-in, other
    "weight"s 1 plus a tenth of normal, all else a tenth of normal. Integers stay.
    """
    import torch

    ruled = {}
    for key, value in state.items():
        if not value.is_floating_point():
            ruled[key] = value
            continue
        rng, shape = np.random.default_rng(zlib.crc32(key.encode())), tuple(value.shape)
        if key.endswith("running_var"):
            drawn = 0.5 + rng.random(shape)
        elif len(shape) > 1:
            drawn = rng.standard_normal(shape) * (shape[0] / value.numel()) ** 0.5
        else:
            drawn = 0.1 * rng.standard_normal(shape) + key.endswith("weight")
        ruled[key] = torch.from_numpy(np.asarray(drawn, np.float32))
    return ruled


@pytest.fixture(scope="session")
def by_rule() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return ruled_state
