"""Reading the weights out of an ONNX file, with no package but numpy.

Only what weights need is read: the constant tensors of the graph and, of its operators, which
tensors they take. The file is mapped, and nothing in it is run. Source: the numbers of fields in
onnx.proto3 of the ONNX specification.
"""

from __future__ import annotations

import math
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.checkpoints.protobuf import block, fields, varints
from sayso.errors import ModelError

_TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}


def read_onnx_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The constant tensors of an ONNX file by their names, in the order of their first use.

    Raises: ModelError for a missing, truncated or foreign file.
    """
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        (graph,) = (value for field, value in fields(data) if field == 7)
        arrays, used = {}, dict[str, None]()
        for field, value in fields(block(graph)):
            if field == 1:
                inputs = (v for f, v in fields(block(value)) if f == 1)
                used |= dict.fromkeys(bytes(block(name)).decode() for name in inputs)
            elif field == 5:
                name, array = _array(block(value))
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
    for field, value in fields(data):
        if field == 1:
            # One size, or all of them packed together.
            shape += [value] if isinstance(value, int) else list(varints(value))
        elif field == 2:
            kind = int(value)
        elif field == 8:
            name = bytes(block(value)).decode()
        elif field == 9:
            raw = block(value)
    dtype = np.dtype(_TYPES[kind])
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"{name} has {len(raw)} bytes for {shape}")
    return name, np.frombuffer(raw, dtype).reshape(shape)
