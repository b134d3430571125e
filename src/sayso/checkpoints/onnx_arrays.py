"""Reading the weights out of an ONNX file, with no package but numpy.

Only what weights need is read: the constant tensors of the graph and, of its operators, which
tensors they take. The file is mapped, and nothing in it is run. Source: the numbers of fields in
onnx.proto3 of the ONNX specification.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sayso.errors import ModelError

_TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}

Value: TypeAlias = "int | memoryview"


def read_onnx_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The constant tensors of an ONNX file by their names, in the order of their first use.

    Raises: ModelError for a missing, truncated or foreign file.
    """
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        (graph,) = (value for field, value in _fields(data) if field == 7)
        arrays, used = {}, dict[str, None]()
        for field, value in _fields(_block(graph)):
            if field == 1:
                inputs = (v for f, v in _fields(_block(value)) if f == 1)
                used |= dict.fromkeys(bytes(_block(name)).decode() for name in inputs)
            elif field == 5:
                name, array = _array(_block(value))
                arrays[name] = array
        return {name: arrays[name] for name in used if name in arrays}
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such file; put the weights there") from None
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise ModelError(
            f"{path}: truncated, damaged or no ONNX model ({error}); fetch it again"
        ) from None


def _array(data: memoryview) -> tuple[str, npt.NDArray[Any]]:
    shape, kind, name, raw = [], 0, "", memoryview(b"")
    for field, value in _fields(data):
        if field == 1:
            # One size, or all of them packed together.
            shape += [value] if isinstance(value, int) else list(_varints(value))
        elif field == 2:
            kind = int(value)
        elif field == 8:
            name = bytes(_block(value)).decode()
        elif field == 9:
            raw = _block(value)
    dtype = np.dtype(_TYPES[kind])
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"{name} has {len(raw)} bytes for {shape}")
    return name, np.frombuffer(raw, dtype).reshape(shape)


def _fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and value of each field of a message, in order."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("it is no protocol buffer")
        if at + size > len(data):
            raise ValueError("it ends before it should")
        yield key >> 3, data[at : at + size]
        at += size


def _block(value: Value) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number lies where a block belongs")
    return value


def _varints(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number in it is too long")
