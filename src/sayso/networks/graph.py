"""Writing ONNX graphs from numpy arrays, with no package but numpy.

An ONNX file is a protocol buffer; the dozen kinds of fields that a graph needs are written here. So
weights of any origin run on ONNX Runtime where nothing but the base install is there. Source: the
numbers of fields in onnx.proto3 of the ONNX specification, IR version 8.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_OPSET, _MICROSOFT_OPSET = 17, 1
_IR_VERSION = 8
_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float16": 10}
_FLOAT, _INT, _STRING, _FLOATS, _INTS = 1, 2, 3, 6, 7

MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""

Shape = Sequence[int | str]
"""Sizes of axes; a string names one that is left open."""


class Graph:
    """A graph under construction: operators over named tensors."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._arrays: list[bytes | memoryview] = []
        self._count = 0

    def array(self, values: npt.NDArray[Any], *, name: str = "") -> str:
        """The name of a constant tensor, one of its own where none is given."""
        name = name or self._name("w")
        self._arrays.extend(_tensor(5, name, values))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """The name of the one output of an operator.

        Args:
            operator: as ONNX calls it.
            inputs: names of tensors; an empty one leaves an optional input out.
            domain: "" for ONNX's own operators.
            attributes: numbers, strings, or lists of numbers.
        """
        return self.split(operator, *inputs, outputs=1, domain=domain, **attributes)[0]

    def split(
        self, operator: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any
    ) -> tuple[str, ...]:
        """As `add`, for an operator with several outputs."""
        names = tuple(self._name("x") for _ in range(outputs))
        parts = [_bytes(1, name.encode()) for name in inputs]
        parts += [_bytes(2, name.encode()) for name in names]
        parts.append(_bytes(4, operator.encode()))
        parts += [_bytes(5, _attribute(key, value)) for key, value in attributes.items()]
        if domain:
            parts.append(_bytes(7, domain.encode()))
        self._nodes.append(b"".join(parts))
        return names

    def model(self, inputs: Mapping[str, Shape], outputs: Mapping[str, str]) -> bytes:
        """The ONNX file.

        Args:
            inputs: shapes of the float32 tensors that are given, by their names.
            outputs: what each float32 output is called -> the tensor.
        """
        for name, tensor in outputs.items():
            identity = [
                _bytes(1, tensor.encode()),
                _bytes(2, name.encode()),
                _bytes(4, b"Identity"),
            ]
            self._nodes.append(b"".join(identity))
        parts: list[bytes | memoryview] = [_bytes(1, node) for node in self._nodes]
        parts.append(_bytes(2, b"graph"))
        parts += self._arrays
        parts += [_bytes(11, _value(name, shape)) for name, shape in inputs.items()]
        parts += [_bytes(12, _value(name, None)) for name in outputs]
        opsets = [("", _OPSET), (MICROSOFT, _MICROSOFT_OPSET)]
        return b"".join(
            [
                _number(1, _IR_VERSION),
                _bytes(2, b"sayso"),
                _key(7, 2) + _varint(sum(map(len, parts))),
                *parts,
                *(
                    _bytes(8, _bytes(1, domain.encode()) + _number(2, version))
                    for domain, version in opsets
                ),
            ]
        )

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"


def _tensor(field: int, name: str, values: npt.NDArray[Any]) -> tuple[bytes, memoryview]:
    """A tensor as `field`: what comes before its numbers, and those, which may be many."""
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    dims = b"".join(_number(1, size) for size in values.shape)
    head = dims + _number(2, _TYPES[values.dtype.name]) + _bytes(8, name.encode())
    head += _key(9, 2) + _varint(little.nbytes)
    numbers = little.reshape(-1).view(np.uint8).data
    return _key(field, 2) + _varint(len(head) + little.nbytes) + head, numbers


def _attribute(name: str, value: Any) -> bytes:
    head = _bytes(1, name.encode())
    if isinstance(value, str):
        return head + _bytes(4, value.encode()) + _number(20, _STRING)
    if isinstance(value, float):
        return head + _key(2, 5) + struct.pack("<f", value) + _number(20, _FLOAT)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, _INT)
    if all(isinstance(item, int) for item in value):
        return head + b"".join(_number(8, item) for item in value) + _number(20, _INTS)
    floats = b"".join(_key(7, 5) + struct.pack("<f", item) for item in value)
    return head + floats + _number(20, _FLOATS)


def _value(name: str, shape: Shape | None) -> bytes:
    """A float32 input or output; None leaves its shape open."""
    tensor = _number(1, _TYPES["float32"])
    if shape is not None:
        dims = (
            _bytes(2, size.encode()) if isinstance(size, str) else _number(1, size)
            for size in shape
        )
        tensor += _bytes(2, b"".join(_bytes(1, dim) for dim in dims))
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value & (1 << 64) - 1)


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
