"""The names that HTDemucs's weights have in its state dict, for an export that lost some of them.

Exporters fold norms, scales and linear layers into constants with names of their own. The exported
graph of `htdemucs` uses its constants in the order in which the modules run, which is written down
here: so each of the nameless ones gets the name, and the shape, that it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

LEVELS, TRANSFORMER_LAYERS, WIDTH = 4, 5, 512
_EMBEDDING_SCALE = 10.0  # by which the embedding is multiplied where it is used
_DCONV = ("1.weight", "1.bias", "4.weight", "4.bias", "6.scale")

Arrays = Mapping[str, npt.NDArray[Any]]


def named(arrays: Arrays) -> dict[str, npt.NDArray[np.float32]]:
    """The state dict of the network in an exported graph.

    Args:
        arrays: the graph's constants in the order of their use.
    Raises: ValueError when they are not those of HTDemucs.
    """
    floats = {name: array for name, array in arrays.items() if array.dtype == np.float32}
    state = {name: array for name, array in floats.items() if not name.startswith("onnx::")}
    nameless = [array for name, array in floats.items() if name.startswith("onnx::")]
    names = list(_nameless())
    if len(names) != len(nameless):
        raise ValueError(f"{len(nameless)} constants without a name; expected {len(names)}")
    for name, array in zip(names, nameless, strict=True):
        state[name] = _restored(name, array)
    for layer in range(1, TRANSFORMER_LAYERS, 2):
        # Attention to the other branch was exported as queries here, keys and values there.
        prefix = f"crosstransformer.layers.{layer}.cross_attn.in_proj_"
        for kind in ("weight", "bias"):
            parts = (state.pop(f"{prefix}{kind}.{part}") for part in ("query", "rest"))
            state[prefix + kind] = np.concatenate(list(parts))
    return state


def _restored(name: str, array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if name == "freq_emb.embedding.weight":
        return np.asarray(array[0, :, :, 0].T / _EMBEDDING_SCALE, np.float32)
    if "linear" in name or "in_proj_weight" in name:
        return np.ascontiguousarray(array.T)  # stored as the right side of a product
    return array.reshape(-1)


def _nameless() -> Iterator[str]:
    """In the order in which the modules run."""
    for level in range(LEVELS):
        for branch in ("tencoder", "encoder"):
            yield from _dconv(f"{branch}.{level}")
        if level == 0:
            yield "freq_emb.embedding.weight"
    for layer in range(TRANSFORMER_LAYERS):
        for branch in ("layers", "layers_t"):
            yield from _attention(f"crosstransformer.{branch}.{layer}", cross=layer % 2 == 1)
    for level in range(LEVELS):
        for branch in ("decoder", "tdecoder"):
            yield from _dconv(f"{branch}.{level}")


def _dconv(layer: str) -> Iterator[str]:
    for number in (0, 1):
        for part in _DCONV:
            yield f"{layer}.dconv.layers.{number}.{part}"


def _attention(layer: str, *, cross: bool) -> Iterator[str]:
    if not cross:
        yield f"{layer}.self_attn.in_proj_weight"
    elif ".layers." in layer:
        for part in ("query", "rest"):
            yield f"{layer}.cross_attn.in_proj_weight.{part}"
            yield f"{layer}.cross_attn.in_proj_bias.{part}"
    for part in ("linear1.weight", "linear2.weight", "norm_out.weight", "norm_out.bias"):
        yield f"{layer}.{part}"
