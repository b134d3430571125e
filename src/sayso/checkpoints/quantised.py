"""Weights stored in few bits by DiffQ, back to float32.

DiffQ's package is a source distribution that needs a compiler, so its format is read here. A
tensor's levels are uniform between its least and greatest value, over one number of bits for all
(`UniformQuantizer`) or one for each group of weights (`DiffQuantizer`). Levels lie bit by bit: bit
b of 64 (or 16) rows of levels in the bits of one word. Source: Defossez et al. 2021,
arXiv:2104.09987.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sayso.checkpoints.pickled import ClassName

if TYPE_CHECKING:
    from torch import nn

Levels = npt.NDArray[np.int64]


def restore_quantised(network: nn.Module, state: Mapping[str, Any]) -> None:
    """Fills `network` from a quantised `state` and sets it to evaluate.

    Args:
        network: which tensors were quantised follows from their order and size in it.
        state: `quantized`, `float16`, `others` and `meta` as DiffQ packs them.
    Raises: ValueError when the state does not fit the network, KeyError when a part is missing.
    """
    meta = state["meta"]
    settings = dict(meta["init_kwargs"])
    kind = meta["klass"]
    if not isinstance(kind, ClassName) or not kind.module.startswith("diffq."):
        raise ValueError(f"its quantiser is {kind!r}")
    unpack = _unpack_rows if meta.get("torch_pack") else _unpack_words
    large = iter(state["quantized"])
    small = iter(state["float16"] if settings.get("float16") else state["others"])
    for parameter, is_large in _in_order(network, settings):
        if not is_large:
            values = next(small).float().reshape(parameter.shape)
        else:
            packed = next(large)
            if kind.name == "UniformQuantizer":
                weights = _uniform(packed, parameter.numel(), settings, unpack)
            else:
                weights = _grouped(packed, parameter.numel(), settings, unpack)
            values = parameter.new_tensor(weights).reshape(parameter.shape)
        parameter.data.copy_(values)
    if next(large, None) is not None or next(small, None) is not None:
        raise ValueError("it holds more quantised weights than the network")
    network.eval()


def _in_order(network: nn.Module, settings: Mapping[str, Any]) -> Iterator[tuple[Any, bool]]:
    """Each parameter once, as DiffQ goes through them, and whether it is quantised."""
    most = settings.get("min_size", 0.01) * 2**20 // 4
    exclude, seen = settings.get("exclude") or [], set()
    for module_name, module in network.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) in seen:
                continue
            seen.add(id(parameter))
            full = f"{module_name}.{name}"
            spared = any(fnmatch(full, p) or fnmatch(name, p) for p in exclude)
            yield parameter, not (parameter.numel() <= most or spared)


def _uniform(packed: Any, count: int, settings: Mapping[str, Any], unpack: Any) -> Any:
    levels, (low, high) = packed
    bits = float(settings.get("bits", 8.0))
    return _scaled(unpack(levels, count), low, high, np.full(1, bits))


def _grouped(packed: Any, count: int, settings: Mapping[str, Any], unpack: Any) -> Any:
    by_bits, (low, high), packed_bits = packed
    size = int(settings.get("group_size", 1))
    if size < 1 or count % size:
        raise ValueError(f"{count} weights do not make groups of {size}")
    groups = count // size
    bits = unpack(packed_bits, groups) + int(settings.get("min_bits", 2))
    levels = np.zeros((groups, size), np.int64)
    for number, packed_levels in enumerate(by_bits, start=1):
        chosen = bits == number
        if packed_levels is None:
            if chosen.any():
                raise ValueError(f"the levels of {number} bits are missing")
            continue
        found = unpack(packed_levels, int(chosen.sum()) * size)
        levels[chosen] = found.reshape(-1, size)
    if (bits > len(by_bits)).any():
        raise ValueError(f"levels of more than {len(by_bits)} bits were never stored")
    return _scaled(levels, low, high, bits[:, None])


def _scaled(levels: Levels, low: float, high: float, bits: npt.NDArray[Any]) -> Any:
    # In float32 and in this order, so that the weights come out bit by bit as DiffQ's do.
    unit = np.float32(1) / (np.float32(2) ** bits.astype(np.float32) - np.float32(1))
    share = levels.astype(np.float32) * unit
    return share * np.float32(high - low) + np.float32(low)


def _unpack_words(packed: Any, count: int) -> Levels:
    """[lines, bits, words] of int64 to `count` levels."""
    words = packed.numpy().view(np.uint64)
    out = np.zeros((words.shape[0], 64, words.shape[2]), np.int64)
    row = np.arange(64, dtype=np.uint64)[None, :, None]
    for bit in range(words.shape[1]):
        out |= ((words[:, bit, None, :] >> row) & np.uint64(1)).astype(np.int64) << bit
    return _first(out, count)


def _unpack_rows(packed: Any, count: int) -> Levels:
    """[bits, groups] of any integer type to `count` levels."""
    words = packed.numpy()
    size = words.dtype.itemsize * 8
    row = np.arange(size, dtype=words.dtype)[:, None]
    out = np.zeros((size, words.shape[1]), np.int64)
    for bit in range(words.shape[0]):
        out |= ((words[bit] >> row) & 1).astype(np.int64) << bit
    return _first(out, count)


def _first(levels: Levels, count: int) -> Levels:
    flat = levels.reshape(-1)
    if len(flat) < count:
        raise ValueError(f"{len(flat)} levels were stored instead of {count}")
    return flat[:count]
