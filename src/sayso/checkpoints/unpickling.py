"""What the readers of pickles lend to a file instead of the functions that it asks for."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np


class Refused(pickle.UnpicklingError):
    """The file asks for something that is none of its business."""


class Lent:
    """A function that a pickle may call, wrapped so that it cannot be altered."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """What the function makes of `arguments`."""
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise Refused("it alters a function")


class NumberType:
    """A numpy number type under construction."""

    __slots__ = ("type",)

    def __init__(self, code: str, *_: Any) -> None:
        self.type = np.dtype(str(code)[:8])
        if self.type.kind not in "biuf":
            raise Refused(f"its pickle makes a numpy object of type {code!r}")

    def __setstate__(self, state: Any) -> None:
        if state[1] == ">":
            raise ValueError("its numbers are big-endian")


def encoded(text: str, encoding: str = "latin1") -> bytes:
    """How protocol 2 spells bytes."""
    return text.encode("latin1")
