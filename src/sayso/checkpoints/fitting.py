"""Putting weights that were read into a network that was built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

_SHOWN = 4


def fit(
    network: nn.Module, state: Mapping[str, Any], *, path: Path, unused: Sequence[str] = ()
) -> None:
    """Copies `state` into `network` and sets it to evaluate.

    Args:
        network: its keys and shapes are what is expected.
        state: key -> tensor, float16 or float32.
        path: the file, for messages.
        unused: beginnings of keys in the file which the network has no use for.
    Raises: ModelError naming the file and the keys that are missing, unknown or of another shape.
    """
    expected = network.state_dict()
    given = {key: value for key, value in state.items() if not key.startswith(tuple(unused))}
    # Counts how many batches training saw; old checkpoints lack it and inference ignores it.
    missing = [k for k in expected if k not in given and not k.endswith("num_batches_tracked")]
    unknown = [key for key in given if key not in expected]
    shaped = [
        f"{key} {list(given[key].shape)} instead of {list(value.shape)}"
        for key, value in expected.items()
        if key in given and given[key].shape != value.shape
    ]
    faults = [
        f"{len(keys)} {what} ({', '.join(keys[:_SHOWN])}{', ...' if len(keys) > _SHOWN else ''})"
        for what, keys in (("missing", missing), ("unknown", unknown), ("of another shape", shaped))
        if keys
    ]
    if faults:
        raise ModelError(
            f"{path}: its weights do not fit {type(network).__name__}: {'; '.join(faults)}. "
            "It is the checkpoint of another model or an incomplete one; fetch the right file"
        )
    network.load_state_dict(given, strict=False)
    network.eval()


def without_prefix(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The entries under `prefix`, which is taken off their keys.

    >>> without_prefix({"net.a": 1, "other.b": 2}, "net.")
    {'a': 1}
    """
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
