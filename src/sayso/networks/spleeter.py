"""Spleeter's network: a U-Net from the magnitudes of a mixture to the share of one sound.

Written from Jansson et al. 2017 and the shapes of the released weights (2 stems, Deezer): six
convolutions of stride 2 down, six transposed ones up, each fed by its opposite's raw output, and a
last dilated one whose sigmoid is the mask. A graph for ONNX Runtime, made of arrays: no torch.

Transposed convolutions are written as four ordinary ones, one for each corner of the output's 2 x 2
squares, which ONNX Runtime computes several times as fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.networks.graph import Graph

FRAMES, BINS = 512, 1024
"""What the network was trained on at a time: frames of 1024 samples, the lowest bins of 4096."""

_LEVELS = 6
_EPSILON = 1e-3  # of batch normalisation
_LEAK = 0.2
_LEAST = 1e-10  # of the sum of squared estimates
_BLOCK = 16  # channels that ONNX Runtime computes at once

Arrays = Mapping[str, npt.NDArray[Any]]


def mask_graph(networks: Sequence[Arrays]) -> bytes:
    """The ONNX graph of Spleeter's soft masks.

    Args:
        networks: the weights of one network a sound, by their released names.
    Returns: a model from `magnitude` `[B, 2, T, F]`, T and F multiples of 64, to `masks`
        `[B, S, 2, T, F]`, which sum to 1: squares of what each network found, over their sum.
    Raises: KeyError, ValueError for weights that are missing or of another shape.
    """
    graph = Graph()
    axis = graph.array(np.array([1]))
    found = []
    for arrays in networks:
        share = _unet(graph, _Weights(arrays), "magnitude")
        heard = graph.add("Mul", share, "magnitude")
        found.append(graph.add("Unsqueeze", graph.add("Mul", heard, heard), axis))
    total = graph.add("Sum", *found, graph.array(np.array(_LEAST, np.float32)))
    part = graph.array(np.array(_LEAST / len(networks), np.float32))
    joined = graph.add("Concat", *(graph.add("Add", one, part) for one in found), axis=1)
    masks = graph.add("Div", joined, total)
    return graph.model({"magnitude": ("B", 2, "T", "F")}, {"masks": masks})


class _Weights:
    """Arrays of one network, checked as they are asked for."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def get(self, name: str, axes: int) -> npt.NDArray[np.float32]:
        values = np.asarray(self._arrays[name], np.float32)
        if values.ndim != axes:
            raise ValueError(f"{name} has {values.ndim} axes instead of {axes}")
        return values

    def norm(self, name: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Scale and shift of a batch normalisation."""
        parts = ("weight", "bias", "running_mean", "running_var")
        weight, bias, mean, variance = (self.get(f"{name}.{part}", 1) for part in parts)
        scale = weight / np.sqrt(variance + np.float32(_EPSILON))
        return scale, bias - mean * scale


def _unet(graph: Graph, weights: _Weights, entry: str) -> str:
    """The mask `[B, 2, T, F]` of one network."""
    skips, x = [], entry
    for level in range(1, _LEVELS + 1):
        x = _convolved(graph, weights, f"down{level}_conv.1", x, strides=[2, 2], pads=[1, 1, 2, 2])
        skips.append(x)
        if level < _LEVELS:
            x = _normalised(graph, weights.norm(f"down{level}_act.0"), x)
            x = graph.add("LeakyRelu", x, alpha=_LEAK)
    for level in range(1, _LEVELS + 1):
        if level > 1:
            x = graph.add("Concat", skips[_LEVELS - level], x, axis=1)
        x = graph.add("Relu", _doubled(graph, weights, f"up{level}.0", x))
        x = _normalised(graph, weights.norm(f"up{level}.3"), x)
    x = _convolved(graph, weights, "up7.0", x, dilations=[2, 2], pads=[3, 3, 3, 3])
    return graph.add("Sigmoid", x)


def _convolved(graph: Graph, weights: _Weights, name: str, x: str, **attributes: Any) -> str:
    kernel, bias = weights.get(f"{name}.weight", 4), weights.get(f"{name}.bias", 1)
    return graph.add("Conv", x, graph.array(kernel), graph.array(bias), **attributes)


def _normalised(graph: Graph, norm: tuple[Any, Any], x: str) -> str:
    scale, shift = (graph.array(part.reshape(1, -1, 1, 1)) for part in norm)
    return graph.add("Add", graph.add("Mul", x, scale), shift)


def _doubled(graph: Graph, weights: _Weights, name: str, x: str) -> str:
    """A transposed convolution of kernel 5 and stride 2, the first and the last two cut off.

    Output 2m comes of input m by tap 1 and of m - 1 by tap 3; output 2m + 1 of inputs m + 1, m and
    m - 1 by taps 0, 2 and 4.
    """
    kernel, bias = weights.get(f"{name}.weight", 4), weights.get(f"{name}.bias", 1)
    taps = {0: ([3, 1], (1, 0)), 1: ([4, 2, 0], (1, 1))}
    sides = [(taps[row], taps[column]) for row in (0, 1) for column in (0, 1)]
    if 4 * len(bias) <= _BLOCK:
        # All four at once cost no more than one, though some of their taps are zero.
        joined = np.zeros((4, len(bias), kernel.shape[0], 3, 3), np.float32)
        for corner, ((rows, _), (columns, _)) in zip(joined, sides, strict=True):
            part = kernel[:, :, rows][:, :, :, columns].swapaxes(0, 1)
            corner[..., : len(rows), : len(columns)] = part
        weight = graph.array(joined.reshape(-1, *joined.shape[2:]))
        found = graph.add("Conv", x, weight, graph.array(np.tile(bias, 4)), pads=[1, 1, 1, 1])
        return graph.add("DepthToSpace", found, blocksize=2)
    shift, corners = graph.array(bias), []
    for (rows, (top, bottom)), (columns, (left, right)) in sides:
        part = kernel[:, :, rows][:, :, :, columns].swapaxes(0, 1)
        pads = [top, left, bottom, right]
        corners.append(graph.add("Conv", x, graph.array(part), shift, pads=pads))
    return graph.add("DepthToSpace", graph.add("Concat", *corners, axis=1), blocksize=2)
