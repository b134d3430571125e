"""Reading pickled dictionaries of numpy arrays without torch, and without running anything in them.

A pickle is a program: it names functions and has them called. Here it finds a handful of names,
all ours, which make arrays of numbers; any other refuses the whole file.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sayso.checkpoints.unpickling import Lent, NumberType, Refused, Unpickler, encoded, ordered
from sayso.errors import ModelError

Arrays = Mapping[str, npt.NDArray[Any]]

_MOST_BYTES = 512 << 20


def read_arrays(path: Path) -> Arrays:
    """The arrays in a pickle, alone or as the `data.pkl` of a torch archive.

    Args:
        path: the file; the pickle holds one dictionary from names to arrays of numbers.
    Raises: ModelError for a missing, truncated or foreign file, and for one whose pickle would run
        code.
    """
    try:
        found = _Reader(io.BytesIO(_program(path)), most_bytes=_MOST_BYTES).load()
        if not isinstance(found, dict):
            raise ValueError(f"it holds a {type(found).__name__}")
        return {str(name): _finished(value) for name, value in found.items()}
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such file; put the weights there") from None
    except Refused as error:
        raise ModelError(
            f"{path}: refused, and nothing in it was run: {error}. Weights are numbers, not "
            "programs; do not use this file, fetch it from its authors"
        ) from None
    except Exception as error:  # a damaged pickle may raise nearly anything
        raise ModelError(
            f"{path}: truncated, damaged or no dictionary of arrays ({error}); fetch it again"
        ) from None


def _program(path: Path) -> bytes:
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            file.seek(0)
            program = file.read(_MOST_BYTES + 1)
        else:
            with zipfile.ZipFile(path) as archive:
                (entry,) = (e for e in archive.infolist() if e.filename.endswith("/data.pkl"))
                with archive.open(entry) as source:
                    program = source.read(_MOST_BYTES + 1)
    if len(program) > _MOST_BYTES:
        raise Refused("its pickle is far larger than weights of this kind")
    return program


class _Array:
    """An array under construction."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: npt.NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, by_columns, data = state
        if not isinstance(dtype, NumberType) or not isinstance(data, bytes):
            raise ValueError("an array is described in another way")
        sizes = tuple(int(size) for size in shape)
        if min(sizes, default=0) < 0 or math.prod(sizes) * dtype.type.itemsize != len(data):
            raise ValueError(f"an array {list(sizes)} comes with {len(data)} bytes")
        flat = np.frombuffer(data, dtype.type)
        self.values = flat.reshape(sizes, order="F" if by_columns else "C")


class _Reader(Unpickler):
    """An unpickler that finds no name but those of numpy's arrays."""

    restored = (*Unpickler.restored, _Array)

    def find_class(self, module: str, name: str) -> Any:
        """Our own stand-in for `module.name`. Raises: Refused for any other name."""
        found = _NAMES.get((module.replace("numpy.core.", "numpy._core."), name))
        if found is None:
            raise Refused(f"its pickle asks for {module}.{name}")
        return found


def _finished(value: Any) -> npt.NDArray[Any]:
    if not isinstance(value, _Array) or value.values is None:
        raise ValueError(f"it holds a {type(value).__name__} beside arrays")
    return value.values


# The arguments are numpy's class, an empty shape and a letter: nothing that we would need.
_NAMES: Mapping[tuple[str, str], Any] = {
    ("numpy._core.multiarray", "_reconstruct"): Lent(lambda *_: _Array()),
    ("numpy", "ndarray"): Lent(lambda *_: _Array()),
    ("numpy", "dtype"): Lent(NumberType),
    ("_codecs", "encode"): Lent(encoded),
    ("__builtin__", "bytes"): Lent(lambda: b""),  # how protocol 2 spells no bytes at all
    ("collections", "OrderedDict"): Lent(ordered),
}
