"""Walking through a protocol buffer's fields: all that reading an ONNX file's notes needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Value: TypeAlias = "int | memoryview"


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and value of each field of a message, in order.

    Raises: ValueError, IndexError for anything but a whole message.
    """
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


def block(value: Value) -> memoryview:
    """A field's value as the bytes of a message or a text. Raises: ValueError for a number."""
    if isinstance(value, int):
        raise ValueError("a number lies where a block belongs")
    return value


def varints(data: memoryview) -> Iterator[int]:
    """Numbers that are packed one after the other. Raises: as `fields`."""
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
